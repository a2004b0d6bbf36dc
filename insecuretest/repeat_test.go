package insecuretest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
)

func TestATestNumberAnswersARepeatedCallAlike(t *testing.T) {
	v := made(t, mocks.NewFake())
	key, other := verify.WithIdempotencyKey("AAAAAAAAAAAAAAAAAAAAAA"), verify.WithIdempotencyKey("BBBBBBBBBBBBBBBBBBBBBB")
	for range 2 {
		_, err := v.Send(t.Context(), reviewer, review, key)
		require.NoError(t, err, "the second waits for nothing")
	}
	_, err := v.Send(t.Context(), reviewer, review, other)
	require.ErrorIs(t, err, verify.ErrTooManySends)
	require.ErrorIs(t, v.Check(t.Context(), reviewer, "000000", review, key), verify.ErrMismatch)
	for range 2 {
		require.NoError(t, v.Check(t.Context(), reviewer, code, review, key))
	}
	require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review, other), verify.ErrNotPending)
	receipt, err := v.Send(t.Context(), reviewer, review, key)
	require.NoError(t, err)
	require.True(t, receipt.Repeated)
}
