package main

import (
	"errors"
	"net/http"
)

// A handler serves one page, or fails.
type handler func(http.ResponseWriter, *http.Request) error

// A memberHandler serves one page to somebody whose password was right.
type memberHandler func(http.ResponseWriter, *http.Request, visitor) error

// maxBody is more than any form of ours.
const maxBody = 16 << 10

// open serves everybody.
func (s *site) open(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// half serves those who may still owe a code: the pages for codes, no other.
func (s *site) half(h memberHandler) http.HandlerFunc {
	return s.open(func(w http.ResponseWriter, r *http.Request) error {
		v, ok := s.visitor(r)
		if !ok {
			return s.turnAway(w, r)
		}
		return h(w, r, v)
	})
}

// full serves those who owe nothing, no second factor either.
func (s *site) full(h memberHandler) http.HandlerFunc {
	return s.enrolling(func(w http.ResponseWriter, r *http.Request, v visitor) error {
		if s.forced(v.account) {
			return seeOther(w, r, "/enrol")
		}
		return h(w, r, v)
	})
}

// forced reports whether an account must turn on the second factor before anything
// else: where everybody is asked for a code at every log-in.
func (s *site) forced(a account) bool { return s.policy == always && !a.On() }

// enrolling serves those who owe no code, and the page that turns the factor on.
func (s *site) enrolling(h memberHandler) http.HandlerFunc {
	return s.half(func(w http.ResponseWriter, r *http.Request, v visitor) error {
		if !v.login.Full {
			return s.turnAway(w, r)
		}
		return h(w, r, v)
	})
}

// turnAway keeps nothing of somebody unknown: a session for each would be memory
// that anybody could fill.
func (s *site) turnAway(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, "/login?"+pleaseLogIn)
}

// fail shows that something went wrong, and logs what: it holds no number, code
// or password, as no error of this module and of the store does.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, title := http.StatusInternalServerError, "Something went wrong"
	switch {
	case errors.Is(err, errGone):
		status, title = http.StatusNotFound, "There is no such page"
	case r.Context().Err() != nil:
		return // nobody is there to read it
	default:
		s.log.Error("request failed", "route", r.Pattern, "error", err)
	}
	if shown := s.show(w, r, status, "error", title, status); shown != nil {
		s.log.Error("page failed", "route", r.Pattern, "error", shown)
		http.Error(w, title, status)
	}
}

// seeOther has the browser load another page, so that a reload repeats nothing.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther) // a path of ours, whose id was looked up
	return nil
}

// guard stands before all pages.
func (s *site) guard(next http.Handler) http.Handler {
	const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		if r.URL.Path == "/inbox" {
			h.Set("Content-Security-Policy", policy+"; connect-src 'self'") // it asks whether there is something new
		}
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "otp-credentials=(self)")
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
