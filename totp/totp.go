// Package totp checks the codes of authenticator apps (TOTP, RFC 6238) and of
// hardware tokens (HOTP, RFC 4226).
//
//	authenticator, err := totp.New(totp.Config{
//		Store:  new(totp.MemoryStore), // package redisstore for more than one process
//		Keys:   [][]byte{key},         // 32 random bytes, kept outside the store
//		Issuer: "Acme",
//	})
//
//	enrolment, err := authenticator.Enroll(ctx, account) // show enrolment.URI as a QR code
//	err = authenticator.Confirm(ctx, account, enrolment.Token, typed)
//
//	err = authenticator.Check(ctx, account, typed) // at each log-in: nil is the only yes
//
// # Accounts
//
// An account is the application's own id of a person: 1 to 128 bytes of valid
// UTF-8 without control characters, compared byte for byte. Choose an id that never
// changes and is never given to somebody else; an e-mail address is neither. The
// store sees only a keyed hash of it.
//
// # Who may call what
//
// Check is for sessions that have proven another factor, such as the password:
// without one, a stranger could spend the attempts of any account and lock it.
// Enroll, Confirm, Replace, Import, Remove and Reset are for sessions that have
// just proven a factor. Tell the person by another channel after each of them.
//
// # Limits
//
// An attempt is charged before it is compared. After the fifth failure in a row,
// and after each further one, a wait begins: 30 seconds, doubling to an hour. For the
// first wait every attempt within 30 seconds of the one before counts, a right code and
// a used one too, or a burst would begin anew with each right code. A
// hundred failures since the last approval block the authenticator, and so do 200
// within 30 days, which an approval does not clear. [Authenticator.Reset] lifts a
// block: call it after the person has proven another factor, such as a passkey or
// a recovery code. A blocked authenticator never blocks other factors.
//
// # What is kept
//
// A secret is kept sealed (AES-256-GCM) under the first of Keys, bound to its
// account and enrolment. Without the keys a stolen store yields no code.
package totp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
)

const vendor = "totp"

// hotpFailures is how many failures block a hardware token: its look-ahead of ten
// counters makes an attempt eleven in a million and not three.
const hotpFailures = 25

// A Config says where factors are kept and what Enroll asks for.
type Config struct {
	// Store keeps the factors. Required.
	Store Store

	// Keys are secrets of at least 32 random bytes, kept outside the store. The
	// first one seals, every one opens: to change keys, put the new one first. A
	// factor is sealed anew at its next approval, or by Reseal; drop the old key
	// when SealedUnder counts none under it. One key seals at most 2^32 times.
	// Required.
	Keys [][]byte `json:"-"`
	// IndexKey names the records of the store and never changes: with another one
	// every account is without its factor. Defaults to the key, if there is only
	// one; required with several, and then it stays the oldest.
	IndexKey []byte `json:"-"`

	// Issuer names the application in the person's app, at most 64 bytes. Required.
	Issuer string
	// Parameters are what Enroll asks for. Defaults to TOTP with SHA-1, 6 digits
	// and 30 seconds, since many apps ignore every other choice.
	Parameters Parameters
	// Limits bound the attempts. Defaults to those of Limits.
	Limits Limits
}

// Format keeps the keys of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("totp.Config{[hidden]}")) }

// An Authenticator enrolls authenticator apps and hardware tokens, one for each
// account, and checks their codes. It is safe for concurrent use.
type Authenticator struct {
	store      Store
	keys       *keyring
	issuer     string
	parameters Parameters
	limits     Limits
}

var (
	_ verify.Checker = (*Authenticator)(nil)
	_ verify.Prober  = (*Authenticator)(nil)
)

// Format keeps the keys of an Authenticator out of every print.
func (*Authenticator) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("totp.Authenticator{[hidden]}"))
}

// New returns an Authenticator, or says which field of cfg is at fault. It makes
// no request.
func New(cfg Config) (*Authenticator, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("totp: Store is missing")
	case cfg.Issuer == "":
		return nil, errors.New("totp: Issuer is missing")
	case !isLabel(cfg.Issuer):
		return nil, errors.New("totp: Issuer must be at most 64 bytes of UTF-8 without control characters")
	}
	cfg.Parameters = cfg.Parameters.withDefaults()
	if err := cfg.Parameters.validate(); err != nil {
		return nil, fmt.Errorf("totp: Parameters: %w", err)
	}
	if err := cfg.Limits.validate(); err != nil {
		return nil, err
	}
	keys, err := newKeyring(cfg.Keys, cfg.IndexKey)
	if err != nil {
		return nil, err
	}
	return &Authenticator{
		store: cfg.Store, keys: keys, issuer: cfg.Issuer, parameters: cfg.Parameters,
		limits: cfg.Limits.WithDefaults(),
	}, nil
}

// Capabilities says that Check takes account ids and codes of 6 to 8 digits.
func (a *Authenticator) Capabilities() verify.Capabilities { return capabilities }

var capabilities = verify.Capabilities{Vendor: vendor, Accounts: true, MinDigits: minDigits, MaxDigits: maxDigits, IdempotencyKey: true}

// Check returns nil if code is the account's code of now, or of one step before or
// after, and no code of that step or a later one was accepted before. A hardware
// token may be up to ten codes ahead.
//
// A wrong code is [verify.ErrMismatch]. A code that was used already is
// [verify.ErrNotPending], as is an account without an authenticator: the person
// waits for the next code. The failure that begins a wait, and every Check within
// the wait, is [verify.ErrTooManyAttempts] with RetryAfter; a blocked authenticator
// is [verify.ErrBlocked]. If the store does not answer, or holds a factor that no
// key of this Authenticator opens, it is [verify.ErrOutcomeUnknown].
//
// With the [verify.WithIdempotencyKey] of an earlier Check of the same code it is the
// answer of that one, for two minutes: a form that is submitted twice gets one yes.
func (a *Authenticator) Check(ctx context.Context, account, code string, opts ...verify.CheckOption) error {
	req, err := capabilities.CheckRequest(account, code, opts...)
	if err != nil {
		return err
	}
	d := a.keys.get()
	defer a.keys.put(d)
	return a.attempt(ctx, d, a.keys.call(d, req), "check", req.To, func(f *open, at time.Time) (uint64, bool) {
		return f.match(req.Code, at)
	}, a.accept)
}

// settle makes a step that was matched count. It reports whether this call won.
type settle func(ctx context.Context, k Key, id ID, f *open, step uint64) (won bool, err error)

// attempt charges one attempt, has match compare with the codes of that moment, and
// settles a step that matched and is new. One that is made again compares with those
// of its first time, or it would be a second attempt for nothing.
func (a *Authenticator) attempt(ctx context.Context, d *scratch, id ID, op, account string, match func(*open, time.Time) (uint64, bool), s settle) error {
	k := a.keys.key(d, account)
	charged, err := a.admit(ctx, d, op, k, id)
	if err != nil || charged.Accepted {
		return err
	}

	f, err := a.keys.open(d, account, charged.Factor)
	if err != nil {
		// Nothing was compared. If this fails too, an attempt is lost.
		_ = a.store.Refund(context.WithoutCancel(ctx), k, id)
		return failure(op, verify.ErrOutcomeUnknown, err.Error(), nil)
	}
	if f.Kind == HOTP && charged.Failures > hotpFailures {
		return blocked(op)
	}
	step, fresh := match(f, time.Now().Add(-charged.Age))
	switch {
	case step == 0:
		return a.wrong(op, f.Kind, charged)
	case !fresh && charged.Left == 0:
		return waiting(op, charged.Next) // as a wrong code is answered
	case !fresh:
		return failure(op, verify.ErrNotPending, "this code was used already: wait for the next one", nil)
	}

	won, err := s(ctx, k, id, f, step)
	if err != nil && ctx.Err() == nil {
		won, err = s(ctx, k, id, f, step)
	}
	switch {
	case err != nil:
		return failure(op, verify.ErrOutcomeUnknown, "the store did not answer, and the code may be spent: ask the person for the next one", err)
	case !won:
		return failure(op, verify.ErrNotPending, "this code was used already: wait for the next one", nil)
	}
	return nil
}

// admit charges an attempt. Its error says why nothing is to be compared.
func (a *Authenticator) admit(ctx context.Context, d *scratch, op string, k Key, id ID) (Attempt, error) {
	if err := ctx.Err(); err != nil {
		return Attempt{}, failure(op, verify.ErrUnavailable, "the context was done before the code was compared", err)
	}
	charged, err := a.charge(ctx, d, k, id)
	if err != nil && ctx.Err() == nil {
		// The same ID: if the first call was heard, this only repeats its answer.
		charged, err = a.charge(ctx, d, k, id)
	}
	switch {
	case err != nil:
		err = failure(op, verify.ErrOutcomeUnknown, "the store did not answer: ask the person for the next code", err)
	case !charged.Found:
		err = failure(op, verify.ErrNotPending, "no authenticator is enrolled", nil)
	case charged.Blocked:
		err = blocked(op)
	case charged.Wait > 0:
		err = waiting(op, charged.Wait)
	}
	return charged, err
}

// charge spares a store in memory an allocation.
func (a *Authenticator) charge(ctx context.Context, d *scratch, k Key, id ID) (Attempt, error) {
	if m, ok := a.store.(*MemoryStore); ok {
		return m.attempt(ctx, k, id, a.limits, d.sealed[:])
	}
	return a.store.Attempt(ctx, k, id, a.limits)
}

// accept settles a Check, and seals the factor anew if an old key sealed it.
func (a *Authenticator) accept(ctx context.Context, k Key, id ID, f *open, step uint64) (bool, error) {
	var resealed *Resealed
	if f.old {
		resealed = a.keys.reseal(f)
	}
	return a.store.Accept(ctx, k, id, f.enrolment, step, resealed)
}

// wrong answers a code that did not match.
func (a *Authenticator) wrong(op string, k Kind, charged Attempt) error {
	limit := a.limits.Failures
	if k == HOTP {
		limit = min(limit, hotpFailures)
	}
	switch {
	case charged.Failures >= limit:
		return blocked(op)
	case charged.Left == 0:
		return waiting(op, charged.Next)
	}
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrMismatch, AttemptsLeft: min(charged.Left, limit-charged.Failures)}
}

func waiting(op string, wait time.Duration) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrTooManyAttempts, Detail: "too many wrong codes in a row", RetryAfter: wait}
}

func blocked(op string) error {
	return failure(op, verify.ErrBlocked, "too many wrong codes: Reset lifts it, after another factor was proven", nil)
}

func failure(op string, outcome verify.Outcome, detail string, err error) *verify.Error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: outcome, Detail: detail, Err: callctx.Ended(err)}
}
