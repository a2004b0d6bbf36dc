package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
)

// References are [references.References] on Redis: each of their calls is one script
// and one round trip, on the server's own clock. They are safe for concurrent use.
// What the server forgets is a code that cannot be checked any more: the person asks
// for a new one.
type References struct{ scripted }

var _ references.References = (*References)(nil)

// NewReferences returns References over client, as [New] returns a Store: it makes no
// request, and client stays the caller's to close.
func NewReferences(client Client, cfg Config) (*References, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return &References{scripted{store, redis.NewScript(referenceScript)}}, nil
}

// OpenReferences makes References from a URL, as [Open] makes a Store:
//
//	vendors.WithReferences("redis", redisstore.OpenReferences)
//
// The result is a [*References], whose Closer closes what OpenReferences opened.
func OpenReferences(url string) (references.References, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return &References{scripted{store, redis.NewScript(referenceScript)}}, nil
}

// Format keeps the client, and so its credentials, out of every print.
func (r *References) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte("redisstore.References{[hidden]}"))
}

// Set keeps a reference; see [references.References].
func (r *References) Set(ctx context.Context, key [16]byte, reference string, ttl time.Duration) error {
	reply, err := r.over(ctx, "set", []string{r.key(key)}, "set", reference, max(millis(ttl), 1))
	if err == nil && reply[0] != any("done") {
		err = notUnderstood("set")
	}
	return err
}

// Get returns a reference; see [references.References].
func (r *References) Get(ctx context.Context, key [16]byte) (reference string, found bool, err error) {
	reply, err := r.over(ctx, "get", []string{r.key(key)}, "get")
	switch {
	case err != nil:
		return "", false, err
	case reply[0] == any("none"):
		return "", false, nil
	case reply[0] == any("found") && len(reply) == 2:
		if reference, found = reply[1].(string); found {
			return reference, true, nil
		}
	}
	return "", false, notUnderstood("get")
}

// Take removes a reference; see [references.References].
func (r *References) Take(ctx context.Context, key [16]byte, reference string, id [16]byte) (taken bool, err error) {
	keys := []string{r.key(key), r.answerKey(key, id)}
	reply, err := r.over(ctx, "take", keys, "take", reference)
	switch {
	case err != nil:
		return false, err
	case reply[0] == any("yes"):
		return true, nil
	case reply[0] == any("no"):
		return false, nil
	}
	return false, notUnderstood("take")
}

func (r *References) key(key [16]byte) string {
	return r.store.tag(otp.Key(key)) + "v:" + hex.EncodeToString(key[:])
}

// answerKey lies in the slot of key.
func (r *References) answerKey(key, id [16]byte) string {
	return r.store.tag(otp.Key(key)) + "w:" + hex.EncodeToString(id[:])
}
