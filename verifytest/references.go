package verifytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/references"
)

// A ReferencesTarget is one [references.References], and what the suite must do
// behind it.
type ReferencesTarget struct {
	// References are what is put to the test. Required. They may hold others: the
	// suite uses random keys.
	References references.References

	// Advance moves their clock. Defaults to nil, which means a clock that nobody can
	// move: then nothing that takes time is tested.
	Advance func(time.Duration)
}

// RunReferences proves each promise of [references.References] as a subtest of its
// name, against a fresh target.
func RunReferences(t *testing.T, open func(t *testing.T) ReferencesTarget) {
	for _, p := range referencesPromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			switch {
			case target.References == nil:
				t.Fatal("ReferencesTarget.References is missing")
			case p.waits && target.Advance == nil:
				t.Skip("ReferencesTarget.Advance is nil: nobody can move this clock")
			}
			if err := p.broken(t.Context(), target); err != nil {
				t.Error(err)
			}
		})
	}
}

type referencesPromise struct {
	name  string
	prove func(*referencesRun)
	waits bool
}

// broken returns how target breaks the promise, or nil.
func (p referencesPromise) broken(ctx context.Context, target ReferencesTarget) error {
	r := &referencesRun{ReferencesTarget: target, ctx: ctx}
	p.prove(r)
	return r.err
}

func referencesPromises() []referencesPromise {
	return []referencesPromise{
		{name: "the_last_reference_that_was_set_is_found", prove: referencesLast},
		{name: "what_was_taken_is_gone", prove: referencesGone},
		{name: "only_the_reference_that_is_there_is_taken", prove: referencesOther},
		{name: "one_of_256_takes_at_once_is_told_yes", prove: referencesOneWinner},
		{name: "a_take_made_again_answers_the_same", prove: referencesAgain},
		{name: "keys_are_kept_apart", prove: referencesApart},
		{name: "a_context_that_ended_changes_nothing", prove: referencesEnded},
		{name: "a_reference_ends_with_its_time", prove: referencesExpire, waits: true},
		{name: "a_take_is_remembered_for_two_minutes", prove: referencesRemember, waits: true},
	}
}

type referencesRun struct {
	ReferencesTarget
	ctx context.Context
	err error
}

func (r *referencesRun) demand(ok bool, format string, args ...any) {
	if !ok && r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func sixteen() (b [16]byte) {
	_, _ = rand.Read(b[:]) // never fails
	return b
}

func (r *referencesRun) set(key [16]byte, reference string, ttl time.Duration) {
	err := r.References.Set(r.ctx, key, reference, ttl)
	r.demand(err == nil, "Set: %v", err)
}

func (r *referencesRun) take(key [16]byte, reference string, id [16]byte, want bool, when string) {
	taken, err := r.References.Take(r.ctx, key, reference, id)
	r.demand(err == nil && taken == want, "Take %s answers %t, not %t, error %v", when, taken, want, err)
}

// finds wants reference under key, or nothing if it is empty.
func (r *referencesRun) finds(key [16]byte, want, when string) {
	got, found, err := r.References.Get(r.ctx, key)
	r.demand(err == nil && got == want && found == (want != ""), "Get %s answers %q, %t, error %v", when, got, found, err)
}

func referencesLast(r *referencesRun) {
	key := sixteen()
	r.finds(key, "", "before any Set")
	long := strings.Repeat("x", 1024)
	for _, reference := range []string{"one", "two", "one", " 1 \x00\xff|{}\n", long} {
		r.set(key, reference, time.Minute)
		r.finds(key, reference, "after a Set")
	}
	r.take(key, long, sixteen(), true, "of the last")
}

func referencesGone(r *referencesRun) {
	key := sixteen()
	r.take(key, "one", sixteen(), false, "before any Set")
	r.set(key, "one", time.Minute)
	r.take(key, "one", sixteen(), true, "of what is there")
	r.finds(key, "", "after a Take")
	r.take(key, "one", sixteen(), false, "of what was taken")
	r.set(key, "one", time.Minute)
	r.take(key, "one", sixteen(), true, "of what was set again")
}

func referencesOther(r *referencesRun) {
	key := sixteen()
	r.set(key, "one", time.Minute)
	r.set(key, "two", time.Minute)
	for _, other := range []string{"one", "tw", "two ", "", "TWO"} {
		r.take(key, other, sixteen(), false, "of another reference")
	}
	r.finds(key, "two", "after a Take of another reference")
}

func referencesOneWinner(r *referencesRun) {
	key := sixteen()
	r.set(key, "one", time.Minute)
	var taken atomic.Int32
	together(256, func(int) {
		if ok, err := r.References.Take(r.ctx, key, "one", sixteen()); err == nil && ok {
			taken.Add(1)
		}
	})
	r.demand(taken.Load() == 1, "of 256 takes at once %d were told yes", taken.Load())
}

func referencesAgain(r *referencesRun) {
	key, yes, no := sixteen(), sixteen(), sixteen()
	r.set(key, "one", time.Minute)
	r.take(key, "one", yes, true, "of what is there")
	r.take(key, "one", no, false, "of what was taken")
	r.take(key, "one", yes, true, "made again")
	r.set(key, "one", time.Minute)
	r.take(key, "one", yes, true, "made again after a Set")
	r.take(key, "one", no, false, "made again after a no and a Set")
	r.finds(key, "one", "after takes made again")
}

func referencesApart(r *referencesRun) {
	a, b := sixteen(), sixteen()
	r.set(a, "one", time.Minute)
	r.finds(b, "", "of another key")
	r.set(b, "one", time.Minute)
	r.take(a, "one", sixteen(), true, "of one key")
	r.finds(b, "one", "of the other key")
	b2 := a
	b2[15] ^= 1
	r.set(a, "one", time.Minute)
	r.finds(b2, "", "of a key that differs in one bit")
}

func referencesEnded(r *referencesRun) {
	key := sixteen()
	r.set(key, "one", time.Minute)
	ended, cancel := context.WithCancel(r.ctx)
	cancel()
	err := r.References.Set(ended, key, "two", time.Minute)
	r.demand(err != nil, "Set under a context that ended is told as done")
	_, _, err = r.References.Get(ended, key)
	r.demand(err != nil, "Get under a context that ended answers")
	_, err = r.References.Take(ended, key, "one", sixteen())
	r.demand(err != nil, "Take under a context that ended answers")
	r.finds(key, "one", "after calls under a context that ended")
}

func referencesExpire(r *referencesRun) {
	key := sixteen()
	r.set(key, "one", time.Hour)
	r.set(key, "two", time.Minute)
	r.Advance(time.Minute - margin)
	r.finds(key, "two", "within its time")
	r.Advance(margin + time.Millisecond)
	r.finds(key, "", "after its time")
	r.take(key, "two", sixteen(), false, "after its time")
	r.set(key, "one", time.Minute)
	r.set(key, "one", time.Hour)
	r.Advance(59 * time.Minute)
	r.take(key, "one", sixteen(), true, "within the time of the last Set")
}

func referencesRemember(r *referencesRun) {
	key, id := sixteen(), sixteen()
	r.set(key, "one", time.Hour)
	r.take(key, "one", id, true, "of what is there")
	r.set(key, "one", time.Hour)
	r.Advance(2*time.Minute - margin)
	r.take(key, "one", id, true, "made again after 110 seconds")
	r.finds(key, "one", "after a take made again")
}
