package failover_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/require"
)

const (
	phone = "+15005550006"
	other = "+15017122661"
)

// A double is a vendor that makes its own codes and fails as it is told.
type double struct {
	name         string
	capabilities verify.Capabilities

	mu       sync.Mutex
	fail     map[string]error // by operation, until cleared
	effect   bool             // a Send of unknown outcome reaches the person all the same
	delay    time.Duration
	hangs    bool // Cancel, until its context ends
	panics   bool
	codes    map[string]string // live codes by recipient and scope
	sends    int
	checks   int
	compared int
	canceled int
	closed   bool
	asked    verify.SendRequest
	fresh    func(int) string // makes a code for each Send; nil: always the same
}

func newDouble(name, code string) *double {
	return &double{
		name: name, fail: map[string]error{}, codes: map[string]string{"code": code},
		capabilities: verify.Capabilities{
			Vendor: name, Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice},
			MinDigits: 4, MaxDigits: 8, DefaultDigits: 6, MaxScope: 64,
		},
	}
}

func (d *double) Capabilities() verify.Capabilities { return d.capabilities }

func (d *double) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := d.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	if d.panics {
		panic("of a backend")
	}
	if err := d.wait(ctx); err != nil {
		return verify.Receipt{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = req
	d.sends++
	if d.fresh != nil {
		d.codes["code"] = d.fresh(d.sends)
	}
	err = d.fail["send"]
	if err == nil || d.effect && verify.OutcomeOf(err) == verify.ErrOutcomeUnknown {
		d.codes[to+" "+req.Scope] = d.codes["code"]
	}
	return verify.Receipt{Vendor: d.name, Channel: req.Channel, Digits: 6, Requests: 1}, err
}

func (d *double) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := d.capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	if d.panics {
		panic("of a backend")
	}
	if err := d.wait(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks++
	if err := d.fail["check"]; err != nil {
		return err
	}
	live, ok := d.codes[to+" "+req.Scope]
	d.compared++
	switch {
	case !ok:
		return &verify.Error{Vendor: d.name, Op: "check", Outcome: verify.ErrNotPending}
	case live != code:
		return &verify.Error{Vendor: d.name, Op: "check", Outcome: verify.ErrMismatch}
	}
	delete(d.codes, to+" "+req.Scope)
	return nil
}

// wait is a vendor that is slow, or a caller that has gone.
func (d *double) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(d.delay):
		if ctx.Err() == nil {
			return nil
		}
	}
	return &verify.Error{Vendor: d.name, Outcome: verify.ErrUnavailable, Err: ctx.Err()}
}

func (d *double) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	if d.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	req, err := d.capabilities.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.canceled++
	delete(d.codes, to+" "+req.Scope)
	return nil
}

func (d *double) Close() error {
	d.closed = true
	return nil
}

// fails has an operation fail from now on; an empty outcome heals it.
func (d *double) fails(op string, kind verify.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail[op] = nil
	if kind != "" {
		d.fail[op] = &verify.Error{Vendor: d.name, Op: op, Outcome: kind, VendorCode: "7", Requests: 1}
	}
}

const (
	codeA = "111111"
	codeB = "222222"
	wrong = "999999"
)

// pair returns a composite of two doubles.
func pair(t *testing.T, change ...func(*failover.Config)) (v *failover.Verifier, a, b *double) {
	t.Helper()
	a, b = newDouble("a", codeA), newDouble("b", codeB)
	cfg := failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}}
	for _, c := range change {
		c(&cfg)
	}
	v, err := failover.New(cfg)
	require.NoError(t, err)
	return v, a, b
}

func next(c *failover.Config) { c.OnUnknown = failover.Next }

func asError(t *testing.T, err error) *verify.Error {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	require.False(t, strings.Contains(e.Error(), phone[1:]))
	return e
}
