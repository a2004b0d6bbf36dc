package guard_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/mocks"
)

// A form that is submitted twice is one message, and one of the limit.
func TestARepeatedSendIsNotCounted(t *testing.T) {
	fake := mocks.NewFake()
	v, err := guard.New(guard.Config{Verifier: fake, Recipient: guard.Limit{Sends: 2, Window: time.Hour}})
	require.NoError(t, err)
	assert.True(t, v.Capabilities().IdempotencyKey)
	for form := range 3 {
		key := verify.WithIdempotencyKey(fmt.Sprintf("%022d", form))
		if form == 2 {
			_, err := v.Send(t.Context(), american, key)
			require.ErrorIs(t, err, verify.ErrTooManySends)
			break
		}
		first, err := v.Send(t.Context(), american, key)
		require.NoError(t, err)
		assert.False(t, first.Repeated)
		if form == 0 {
			for range 5 {
				receipt, err := v.Send(t.Context(), american, key)
				require.NoError(t, err)
				assert.True(t, receipt.Repeated)
			}
		}
	}
	assert.Len(t, fake.Sent(), 2)
}

// An answering toy answers each Send as it is told.
type answering struct {
	*toy
	answer func() (verify.Receipt, error)
}

func (a answering) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return a.answer()
}

// Somebody who cannot wait asks twice, and then types the one code that was sent: that is
// an approval, and no reason to take them for a pump.
func TestAResendThatIsTakenBackLeavesTheCredit(t *testing.T) {
	for name, second := range map[string]func() (verify.Receipt, error){
		"too early":    func() (verify.Receipt, error) { return verify.Receipt{}, verify.ErrTooManySends },
		"posted twice": func() (verify.Receipt, error) { return verify.Receipt{Repeated: true}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := func() (verify.Receipt, error) { return verify.Receipt{}, nil }
				asked := 0
				v, err := guard.New(guard.Config{Prefix: guard.Limit{Sends: 1000, Window: time.Hour}, Verifier: answering{new(toy), func() (verify.Receipt, error) {
					asked++
					return []func() (verify.Receipt, error){first, second}[(asked+1)%2]()
				}}})
				require.NoError(t, err)
				for i := range 30 {
					_, err := v.Send(t.Context(), inARow(i))
					require.NoError(t, err)
					_, _ = v.Send(t.Context(), inARow(i))
					require.NoError(t, v.Check(t.Context(), inARow(i), rightCode))
				}
				assert.Equal(t, 60, asked)
				r, err := v.Report(t.Context())
				require.NoError(t, err)
				assert.Equal(t, []int64{30, 30}, []int64{r.Total.Sends, r.Total.Approvals})
				time.Sleep(6 * time.Minute)
				_, err = v.Send(t.Context(), inARow(99))
				require.NoError(t, err, "all codes came back, and the numbers are closed")
			})
		})
	}
}

// While the vendor hangs the person asks again, which is refused; then the first fails.
func TestASendThatFailsAfterARefusedResendIsNotCounted(t *testing.T) {
	var v *guard.Verifier
	var resend error
	resent := false
	a := answering{new(toy), func() (verify.Receipt, error) {
		if resent {
			return verify.Receipt{}, verify.ErrTooManySends
		}
		resent = true
		_, resend = v.Send(t.Context(), american)
		return verify.Receipt{}, verify.ErrUnavailable
	}}
	v, err := guard.New(guard.Config{Verifier: a})
	require.NoError(t, err)
	_, err = v.Send(t.Context(), american)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, resend, verify.ErrTooManySends)
	r, err := v.Report(t.Context())
	require.NoError(t, err)
	assert.Zero(t, r.Total.Sends)
}
