package redisstore

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/totp"
)

// Factors is a [totp.Store] on Redis: each of its calls is one script and one round
// trip, on the server's own clock. It is safe for concurrent use. A server that
// evicts, or that keeps no append-only file, loses people's factors: see the package
// comment.
type Factors struct{ scripted }

var (
	_ totp.Store      = (*Factors)(nil)
	_ totp.KeyCounter = (*Factors)(nil)
	_ totp.Clock      = (*Factors)(nil)
)

// NewFactors returns a store of authenticator apps over client, as [New] returns one
// of codes: it makes no request, and client stays the caller's to close.
func NewFactors(client Client, cfg Config) (*Factors, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return &Factors{scripted{store, redis.NewScript(factorScript)}}, nil
}

// OpenFactors makes Factors from a URL, as [Open] makes a Store.
func OpenFactors(url string) (*Factors, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return &Factors{scripted{store, redis.NewScript(factorScript)}}, nil
}

// Format keeps the client, and so its credentials, out of every print.
func (f *Factors) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte("redisstore.Factors{[hidden]}"))
}

// Create keeps a factor; see [totp.Store].
func (f *Factors) Create(ctx context.Context, k totp.Key, id totp.ID, factor totp.Factor) (bool, error) {
	return f.decide(ctx, "create", k, id, factorWords(factor)...)
}

// Attempt charges an attempt; see [totp.Store].
func (f *Factors) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	l = l.WithDefaults()
	reply, err := f.ask(ctx, "attempt", k, id, l.Attempts, millis(l.Wait), millis(l.MaxWait), l.Failures, l.Total)
	if err != nil {
		return totp.Attempt{}, err
	}
	switch reply.word {
	case "none":
		return totp.Attempt{}, nil
	case "blocked":
		return totp.Attempt{Found: true, Blocked: true}, nil
	case "wait":
		if wait, ok := reply.number(0); ok && wait > 0 {
			return totp.Attempt{Found: true, Wait: time.Duration(wait) * time.Millisecond}, nil
		}
	case "charged":
		factor, ok := reply.factor()
		failures, known := reply.number(4)
		left, counted := reply.number(5)
		next, timed := reply.number(6)
		age, aged := reply.number(7)
		accepted, settled := reply.number(8)
		if ok && known && counted && timed && aged && settled {
			return totp.Attempt{
				Found: true, Factor: factor, Failures: int(failures), Left: int(left),
				Next: time.Duration(next) * time.Millisecond,
				Age:  time.Duration(age) * time.Millisecond, Accepted: accepted == 1,
			}, nil
		}
	}
	return totp.Attempt{}, notUnderstood("attempt")
}

// Accept makes a step count; see [totp.Store].
func (f *Factors) Accept(ctx context.Context, k totp.Key, id totp.ID, enrolment totp.ID, step uint64, resealed *totp.Resealed) (bool, error) {
	keyID, sealed := "", ""
	if resealed != nil {
		keyID, sealed = hex.EncodeToString(resealed.KeyID[:]), base64.StdEncoding.EncodeToString(resealed.Sealed)
	}
	return f.decide(ctx, "accept", k, id, hex.EncodeToString(enrolment[:]), strconv.FormatUint(step, 10), keyID, sealed)
}

// Swap replaces a factor; see [totp.Store].
func (f *Factors) Swap(ctx context.Context, k totp.Key, id totp.ID, enrolment totp.ID, step uint64, factor totp.Factor) (bool, error) {
	args := []any{hex.EncodeToString(enrolment[:]), strconv.FormatUint(step, 10)}
	return f.decide(ctx, "swap", k, id, append(args, factorWords(factor)...)...)
}

// Refund takes back a charge; see [totp.Store].
func (f *Factors) Refund(ctx context.Context, k totp.Key, id totp.ID) error {
	_, err := f.decide(ctx, "refund", k, id)
	return err
}

// Get returns a factor; see [totp.Store].
func (f *Factors) Get(ctx context.Context, k totp.Key) (totp.Factor, bool, error) {
	reply, err := f.ask(ctx, "get", k, totp.ID{})
	if err != nil {
		return totp.Factor{}, false, err
	}
	if reply.word == "none" {
		return totp.Factor{}, false, nil
	}
	if factor, ok := reply.factor(); ok && reply.word == "factor" {
		return factor, true, nil
	}
	return totp.Factor{}, false, notUnderstood("get")
}

// Reseal replaces what is sealed; see [totp.Store].
func (f *Factors) Reseal(ctx context.Context, k totp.Key, enrolment totp.ID, r totp.Resealed) (bool, error) {
	return f.decide(ctx, "reseal", k, totp.ID{}, hex.EncodeToString(enrolment[:]), hex.EncodeToString(r.KeyID[:]), base64.StdEncoding.EncodeToString(r.Sealed))
}

// Reset forgets failures; see [totp.Store].
func (f *Factors) Reset(ctx context.Context, k totp.Key) error {
	_, err := f.decide(ctx, "reset", k, totp.ID{})
	return err
}

// Delete removes a factor; see [totp.Store].
func (f *Factors) Delete(ctx context.Context, k totp.Key) error {
	return f.store.remove(ctx, "delete", f.key(k))
}

// Now is the server's time; see [totp.Clock].
func (f *Factors) Now(ctx context.Context) (time.Time, error) {
	if !f.store.made() {
		return time.Time{}, notMade("time")
	}
	now, err := f.store.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, failure(ctx, "time", err)
	}
	return now, nil
}

// CountKeys looks at every factor, of every server of a cluster; see
// [totp.KeyCounter]. A factor that it cannot read is an error: a key that seems to
// seal nothing is dropped.
func (f *Factors) CountKeys(ctx context.Context) (map[totp.KeyID]int, error) {
	if !f.store.made() {
		return nil, notMade("count")
	}
	c := keyCount{pattern: globOf(f.store.prefix) + "{*}:t:*", counts: map[totp.KeyID]int{}}
	err := f.store.onPrimaries(ctx, c.add)
	if e := (*Error)(nil); errors.As(err, &e) {
		return nil, e
	}
	if err != nil {
		return nil, failure(ctx, "count", err)
	}
	return c.counts, nil
}

// A keyCount adds up the servers of a cluster, which are asked at once.
type keyCount struct {
	pattern string
	mu      sync.Mutex
	counts  map[totp.KeyID]int
}

func (c *keyCount) add(ctx context.Context, server Client, _ bool) error {
	for cursor := uint64(0); ; {
		keys, next, err := server.Scan(ctx, cursor, c.pattern, 1000).Result()
		if err != nil {
			return err
		}
		if err := c.addKeys(ctx, server, keys); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

func (c *keyCount) addKeys(ctx context.Context, server Client, keys []string) error {
	for _, key := range keys {
		raw, err := server.Get(ctx, key).Bytes()
		if errors.Is(err, redis.Nil) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		var e struct {
			KeyID string `json:"keyid"` // an attempt that is kept has one too, of its own time
		}
		if json.Unmarshal(raw, &e) != nil {
			return otherLayout("count")
		}
		id, err := hex.DecodeString(e.KeyID)
		if err != nil || len(id) != len(totp.KeyID{}) {
			return otherLayout("count")
		}
		c.mu.Lock()
		c.counts[totp.KeyID(id)]++
		c.mu.Unlock()
	}
	return nil
}

// globOf is a pattern that matches s alone.
func globOf(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "^", `\^`).Replace(s)
}

func (f *Factors) key(k totp.Key) string {
	return f.store.tag(otp.Key(k)) + "t:" + hex.EncodeToString(k[:])
}

// factorWords are a factor as the script takes it.
func factorWords(f totp.Factor) []any {
	return []any{
		hex.EncodeToString(f.Enrolment[:]), hex.EncodeToString(f.KeyID[:]),
		strconv.FormatUint(f.Step, 10), base64.StdEncoding.EncodeToString(f.Sealed),
	}
}

// A factorReply is a word and what follows it.
type factorReply struct {
	word string
	rest []any
}

func (r factorReply) text(i int) string {
	if i >= len(r.rest) {
		return ""
	}
	s, _ := r.rest[i].(string)
	return s
}

func (r factorReply) number(i int) (int64, bool) {
	if i >= len(r.rest) {
		return 0, false
	}
	n, ok := r.rest[i].(int64)
	return n, ok
}

// factor reads enrolment, key, step and what is sealed.
func (r factorReply) factor() (f totp.Factor, ok bool) {
	enrolment, err1 := hex.DecodeString(r.text(0))
	keyID, err2 := hex.DecodeString(r.text(1))
	step, err3 := strconv.ParseUint(r.text(2), 10, 64)
	sealed, err4 := base64.StdEncoding.DecodeString(r.text(3))
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || len(enrolment) != len(f.Enrolment) || len(keyID) != len(f.KeyID) {
		return f, false
	}
	return totp.Factor{Enrolment: totp.ID(enrolment), KeyID: totp.KeyID(keyID), Step: step, Sealed: sealed}, true
}

// decide asks for a yes or no.
func (f *Factors) decide(ctx context.Context, op string, k totp.Key, id totp.ID, args ...any) (bool, error) {
	reply, err := f.ask(ctx, op, k, id, args...)
	switch {
	case err != nil:
		return false, err
	case reply.word != "yes" && reply.word != "no":
		return false, notUnderstood(op)
	}
	return reply.word == "yes", nil
}

// ask makes one round trip; two, if the server does not know the script yet.
func (f *Factors) ask(ctx context.Context, op string, k totp.Key, id totp.ID, args ...any) (factorReply, error) {
	reply, err := f.list(ctx, op, f.key(k), append([]any{op, hex.EncodeToString(id[:])}, args...)...)
	if err != nil {
		return factorReply{}, err
	}
	word, ok := reply[0].(string)
	if !ok {
		return factorReply{}, notUnderstood(op)
	}
	return factorReply{word, reply[1:]}, nil
}
