package failover_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/verifytest"
)

// A written ledger keeps records as text, as a store of keys and values does: each step
// reads one, and writes back what has changed.
type written struct {
	mu    sync.Mutex
	texts map[failover.Key][]byte
	ahead time.Duration // of the clock
}

func newWritten() *written { return &written{texts: map[failover.Key][]byte{}} }

var epoch = time.Now()

func (w *written) step(k failover.Key, do func(r *failover.Record, now int64) failover.Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost, r := new(failover.Record), new(failover.Record)
	if text := w.texts[k]; text != nil {
		if err := errors.Join(json.Unmarshal(text, lost), json.Unmarshal(text, r)); err != nil {
			return err
		}
	}
	now := epoch.UnixMicro() + (time.Since(epoch) + w.ahead).Microseconds()
	do(lost, now) // somebody else was faster, and it is made again
	if do(r, now) != failover.Changed {
		return nil
	}
	if r.Until() <= now {
		delete(w.texts, k)
		return nil
	}
	text, err := json.Marshal(r)
	w.texts[k] = text
	return err
}

func (w *written) Begin(_ context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (busy time.Duration, err error) {
	err = w.step(k, func(r *failover.Record, now int64) (c failover.Change) {
		busy, c = r.Begin(now, id, backend, lease)
		return c
	})
	return busy, err
}

func (w *written) End(_ context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) error {
	return w.step(k, func(r *failover.Record, now int64) failover.Change { return r.End(now, id, backend, s, ttl) })
}

func (w *written) Attempt(_ context.Context, k failover.Key, id, by failover.ID, l failover.Limits) (a failover.Attempt, err error) {
	err = w.step(k, func(r *failover.Record, now int64) (c failover.Change) {
		a, c = r.Attempt(now, id, by, l)
		return c
	})
	return a, err
}

func (w *written) Settle(_ context.Context, k failover.Key, id failover.ID, v failover.Verdict) (won bool, err error) {
	var forgotten error
	err = w.step(k, func(r *failover.Record, now int64) (c failover.Change) {
		won, c, forgotten = r.Settle(now, id, v)
		return c
	})
	if err == nil {
		err = forgotten
	}
	return won, err
}

func (w *written) Claim(_ context.Context, k failover.Key, call, id failover.ID) (claim failover.Claim, err error) {
	err = w.step(k, func(r *failover.Record, now int64) (c failover.Change) {
		claim, c = r.Claim(now, call, id)
		return c
	})
	return claim, err
}

func (w *written) Conclude(_ context.Context, k failover.Key, id failover.ID, outcome string) error {
	return w.step(k, func(r *failover.Record, now int64) failover.Change { return r.Conclude(now, id, outcome) })
}

func (w *written) Look(_ context.Context, k failover.Key) (seen failover.Seen, err error) {
	err = w.step(k, func(r *failover.Record, now int64) failover.Change {
		seen = r.Look(now)
		return failover.Kept
	})
	return seen, err
}

func (w *written) Reset(_ context.Context, k failover.Key) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.texts, k)
	return nil
}

// What is not Changed need not be written, and what is written is all that a record knows.
func TestARecordThatIsWrittenKeepsThePromisesOfALedger(t *testing.T) {
	verifytest.RunLedger(t, func(*testing.T) verifytest.LedgerTarget {
		w := newWritten()
		return verifytest.LedgerTarget{
			Ledger: w, Reopen: func(*testing.T) failover.Ledger { return w },
			Advance: func(d time.Duration) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.ahead += d
			},
		}
	})
}

// A record that this version does not understand may hold a lock: it is no empty one.
func TestARecordOfAnotherVersionIsRefused(t *testing.T) {
	for _, text := range []string{`{"v":2,"failures":100}`, `{"failures":100}`, `{}`, `[]`, `{"v":1,"holder":"00"}`, `{"v":1,"sender":"` + "0123456789abcdef0123456789abcdef00" + `"}`} {
		r := new(failover.Record)
		require.Error(t, json.Unmarshal([]byte(text), r), text)
		assert.Zero(t, *r, text)
	}
}

// Records of the databases that hold them today are read.
func TestARecordReadsWhatWasWrittenBefore(t *testing.T) {
	const text = `{"v":1,"holder":"0123456789abcdef0123456789abcdef","trying":"a","lease":90000000,"began":2,"during":1,` +
		`"before":[{"name":"b","until":80000000,"attempts":2,"from":1}],"sender":"0123456789abcdef0123456789abcdef","tries":1,"overdue":true,` +
		`"serial":2,"backends":[{"name":"a","until":90000000,"attempts":1,"from":1}],"failures":1,"failed":20000000,"remember":86400000000,` +
		`"checks":[{"id":"fedcba9876543210fedcba9876543210","by":"00000000000000000000000000000000","at":20000000,"serial":1,"backends":["a"],"left":4,` +
		`"settled":true,"won":true,"lost":true,"outcome":"approved"},{"id":"fedcba9876543210fedcba9876543211","at":20000000,"serial":1,"backends":["a"],"left":4}],` +
		`"closed":[{"id":"fedcba9876543210fedcba9876543210","backend":"a","at":10000000}],` +
		`"claims":[{"call":"00000000000000000000000000000001","id":"0123456789abcdef0123456789abcdef","at":30000000,"outcome":"sent"}]}`
	r := new(failover.Record)
	require.NoError(t, json.Unmarshal([]byte(text), r))
	again, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, text, string(again))
	assert.Equal(t, failover.Seen{Failures: 1, Live: true, Busy: 50 * time.Second}, r.Look(40_000_000))
	assert.Equal(t, int64(20_000_000+86_400_000_000+1), r.Until())
}

// A check that was charged before the calls had ids is still known, and nobody's first.
func TestAnOldCheckOfARecordIsNobodysFirst(t *testing.T) {
	r := new(failover.Record)
	const text = `{"v":1,"checks":[{"id":"03000000000000000000000000000000","at":1,"serial":1,"backends":["a"],"left":4}]}`
	require.NoError(t, json.Unmarshal([]byte(text), r))
	for _, by := range []failover.ID{{3}, {}} {
		a, c := r.Attempt(2, failover.ID{3}, by, failover.Limits{})
		assert.Equal(t, failover.Attempt{Backends: []string{"a"}, Left: 4, Progress: failover.Pending}, a)
		assert.Equal(t, failover.Kept, c)
	}
}

const forever = time.Duration(math.MaxInt64)

func TestForEverIsNoShortTime(t *testing.T) {
	r, now := new(failover.Record), time.Now().UnixMicro()
	few := failover.Limits{Failures: 2, Remember: forever}
	busy, _ := r.Begin(now, failover.ID{1}, "a", forever)
	require.Zero(t, busy)
	busy, c := r.Begin(now, failover.ID{2}, "b", forever)
	assert.Greater(t, busy, forever/2, "held for ever")
	assert.Equal(t, failover.Unsure, c)
	r.End(now, failover.ID{1}, "a", failover.Sent, forever)

	aYear := 365 * 24 * time.Hour.Microseconds()
	for n := range byte(2) {
		a, _ := r.Attempt(now, failover.ID{10, n}, failover.ID{n}, few)
		require.NotEmpty(t, a.Backends, "the code lives for ever")
		now += 100 * aYear
	}
	a, _ := r.Attempt(now, failover.ID{12}, failover.ID{2}, few)
	assert.True(t, a.Blocked, "failures are remembered for ever")
	assert.Greater(t, r.Until(), now+100*aYear)
}

// Nobody makes a record grow; the comment of Record says how large it is.
func TestARecordHasABound(t *testing.T) {
	r, now, most := new(failover.Record), int64(1), failover.Limits{Attempts: 10, Failures: 100}
	fill := func(outcome string) int {
		for n := range byte(200) {
			id := failover.ID{n, byte(len(outcome))}
			r.Begin(now, id, "a backend of some name", time.Minute)
			r.End(now, id, "a backend of some name", failover.Sent, time.Minute)
			r.Attempt(now, id, id, most)
			r.Conclude(now, id, outcome)
			if outcome != "" {
				r.Claim(now, id, id)
				r.Conclude(now, id, outcome)
			}
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		return len(text)
	}
	assert.InDelta(t, 15_000, fill(""), 2_000)
	r = new(failover.Record)
	assert.InDelta(t, 160_000, fill(strings.Repeat("x", 1024)), 10_000)
}

// Who looks changes nothing, and what an answer holds is the caller's own.
func TestARecordIsNotChangedFromOutside(t *testing.T) {
	r := new(failover.Record)
	r.Begin(1, failover.ID{1}, "a", time.Minute)
	r.End(1, failover.ID{1}, "a", failover.Sent, time.Minute)
	for range 2 {
		a, _ := r.Attempt(2, failover.ID{3}, failover.ID{3}, failover.Limits{})
		require.Equal(t, []string{"a"}, a.Backends)
		a.Backends[0] = "z"
	}
	before, err := json.Marshal(r)
	require.NoError(t, err)
	assert.Zero(t, r.Look(60*24*time.Hour.Microseconds()))
	after, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after))
	assert.True(t, r.Look(2).Live)
}

func TestAnIDIsWrittenInHexadecimalDigits(t *testing.T) {
	id := failover.ID{0x01, 0xab}
	text, err := json.Marshal(id)
	require.NoError(t, err)
	assert.Equal(t, `"01ab0000000000000000000000000000"`, string(text))
	var read failover.ID
	require.NoError(t, json.Unmarshal(text, &read))
	assert.Equal(t, id, read)
}
