package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
)

// Recovery is a [recovery.Store] on Redis: each of its calls is one script and one
// round trip, on the server's own clock. It is safe for concurrent use. A server that
// evicts, or that keeps no append-only file, loses people's codes: see the package
// comment.
type Recovery struct{ scripted }

var _ recovery.Store = (*Recovery)(nil)

// NewRecovery returns a store of recovery codes over client, as [New] returns one of
// codes: it makes no request, and client stays the caller's to close.
func NewRecovery(client Client, cfg Config) (*Recovery, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return &Recovery{scripted{store, redis.NewScript(recoveryScript)}}, nil
}

// OpenRecovery makes a Recovery from a URL, as [Open] makes a Store.
func OpenRecovery(url string) (*Recovery, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return &Recovery{scripted{store, redis.NewScript(recoveryScript)}}, nil
}

// Format keeps the client, and so its credentials, out of every print.
func (r *Recovery) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte("redisstore.Recovery{[hidden]}"))
}

// Replace keeps codes; see [recovery.Store].
func (r *Recovery) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	word, _, _, err := r.ask(ctx, "replace", k, id, recoveryWords(nil, macs)...)
	if err == nil && word != "done" {
		return notUnderstood("replace")
	}
	return err
}

// Attempt charges and compares; see [recovery.Store].
func (r *Recovery) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	l = l.WithDefaults()
	args := []any{l.Attempts, millis(l.Wait), millis(l.MaxWait)}
	word, left, wait, err := r.ask(ctx, "attempt", k, id, recoveryWords(args, macs)...)
	if err != nil {
		return recovery.Attempt{}, err
	}
	verdicts := map[string]recovery.Verdict{
		"none": recovery.None, "wrong": recovery.Wrong, "waiting": recovery.Waiting, "match": recovery.Match,
	}
	v, ok := verdicts[word]
	if !ok {
		return recovery.Attempt{}, notUnderstood("attempt")
	}
	return recovery.Attempt{Verdict: v, Left: int(left), Wait: time.Duration(wait) * time.Millisecond}, nil
}

// Left counts codes; see [recovery.Store].
func (r *Recovery) Left(ctx context.Context, k recovery.Key) (int, error) {
	word, left, _, err := r.ask(ctx, "left", k, recovery.ID{})
	if err == nil && word != "left" {
		err = notUnderstood("left")
	}
	return int(left), err
}

// Delete removes an account; see [recovery.Store].
func (r *Recovery) Delete(ctx context.Context, k recovery.Key) error {
	return r.store.remove(ctx, "delete", r.key(k))
}

func (r *Recovery) key(k recovery.Key) string {
	return r.store.tag(otp.Key(k)) + "r:" + hex.EncodeToString(k[:])
}

func recoveryWords(args []any, macs []recovery.MAC) []any {
	for _, mac := range macs {
		args = append(args, hex.EncodeToString(mac[:]))
	}
	return args
}

// ask makes one round trip; two, if the server does not know the script yet.
func (r *Recovery) ask(ctx context.Context, op string, k recovery.Key, id recovery.ID, args ...any) (word string, left, wait int64, err error) {
	reply, err := r.list(ctx, op, r.key(k), append([]any{op, hex.EncodeToString(id[:])}, args...)...)
	if err != nil {
		return "", 0, 0, err
	}
	word, isWord := reply[0].(string)
	if len(reply) != 3 || !isWord {
		return "", 0, 0, notUnderstood(op)
	}
	left, isLeft := reply[1].(int64)
	wait, isWait := reply[2].(int64)
	if !isLeft || !isWait {
		return "", 0, 0, notUnderstood(op)
	}
	return word, left, wait, nil
}
