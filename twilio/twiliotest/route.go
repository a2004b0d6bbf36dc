package twiliotest

import (
	"net/http"
	"net/url"
	"strings"
)

// A target is what a request is about.
type target struct {
	operation string // as in Fault.On
	service   string // SID
	subject   string // SID or recipient of a verification
}

// routes are the operations by resource below a Service, and method.
var routes = map[string]map[string]string{
	"":                   {http.MethodGet: "service"},
	"/Verifications":     {http.MethodPost: "send"},
	"/Verifications/*":   {http.MethodGet: "fetch", http.MethodPost: "update"},
	"/VerificationCheck": {http.MethodPost: "check"},
}

// operation names what a request asks for, as in Fault.On.
func operation(r *http.Request) string {
	if _, ok := messagesOf(r); ok {
		return "message"
	}
	t, _ := route(r)
	return t.operation
}

func route(r *http.Request) (target, *failure) {
	path := segments(r.URL)
	if len(path) < 3 || path[0] != "v2" || path[1] != "Services" {
		return target{}, notFound(r)
	}

	t := target{service: path[2]}
	resource := strings.Join(path[2:], "/")[len(t.service):]
	if len(path) == 5 {
		t.subject, resource = path[4], "/"+path[3]+"/*"
	}
	methods, ok := routes[resource]
	if !ok {
		return target{}, notFound(r)
	}
	if t.operation, ok = methods[r.Method]; !ok {
		return target{}, refusal(http.StatusMethodNotAllowed, 20004, texts[20004])
	}
	return t, nil
}

// segments splits before it decodes: a slash in a segment is no separator.
func segments(u *url.URL) []string {
	path := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, segment := range path {
		path[i], _ = url.PathUnescape(segment) // net/http has refused bad escapes
	}
	return path
}

// authenticate accepts the account's token and the API key's secret.
func (e *Emulator) authenticate(r *http.Request) *failure {
	user, password, ok := r.BasicAuth()
	secret, known := e.secrets[user]
	switch {
	case !ok:
		return unauthorized("Authentication Error - No credentials provided")
	case !known:
		return unauthorized("Authentication Error - invalid username")
	case password != secret:
		return unauthorized(texts[20003])
	}
	return nil
}
