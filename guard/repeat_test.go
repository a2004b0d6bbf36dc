package guard_test

import (
	"fmt"
	"testing"
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
