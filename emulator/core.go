package emulator

import (
	"net/http"
	"path"
	"slices"
	"sync"
	"time"
)

// A Core is what every emulator has beside its vendor: routes, a clock, a log of
// messages, and faults. Embed one and call Start once, before it is used. From
// then on it is safe for concurrent use.
type Core struct {
	clock  clock
	log    messageLog
	faults faults
	api    API
	mux    *http.ServeMux
	on     map[string]string // operations by pattern
}

// An API is what a vendor answers.
type API struct {
	// Start stops the emulator's clock at a time, from where only Advance moves it.
	// Defaults to real time, which runs.
	Start time.Time

	// Routes are the operations. Their patterns must not overlap, as
	// [http.ServeMux] demands.
	Routes []Route

	// Guard wraps every Serve, NotFound and NotAllowed: it asks for credentials, as
	// [Guarded] does. Defaults to none.
	Guard func(serve func(*http.Request) *Answer) func(*http.Request) *Answer

	// Lock is held while a request is served, so that what an emulator decides is one
	// step. A message must then stand in the Answer: Deliver would call subscribers
	// under the lock. Defaults to none.
	Lock sync.Locker

	// NotFound answers to a path of no route. Defaults to 404 without a body.
	NotFound func(*http.Request) *Answer

	// NotAllowed answers to the path of a route with another method. Defaults to
	// NotFound.
	NotAllowed func(*http.Request) *Answer

	// Report makes the vendor's signed request that tells an address how far a message
	// came, by one of the statuses of this package, or nil if the vendor has none for it.
	// Defaults to no reports.
	Report func(address string, m Message, status string) *http.Request

	// Header sets headers that every answer has; those of an [Answer] replace
	// them. Defaults to none.
	Header func(http.Header, *http.Request)
}

// A Route is one operation of a vendor's API.
type Route struct {
	On      string // its name in Fault.On: "send", "check"
	Pattern string // "POST /v2/Services/{service}/Verifications", with a method
	Serve   func(*http.Request) *Answer
}

// Start makes c answer as api says. It panics if patterns overlap.
func (c *Core) Start(api API) {
	if !api.Start.IsZero() {
		c.clock.stop(api.Start)
	}
	if api.NotFound == nil {
		api.NotFound = func(*http.Request) *Answer { return &Answer{Status: http.StatusNotFound} }
	}
	if api.NotAllowed == nil {
		api.NotAllowed = api.NotFound
	}
	if api.Guard != nil {
		api.NotFound, api.NotAllowed = api.Guard(api.NotFound), api.Guard(api.NotAllowed)
	}
	c.api, c.mux, c.on = api, http.NewServeMux(), map[string]string{}
	for _, r := range api.Routes {
		if api.Guard != nil {
			r.Serve = api.Guard(r.Serve)
		}
		c.mux.HandleFunc(r.Pattern, c.answering(r.Serve))
		c.on[r.Pattern] = r.On
	}
}

// ServeHTTP answers as the vendor would, or as the next fault says.
func (c *Core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, known := c.route(r, r.Method)
	var h http.Handler = c.mux
	if !known {
		h = c.answering(c.unrouted(r))
	}
	c.faults.serve(w, r, operation, h)
}

// route returns the operation of a request if it had a method. A path that
// ServeMux would clean, by a redirect, is one that no vendor knows.
func (c *Core) route(r *http.Request, method string) (operation string, known bool) {
	escaped := r.URL.EscapedPath()
	if clean := path.Clean(escaped); escaped != clean && escaped != clean+"/" {
		return "", false
	}
	asked := *r
	asked.Method = method
	_, pattern := c.mux.Handler(&asked)
	operation, known = c.on[pattern]
	return operation, known
}

// unrouted answers to another method of a known path, or to an unknown path.
func (c *Core) unrouted(r *http.Request) func(*http.Request) *Answer {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if slices.ContainsFunc(methods, func(m string) bool { _, known := c.route(r, m); return known }) {
		return c.api.NotAllowed
	}
	return c.api.NotFound
}

func (c *Core) answering(serve func(*http.Request) *Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c.api.Header != nil {
			c.api.Header(w.Header(), r)
		}
		answer := c.locked(serve, r)
		if answer.Message != nil {
			c.Deliver(*answer.Message)
		}
		for _, m := range answer.Messages {
			c.Deliver(m)
		}
		answer.write(w)
	}
}

func (c *Core) locked(serve func(*http.Request) *Answer, r *http.Request) *Answer {
	if c.api.Lock != nil {
		c.api.Lock.Lock()
		defer c.api.Lock.Unlock()
	}
	return serve(r)
}

// Now returns the emulator's time in UTC.
func (c *Core) Now() time.Time { return c.clock.now() }

// Advance moves the emulator's time by d: what lives for a while ends.
func (c *Core) Advance(d time.Duration) { c.clock.advance(d) }

// Deliver logs a message as sent, at the emulator's time, and calls the
// subscribers.
func (c *Core) Deliver(m Message) {
	m.At = c.Now()
	c.log.add(m)
}

// Messages returns the last thousand messages, the newest last.
func (c *Core) Messages() []Message { return c.log.last() }

// LastCode returns the code in the newest message to a recipient that has a scope,
// or "" if there is none in it. The scope is that of a [Message]: the vendor's word.
func (c *Core) LastCode(to, scope string) string {
	return c.newest(func(m Message) bool { return m.To == to && m.Scope == scope }).Code
}

// LastText returns the newest text that reached a recipient, or "".
func (c *Core) LastText(to string) string {
	return c.newest(func(m Message) bool { return m.To == to }).Text
}

func (c *Core) newest(is func(Message) bool) Message {
	for _, m := range slices.Backward(c.log.last()) {
		if is(m) {
			return m
		}
	}
	return Message{}
}

// Subscribe has receive called with each message from now on, one at a time and in
// order, before the send is answered, until cancel is called; one message may
// still be on its way then. It must neither block nor send.
func (c *Core) Subscribe(receive func(Message)) (cancel func()) { return c.log.subscribe(receive) }

// Effects returns how many messages were sent in all: what the vendor would bill.
func (c *Core) Effects() int { return c.log.count() }

// Requests returns how many requests came in, failed ones included.
func (c *Core) Requests() int { return c.faults.count() }

// Fail makes coming requests fail. A request meets at most one fault: the first
// that picks it and is not used up.
func (c *Core) Fail(faults ...Fault) { c.faults.add(faults) }

// Heal removes all faults.
func (c *Core) Heal() { c.faults.clear() }
