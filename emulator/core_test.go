package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
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
