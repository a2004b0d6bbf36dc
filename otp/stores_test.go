package otp

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A brokenStore fails as told, before or after the step.
type brokenStore struct {
	Store
	put, revoke, forget error
	attempt             []error // of one call after the other
	heard               bool    // the step happens before the error
	attempted           int
	ids                 []ID
}

var errStore = errors.New("connection reset")

func (s *brokenStore) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	s.attempted++
	s.ids = append(s.ids, id)
	if len(s.attempt) == 0 || s.attempt[0] == nil {
		return s.Store.Attempt(ctx, k, id, macs, l)
	}
	err := s.attempt[0]
	s.attempt = s.attempt[1:]
	if s.heard {
		_, _, _ = s.Store.Attempt(ctx, k, id, macs, l)
	}
	return Gone, 0, err
}

func (s *brokenStore) Issue(ctx context.Context, k Key, id ID, mac MAC, ttl time.Duration, l Limits) (Admission, error) {
	if s.put != nil {
		return Admission{}, s.put
	}
	return s.Store.Issue(ctx, k, id, mac, ttl, l)
}

func (s *brokenStore) Revoke(ctx context.Context, k Key, id ID) error {
	if s.revoke != nil {
		return s.revoke
	}
	return s.Store.Revoke(ctx, k, id)
}

func (s *brokenStore) Reset(ctx context.Context, k Key) error {
	if s.forget != nil {
		return s.forget
	}
	return s.Store.Reset(ctx, k)
}

// noStore fails the test that asks it.
type noStore struct{ t *testing.T }

func (s noStore) Issue(context.Context, Key, ID, MAC, time.Duration, Limits) (Admission, error) {
	s.t.Error("the store was asked to put")
	return Admission{}, errStore
}

func (s noStore) Attempt(context.Context, Key, ID, []MAC, Limits) (Verdict, int, error) {
	s.t.Error("the store was asked to attempt")
	return Gone, 0, errStore
}

func (s noStore) Conclude(context.Context, Key, ID, string) error {
	s.t.Error("conclude")
	return errStore
}

func (s noStore) Revoke(context.Context, Key, ID) error { s.t.Error("revoke"); return errStore }

func (s noStore) Reset(context.Context, Key) error { s.t.Error("forget"); return errStore }

// answering is a store with one answer to everything.
type answering struct {
	Store
	admission Admission
	verdict   Verdict
	left      int
}

func (s answering) Issue(context.Context, Key, ID, MAC, time.Duration, Limits) (Admission, error) {
	return s.admission, nil
}

func (s answering) Attempt(context.Context, Key, ID, []MAC, Limits) (Verdict, int, error) {
	return s.verdict, s.left, nil
}
