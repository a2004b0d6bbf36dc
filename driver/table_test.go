package driver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A row of the retry table: what the server does, and what a send and a check
// come to. docs/rules.md has the numbers.
type row struct {
	script []step
	within time.Duration // defaults to enough
	send   want
	check  want
	only   string // run one kind of call alone
}

// A want is what a call comes to.
type want struct {
	kind       verify.Outcome // "" is a reply that the vendor accepts
	requests   int            // seen by the server, and tries told to the caller
	effects    int
	status     int
	code       string
	retryAfter time.Duration
	cause      error
	repeated   bool
}

const accepted = `{"status": "pending"}`

func script(steps ...step) []step { return steps }

// runTable plays every row for each kind of call, on a connection from before
// and on a new one.
func runTable(t *testing.T, calls map[string]kind, rows map[string]row) {
	for rule, r := range rows {
		for how, warm := range map[string]bool{"warm": true, "cold": false} {
			t.Run(rule+", "+how, func(t *testing.T) {
				t.Parallel()
				for name, k := range calls {
					if r.only != "" && r.only != name {
						continue
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						r.run(t, k, warm)
					})
				}
			})
		}
	}
}

func (r row) run(t *testing.T, k kind, warm bool) {
	k.call.Timeout = enough
	if r.within > 0 {
		k.call.Timeout = r.within
	}
	w := r.check
	if k.send {
		w = r.send
	}
	var p played
	for range attempts { // a busy machine is late, or gives up a connection
		if p = r.play(t, k.call, warm); p.over < overdue && p.saw.reused == warm {
			break
		}
	}

	assert.Less(t, p.over, overdue, "a call ends by its deadline and 100 ms")
	w.assertSeen(t, p.saw, k.send, warm)
	if w.kind != "" {
		w.assert(t, p.err)
		return
	}
	require.NoError(t, p.err)
	assert.Equal(t, w.requests, p.reply.Requests)
	assert.Equal(t, w.repeated, p.reply.Repeated)
}

// What one call comes to.
type played struct {
	reply driver.Reply
	err   error
	saw   seen
	over  time.Duration // past its deadline
}

// play makes the call to a server of its own.
func (r row) play(t *testing.T, call driver.Call, warm bool) (p played) {
	s := newServer(t, answer(200, accepted))
	c := newClient(t, s.URL, nil)
	if warm {
		first := call
		first.Timeout = 0
		_, err := ask(t.Context(), c, first)
		require.NoError(t, err)
	}
	s.restart(r.script...)
	p.over = delay(call.Timeout, func() { p.reply, p.err = ask(t.Context(), c, call) })
	p.saw = s.now()
	return p
}

func (w want) assert(t *testing.T, err error) {
	t.Helper()
	e := assertOutcome(t, err, w.kind)
	assert.Equal(t, w.requests, e.Requests, "tries of %v", err)
	assert.Equal(t, w.status, e.HTTPStatus)
	assert.Equal(t, w.code, e.VendorCode)
	assert.Equal(t, w.retryAfter, e.RetryAfter)
	if w.cause == nil {
		assert.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, context.Canceled)
		return
	}
	assert.ErrorIs(t, err, w.cause)
}

func (w want) assertSeen(t *testing.T, saw seen, send, warm bool) {
	t.Helper()
	assert.Equal(t, w.requests, saw.requests, "requests")
	assert.Equal(t, w.effects, saw.effects, "effects")
	assert.Equal(t, warm, saw.reused, "the first request came on a connection from before")
	if send {
		assert.LessOrEqual(t, saw.effects, 1, "a send has one effect at most")
	}
}

// once is a call that ends with its first answer, which a send and a check read
// alike.
func once(kind verify.Outcome, status int, code string) want {
	return want{kind: kind, requests: 1, effects: 1, status: status, code: code}
}

// both is a row in which a send and a check end alike.
func both(w want, steps ...step) row { return row{script: steps, send: w, check: w} }

// The answers, whole ones.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const page = "<html>" + prose + "</html>"
	vendor := func(status int, code string) step { return answer(status, vendorError(code)) }
	transient := func(status int, header ...string) row {
		return row{
			script: script(answer(status, page, header...)),
			send:   want{kind: unknown, requests: 1, effects: 1, status: status},
			check:  want{kind: unknown, requests: 2, effects: 2, status: status},
		}
	}

	runTable(t, posts(), map[string]row{
		"accepted":                     accepts(answer(200, accepted)),
		"created":                      accepts(answer(201, accepted)),
		"accepted after early hints":   accepts(broken(head(103, "Link: </>") + endless + accepted)),
		"accepted with a page":         both(once(unknown, 200, ""), answer(200, page)),
		"accepted with nothing":        both(once(unknown, 200, ""), answer(200, "")),
		"accepted with half an object": both(once(unknown, 200, ""), answer(200, `{"status": "pend`)),
		"accepted with a wrong type":   both(once(unknown, 200, ""), answer(200, `{"status": true}`)),
		"accepted with two objects":    both(once(unknown, 200, ""), answer(200, accepted+accepted)),
		"no content":                   both(once(unknown, 204, ""), broken(head(204))),

		"the vendor refuses the recipient":  both(once(verify.ErrInvalidRecipient, 400, "60200"), vendor(400, "60200")),
		"the vendor refuses without a name": both(once(verify.ErrRejected, 422, "12345"), vendor(422, `"12345"`)),
		"conflict":                          both(once(verify.ErrRejected, 409, "60000"), vendor(409, "60000")),
		"gone":                              both(once(verify.ErrNotPending, 410, "20404"), vendor(410, "20404")),
		"a wrong code":                      both(once(verify.ErrMismatch, 400, "40001"), vendor(400, "40001")),
		"a vendor code that is a number of a person": both(once(verify.ErrRejected, 400, ""),
			vendor(400, `"15005550006"`)),

		"400 by a proxy":                 unreadable(400, answer(400, page)),
		"403 by a proxy":                 unreadable(403, answer(403, page)),
		"404 without a body":             unreadable(404, answer(404, "")),
		"499":                            both(once(unknown, 499, ""), answer(499, page)),
		"the credentials":                both(once(verify.ErrUnauthorized, 401, ""), answer(401, page)),
		"the account":                    both(once(verify.ErrUnauthorized, 403, "20003"), vendor(403, "20003")),
		"a fraud guard":                  both(once(verify.ErrBlocked, 403, "60410"), vendor(403, "60410")),
		"not pending, at the first try":  both(once(verify.ErrNotPending, 404, "20404"), vendor(404, "20404")),
		"408":                            transient(408),
		"a limit of the recipient":       both(once(verify.ErrTooManySends, 429, "60203"), vendor(429, "60203")),
		"a limit of guesses":             both(once(verify.ErrTooManyAttempts, 429, "60202"), vendor(429, "60202")),
		"500":                            transient(500),
		"501":                            unserved(501),
		"505":                            unserved(505),
		"502":                            transient(502),
		"504":                            transient(504),
		"503":                            transient(503),
		"503, come back at once":         transient(503, "Retry-After: 0"),
		"503, come back in a while":      later(both(once(unknown, 503, ""), answer(503, page, "Retry-After: 6")), 6*time.Second),
		"503, declared as not processed": tried(verify.ErrUnavailable, 503, "20503", refusal(503, vendorError("20503"))),
		"a status above 599":             both(once(unknown, 999, ""), answer(999, page)),
		"a status below 100":             both(once(unknown, 99, ""), broken("HTTP/1.1 099 x\r\n\r\n")),
	})
}

// unserved is a row in which nothing was done because the server says that it
// does not know the request.
func unserved(status int) row {
	return row{
		script: script(refusal(status, strings.Repeat("<p>", 20))),
		send:   want{kind: verify.ErrUnavailable, requests: 1, status: status},
		check:  want{kind: verify.ErrOutcomeUnknown, requests: 1, status: status},
	}
}

// tried is a row in which nothing was done, as often as the policy tries.
func tried(kind verify.Outcome, status int, code string, s step) row {
	return row{
		script: script(s),
		send:   want{kind: kind, requests: 3, status: status, code: code},
		check:  want{kind: kind, requests: 2, status: status, code: code},
	}
}

func later(r row, d time.Duration) row {
	r.send.retryAfter, r.check.retryAfter = d, d
	return r
}

// A code that a vendor added since it was last looked up.
func TestUnlisted(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]verify.Outcome{
		400: verify.ErrRejected, 403: verify.ErrRejected, 401: verify.ErrUnauthorized, 429: verify.ErrRateLimited,
		408: verify.ErrOutcomeUnknown, 500: verify.ErrOutcomeUnknown, 503: verify.ErrOutcomeUnknown,
	} {
		assert.Equal(t, driver.Failure{Outcome: want}, driver.Unlisted(status), status)
	}
}
