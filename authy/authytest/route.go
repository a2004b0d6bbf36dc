package authytest

import (
	"net/http"
	"net/url"
	"strings"
)

// A target is what a request is about.
type target struct {
	operation string // empty: nothing that is emulated
	args      []string
	voice     bool // a call, not an SMS
}

// routes are the operations by method and path; a star stands for an argument.
// The three spellings of a deletion are those of Authy's client libraries.
var routes = map[string]string{
	"POST protected/json/users/new":                 "register",
	"POST protected/json/users/*/delete":            "delete",
	"POST protected/json/users/*/remove":            "delete",
	"POST protected/json/users/delete/*":            "delete",
	"GET protected/json/users/*/status":             "status",
	"GET protected/json/sms/*":                      "send",
	"GET protected/json/call/*":                     "send",
	"GET protected/json/verify/*/*":                 "check",
	"POST protected/json/phones/verification/start": "phone send",
	"GET protected/json/phones/verification/check":  "phone check",
	"GET protected/json/phones/verification/status": "phone status",
	"POST onetouch/json/users/*/approval_requests":  "request approval",
	"GET onetouch/json/approval_requests/*":         "fetch approval",
	"GET protected/json/app/details":                "app details",
}

func route(r *http.Request) target {
	path := segments(r.URL)
	for pattern, operation := range routes {
		if args, ok := match(pattern, r.Method, path); ok {
			return target{operation, args, len(path) > 2 && path[2] == "call"}
		}
	}
	return target{}
}

// name is the operation as in Fault.On, which is one word for both products.
func (t target) name() string { return strings.TrimPrefix(t.operation, "phone ") }

func match(pattern, method string, path []string) (args []string, ok bool) {
	verb, rest, _ := strings.Cut(pattern, " ")
	want := strings.Split(rest, "/")
	if verb != method || len(want) != len(path) {
		return nil, false
	}
	for i := range want {
		switch {
		case want[i] == "*" && path[i] != "":
			args = append(args, path[i])
		case want[i] != path[i]:
			return nil, false
		}
	}
	return args, true
}

// segments splits before it decodes: a slash in a segment is no separator.
func segments(u *url.URL) []string {
	path := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, segment := range path {
		path[i], _ = url.PathUnescape(segment) // net/http has refused bad escapes
	}
	return path
}
