package otp_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type warmMessenger struct {
	answeringMessenger
	warmed *int
}

func (w warmMessenger) Warm(context.Context) error {
	*w.warmed++
	return w.err
}

// An engine warms the messenger that the next message goes to, if it can be warmed.
func TestWarmReachesTheFirstMessenger(t *testing.T) {
	t.Parallel()
	var first, second int
	refused := &verify.Error{Vendor: "one", Op: "warm", Outcome: verify.ErrUnavailable}
	one, two := warmMessenger{answeringMessenger{"one", refused}, &first}, warmMessenger{answeringMessenger{"two", nil}, &second}
	for name, tc := range map[string]struct {
		messenger otp.Messenger
		want      error
	}{
		"alone":            {one, refused},
		"below Fallback":   {otp.Fallback(one, two), refused},
		"cannot be warmed": {answeringMessenger{"three", nil}, nil},
	} {
		e, err := otp.New(otp.Config{Messenger: tc.messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte{1}, 32)}})
		require.NoError(t, err, name)
		w, ok := verify.As[verify.Warmer](e)
		require.True(t, ok, name)
		assert.Equal(t, tc.want, w.Warm(t.Context()), name)
	}
	assert.Equal(t, []int{2, 0}, []int{first, second})
}
