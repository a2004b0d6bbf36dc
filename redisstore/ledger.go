package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
)

// A Ledger is a [failover.Ledger] on Redis, for applications that run as more
// than one process. What the package comment says of a Store holds for it too:
// each method is one script and one round trip, on the server's own clock, and a
// script that is sent again changes nothing and gets the same answer. Make one
// with [NewLedger] or [OpenLedger]; a zero Ledger returns errors. It is safe for
// concurrent use.
type Ledger struct {
	store  *Store // for its client, its keys and its errors
	script *redis.Script
}

var _ failover.Ledger = (*Ledger)(nil)

// NewLedger returns a Ledger over client, which stays the caller's to close. It
// makes no request. See [New] for what is refused.
func NewLedger(client redis.UniversalClient, cfg Config) (*Ledger, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return &Ledger{store: store, script: redis.NewScript(ledgerScript)}, nil
}

// OpenLedger makes a Ledger from a URL, as [Open] makes a Store:
//
//	vendors.WithLedger("redis", redisstore.OpenLedger)
func OpenLedger(url string) (failover.Ledger, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return &Ledger{store: store, script: redis.NewScript(ledgerScript)}, nil
}

// Closer closes the connections that [OpenLedger] made. A client that was given
// to [NewLedger] is its owner's to close.
func (l *Ledger) Closer() io.Closer { return l.store }

// Probe refuses a server that may forget; see [Store.Probe].
func (l *Ledger) Probe(ctx context.Context) error { return l.store.Probe(ctx) }

// Format keeps the client, and so its credentials, out of every print.
func (l *Ledger) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redisstore.Ledger{[hidden]}")) }

// Begin reserves a recipient for one backend of a Send; see [failover.Ledger].
func (l *Ledger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (time.Duration, error) {
	word, busy, err := l.run(ctx, "begin", k, id, backend, millis(lease))
	switch {
	case err != nil:
		return 0, err
	case word == "begun":
		return 0, nil
	case word == "busy" && busy > 0:
		return time.Duration(busy) * time.Millisecond, nil
	}
	return 0, notUnderstood("begin")
}

// End says what became of that; see [failover.Ledger].
func (l *Ledger) End(ctx context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) error {
	state := "unknown"
	switch s {
	case failover.NotSent:
		state = "notsent"
	case failover.Sent:
		state = "sent"
	}
	word, _, err := l.run(ctx, "end", k, id, backend, state, millis(ttl))
	if err == nil && word != "ended" {
		return notUnderstood("end")
	}
	return err
}

// Attempt spends one attempt; see [failover.Ledger].
func (l *Ledger) Attempt(ctx context.Context, k failover.Key, id failover.ID, limits failover.Limits) (failover.Attempt, error) {
	limits = limits.WithDefaults()
	word, left, err := l.run(ctx, "attempt", k, id, limits.Attempts, limits.Failures, millis(limits.Remember))
	if err != nil {
		return failover.Attempt{}, err
	}
	names, live := strings.CutPrefix(word, "live ")
	switch {
	case live:
		return failover.Attempt{Backends: strings.Fields(names), Left: int(left)}, nil
	case word == "locked", word == "blocked":
		return failover.Attempt{Locked: true, Blocked: word == "blocked"}, nil
	case word == "none":
		return failover.Attempt{}, nil
	}
	return failover.Attempt{}, notUnderstood("attempt")
}

// Settle ends a Check; see [failover.Ledger].
func (l *Ledger) Settle(ctx context.Context, k failover.Key, id failover.ID, v failover.Verdict) (bool, error) {
	verdict := "denied"
	switch v {
	case failover.NotAsked:
		verdict = "notasked"
	case failover.Approved:
		verdict = "approved"
	}
	word, _, err := l.run(ctx, "settle", k, id, verdict)
	switch {
	case err != nil:
		return false, err
	case word == "forgotten":
		return false, failover.ErrForgotten
	case word != "won" && word != "lost":
		return false, notUnderstood("settle")
	}
	return word == "won", nil
}

// Reset removes an entry; see [failover.Ledger].
func (l *Ledger) Reset(ctx context.Context, k failover.Key) error {
	if l.store == nil {
		return notMade("reset")
	}
	return l.store.remove(ctx, "reset", l.key(k))
}

func (l *Ledger) key(k failover.Key) string {
	return l.store.tag(otp.Key(k)) + "l:" + hex.EncodeToString(k[:])
}

func (l *Ledger) run(ctx context.Context, op string, k failover.Key, id failover.ID, args ...any) (string, int64, error) {
	if l.store == nil {
		return "", 0, notMade(op)
	}
	return l.store.run(ctx, op, l.script, []string{l.key(k)}, append([]any{op, hex.EncodeToString(id[:])}, args...)...)
}

// millis rounds up, as micros does.
func millis(d time.Duration) int64 {
	return int64(d/time.Millisecond) + min(int64(d%time.Millisecond), 1)
}
