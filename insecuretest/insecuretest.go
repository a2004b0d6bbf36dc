// Package insecuretest lets a few numbers in by a code that is known beforehand: for
// those who review an application for a store, and for tests from end to end. It is
// insecure, and says so wherever it is used; no DSN can make it.
//
//	v, err := insecuretest.New(insecuretest.Config{
//		Verifier: client, Store: store, Key: key,
//		Numbers: []insecuretest.Number{{
//			To: "+447700900461", CodeMAC: mac, Scopes: []string{"review"},
//			Until: time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC),
//		}},
//	})
//
// # What remains
//
// A number is let in until a day that is at most 90 days off, and in the scopes that
// are named. Its code has six digits or more, no other number has it, and it is kept
// as a MAC. It needs a Send, after which it is good once and for ten minutes, and it is
// counted by a store as any other: five attempts, then a hundred failures. Nothing is
// sent. After the day a Send in these scopes is [verify.ErrBlocked].
//
// An event of package observe says Test. Never name a scope in which a person changes
// a number, recovers an account or pays: whoever learns the code has it for all the
// time. A transaction is refused.
package insecuretest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/keys"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

const (
	vendor  = observe.TestVendor
	longest = 90 * 24 * time.Hour
	most    = 20 // numbers
	minKey  = 32 // bytes
	ttl     = 10 * time.Minute
)

// A CodeMAC stands for a code; [MAC] makes one.
type CodeMAC [32]byte

// MAC returns what stands for code under a key of at least 32 random bytes. The code
// has 6 to 10 digits; make it at random.
func MAC(key []byte, code string) (CodeMAC, error) {
	switch {
	case len(key) < minKey:
		return CodeMAC{}, errors.New("insecuretest: the key must be at least 32 random bytes")
	case len(code) < 6 || len(code) > 10 || strings.Trim(code, "0123456789") != "":
		return CodeMAC{}, errors.New("insecuretest: the code must be 6 to 10 digits")
	}
	return mac(key, code), nil
}

func mac(key []byte, code string) (m CodeMAC) {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte("insecuretest code\x00" + code))
	copy(m[:], h.Sum(nil))
	return m
}

// A Number is let in by its code.
type Number struct {
	To      string
	CodeMAC CodeMAC
	// Scopes are those in which it is let in, at least one. In any other it is a
	// number like all.
	Scopes []string
	// Until is when it ends, at most 90 days after New.
	Until time.Time
	// InsecureRealNumber permits a number that somebody may have. Without it only
	// those of IsFiction are.
	InsecureRealNumber bool
}

// Format keeps the code's MAC out of every print.
func (n Number) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "insecuretest.Number{To: %s, Scopes: %q}", verify.Mask(n.To), n.Scopes)
}

// A Config says which numbers are let in. All fields are required.
type Config struct {
	Verifier verify.Verifier // of everybody else
	Store    otp.Store       // counts attempts; it may be that of an engine
	Key      []byte          `json:"-"` // of the MACs, and of the records of Store
	Numbers  []Number        // 1 to 20
}

// Format keeps the key of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("insecuretest.Config{[hidden]}"))
}

// A Verifier lets its numbers in, and passes everybody else on. It is safe for
// concurrent use.
type Verifier struct {
	verifier verify.Verifier
	store    otp.Store
	key      []byte
	numbers  map[string]Number
}

var (
	_ verify.Verifier = (*Verifier)(nil)
	_ verify.Canceler = (*Verifier)(nil)
)

// New checks cfg and makes a Verifier. It does no I/O.
func New(cfg Config) (*Verifier, error) {
	switch {
	case cfg.Verifier == nil:
		return nil, errors.New("insecuretest: Verifier is missing")
	case cfg.Store == nil:
		return nil, errors.New("insecuretest: Store is missing")
	case len(cfg.Key) < minKey:
		return nil, errors.New("insecuretest: Key must be at least 32 random bytes")
	case len(cfg.Numbers) == 0 || len(cfg.Numbers) > most:
		return nil, errors.New("insecuretest: Numbers must be 1 to 20")
	}
	v := &Verifier{cfg.Verifier, cfg.Store, slices.Clone(cfg.Key), map[string]Number{}}
	codes := map[CodeMAC]bool{}
	for i, n := range cfg.Numbers {
		if fault := n.fault(time.Now()); fault != "" {
			return nil, fmt.Errorf("insecuretest: Numbers[%d]%s", i, fault)
		}
		if _, twice := v.numbers[n.To]; twice || codes[n.CodeMAC] {
			return nil, fmt.Errorf("insecuretest: Numbers[%d] has the number or the code of another one", i)
		}
		codes[n.CodeMAC] = true
		n.Scopes = slices.Clone(n.Scopes)
		v.numbers[n.To] = n
	}
	return v, nil
}

// fault says what is wrong with a number, in words that follow its position.
func (n Number) fault(now time.Time) string {
	switch {
	case !verify.IsPhone(n.To) || verify.PhoneFault(n.To) != "":
		return ".To must be a phone number in E.164 form"
	case !n.InsecureRealNumber && !IsFiction(n.To):
		return ".To is no number that a regulator keeps for fiction: take one of IsFiction, or set InsecureRealNumber"
	case n.CodeMAC == CodeMAC{}:
		return ".CodeMAC is missing: MAC makes it"
	case len(n.Scopes) == 0 || slices.ContainsFunc(n.Scopes, func(s string) bool { return !verify.IsScope(s) }):
		return ".Scopes must name at least one scope, of [A-Za-z0-9._:-]"
	case !n.Until.After(now) || n.Until.Sub(now) > longest:
		return ".Until must be in the future, and at most 90 days off"
	}
	return ""
}

// Format keeps what is inside out of every print.
func (*Verifier) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("insecuretest.Verifier{[hidden]}"))
}

// Unwrap lets verify.As see through.
func (v *Verifier) Unwrap() verify.Verifier { return v.verifier }

// Capabilities are those of the wrapped Verifier.
func (v *Verifier) Capabilities() verify.Capabilities { return v.verifier.Capabilities() }

// find returns the number that to is in this scope.
func (v *Verifier) find(to, scope string) (Number, bool) {
	n, ok := v.numbers[to]
	return n, ok && slices.Contains(n.Scopes, scope)
}

// Send sends nothing to a test number, but makes its code good.
func (v *Verifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := v.Capabilities().SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	n, ok := v.find(req.To, req.Scope)
	if !ok {
		return v.verifier.Send(ctx, to, opts...)
	}
	switch {
	case req.Transaction != verify.Transaction{}:
		return verify.Receipt{}, failure("send", verify.ErrUnsupported, "a test number takes no transaction", nil)
	case !time.Now().Before(n.Until):
		return verify.Receipt{}, failure("send", verify.ErrBlocked, "the time of this test number is over", nil)
	}
	id := v.call(keys.Send, req.IdempotencyKey, req.To, req.Scope, "")
	a, err := v.store.Issue(ctx, v.record(req.To, req.Scope), id, otp.MAC(n.CodeMAC), ttl, otp.Limits{})
	switch {
	case err != nil:
		return verify.Receipt{}, failure("send", verify.ErrUnavailable, "the store did not answer", err)
	case a.Refused == otp.SendBlocked:
		return verify.Receipt{}, failure("send", verify.ErrBlocked, "too many wrong attempts over all codes", nil)
	case a.Refused != otp.Admitted:
		refusal := failure("send", verify.ErrTooManySends, "wait before the next Send", nil)
		refusal.RetryAfter = a.Wait
		return verify.Receipt{}, refusal
	}
	repeated := a.Repeated && req.IdempotencyKey != ""
	return verify.Receipt{Vendor: vendor, Channel: req.Channel, ExpiresAt: time.Now().Add(ttl), Repeated: repeated}, nil
}

// Check compares the code of a test number after a Send, once.
func (v *Verifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := v.Capabilities().SubjectRequest("check", to, opts...)
	if err != nil {
		return err
	}
	n, ok := v.find(req.To, req.Scope)
	if !ok {
		return v.verifier.Check(ctx, to, code, opts...)
	}
	observe.Answered(ctx, vendor)
	req, err = v.Capabilities().CheckRequest(to, code, opts...)
	switch {
	case err != nil:
		return err
	case req.Transaction != verify.Transaction{}:
		return failure("check", verify.ErrUnsupported, "a test number takes no transaction", nil)
	case !time.Now().Before(n.Until):
		return failure("check", verify.ErrNotPending, "the time of this test number is over", nil)
	}
	id := v.call(keys.Check, req.IdempotencyKey, req.To, req.Scope, req.Code)
	verdict, left, err := v.store.Attempt(ctx, v.record(req.To, req.Scope), id, []otp.MAC{otp.MAC(mac(v.key, req.Code))}, otp.Limits{})
	switch {
	case err != nil:
		return failure("check", verify.ErrOutcomeUnknown, "the store did not answer", err)
	case verdict == otp.Match:
		return nil
	case verdict == otp.Wrong && left > 0:
		wrong := failure("check", verify.ErrMismatch, "", nil)
		wrong.AttemptsLeft = left
		return wrong
	case verdict == otp.Blocked:
		return failure("check", verify.ErrBlocked, "too many wrong attempts over all codes", nil)
	case verdict == otp.Gone:
		return failure("check", verify.ErrNotPending, "", nil)
	}
	return failure("check", verify.ErrTooManyAttempts, "", nil)
}

// Cancel ends the code of a test number; of any other the wrapped Verifier's, if it can.
func (v *Verifier) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := v.Capabilities().SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	if _, ok := v.find(req.To, req.Scope); ok {
		if err := v.store.Revoke(ctx, v.record(req.To, req.Scope), otp.ID{}); err != nil {
			return failure("cancel", verify.ErrOutcomeUnknown, "the store did not answer: cancel again", err)
		}
		return nil
	}
	c, ok := verify.As[verify.Canceler](v.verifier)
	if !ok {
		return failure("cancel", verify.ErrUnsupported, "what is wrapped cannot cancel", nil)
	}
	return c.Cancel(ctx, to, opts...)
}

// record names a number in a scope, apart from all that an engine keeps.
func (v *Verifier) record(to, scope string) (k otp.Key) {
	h := hmac.New(sha256.New, v.key)
	_, _ = h.Write([]byte("insecuretest record\x00" + to + "\x00" + scope))
	copy(k[:], h.Sum(nil))
	return k
}

// call names a call: by its idempotency key, or at random.
func (v *Verifier) call(purpose, key, to, scope, code string) (id otp.ID) {
	if key == "" {
		_, _ = rand.Read(id[:]) // never fails: see crypto/rand
		return id
	}
	return keys.ID(v.key, "insecuretest call", purpose, key, to, scope, code)
}

func failure(op string, outcome verify.Outcome, detail string, err error) *verify.Error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: outcome, Detail: detail, Err: callctx.Ended(err)}
}
