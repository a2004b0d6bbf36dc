package sqlstore

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/go2fa/verify/recovery"
)

// Recovery is a [recovery.Store] in a database; [DB.Recovery] makes one. A database
// that loses commits loses people's codes.
type Recovery struct{ view }

// An account is the record of one account's recovery codes. It does what
// recovery.MemoryStore does, word by word.
type account struct {
	layout
	Codes    []string       `json:"codes,omitempty"` // MACs
	Failures int            `json:"failures,omitempty"`
	Charged  int64          `json:"charged,omitempty"` // when the last one was
	Calls    []recoveryCall `json:"calls,omitempty"`
}

// A recoveryCall is one that took effect, kept so that it may be made again.
type recoveryCall struct {
	ID      string           `json:"id"`
	At      int64            `json:"at"`
	Replace bool             `json:"replace,omitempty"`
	Verdict recovery.Verdict `json:"verdict,omitempty"`
	Left    int              `json:"left,omitempty"`
	Wait    int64            `json:"wait,omitempty"`
}

// prune also sets right what lies ahead of a clock that was set back: it must not make
// anybody wait longer than the limits say.
func (r *account) prune(now int64) (ahead bool) {
	ahead = r.Charged > now
	r.Charged = min(r.Charged, now)
	for i := range r.Calls {
		ahead = ahead || r.Calls[i].At > now
		r.Calls[i].At = min(r.Calls[i].At, now)
	}
	r.Calls = slices.DeleteFunc(r.Calls, func(c recoveryCall) bool { return now-c.At >= replay })
	return ahead
}

func (r *account) until() int64 { return never }

// Replace keeps codes; see [recovery.Store].
func (s *Recovery) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	return step(ctx, s.db, "replace", keyOf(kindRecovery, k), func(r *account, now int64) outcome {
		name := hex.EncodeToString(id[:])
		if r.find(name, true) != nil {
			return kept
		}
		r.Codes, r.Failures, r.Charged = macWords(macs), 0, 0
		r.remember(recoveryCall{ID: name, At: now, Replace: true})
		return changed
	})
}

// Attempt charges and compares; see [recovery.Store].
func (s *Recovery) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (a recovery.Attempt, err error) {
	l = l.WithDefaults()
	err = step(ctx, s.db, "attempt", keyOf(kindRecovery, k), func(r *account, now int64) (o outcome) {
		a, o = r.attempt(hex.EncodeToString(id[:]), macWords(macs), l, now)
		return o
	})
	if err != nil {
		return recovery.Attempt{}, err
	}
	return a, nil
}

// Left counts codes; see [recovery.Store].
func (s *Recovery) Left(ctx context.Context, k recovery.Key) (n int, err error) {
	err = step(ctx, s.db, "left", keyOf(kindRecovery, k), func(r *account, _ int64) outcome {
		n = len(r.Codes)
		return kept
	})
	return n, err
}

// Delete removes an account; see [recovery.Store].
func (s *Recovery) Delete(ctx context.Context, k recovery.Key) error {
	return s.db.remove(ctx, "delete", keyOf(kindRecovery, k))
}

func macWords(macs []recovery.MAC) []string {
	words := make([]string, len(macs))
	for i, mac := range macs {
		words[i] = hex.EncodeToString(mac[:])
	}
	return words
}

// attempt charges first: whatever happens then, the attempt is spent.
func (r *account) attempt(id string, macs []string, l recovery.Limits, now int64) (recovery.Attempt, outcome) {
	if c := r.find(id, false); c != nil {
		return recovery.Attempt{Verdict: c.Verdict, Left: c.Left, Wait: duration(c.Wait)}, kept
	}
	if len(r.Codes) == 0 {
		return recovery.Attempt{}, kept
	}
	if wait := micros(l.After(r.Failures)) - (now - r.Charged); wait > 0 {
		return recovery.Attempt{Verdict: recovery.Waiting, Wait: duration(wait)}, kept
	}
	r.Failures++
	r.Charged = now
	c := recoveryCall{ID: id, At: now, Verdict: recovery.Wrong, Left: max(l.Attempts-r.Failures, 0), Wait: micros(l.After(r.Failures))}
	spent := func(code string) bool { return slices.Contains(macs, code) } // nobody chooses the bytes of a MAC
	if i := slices.IndexFunc(r.Codes, spent); i >= 0 {
		r.Codes = slices.Delete(r.Codes, i, i+1)
		r.Failures, r.Charged = 0, 0
		c = recoveryCall{ID: id, At: now, Verdict: recovery.Match}
	}
	r.remember(c)
	return recovery.Attempt{Verdict: c.Verdict, Left: c.Left, Wait: duration(c.Wait)}, changed
}

// remember keeps the last calls, and no more of somebody who replaces without end.
func (r *account) remember(c recoveryCall) {
	r.Calls = append(r.Calls[max(0, len(r.Calls)-maxCalls+1):], c)
}

func (r *account) find(id string, replace bool) *recoveryCall {
	for i := range r.Calls {
		if r.Calls[i].ID == id && r.Calls[i].Replace == replace {
			return &r.Calls[i]
		}
	}
	return nil
}
