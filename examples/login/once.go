package main

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"
)

// How long the answer to a form is remembered, which is as long as a Verifier answers a
// call that is made again with the same idempotency key, and how many at once.
const (
	answerTime = 2 * time.Minute
	maxAnswers = 10_000
)

// answers are where forms for codes have led to. One that is posted twice, by a double
// click or by a browser whose connection ended, gets the answer of the first: "already
// used" would be no answer for somebody who is in. The browser has dropped the first
// answer, with the cookie of the new session in it, so that it comes with the session
// of before.
type answers struct {
	mu     sync.Mutex
	byForm map[string]*list.Element
	oldest list.List // of *answer
}

// An answer is one that may be given again: to the same session, or the one that it has
// begun, for the same form and the same code.
type answer struct {
	forms []string // keyed hashes of all three
	ends  time.Time
	done  chan struct{} // closed when it is known
	name  string        // of the account
	to    *passage      // nil: the first post has led nowhere
}

// begin returns the answer to a form, and whether the caller is the first, who must end
// it. It returns nil if there are too many.
func (s *answers) begin(form string) (a *answer, first bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.oldest.Front(); e != nil && now.After(e.Value.(*answer).ends); e = s.oldest.Front() {
		s.drop(e)
	}
	if e := s.byForm[form]; e != nil {
		return e.Value.(*answer), false
	}
	if s.oldest.Len() >= maxAnswers {
		return nil, false
	}
	if s.byForm == nil {
		s.byForm = map[string]*list.Element{}
	}
	a = &answer{forms: []string{form}, ends: now.Add(answerTime), done: make(chan struct{})}
	s.byForm[form] = s.oldest.PushBack(a)
	return a, true
}

// end lets everybody know who has posted the form again, or posts it in the session
// that it has begun. A form that led nowhere may be posted once more.
func (s *answers) end(a *answer, begun string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(a.done)
	switch e := s.byForm[a.forms[0]]; {
	case e == nil || e.Value != a: // its time is over
	case a.to == nil:
		s.drop(e)
	case s.byForm[begun] == nil:
		a.forms = append(a.forms, begun)
		s.byForm[begun] = e
	}
}

func (s *answers) drop(e *list.Element) {
	for _, form := range s.oldest.Remove(e).(*answer).forms {
		delete(s.byForm, form)
	}
}

type answerKey struct{}

// once serves a form for a code. Its hidden field names it: the server made it for this
// showing of the page.
func (s *site) once(next http.HandlerFunc) http.HandlerFunc {
	return s.open(func(w http.ResponseWriter, r *http.Request) error {
		session, err := r.Cookie(s.cookie("session"))
		for err == nil && r.PostFormValue("once") != "" {
			form := s.formOf(session.Value, r)
			a, first := s.answers.begin(form)
			if a == nil {
				break
			}
			if first {
				defer func() { s.answers.end(a, s.formOf(s.sessions.Token(r.Context()), r)) }()
				r = r.WithContext(context.WithValue(r.Context(), answerKey{}, a))
				break
			}
			select {
			case <-a.done:
			case <-r.Context().Done():
				return r.Context().Err()
			}
			if a.to != nil {
				return s.lead(w, r, a.name, *a.to)
			}
		}
		next(w, r)
		return nil
	})
}

// formOf names what was posted in a session.
func (s *site) formOf(session string, r *http.Request) string {
	return s.mac("answer", session, r.URL.Path, r.PostFormValue("once"), r.PostFormValue("code"), r.PostFormValue("recovery-code"))
}

// answered keeps where a form has led to.
func answered(r *http.Request, name string, p passage) {
	if a, ok := r.Context().Value(answerKey{}).(*answer); ok {
		a.name, a.to = name, &p
	}
}
