package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
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

var (
	_ failover.Ledger = (*Ledger)(nil)
	_ failover.Looker = (*Ledger)(nil)
)

// NewLedger returns a Ledger over client, which stays the caller's to close. It
// makes no request. See [New] for what is refused.
func NewLedger(client Client, cfg Config) (*Ledger, error) {
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
func (l *Ledger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (failover.Attempt, error) {
	limits = limits.WithDefaults()
	answer, err := l.ask(ctx, "attempt", k, id, hex.EncodeToString(by[:]), limits.Attempts, limits.Failures, millis(limits.Remember))
	if err != nil {
		return failover.Attempt{}, err
	}
	word := answer.word
	names, live := strings.CutPrefix(word, "live ")
	progress, known := progresses[answer.progress]
	switch {
	case live && known:
		return failover.Attempt{
			Backends: strings.Fields(names), Left: int(answer.n), Progress: progress, Outcome: answer.outcome,
		}, nil
	case word == "locked", word == "blocked":
		return failover.Attempt{Locked: true, Blocked: word == "blocked"}, nil
	case word == "none":
		return failover.Attempt{}, nil
	}
	return failover.Attempt{}, notUnderstood("attempt")
}

var progresses = map[string]failover.Progress{
	"": failover.First, "pending": failover.Pending, "denied": failover.WasDenied, "approved": failover.WasApproved,
}

// Claim names a Send by its idempotency key; see [failover.Ledger].
func (l *Ledger) Claim(ctx context.Context, k failover.Key, call, id failover.ID) (failover.Claim, error) {
	answer, err := l.ask(ctx, "claim", k, id, hex.EncodeToString(call[:]))
	switch {
	case err != nil:
		return failover.Claim{}, err
	case answer.word != "claimed" && answer.word != "repeated":
		return failover.Claim{}, notUnderstood("claim")
	}
	return failover.Claim{Repeated: answer.word == "repeated", Outcome: answer.outcome}, nil
}

// Conclude keeps what became of a call; see [failover.Ledger].
func (l *Ledger) Conclude(ctx context.Context, k failover.Key, id failover.ID, outcome string) error {
	word, _, err := l.run(ctx, "conclude", k, id, outcome)
	if err == nil && word != "concluded" {
		return notUnderstood("conclude")
	}
	return err
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

// Look tells what is known of a key; see [failover.Looker].
func (l *Ledger) Look(ctx context.Context, k failover.Key) (failover.Seen, error) {
	word, busy, err := l.run(ctx, "look", k, failover.ID{})
	if err != nil {
		return failover.Seen{}, err
	}
	live, count, _ := strings.Cut(word, " ")
	failures, err := strconv.Atoi(count)
	if err != nil || failures < 0 || busy < 0 || live != "live" && live != "gone" {
		return failover.Seen{}, notUnderstood("look")
	}
	return failover.Seen{Failures: failures, Live: live == "live", Busy: time.Duration(busy) * time.Millisecond}, nil
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
	answer, err := l.ask(ctx, op, k, id, args...)
	return answer.word, answer.n, err
}

// A ledgerAnswer is a word and a number, and of a call that is made again what is known
// of it.
type ledgerAnswer struct {
	word              string
	n                 int64
	progress, outcome string
}

func (l *Ledger) ask(ctx context.Context, op string, k failover.Key, id failover.ID, args ...any) (a ledgerAnswer, err error) {
	if l.store == nil {
		return a, notMade(op)
	}
	args = append([]any{op, hex.EncodeToString(id[:])}, args...)
	reply, err := scripted{l.store, l.script}.list(ctx, op, l.key(k), args...)
	if err != nil {
		return a, err
	}
	isWord, isNumber, isProgress, isOutcome := false, false, true, true
	if len(reply) >= 2 {
		a.word, isWord = reply[0].(string)
		a.n, isNumber = reply[1].(int64)
	}
	if len(reply) == 4 {
		a.progress, isProgress = reply[2].(string)
		a.outcome, isOutcome = reply[3].(string)
	}
	if !isWord || !isNumber || !isProgress || !isOutcome || len(reply) > 4 || len(reply) == 3 {
		return ledgerAnswer{}, notUnderstood(op)
	}
	return a, nil
}

// millis rounds up, as micros does.
func millis(d time.Duration) int64 {
	d = min(d, longest)
	return int64(d/time.Millisecond) + min(int64(d%time.Millisecond), 1)
}
