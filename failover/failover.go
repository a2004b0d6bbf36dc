// Package failover is a [verify.Verifier] over several: when the first vendor is
// down, the next one sends.
//
//	v, err := failover.New(failover.Config{
//		Backends: []failover.Backend{{Verifier: twilio}, {Verifier: bandwidth}},
//	})
//	receipt, err := v.Send(ctx, "+15005550006") // receipt.Vendor says who sent it
//	err = v.Check(ctx, "+15005550006", typed)   // asks only who may hold a code
//
// # What is promised
//
// One approval and one budget of attempts, whatever number of vendors was tried.
// The next vendor is tried only when surely nothing was sent: after
// ErrUnavailable, ErrRateLimited, ErrUnauthorized and an open breaker. Never
// after any other outcome, which would defeat a guard or pay twice, and never
// once the caller's context has ended. A Send takes 15 s at most. Nothing is
// sent in parallel: a second Send for the same recipient and scope while one is
// under way is ErrTooManySends.
//
// After ErrOutcomeUnknown the message may still arrive, so Send returns it, and
// the code that arrives is good. With OnUnknown: Next the next vendor sends all
// the same, and the receipt says PossibleDuplicate.
//
// At most two backends are asked at a Check, so an attempt is right with a chance of two
// in a million at six digits. A vendor that lets an older code live beside its
// newest, as Bandwidth does, adds one for each. When the failures of [Limits] are
// reached, every Check is ErrTooManyAttempts until they are forgotten.
//
// # The ledger
//
// A code is only shown to a vendor that may have sent it. A [Ledger] remembers
// which: [MemoryLedger] for one process, package redisstore for more.
package failover

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

const vendor = "failover"

const (
	sendTime   = 15 * time.Second // for all backends, if the caller sets no deadline
	checkTime  = 10 * time.Second
	cancelTime = 2 * time.Second // for the losing backend, within the caller's time
	ledgerTime = 2 * time.Second // to end what was begun, whatever became of the caller
	spareTime  = 5 * time.Second // a lease outlives its Send by this
	minKey     = 32              // bytes
	defaultTTL = 10 * time.Minute
)

// A Backend is one Verifier of the composite. Name defaults to its vendor and must be
// unique; ledgers keep it, so it must not change while codes live.
type Backend struct {
	Name     string
	Verifier verify.Verifier
}

// A Policy says what follows when nobody knows whether a backend has sent.
type Policy uint8

// The policies.
const (
	// Stop returns ErrOutcomeUnknown: the message may arrive and its code is good.
	Stop Policy = iota
	// Next has the next backend send too. The receipt says PossibleDuplicate.
	Next
)

// A Config says which backends there are and in which order they are tried.
type Config struct {
	// Backends in order of preference, at least one. Two backends that share one otp store
	// share one code: join text messengers by otp.Fallback instead.
	Backends []Backend

	// Routes name the backends to try first for a country calling code, or a longer
	// prefix of a number, without the plus: {"45": {"gatewayapi"}}. The longest
	// prefix wins; the other backends follow in their order. Defaults to none.
	Routes map[string][]string `dsn:"route.NAME" example:"bandwidth,twilio"`

	// OnUnknown defaults to Stop.
	OnUnknown Policy `dsn:"on_unknown,oneof=stop|next" default:"stop" example:"next"`

	// Ledger defaults to a MemoryLedger, which serves one process.
	Ledger Ledger

	// Key makes the ledger's keys, so that it sees no recipient: at least 32 random
	// bytes, the same in every process. Required if Ledger is set. New copies it.
	Key []byte `json:"-" dsn:"ledger_key" example:"env:LEDGER_KEY"`

	// Limits of attempts on each code and over all codes. Zero fields take the
	// defaults. Remember is at least 24 hours.
	Limits Limits `dsn:",inline"`

	// Observer gets each request to a backend and each change of a breaker, so that
	// a vendor that is down leaves a trace even while the next one sends. The events of whole
	// calls come from observe.New around the Verifier. Defaults to none.
	Observer observe.Observer `json:"-"`

	// TTL is how long a backend is asked after it sent: at least as long as its codes
	// live. Defaults to 10 minutes.
	TTL time.Duration `dsn:"ttl" default:"10m" example:"15m"`
}

// A Verifier sends and checks through its backends. It is safe for concurrent use.
type Verifier struct {
	backends     []*backend
	routes       map[string][]*backend
	next         bool
	ledger       Ledger
	key          []byte
	limits       Limits
	ttl          time.Duration
	capabilities verify.Capabilities
	typed        verify.Capabilities // the same, for codes of any backend's length
}

var (
	_ verify.Verifier = (*Verifier)(nil)
	_ io.Closer       = (*Verifier)(nil)
)

// Format keeps the key of a Verifier out of every print.
func (Verifier) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("failover.Verifier{[hidden]}")) }

// Format keeps the key of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("failover.Config{[hidden]}")) }

// New checks cfg and makes a Verifier. It does no I/O.
func New(cfg Config) (*Verifier, error) {
	v := &Verifier{
		next: cfg.OnUnknown == Next, ledger: cfg.Ledger, key: slices.Clone(cfg.Key),
		limits: cfg.Limits.WithDefaults(), ttl: cmp.Or(cfg.TTL, defaultTTL),
	}
	if v.ttl < 0 {
		return nil, errors.New("failover: TTL is negative")
	}
	err := cfg.Limits.check()
	if err != nil {
		return nil, err
	}
	if v.backends, err = newBackends(cfg.Backends, cfg.Observer); err != nil {
		return nil, err
	}
	if v.routes, err = newRoutes(cfg.Routes, v.backends); err != nil {
		return nil, err
	}
	if v.capabilities, err = common(v.backends); err != nil {
		return nil, err
	}
	v.typed = typed(v.backends, v.capabilities)
	if err = v.openLedger(); err != nil {
		return nil, err
	}
	return v, nil
}

// openLedger makes up a key where nobody else reads the ledger.
func (v *Verifier) openLedger() error {
	switch {
	case v.ledger != nil && len(v.key) < minKey:
		return errors.New("failover: Key must be at least 32 random bytes, the same in every process")
	case v.key != nil && len(v.key) < minKey:
		return errors.New("failover: Key must be at least 32 random bytes")
	}
	if v.ledger == nil {
		v.ledger = new(MemoryLedger)
	}
	if v.key == nil {
		v.key = make([]byte, minKey)
		_, _ = rand.Read(v.key) // never fails: see crypto/rand
	}
	return nil
}

// Capabilities says what all backends can do, so that an outage never meets a
// request that only the dead backend could serve.
func (v *Verifier) Capabilities() verify.Capabilities { return v.capabilities }

// Close closes the backends that can be closed, and tells all errors.
func (v *Verifier) Close() error {
	var errs []error
	for _, l := range v.backends {
		if c, ok := verify.As[io.Closer](l.Verifier); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
