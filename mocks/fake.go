package mocks

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

const vendor = "fake"

// The rules of the fake.
const (
	lifetime    = 10 * time.Minute
	maxAttempts = 5
	usual       = 6 // digits
)

// A Fake is a verify.Verifier in memory that keeps the rules of a real one: a code
// lives ten minutes, dies with the next one sent, is accepted once, and can be
// attempted five times. It honors verify.WithIdempotencyKey. The zero value is ready for
// use: it sends random codes. It is safe for concurrent use.
type Fake struct {
	mu      sync.Mutex
	fixed   []string
	later   time.Duration // by Advance
	pending map[subject]*pending
	failing failing
	sent    []verify.SendRequest
	checked []verify.CheckRequest
	known   known
}

type subject struct{ to, scope string }

type pending struct {
	code        string
	transaction verify.Transaction
	expires     time.Time
	attempts    int
}

var (
	_ verify.Verifier = (*Fake)(nil)
	_ verify.Canceler = (*Fake)(nil)
)

// Format keeps codes and recipients out of every print.
func (*Fake) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("mocks.Fake{[hidden]}")) }

// NewFake makes a fake. It sends the given codes in turn, the last one again
// and again, and random ones if none is given.
func NewFake(codes ...string) *Fake {
	return &Fake{fixed: slices.Clone(codes)}
}

// capabilities are generous, so that a test may narrow but need not widen them.
func capabilities() verify.Capabilities {
	return verify.Capabilities{
		Vendor: vendor,
		Channels: []verify.Channel{
			verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail,
		},
		MinDigits: 4, MaxDigits: 10, DefaultDigits: usual, MaxScope: 64,
		Transaction: true, Locale: true, ClientIP: true, IdempotencyKey: true,
	}
}

// Capabilities says yes to every option.
func (f *Fake) Capabilities() verify.Capabilities { return capabilities() }

// Send makes a code and keeps it for CodeFor.
func (f *Fake) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := capabilities().SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := call{"send", req.IdempotencyKey, strings.ToLower(req.To), req.Scope, req.Transaction, ""}
	if a, ok := f.known.find(c, f.now()); ok {
		a.receipt.Repeated = a.err == nil
		return a.receipt, a.err
	}
	receipt, err := f.send(ctx, req)
	f.known.add(c, receipt, err, f.now())
	return receipt, err
}

func (f *Fake) send(ctx context.Context, req verify.SendRequest) (verify.Receipt, error) {
	f.sent = append(f.sent, req)
	if err := f.failing.next(ctx, "send"); err != nil {
		return verify.Receipt{}, err
	}
	p := &pending{code: f.code(req.Digits), transaction: req.Transaction, expires: f.now().Add(lifetime)}
	if f.pending == nil {
		f.pending = map[subject]*pending{}
	}
	f.pending[subjectOf(req.To, req.Scope)] = p
	return verify.Receipt{
		ID: fmt.Sprintf("fake-%d", len(f.sent)), Vendor: vendor, Channel: req.Channel,
		Digits: len(p.code), ExpiresAt: p.expires, Requests: 1,
	}, nil
}

// Check charges an attempt and compares.
func (f *Fake) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := capabilities().CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := call{"check", req.IdempotencyKey, strings.ToLower(req.To), req.Scope, req.Transaction, req.Code}
	if a, ok := f.known.find(c, f.now()); ok {
		return a.err
	}
	f.checked = append(f.checked, req)
	if err := f.failing.next(ctx, "check"); err != nil {
		return err // which had no effect
	}
	err = f.compare(req)
	f.known.add(c, verify.Receipt{}, err, f.now())
	return err
}

func (f *Fake) compare(req verify.CheckRequest) error {
	failure := &verify.Error{Vendor: vendor, Op: "check", Requests: 1}
	s := subjectOf(req.To, req.Scope)
	p := f.pending[s]
	switch {
	case p == nil || !f.now().Before(p.expires):
		failure.Outcome = verify.ErrNotPending
		return failure
	case p.attempts >= maxAttempts:
		failure.Outcome = verify.ErrTooManyAttempts
		return failure
	}
	p.attempts++
	if subtle.ConstantTimeCompare([]byte(p.code), []byte(req.Code)) == 1 && p.transaction == req.Transaction {
		delete(f.pending, s)
		return nil
	}
	failure.Outcome, failure.AttemptsLeft = verify.ErrMismatch, maxAttempts-p.attempts
	if failure.AttemptsLeft == 0 {
		failure.Outcome = verify.ErrTooManyAttempts
	}
	return failure
}

// Cancel makes what was sent in a scope worthless.
func (f *Fake) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := capabilities().SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failing.next(ctx, "cancel"); err != nil {
		return err
	}
	delete(f.pending, subjectOf(req.To, req.Scope))
	return nil
}

// CodeFor returns the code that is live for a recipient in a scope, or "".
func (f *Fake) CodeFor(to, scope string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.pending[subjectOf(to, scope)]
	if p == nil || !f.now().Before(p.expires) {
		return ""
	}
	return p.code
}

// FailNext has the next calls fail, one for each error: an outcome, a
// *verify.Error, or any other. What fails has no effect.
func (f *Fake) FailNext(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = append(f.failing, errs...)
}

// Advance moves the fake's time by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.later += d
}

// Sent returns the sends so far that were not refused, those that failed
// included.
func (f *Fake) Sent() []verify.SendRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// Checked returns the checks so far that were not refused, those that failed
// included.
func (f *Fake) Checked() []verify.CheckRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.checked)
}

func subjectOf(to, scope string) subject { return subject{strings.ToLower(to), scope} }

func (f *Fake) now() time.Time { return time.Now().Add(f.later) }

// failing are the errors of the next calls.
type failing []error

// next returns what FailNext asked for, or the caller's own end. An outcome
// alone becomes a whole error, as a vendor would return it.
func (f *failing) next(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnavailable, Detail: "the caller is gone", Err: err}
	}
	if len(*f) == 0 {
		return nil
	}
	err := (*f)[0]
	*f = (*f)[1:]
	if kind, ok := err.(verify.Outcome); ok { //nolint:errorlint // a bare outcome, and nothing that wraps one
		return &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Requests: 1}
	}
	return err
}

// code is the next fixed one, or random digits.
func (f *Fake) code(length int) string {
	if len(f.fixed) > 0 {
		code := f.fixed[0]
		if len(f.fixed) > 1 {
			f.fixed = f.fixed[1:]
		}
		return code
	}
	return digits(length)
}

// digits are random.
func digits(length int) string {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(length)), nil)
	n, _ := rand.Int(rand.Reader, most) // never fails: see crypto/rand
	return fmt.Sprintf("%0*d", length, n)
}
