package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
)

// Seen remembers in Redis what was done, so that many processes do it once: requests
// of auth servers, or reports of vendors. Each of its calls is one script and one round
// trip, on the server's own clock. It is safe for concurrent use. What the server
// forgets may be done once more.
type Seen struct {
	scripted
	kind string // of key
}

var (
	_ hooks.Seen    = (*Seen)(nil)
	_ delivery.Seen = (*Seen)(nil)
)

// NewHooksSeen returns a [hooks.Seen] over client, as [New] returns a Store: it makes
// no request, and client stays the caller's to close.
func NewHooksSeen(client Client, cfg Config) (*Seen, error) {
	store, err := New(client, cfg)
	return newSeen(store, err, "h:")
}

// NewDeliverySeen returns a [delivery.Seen], as NewHooksSeen does one of hooks.
func NewDeliverySeen(client Client, cfg Config) (*Seen, error) {
	store, err := New(client, cfg)
	return newSeen(store, err, "d:")
}

// OpenHooksSeen makes a [hooks.Seen] from a URL, as [Open] makes a Store. Its Closer
// closes what was opened.
func OpenHooksSeen(url string) (*Seen, error) {
	store, err := open(url)
	return newSeen(store, err, "h:")
}

// OpenDeliverySeen makes a [delivery.Seen] from a URL, as OpenHooksSeen does one of
// hooks.
func OpenDeliverySeen(url string) (*Seen, error) {
	store, err := open(url)
	return newSeen(store, err, "d:")
}

func newSeen(store *Store, err error, kind string) (*Seen, error) {
	if err != nil {
		return nil, err
	}
	return &Seen{scripted{store, redis.NewScript(seenScript)}, kind}, nil
}

// Format keeps the client, and so its credentials, out of every print.
func (s *Seen) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redisstore.Seen{[hidden]}")) }

// Begin claims a key; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Begin(ctx context.Context, key [16]byte, lease time.Duration) (hooks.State, error) {
	word, err := s.ask(ctx, "begin", key, callID(), max(millis(lease), 1))
	if err != nil {
		return 0, err
	}
	for state, known := range map[hooks.State]string{hooks.New: "new", hooks.Busy: "busy", hooks.Done: "done"} {
		if word == any(known) {
			return state, nil
		}
	}
	return 0, notUnderstood("begin")
}

// Done remembers a key; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Done(ctx context.Context, key [16]byte, keep time.Duration) error {
	return s.tell(ctx, "done", key, max(millis(keep), 1))
}

// Release gives up a claim; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Release(ctx context.Context, key [16]byte) error {
	return s.tell(ctx, "release", key, callID())
}

func (s *Seen) tell(ctx context.Context, op string, key [16]byte, arg any) error {
	word, err := s.ask(ctx, op, key, arg)
	if err == nil && word != any("ok") {
		err = notUnderstood(op)
	}
	return err
}

func (s *Seen) ask(ctx context.Context, op string, key [16]byte, args ...any) (any, error) {
	name := s.store.tag(otp.Key(key)) + s.kind + hex.EncodeToString(key[:])
	reply, err := s.list(ctx, op, name, append([]any{op}, args...)...)
	if err != nil {
		return nil, err
	}
	return reply[0], nil
}

// callID names one call, so that one that is sent again is known.
func callID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return hex.EncodeToString(id[:])
}
