// Package failover is a [verify.Verifier] over several: when the first vendor is
// down, the next one sends.
//
//	v, err := failover.New(failover.Config{
//		Backends: []failover.Backend{{Verifier: twilio}, {Verifier: bandwidth}},
//	})
//	receipt, err := v.Send(ctx, "+15005550006") // receipt.Vendor says who sent it
//	err = v.Check(ctx, "+15005550006", typed)   // asks only who may hold a code
//
// # Promises
//
// There is one approval, whatever number of vendors was tried, and each code has
// five attempts. The next vendor sends only if surely nothing was sent: after
// ErrUnavailable, ErrRateLimited, ErrUnauthorized, an open breaker and an error that
// is Elsewhere. It never sends after any other outcome, which would defeat a guard or pay twice, nor
// once the caller's context has ended. A Send takes 15 s at most. Nothing is sent
// in parallel: while one Send is under way, a second one for the same recipient
// and scope is ErrTooManySends.
//
// After ErrOutcomeUnknown the message may still arrive, so Send returns that, and
// the code that arrives is good. With OnUnknown: Next the next vendor sends too,
// and the receipt says PossibleDuplicate.
//
// A Check asks two backends at most, so an attempt at six digits is right with a
// chance of two in a million. A vendor that lets an older code live beside its
// newest, as Bandwidth does, adds one for each. When the failures of [Limits] are
// reached, every Check is ErrBlocked until they are forgotten.
//
// # Outages
//
// A breaker keeps calls away from a vendor that is down. Set Config.Observer, or
// use vendors.WithObserver: while the next vendor sends, nothing else shows that
// the first one fails.
//
// # The ledger
//
// A code is shown only to a vendor that may have sent it. A [Ledger] remembers
// which: [MemoryLedger] for one process, package redisstore for more than one.
package failover

import (
	"cmp"
	"errors"
	"fmt"
	"io"
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
	// Backends in order of preference, at least one. Join text messengers by
	// otp.Fallback instead, because two backends on one otp store share one code.
	Backends []Backend

	// Routes name the backends to try first for a country calling code, or a longer
	// prefix of a number, without the plus: {"45": {"gatewayapi"}}. The longest
	// prefix wins; the other backends follow in their order. Defaults to none.
	Routes map[string][]string `dsn:"route.NAME" example:"bandwidth,twilio"`

	// AnyChannel offers the channels of all backends, and not only those that all have,
	// such as WhatsApp at the first and SMS at the second. With no channel asked for,
	// each backend uses its own first one; one that is asked for goes to the backends
	// that offer it. Then an outage may leave a channel without a backend. Defaults to
	// false.
	AnyChannel bool `dsn:"any_channel" default:"false" example:"true"`

	// OnUnknown says what follows when nobody knows whether a backend has sent: with
	// Next two messages may arrive. Defaults to Stop.
	OnUnknown Policy `dsn:"on_unknown,oneof=stop|next" default:"stop" example:"next"`

	// Ledger defaults to a MemoryLedger, which serves one process.
	Ledger Ledger

	// Keys make the ledger's keys, so that it sees no recipient: at least 32 random
	// bytes each, the same in every process, the newest first. What is new is kept under
	// the first, what is live is found under all, and failures are added up. To change
	// keys, put the new one last in every process, then first in every process, and drop
	// the old one once Limits.Remember is over. Required if Ledger is set. New copies
	// them.
	Keys [][]byte `json:"-" dsn:"ledger_key" example:"env:LEDGER_KEY"`

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
	anyChannel   bool
	ledger       Ledger
	keys         [][]byte // newest first
	limits       Limits
	ttl          time.Duration
	capabilities verify.Capabilities
	typed        verify.Capabilities // the same, for codes of any backend's length
}

var (
	_ verify.Verifier = (*Verifier)(nil)
	_ io.Closer       = (*Verifier)(nil)
)

// Format keeps the keys of a Verifier out of every print.
func (Verifier) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("failover.Verifier{[hidden]}")) }

// Format keeps the keys of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("failover.Config{[hidden]}")) }

// New checks cfg and makes a Verifier. It does no I/O.
func New(cfg Config) (*Verifier, error) {
	v := &Verifier{
		next: cfg.OnUnknown == Next, anyChannel: cfg.AnyChannel, ledger: cfg.Ledger, keys: copyKeys(cfg.Keys),
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
	if v.capabilities, err = common(v.backends, cfg.AnyChannel); err != nil {
		return nil, err
	}
	v.typed = typed(v.backends, v.capabilities)
	if err = checkKeys(cfg.Keys, cfg.Ledger); err != nil {
		return nil, err
	}
	if v.ledger == nil {
		v.ledger = new(MemoryLedger)
	}
	return v, nil
}

// Capabilities are those that all backends share, so that during an outage no
// request needs the one backend that is down; with Config.AnyChannel the channels
// are those of all.
func (v *Verifier) Capabilities() verify.Capabilities { return v.capabilities }

// Close closes the backends that can be closed, and returns all errors.
func (v *Verifier) Close() error {
	var errs []error
	for _, l := range v.backends {
		if c, ok := verify.As[io.Closer](l.Verifier); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
