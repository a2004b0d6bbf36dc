package mocks

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

// A FakeChecker is a verify.Checker over account ids in memory that keeps the rules of
// an authenticator app: an account that is not enrolled has no code, a code is accepted
// once and the next one follows it, the fifth wrong one in a row begins a wait that
// doubles from 30 seconds to an hour, and the hundredth blocks until Reset. The zero
// value is ready for use: its codes are random. It is safe for concurrent use.
type FakeChecker struct {
	mu       sync.Mutex
	fixed    []string
	later    time.Duration // by Advance
	accounts map[string]*enrolled
	failing  failing
	checked  []verify.CheckRequest
	known    known
}

// enrolled is one account.
type enrolled struct {
	code     string
	used     string // the last one that was accepted
	failures int    // in a row
	until    time.Time
}

// The rules of the fake for accounts.
const (
	freeFailures  = 5
	blockFailures = 100
	firstWait     = 30 * time.Second
	longestWait   = time.Hour
)

var _ verify.Checker = (*FakeChecker)(nil)

// Format keeps codes and accounts out of every print.
func (*FakeChecker) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("mocks.FakeChecker{[hidden]}"))
}

// NewFakeChecker makes a fake. Its codes are the given ones in turn, over all accounts,
// and random ones of six digits after them. A code may be any text, as a recovery code is.
func NewFakeChecker(codes ...string) *FakeChecker {
	return &FakeChecker{fixed: slices.Clone(codes)}
}

// Capabilities says that Check takes account ids.
func (f *FakeChecker) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: vendor, Accounts: true, IdempotencyKey: true}
}

// Enroll gives an account its first code. It changes nothing for one that has a code.
func (f *FakeChecker) Enroll(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.accounts == nil {
		f.accounts = map[string]*enrolled{}
	}
	if f.accounts[account] == nil {
		f.accounts[account] = &enrolled{code: f.code()}
	}
}

// Remove takes an account's codes away.
func (f *FakeChecker) Remove(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.accounts, account)
}

// Reset forgets an account's failures, its wait and its block.
func (f *FakeChecker) Reset(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.accounts[account]; a != nil {
		a.failures, a.until = 0, time.Time{}
	}
}

// CodeFor returns the code that an account's app would show, or "".
func (f *FakeChecker) CodeFor(account string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.accounts[account]; a != nil {
		return a.code
	}
	return ""
}

// Check charges an attempt and compares.
func (f *FakeChecker) Check(ctx context.Context, account, code string, opts ...verify.CheckOption) error {
	req, err := f.Capabilities().SubjectRequest("check", account, opts...)
	if err != nil {
		return err
	}
	req.Code = code
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().Add(f.later)
	c := call{op: "check", key: req.IdempotencyKey, to: account, code: code}
	if a, ok := f.known.find(c, now); ok {
		return a.err
	}
	f.checked = append(f.checked, req)
	if err := f.failing.next(ctx, "check"); err != nil {
		return err
	}
	err = f.compare(account, code, now)
	f.known.add(c, verify.Receipt{}, err, now)
	return err
}

func (f *FakeChecker) compare(account, code string, now time.Time) error {
	a := f.accounts[account]
	switch {
	case a == nil:
		return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrNotPending}
	case a.failures >= blockFailures:
		return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrBlocked}
	case now.Before(a.until):
		return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrTooManyAttempts, RetryAfter: a.until.Sub(now)}
	case code != "" && subtle.ConstantTimeCompare([]byte(a.code), []byte(code)) == 1:
		*a = enrolled{code: f.code(), used: code}
		return nil
	}
	return a.refuse(code, now)
}

// refuse charges a code that is not the one of now.
func (a *enrolled) refuse(code string, now time.Time) error {
	failure := &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrMismatch}
	a.failures++
	switch {
	case a.failures >= blockFailures:
		failure.Outcome = verify.ErrBlocked
	case a.failures >= freeFailures:
		failure.Outcome = verify.ErrTooManyAttempts
		failure.RetryAfter = min(firstWait<<min(a.failures-freeFailures, 7), longestWait)
		a.until = now.Add(failure.RetryAfter)
	case a.used != "" && subtle.ConstantTimeCompare([]byte(a.used), []byte(code)) == 1:
		failure.Outcome = verify.ErrNotPending
	default:
		failure.AttemptsLeft = freeFailures - a.failures
	}
	return failure
}

// FailNext has the next Checks fail, one for each error: an outcome, a
// *verify.Error, or any other. What fails has no effect.
func (f *FakeChecker) FailNext(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = append(f.failing, errs...)
}

// Advance moves the fake's time by d.
func (f *FakeChecker) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.later += d
}

// Checked returns the checks so far that were not refused, those that failed
// included.
func (f *FakeChecker) Checked() []verify.CheckRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.checked)
}

// code is the next fixed one, or random digits.
func (f *FakeChecker) code() string {
	if len(f.fixed) == 0 {
		return digits(usual)
	}
	code := f.fixed[0]
	f.fixed = f.fixed[1:]
	return code
}
