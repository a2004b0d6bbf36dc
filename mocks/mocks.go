// Package mocks holds doubles for unit tests of code that uses package verify,
// in two heights.
//
// [Sender], [Checker] and [Verifier] are testify mocks, for "was it called so":
//
//	s := new(mocks.Sender)
//	s.On("Send", mock.Anything, to, []verify.SendOption{verify.WithScope("login")}).
//		Return(verify.Receipt{Digits: 6}, nil)
//
// [NewFake] makes a fake that works, with the rules of the real ones, and
// knows the code:
//
//	f := mocks.NewFake()
//	login(f, to)
//	confirm(f, to, f.CodeFor(to, "login"))
//
// [NewFakeChecker] makes one for account ids, as packages totp and recovery have
// them: Enroll gives an account a code, and CodeFor tells it.
//
// None says yes by itself: a Check that was not scripted is a no, and a Send
// that was not scripted an error.
package mocks

import (
	"context"
	"strings"

	"github.com/go2fa/verify"
	"github.com/stretchr/testify/mock"
)

// A Sender is a testify mock of verify.Sender. The options arrive as one
// argument of type []verify.SendOption, which is nil if there are none.
type Sender struct{ mock.Mock }

// Send returns what was scripted by On("Send", ctx, to, opts), and otherwise an
// error matching verify.ErrRejected.
func (m *Sender) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return send(ctx, &m.Mock, to, opts)
}

// A Checker is a testify mock of verify.Checker. The options arrive as one
// argument of type []verify.CheckOption, which is nil if there are none.
type Checker struct{ mock.Mock }

// Check returns what was scripted by On("Check", ctx, to, code, opts), and
// otherwise an error matching verify.ErrMismatch.
func (m *Checker) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return check(ctx, &m.Mock, to, code, opts)
}

// A Verifier is a testify mock of verify.Verifier: a Sender, a Checker and the
// Capabilities that are set, which default to those of the fake.
type Verifier struct {
	mock.Mock
	Can *verify.Capabilities
}

// Send is like [Sender.Send].
func (m *Verifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return send(ctx, &m.Mock, to, opts)
}

// Check is like [Checker.Check].
func (m *Verifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return check(ctx, &m.Mock, to, code, opts)
}

// Capabilities returns Can, or those of the fake.
func (m *Verifier) Capabilities() verify.Capabilities {
	if m.Can != nil {
		return *m.Can
	}
	return capabilities()
}

var (
	_ verify.Sender   = (*Sender)(nil)
	_ verify.Checker  = (*Checker)(nil)
	_ verify.Verifier = (*Verifier)(nil)
)

const unscripted = "this call was not scripted"

func send(ctx context.Context, m *mock.Mock, to string, opts []verify.SendOption) (receipt verify.Receipt, err error) {
	if len(opts) == 0 {
		opts = nil // so that one script fits a call without options
	}
	defer deny(&err, "send", verify.ErrRejected)
	args := m.MethodCalled("Send", ctx, to, opts)
	receipt, _ = args.Get(0).(verify.Receipt)
	return receipt, args.Error(1)
}

func check(ctx context.Context, m *mock.Mock, to, code string, opts []verify.CheckOption) (err error) {
	if len(opts) == 0 {
		opts = nil
	}
	defer deny(&err, "check", verify.ErrMismatch)
	return m.MethodCalled("Check", ctx, to, code, opts).Error(0)
}

// deny turns testify's panic about a call that was not scripted into a no. A mock that was told its test by Test fails that instead.
func deny(err *error, op string, kind verify.Outcome) {
	switch p := recover().(type) {
	case nil:
	case string:
		if !strings.Contains(p, "mock: ") {
			panic(p)
		}
		*err = &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Detail: unscripted}
	default:
		panic(p)
	}
}
