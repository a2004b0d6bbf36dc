package mocks_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const aKey, anotherKey = "AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBB"

func TestTheFakeAnswersARepeatedCallAlike(t *testing.T) {
	f, key := mocks.NewFake("111111", "222222"), verify.WithIdempotencyKey(aKey)
	first, err := f.Send(t.Context(), phone, key)
	require.NoError(t, err)
	again, err := f.Send(t.Context(), phone, key)
	require.NoError(t, err)
	assert.True(t, again.Repeated)
	assert.Equal(t, first.ID, again.ID)
	assert.Len(t, f.Sent(), 1)

	require.ErrorIs(t, f.Check(t.Context(), phone, "999999", key), verify.ErrMismatch)
	require.NoError(t, f.Check(t.Context(), phone, "111111", key))
	require.NoError(t, f.Check(t.Context(), phone, "111111", key))
	require.ErrorIs(t, f.Check(t.Context(), phone, "999999", key), verify.ErrMismatch)
	require.ErrorIs(t, f.Check(t.Context(), phone, "111111", verify.WithIdempotencyKey(anotherKey)), verify.ErrNotPending)
	require.ErrorIs(t, f.Check(t.Context(), phone, "111111"), verify.ErrNotPending)
	assert.Len(t, f.Checked(), 4)
	f.Advance(2 * time.Minute)
	require.ErrorIs(t, f.Check(t.Context(), phone, "111111", key), verify.ErrNotPending)
	again, err = f.Send(t.Context(), phone, key)
	require.NoError(t, err)
	assert.False(t, again.Repeated)
}

func TestTheFakeCheckerAnswersARepeatedCheckAlike(t *testing.T) {
	f, key := mocks.NewFakeChecker("111111", "222222"), verify.WithIdempotencyKey(aKey)
	require.ErrorIs(t, f.Check(t.Context(), "ada", "111111", key), verify.ErrNotPending)
	f.Enroll("ada")
	for range 2 {
		require.NoError(t, f.Check(t.Context(), "ada", "111111", key))
		require.ErrorIs(t, f.Check(t.Context(), "ada", "999999", key), verify.ErrMismatch)
	}
	require.ErrorIs(t, f.Check(t.Context(), "ada", "111111", verify.WithIdempotencyKey(anotherKey)), verify.ErrNotPending)
	assert.Len(t, f.Checked(), 4)
	f.Advance(2 * time.Minute)
	require.Error(t, f.Check(t.Context(), "ada", "111111", key))
}
