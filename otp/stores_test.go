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
	put, undo, forget error
	redeem            []error // of one call after the other
	heard             bool    // the step happens before the error
	redeemed          int
	ids               []ID
}

var errStore = errors.New("connection reset")

func (s *brokenStore) Redeem(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	s.redeemed++
	s.ids = append(s.ids, id)
	if len(s.redeem) == 0 || s.redeem[0] == nil {
		return s.Store.Redeem(ctx, k, id, macs, l)
	}
	err := s.redeem[0]
	s.redeem = s.redeem[1:]
	if s.heard {
		_, _, _ = s.Store.Redeem(ctx, k, id, macs, l)
	}
	return Gone, 0, err
}

func (s *brokenStore) Put(ctx context.Context, k Key, id ID, mac MAC, ttl time.Duration, l Limits) (Admission, error) {
	if s.put != nil {
		return Admission{}, s.put
	}
	return s.Store.Put(ctx, k, id, mac, ttl, l)
}

func (s *brokenStore) Undo(ctx context.Context, k Key, id ID) error {
	if s.undo != nil {
		return s.undo
	}
	return s.Store.Undo(ctx, k, id)
}

func (s *brokenStore) Forget(ctx context.Context, k Key) error {
	if s.forget != nil {
		return s.forget
	}
	return s.Store.Forget(ctx, k)
}

// noStore fails the test that asks it.
type noStore struct{ t *testing.T }

func (s noStore) Put(context.Context, Key, ID, MAC, time.Duration, Limits) (Admission, error) {
	s.t.Error("the store was asked to put")
	return Admission{}, errStore
}

func (s noStore) Redeem(context.Context, Key, ID, []MAC, Limits) (Verdict, int, error) {
	s.t.Error("the store was asked to redeem")
	return Gone, 0, errStore
}

func (s noStore) Undo(context.Context, Key, ID) error { s.t.Error("undo"); return errStore }

func (s noStore) Forget(context.Context, Key) error { s.t.Error("forget"); return errStore }

// answering is a store with one answer to everything.
type answering struct {
	Store
	admission Admission
	verdict   Verdict
	left      int
}

func (s answering) Put(context.Context, Key, ID, MAC, time.Duration, Limits) (Admission, error) {
	return s.admission, nil
}

func (s answering) Redeem(context.Context, Key, ID, []MAC, Limits) (Verdict, int, error) {
	return s.verdict, s.left, nil
}
