// Package redisstore keeps one-time codes in Redis, for programs that run as
// more than one process.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, redisstore.Config{})
//	engine, err := otp.New(otp.Config{Messenger: messenger, Store: store, Keys: keys})
//
// From one line of configuration, [Open] does the same:
//
//	v, err := vendors.Open(dsn, vendors.WithStore("redis", redisstore.Open))
//
// go-redis is not required of the application: [Client] is what is asked of a client,
// and examples/rueidis does it by rueidis, which serves many callers at once faster.
//
// # One step
//
// Each operation is one script and one round trip, on the server's own clock. An
// attempt is charged before it is compared, so the limits hold over any number of
// processes. go-redis sends a script again when its reply was lost: each attempt
// carries an id, and for two minutes the same id changes nothing and gets the
// same answer.
//
// # What is kept
//
// Keyed hashes of recipients and codes, times and counters; no recipient and no
// code. Each part of it expires by itself: the hash of a code with the code, that
// of a replaced code after two minutes, sends when no limit counts them (10
// minutes by default), failures when [otp.Limits] say so (30 days by default), and
// the ids of attempts and of revoked sends, and the receipt of a send with an
// idempotency key, after two minutes. Reset removes
// all that is kept of a recipient in a scope at once.
//
// # The server
//
// Redis 6.2 or newer, or Valkey; one server, Sentinel, or a cluster. It must not
// evict: its maxmemory-policy must be noeviction, or a full server drops the
// count of failures and every attempt is new. [Store.Probe] refuses any other.
//
// What the server forgets, the limits forget. Without persistence a restart
// kills the live codes, which only costs a new send, and clears all counts of
// failures, which gives a guesser a fresh start: keep an append-only file
// (appendonly yes, appendfsync everysec loses a second at most). A replica is
// asynchronous: after a failover, attempts, sends and approvals that the old
// primary had not yet sent on are forgotten, and a code that was accepted a
// moment ago may be accepted once more. Where that second matters,
// set min-replicas-to-write and min-replicas-max-lag, which bound it, or use one
// server.
//
// An ACL user needs, on one server and behind Sentinels,
//
//	+evalsha +eval +get +mget +set +del +time +info ~verify:*
//
// and +select as well for a database other than 0, and +scan where totp counts
// the factors under a key. In a cluster it needs
//
//	+evalsha +eval +get +mget +set +del +time +info +cluster|slots ~verify:*
//
// # Errors
//
// Every error is an [*Error]. It says what to do, and holds no address, key or
// credential. go-redis itself logs to standard error; redis.SetLogger changes
// that.
package redisstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
)

const (
	defaultPrefix = "verify:"
	maxPrefix     = 64 // bytes
)

// A Config says how a Store names its keys.
type Config struct {
	// Prefix opens the name of every key, and keeps applications apart that share
	// a database: 1 to 64 of printable ASCII without spaces and braces. Another one
	// forgets every limit that was reached. Defaults to "verify:".
	Prefix string
}

// A Store is an [otp.Store] on Redis. It is safe for concurrent use.
type Store struct {
	client                           Client
	prefix                           string
	issue, conclude, attempt, revoke *redis.Script
	opened                           io.Closer // the client, if it was opened here
}

var _ otp.Store = (*Store)(nil)

// New returns a Store over client, which stays the caller's to close. It makes
// no request; see [Store.Probe].
//
// Set ContextTimeoutEnabled in the client's options, or a caller's deadline does
// not bind a wait for the server. A *redis.Ring is refused: when one of its
// servers is down it turns to another one, which knows no limits.
func New(client Client, cfg Config) (*Store, error) {
	if missing(client) {
		return nil, errors.New("redisstore: client is missing")
	}
	if _, ring := client.(*redis.Ring); ring {
		return nil, errors.New("redisstore: a Ring forgets limits when a server is down: use a cluster or one server")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = defaultPrefix
	}
	if !isPrefix(cfg.Prefix) {
		return nil, errors.New("redisstore: Prefix must be 1 to 64 of printable ASCII without spaces and braces")
	}
	return &Store{
		client: client, prefix: cfg.Prefix,
		issue: redis.NewScript(issueScript), conclude: redis.NewScript(concludeScript), attempt: redis.NewScript(attemptScript), revoke: redis.NewScript(revokeScript),
	}, nil
}

// missing also knows a nil client in an interface.
func missing(client Client) bool {
	switch c := client.(type) {
	case nil:
		return true
	case *redis.Client:
		return c == nil
	case *redis.ClusterClient:
		return c == nil
	}
	return false
}

// made is false for a Store that neither New nor Open made.
func (s *Store) made() bool { return s != nil && s.client != nil }

func notMade(op string) *Error {
	return &Error{Op: op, Detail: "this is a zero value: New or Open makes one that works"}
}

// isPrefix keeps braces out: the first pair decides where a cluster keeps a key.
func isPrefix(s string) bool {
	outside := func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }
	return s != "" && len(s) <= maxPrefix && !strings.ContainsFunc(s, outside)
}

// Close closes the connections that [Open] made. After [New] it does nothing:
// the client is the caller's.
func (s *Store) Close() error {
	if !s.made() || s.opened == nil {
		return nil
	}
	if err := s.opened.Close(); err != nil {
		return failure(context.Background(), "close", err)
	}
	return nil
}

// Format keeps the client, and so its credentials, out of every print.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redisstore.Store{[hidden]}")) }

// keys are those of all that is kept of k, in the order of the scripts. What
// stands in braces decides where a cluster keeps a key.
func (s *Store) keys(k otp.Key) []string {
	name := hex.EncodeToString(k[:])
	all := make([]string, 0, 6)
	for _, part := range [...]string{"c:", "p:", "s:", "f:", "a:"} {
		all = append(all, s.tag(k)+part+name)
	}
	return all
}

// mark is the key that says that the Issue of id was revoked. The tag that it
// shares with the others keeps them on one server, and does not tell whose the
// mark is: two bytes of a hash are shared by many.
func (s *Store) mark(k otp.Key, id otp.ID) string {
	return s.tag(k) + "u:" + hex.EncodeToString(id[:])
}

// ended is the key of what became of the Issue of id. Like a mark it does not tell
// whose it is.
func (s *Store) ended(k otp.Key, id otp.ID) string {
	return s.tag(k) + "e:" + hex.EncodeToString(id[:])
}

func (s *Store) tag(k otp.Key) string {
	if !s.made() {
		return ""
	}
	return s.prefix + "{" + hex.EncodeToString(k[:2]) + "}:"
}
