package bandwidthtest

import (
	"net/http"
	"strings"
)

// A target is what a request is about.
type target struct {
	operation string // as in Fault.On
	account   string
	voice     bool
}

// route finds the operation of a path. Those of codes may lack their prefix.
func route(r *http.Request) (target, *failure) {
	path := r.URL.EscapedPath()
	if r.Method != http.MethodPost {
		return target{}, notFound
	}
	if path == "/api/v1/oauth2/token" {
		return target{operation: "token"}, nil
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/api/v1"), "/accounts/")
	account, resource, _ := strings.Cut(rest, "/")
	t, known := map[string]target{
		"code/messaging": {"send", account, false},
		"code/voice":     {"send", account, true},
		"code/verify":    {"check", account, false},
	}[resource]
	if !ok || !known {
		return target{}, notFound
	}
	return t, nil
}

// authenticate accepts a token that has not ended, and the API user's password.
func (e *Emulator) authenticate(r *http.Request, t target) *failure {
	user, password, basic := r.BasicAuth()
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case basic && (user != e.options.Username || password != e.options.Password):
		return documented[http.StatusForbidden] // not 401, as its libraries' own tests tell
	case !basic && !bearer,
		bearer && !e.state.knows(token, e.clock.Now()),
		t.account != e.options.AccountID:
		return documented[http.StatusUnauthorized]
	}
	return nil
}
