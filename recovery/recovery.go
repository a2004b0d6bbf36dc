// Package recovery makes and checks recovery codes: what a person keeps on paper
// for the day the phone is gone.
//
//	codes, err := recovery.New(recovery.Config{
//		Store: new(recovery.MemoryStore), // package redisstore for more than one process
//		Keys:  [][]byte{key},             // 32 random bytes, kept outside the store
//	})
//
//	list, err := codes.Replace(ctx, account) // show the ten codes once
//	err = codes.Check(ctx, account, typed)   // nil is the only yes, and spends the code
//
// A code has 80 random bits in four groups of four of A-Z and 2-7. It may be typed
// in any case, with or without dashes and spaces; 0, 1 and 8 are read as O, I and B.
// Each is good once.
//
// # Who may call what
//
// Replace and Remove are for sessions that have just proven a factor. Left is for
// somebody who is logged in: a stranger must not learn how many codes there are.
// After a Check that was approved, tell the person by another channel: a recovery
// code is what a thief tries first. Then offer new codes and, if the authenticator
// was blocked, call its Reset.
//
// # Limits
//
// A wrong code is charged. After the tenth failure in a row, and after each further
// one, a wait begins: 30 seconds, doubling to 15 minutes. There is no block, since
// nobody finds one of ten codes in 2^80 and a block would lock the person out for
// good.
//
// # What is kept
//
// A code is kept as an HMAC-SHA-256 over its account, under the first of Keys. The
// store sees neither an account nor a code.
package recovery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/waits"
)

const (
	vendor = "recovery"
	count  = 10 // codes of one list
)

// A Config says where codes are kept.
type Config struct {
	// Store keeps the codes. Required.
	Store Store

	// Keys are secrets of at least 32 random bytes, kept outside the store. The
	// first one makes MACs, every one checks them. A code cannot be moved to another
	// key: one that leaves the list takes the codes made under it along. Required.
	Keys [][]byte `json:"-"`
	// IndexKey names the records of the store and never changes. Defaults to the
	// key, if there is only one; required with several, and then it stays the oldest.
	IndexKey []byte `json:"-"`

	// Limits bound the attempts. Defaults to those of Limits.
	Limits Limits
}

// Format keeps the keys of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("recovery.Config{[hidden]}")) }

// Codes makes and checks the recovery codes of accounts. It is safe for concurrent
// use.
type Codes struct {
	store  Store
	keys   *keyring
	limits Limits
}

var _ verify.Checker = (*Codes)(nil)

// Format keeps the keys out of every print.
func (*Codes) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("recovery.Codes{[hidden]}")) }

// New returns Codes, or says which field of cfg is at fault. It makes no request.
func New(cfg Config) (*Codes, error) {
	if cfg.Store == nil {
		return nil, errors.New("recovery: Store is missing")
	}
	if err := cfg.Limits.validate(); err != nil {
		return nil, err
	}
	keys, err := newKeyring(cfg.Keys, cfg.IndexKey)
	if err != nil {
		return nil, err
	}
	return &Codes{store: cfg.Store, keys: keys, limits: cfg.Limits.WithDefaults()}, nil
}

var capabilities = verify.Capabilities{Vendor: vendor, Accounts: true, IdempotencyKey: true}

// Capabilities says that Check takes account ids.
func (*Codes) Capabilities() verify.Capabilities { return capabilities }

// Replace makes ten codes for an account and, in the same step, ends those it had.
// They are shown once: nothing can show them again.
//
// A store that does not answer is [verify.ErrOutcomeUnknown]: neither the old codes
// nor those of this call can be relied on, so replace again.
func (c *Codes) Replace(ctx context.Context, account string) ([]string, error) {
	if _, err := capabilities.SubjectRequest("replace", account); err != nil {
		return nil, err
	}
	codes, macs := make([]string, count), make([]MAC, count)
	for i := range codes {
		var raw [10]byte
		_, _ = rand.Read(raw[:]) // never fails: see crypto/rand
		code := text().EncodeToString(raw[:])
		codes[i], macs[i] = grouped(code), c.keys.macs(account, code)[0]
	}
	k, id := c.keys.key(account), newID()
	err := c.store.Replace(ctx, k, id, macs)
	if err != nil && ctx.Err() == nil {
		err = c.store.Replace(ctx, k, id, macs)
	}
	if err != nil {
		return nil, failure("replace", verify.ErrOutcomeUnknown, "the store did not answer: replace the codes again", err)
	}
	return codes, nil
}

// Check returns nil if code is one of the account's codes, and spends it.
//
// A wrong code is [verify.ErrMismatch]; what cannot be a code is the same and is not
// charged. The failure that begins a wait, and every Check within it, is
// [verify.ErrTooManyAttempts] with RetryAfter. An account without codes, or with none
// left, is [verify.ErrNotPending]. A store that fails is asked once more, then the
// answer is [verify.ErrOutcomeUnknown], and the code may be spent. With the
// [verify.WithIdempotencyKey] of an earlier Check of the same code it is the answer of
// that one, for two minutes.
func (c *Codes) Check(ctx context.Context, account, code string, opts ...verify.CheckOption) error {
	req, err := capabilities.SubjectRequest("check", account, opts...)
	if err != nil {
		return err
	}
	plain, ok := read(code)
	if !ok {
		return failure("check", verify.ErrMismatch, "a recovery code is sixteen letters and digits", nil)
	}
	if err := ctx.Err(); err != nil {
		return failure("check", verify.ErrUnavailable, "the context was done before the code was compared", err)
	}
	k, id, macs := c.keys.key(req.To), c.keys.id(req, plain), c.keys.macs(req.To, plain)
	a, err := c.store.Attempt(ctx, k, id, macs, c.limits)
	if err != nil && ctx.Err() == nil {
		// The same ID: if the first call was heard, this only repeats its answer.
		a, err = c.store.Attempt(ctx, k, id, macs, c.limits)
	}
	switch {
	case err != nil:
		return failure("check", verify.ErrOutcomeUnknown, "the store did not answer, and the code may be spent: ask the person for another one", err)
	case a.Verdict == Match:
		return nil
	case a.Verdict == None:
		return failure("check", verify.ErrNotPending, "the account has no recovery codes left", nil)
	case a.Wait > 0:
		return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrTooManyAttempts, Detail: "too many wrong codes in a row", RetryAfter: a.Wait}
	case a.Verdict == Wrong:
		return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrMismatch, AttemptsLeft: a.Left}
	}
	return failure("check", verify.ErrOutcomeUnknown, "the store gave a verdict that has no name here", nil)
}

// Left returns how many codes the account has. Tell it to somebody who is logged in,
// and to nobody else.
func (c *Codes) Left(ctx context.Context, account string) (int, error) {
	if _, err := capabilities.SubjectRequest("left", account); err != nil {
		return 0, err
	}
	n, err := c.store.Left(ctx, c.keys.key(account))
	if err != nil {
		return 0, failure("left", verify.ErrUnavailable, "the store did not answer", err)
	}
	return n, nil
}

// Remove deletes all codes of the account and its counts. It is safe to repeat. A
// store that does not answer is [verify.ErrOutcomeUnknown].
func (c *Codes) Remove(ctx context.Context, account string) error {
	if _, err := capabilities.SubjectRequest("remove", account); err != nil {
		return err
	}
	if err := c.store.Delete(ctx, c.keys.key(account)); err != nil {
		return failure("remove", verify.ErrOutcomeUnknown, "the store did not answer: remove again", err)
	}
	return nil
}

// Probe asks the store, if it has a Probe of its own. It charges nothing and may be
// repeated.
func (c *Codes) Probe(ctx context.Context) error {
	p, ok := c.store.(verify.Prober)
	if !ok {
		return nil
	}
	if err := p.Probe(ctx); err != nil {
		return failure("probe", verify.ErrUnavailable, "the store would not do", err)
	}
	return nil
}

func failure(op string, outcome verify.Outcome, detail string, err error) *verify.Error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: outcome, Detail: detail, Err: callctx.Ended(err)}
}

// Limits of one account. Zero fields take the defaults.
type Limits struct {
	// Attempts is how many failures in a row are free of a wait, 1 to 10. Defaults
	// to 10.
	Attempts int
	// Wait is the wait after that failure; it doubles with each further one, up to
	// MaxWait. Defaults to 30 seconds; never less.
	Wait time.Duration
	// MaxWait is the longest wait. Defaults to 15 minutes; never less than Wait.
	MaxWait time.Duration
}

const (
	maxAttempts    = 10
	defaultWait    = 30 * time.Second
	defaultMaxWait = 15 * time.Minute
)

// WithDefaults returns l with the default in every field that is zero or below, and
// with no count higher and no wait shorter than it may be. Stores call it first.
func (l Limits) WithDefaults() Limits {
	if l.Attempts <= 0 || l.Attempts > maxAttempts {
		l.Attempts = maxAttempts
	}
	l.Wait = max(l.Wait, defaultWait)
	if l.MaxWait <= 0 {
		l.MaxWait = defaultMaxWait
	}
	l.MaxWait = max(l.MaxWait, l.Wait)
	return l
}

// After returns the wait that begins with the n-th failure in a row.
func (l Limits) After(n int) time.Duration {
	return waits.After(n, l.Attempts, l.Wait, l.MaxWait)
}

// validate refuses what WithDefaults would silently change.
func (l Limits) validate() error {
	switch {
	case l.Attempts < 0 || l.Attempts > maxAttempts:
		return errors.New("recovery: Limits.Attempts must be 1 to 10")
	case l.Wait != 0 && l.Wait < defaultWait:
		return errors.New("recovery: Limits.Wait must be at least 30 seconds")
	case l.MaxWait != 0 && l.MaxWait < max(l.Wait, defaultWait):
		return errors.New("recovery: Limits.MaxWait must be at least Limits.Wait")
	}
	return nil
}
