package stress

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// The limits under which calls are made in any order.
const (
	orderAttempts = 3
	orderFailures = 8
)

// An order is what an engine must know, by the book: R16, R17, R20.
type order struct {
	engine   *otp.Engine
	desk     *desk
	code     string // the live one
	old      string
	attempts int
	failures int
}

func (o *order) ctx() context.Context { return context.Background() }

// send makes a code, unless everybody is blocked.
func (o *order) send(t *rapid.T) {
	_, err := o.engine.Send(o.ctx(), asker)
	if o.failures >= orderFailures {
		require.ErrorIs(t, err, verify.ErrBlocked)
		return
	}
	require.NoError(t, err)
	o.old, o.attempts = o.code, 0
	o.code = o.desk.of(asker).take(asker)
	require.NotEmpty(t, o.code)
}

// no is what the book says of any code but the live one, or of that too.
func (o *order) no() verify.Outcome {
	switch {
	case o.failures >= orderFailures:
		return verify.ErrBlocked
	case o.code == "":
		return verify.ErrNotPending
	case o.attempts >= orderAttempts:
		return verify.ErrTooManyAttempts
	}
	return ""
}

func (o *order) right(t *rapid.T) {
	typed := o.code
	if typed == "" {
		typed = "123456"
	}
	err := o.engine.Check(o.ctx(), asker, typed)
	require.Equal(t, o.no(), verify.OutcomeOf(err))
	if err == nil {
		o.code, o.failures = "", 0
	}
}

// wrong attempts another code, or the one that was sent before.
func (o *order) wrong(t *rapid.T) {
	typed := "123456"
	if o.code != "" {
		typed = wrong(o.code)
	}
	if o.old != "" && o.old != o.code && rapid.Bool().Draw(t, "old") {
		typed = o.old
	}
	want := o.no()
	if want == "" {
		o.attempts++
		o.failures++
		want = verify.ErrMismatch
		if o.attempts >= orderAttempts || o.failures >= orderFailures {
			want = verify.ErrTooManyAttempts
		}
	}
	require.ErrorIs(t, o.engine.Check(o.ctx(), asker, typed), want)
}

func (o *order) cancel(t *rapid.T) {
	require.NoError(t, o.engine.Cancel(o.ctx(), asker))
	if o.failures < orderFailures {
		o.code = ""
	}
}

func (o *order) reset(t *rapid.T) {
	require.NoError(t, o.engine.Reset(o.ctx(), asker))
	o.code, o.old, o.attempts, o.failures = "", "", 0, 0
}

// TestAnyOrder makes the calls of one person in any order. What breaks is
// shrunk to the fewest that break it.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := &order{desk: newDesk()}
		var err error
		o.engine, err = otp.New(otp.Config{
			Messenger: o.desk, Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)},
			Limits: otp.Limits{
				Attempts: orderAttempts, Failures: orderFailures, Sends: 1_000_000, Cooldown: []time.Duration{0},
			},
		})
		require.NoError(t, err)
		t.Repeat(map[string]func(*rapid.T){
			"send": o.send, "right": o.right, "wrong": o.wrong, "wrong again": o.wrong, "cancel": o.cancel, "reset": o.reset,
		})
	})
	figure(t, "chaos: %v sequences of calls of one person in any order, each as the book has it", size(100, 10_000))
}
