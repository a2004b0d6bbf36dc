package recovery_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestARepeatedCheckGetsTheAnswerOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCodes(t)
		list := listOf(t, c)
		key := verify.WithIdempotencyKey(rand.Text())
		require.NoError(t, c.Check(t.Context(), account, list[0], key))
		time.Sleep(time.Minute)
		require.NoError(t, c.Check(t.Context(), account, strings.ToLower(list[0]), key), "however it is typed")
		left, err := c.Left(t.Context(), account)
		require.NoError(t, err)
		assert.Equal(t, 9, left)
		require.ErrorIs(t, c.Check(t.Context(), account, list[0]), verify.ErrMismatch)
		require.ErrorIs(t, c.Check(t.Context(), account, list[0], verify.WithIdempotencyKey(rand.Text())), verify.ErrMismatch, "another caller's key")
		require.ErrorIs(t, c.Check(t.Context(), "account-2", list[0], key), verify.ErrNotPending, "another account's")
		time.Sleep(61 * time.Second)
		require.ErrorIs(t, c.Check(t.Context(), account, list[0], key), verify.ErrMismatch, "two minutes are over")
	})
}

func TestTheSameKeyWithAnotherCodeCostsAnAttempt(t *testing.T) {
	c := newCodes(t)
	list := listOf(t, c)
	key := verify.WithIdempotencyKey(rand.Text())
	for _, code := range []string{wrong, wrong, "BBBB-AAAA-AAAA-AAAA", wrong} {
		require.ErrorIs(t, c.Check(t.Context(), account, code, key), verify.ErrMismatch)
	}
	var e *verify.Error
	require.ErrorAs(t, c.Check(t.Context(), account, "CCCC-AAAA-AAAA-AAAA", key), &e)
	assert.Equal(t, 7, e.AttemptsLeft, "three codes were charged, and none of them twice")
	require.NoError(t, c.Check(t.Context(), account, list[1], key))
	require.NoError(t, c.Check(t.Context(), account, list[2], key), "another code is another call")
	require.NoError(t, c.Check(t.Context(), account, list[1], key))
}
