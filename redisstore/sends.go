package redisstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

// Sends are [observe.Sends] on Redis, so that a report is joined with its Send whichever
// process it comes in at. Each of their calls is one script and one round trip, on the
// server's own clock. They are safe for concurrent use. What the server forgets is a
// report without a country.
type Sends struct{ scripted }

var _ observe.Sends = (*Sends)(nil)

// NewSends returns Sends over client, as [New] returns a Store: it makes no request, and
// client stays the caller's to close. A Send takes some 300 bytes, for 72 hours.
func NewSends(client Client, cfg Config) (*Sends, error) {
	store, err := New(client, cfg)
	return newSends(store, err)
}

// OpenSends makes Sends from a URL, as [Open] makes a Store. Their Closer closes what
// was opened.
func OpenSends(url string) (*Sends, error) {
	store, err := open(url)
	return newSends(store, err)
}

func newSends(store *Store, err error) (*Sends, error) {
	if err != nil {
		return nil, err
	}
	return &Sends{scripted{store, redis.NewScript(sendsScript)}}, nil
}

// Format keeps the client, and so its credentials, out of every print.
func (s *Sends) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redisstore.Sends{[hidden]}")) }

// Put remembers a Send; see [observe.Sends].
func (s *Sends) Put(ctx context.Context, key [16]byte, sent observe.Sent, ttl time.Duration) error {
	text, err := json.Marshal(sent)
	if err != nil {
		return err // a time in the year 10000
	}
	reply, err := s.list(ctx, "put", s.key(key), "put", string(text), max(millis(ttl), 1))
	if err == nil && reply[0] != any("ok") {
		err = notUnderstood("put")
	}
	return err
}

// Advance moves a Send on; see [observe.Sends].
func (s *Sends) Advance(ctx context.Context, key [16]byte, stage int) (sent observe.Sent, progress observe.Progress, err error) {
	reply, err := s.list(ctx, "advance", s.key(key), "advance", stage, callID())
	if err != nil {
		return sent, 0, err
	}
	switch reply[0] {
	case any("missing"):
		return sent, observe.Missing, nil
	case any("repeated"):
		progress = observe.Repeated
	case any("moved"):
		progress = observe.Moved
	}
	if len(reply) == 2 && progress != 0 {
		if text, ok := reply[1].(string); ok && json.Unmarshal([]byte(text), &sent) == nil {
			return sent, progress, nil
		}
	}
	return observe.Sent{}, 0, notUnderstood("advance")
}

func (s *Sends) key(key [16]byte) string {
	return s.store.tag(otp.Key(key)) + "m:" + hex.EncodeToString(key[:])
}
