package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func answering(body any) func(*http.Request) *emulator.Answer {
	return func(*http.Request) *emulator.Answer { return &emulator.Answer{Body: body} }
}

// newRoutes is a vendor with a few paths, which echoes what a path holds.
func newRoutes() *emulator.Core {
	c := &emulator.Core{}
	c.Start(emulator.API{
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /codes", Serve: answering("sent")},
			{On: "fetch", Pattern: "GET /codes/{id}", Serve: func(r *http.Request) *emulator.Answer {
				return &emulator.Answer{Body: "fetched " + r.PathValue("id")}
			}},
			{On: "update", Pattern: "POST /codes/{id}", Serve: answering("updated")},
		},
		NotFound:   func(*http.Request) *emulator.Answer { return &emulator.Answer{Status: 404, Body: "no path"} },
		NotAllowed: func(*http.Request) *emulator.Answer { return &emulator.Answer{Status: 405, Body: "no method"} },
		Header:     func(h http.Header, _ *http.Request) { h.Set("Vendor", "example") },
	})
	return c
}

func ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader("")))
	return w
}

func TestRequestsFindTheirRoute(t *testing.T) {
	for name, tt := range map[string]struct{ method, target, want string }{
		"a path":                        {"POST", "/codes", "sent"},
		"a path with a query":           {"POST", "/codes?a=1", "sent"},
		"a segment":                     {"GET", "/codes/17", "fetched 17"},
		"an escape within a segment":    {"GET", "/codes/%2B1%2F2", "fetched +1/2"},
		"another method of a path":      {"POST", "/codes/17", "updated"},
		"a method that no route has":    {"DELETE", "/codes/17", "no method"},
		"a method of another path":      {"GET", "/codes", "no method"},
		"an unknown path":               {"GET", "/nothing", "no path"},
		"the root":                      {"GET", "/", "no path"},
		"a slash behind a path":         {"POST", "/codes/", "no path"},
		"two slashes, no redirect":      {"POST", "//codes", "no path"},
		"dots, no redirect":             {"POST", "/x/../codes", "no path"},
		"a path that is longer":         {"GET", "/codes/17/more", "no path"},
		"an escaped slash is a segment": {"GET", "/codes%2F17", "no path"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(newRoutes(), tt.method, tt.target)
			assert.Equal(t, tt.want, w.Body.String())
			assert.Equal(t, "example", w.Header().Get("Vendor"))
		})
	}
}

func TestWithoutNotAllowedAnotherMethodIsNotFound(t *testing.T) {
	var c emulator.Core
	c.Start(emulator.API{Routes: []emulator.Route{{On: "send", Pattern: "POST /codes", Serve: answering("sent")}}})
	assert.Equal(t, 404, ask(&c, "GET", "/codes").Code)
	assert.Equal(t, 404, ask(&c, "GET", "/nothing").Code)
}

func TestFaultsPickOperationsByTheNameOfTheRoute(t *testing.T) {
	c := newRoutes()
	c.Fail(emulator.Fault{On: "fetch", Status: 503})
	assert.Equal(t, "updated", ask(c, "POST", "/codes/17").Body.String())
	assert.Equal(t, 503, ask(c, "GET", "/codes/17").Code)
	assert.Equal(t, 2, c.Requests())
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer       emulator.Answer
		status       int
		kind, body   string
		headerVendor string
	}{
		"the zero answer is an empty 200": {status: 200, headerVendor: "example"},
		"a string is text": {
			answer: emulator.Answer{Status: 404, Body: "gone"}, status: 404,
			kind: "text/plain; charset=utf-8", body: "gone", headerVendor: "example",
		},
		"anything else is JSON": {
			answer: emulator.Answer{Status: 201, Body: map[string]int{"a": 1}}, status: 201,
			kind: "application/json", body: `{"a":1}`, headerVendor: "example",
		},
		"the vendor's own Content-Type stays": {
			answer: emulator.Answer{Header: http.Header{"Content-Type": {"application/json;charset=utf-8"}}, Body: 1}, status: 200,
			kind: "application/json;charset=utf-8", body: "1", headerVendor: "example",
		},
		"its headers replace those of the API": {
			answer: emulator.Answer{Header: http.Header{"Vendor": {"other"}}}, status: 200, headerVendor: "other",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c emulator.Core
			c.Start(emulator.API{
				Routes: []emulator.Route{{Pattern: "GET /a", Serve: func(*http.Request) *emulator.Answer { return &tt.answer }}},
				Header: func(h http.Header, _ *http.Request) { h.Set("Vendor", "example") },
			})
			w := ask(&c, "GET", "/a")
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.kind, w.Header().Get("Content-Type"))
			assert.Equal(t, tt.body, w.Body.String())
			assert.Equal(t, tt.headerVendor, w.Header().Get("Vendor"))

			c.Fail(tt.answer.Fault())
			faulty := ask(&c, "GET", "/a")
			assert.Equal(t, tt.status, faulty.Code, "as a fault it answers the same")
			assert.Equal(t, tt.kind, faulty.Header().Get("Content-Type"))
			assert.Equal(t, tt.body, faulty.Body.String())
		})
	}
}

// guarded is a vendor whose requests need a key, and a message of which is sent.
func guarded(lock sync.Locker) *emulator.Core {
	c := &emulator.Core{}
	c.Start(emulator.API{
		Guard: emulator.Guarded("Bearer", "key", &emulator.Answer{Status: 401}),
		Lock:  lock,
		Routes: []emulator.Route{{On: "send", Pattern: "POST /codes", Serve: func(*http.Request) *emulator.Answer {
			return &emulator.Answer{Body: "sent", Message: &emulator.Message{To: "+15005550006", Code: "123456"}}
		}}},
		NotFound: func(*http.Request) *emulator.Answer { return &emulator.Answer{Status: 404} },
	})
	return c
}

func TestAGuardIsAskedFirstOnEveryPath(t *testing.T) {
	for target, open := range map[string]int{"POST /codes": 200, "GET /codes": 404, "POST /nothing": 404} {
		method, path, _ := strings.Cut(target, " ")
		c := guarded(nil)
		assert.Equal(t, 401, ask(c, method, path).Code, target)
		assert.Zero(t, c.Effects(), target)
		r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer key")
		c.ServeHTTP(w, r)
		assert.Equal(t, open, w.Code, target)
	}
}

// A subscriber may ask the emulator for what its lock guards.
func TestAMessageOfAnAnswerIsDeliveredOnceTheLockIsFree(t *testing.T) {
	var mu sync.Mutex
	c, free := guarded(&mu), false
	defer c.Subscribe(func(emulator.Message) {
		if free = mu.TryLock(); free {
			mu.Unlock()
		}
	})()
	r := httptest.NewRequest("POST", "/codes", nil)
	r.Header.Set("Authorization", "Bearer key")
	c.ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, free)
	assert.Equal(t, "123456", c.LastCode("+15005550006", ""))
}

func TestLastTextIsTheNewestToARecipient(t *testing.T) {
	var mu sync.Mutex
	c := guarded(&mu)
	assert.Empty(t, c.LastText("+15017122661"))
	for _, text := range []string{"one", "two"} {
		c.Deliver(emulator.Message{To: "+15017122661", Text: text})
		c.Deliver(emulator.Message{To: "+15005550006", Text: "to somebody else"})
		assert.Equal(t, text, c.LastText("+15017122661"))
	}
}

func TestARequestIsServedUnderTheLock(t *testing.T) {
	var mu sync.Mutex
	c, held := &emulator.Core{}, false
	c.Start(emulator.API{Lock: &mu, Routes: []emulator.Route{{Pattern: "GET /a", Serve: func(*http.Request) *emulator.Answer {
		held = !mu.TryLock()
		return &emulator.Answer{}
	}}}})
	ask(c, "GET", "/a")
	assert.True(t, held)
	assert.True(t, mu.TryLock(), "it is free afterwards")
}

func TestAUserIsAskedForAPassword(t *testing.T) {
	c := &emulator.Core{}
	c.Start(emulator.API{
		Guard:  emulator.GuardedBasic(map[string]string{"AC00": "token", "SK00": "secret"}, func(wrong string) *emulator.Answer { return &emulator.Answer{Status: 401, Body: wrong} }),
		Routes: []emulator.Route{{On: "send", Pattern: "POST /codes", Serve: answering("sent")}},
	})
	for name, tt := range map[string]struct{ user, password, want string }{
		"a user":                   {"AC00", "token", "sent"},
		"another one":              {"SK00", "secret", "sent"},
		"the password of another":  {"AC00", "secret", emulator.OtherPassword},
		"no password":              {"AC00", "", emulator.OtherPassword},
		"a user that is not known": {"AC01", "token", emulator.OtherUser},
		"nobody, without password": {"", "", emulator.OtherUser},
	} {
		r, w := httptest.NewRequest("POST", "/codes", nil), httptest.NewRecorder()
		r.SetBasicAuth(tt.user, tt.password)
		c.ServeHTTP(w, r)
		assert.Equal(t, tt.want, w.Body.String(), name)
	}
	assert.Equal(t, emulator.NoUser, ask(c, "POST", "/codes").Body.String())
}

func TestOneRequestMaySendSeveralMessages(t *testing.T) {
	c := &emulator.Core{}
	c.Start(emulator.API{Lock: new(sync.Mutex), Routes: []emulator.Route{{On: "send", Pattern: "POST /codes", Serve: func(*http.Request) *emulator.Answer {
		return &emulator.Answer{Messages: []emulator.Message{{To: "+15005550006", Code: "123456"}, {To: "+15017122661", Code: "654321"}}}
	}}}})
	ask(c, "POST", "/codes")
	assert.Equal(t, 2, c.Effects())
	assert.Equal(t, "123456", c.LastCode("+15005550006", ""))
	assert.Equal(t, "654321", c.Messages()[1].Code)
}

func TestHeadersHaveIDsOfTheirOwn(t *testing.T) {
	c := &emulator.Core{}
	c.Start(emulator.API{
		Header: emulator.Headers("Content-Type", "application/json", "X-Request-Id", "{uuid}", "Trace", "RQ{hex}"),
		Routes: []emulator.Route{{On: "send", Pattern: "POST /codes", Serve: answering("sent")}},
	})
	first, second := ask(c, "POST", "/codes").Header(), ask(c, "GET", "/nothing").Header()
	for _, h := range []http.Header{first, second} {
		assert.Equal(t, "application/json", h.Get("Content-Type"))
		assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, h.Get("X-Request-Id"))
		assert.Regexp(t, `^RQ[0-9a-f]{32}$`, h.Get("Trace"))
	}
	assert.NotEqual(t, first.Get("X-Request-Id"), second.Get("X-Request-Id"))
}
