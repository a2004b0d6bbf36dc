package mocks_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFakeForAccountsKeepsTheRulesOfAnApp(t *testing.T) {
	t.Parallel()
	f := mocks.NewFakeChecker()
	require.ErrorIs(t, f.Check(t.Context(), "ada", "123456"), verify.ErrNotPending, "nobody is enrolled")
	assert.Empty(t, f.CodeFor("ada"))
	f.Enroll("ada")
	f.Enroll("bob")
	code := f.CodeFor("ada")
	f.Enroll("ada")
	assert.Equal(t, code, f.CodeFor("ada"), "enrolled again it keeps its code")
	assert.Len(t, code, 6)

	require.NoError(t, f.Check(t.Context(), "ada", code))
	require.ErrorIs(t, f.Check(t.Context(), "ada", code), verify.ErrNotPending, "once")
	require.NoError(t, f.Check(t.Context(), "ada", f.CodeFor("ada")), "the next one")
	require.ErrorIs(t, f.Check(t.Context(), "bob", "no digits"), verify.ErrMismatch)
	empty := mocks.NewFakeChecker("")
	empty.Enroll("ada")
	require.ErrorIs(t, empty.Check(t.Context(), "ada", ""), verify.ErrMismatch, "no code is none")
	f.Remove("ada")
	require.ErrorIs(t, f.Check(t.Context(), "ada", code), verify.ErrNotPending)
}

func TestTheFakeForAccountsWaitsAndBlocks(t *testing.T) {
	t.Parallel()
	f := mocks.NewFakeChecker("123456", "234567")
	f.Enroll("ada")
	want := time.Duration(0)
	for n := 1; n <= 100; n++ {
		err := f.Check(t.Context(), "ada", "000000")
		var e *verify.Error
		require.ErrorAs(t, err, &e)
		switch {
		case n < 5:
			require.ErrorIs(t, err, verify.ErrMismatch)
			require.Equal(t, 5-n, e.AttemptsLeft)
			continue
		case n == 100:
			require.ErrorIs(t, err, verify.ErrBlocked)
			continue
		}
		want = min(max(2*want, 30*time.Second), time.Hour)
		require.ErrorIs(t, err, verify.ErrTooManyAttempts)
		require.Equal(t, want, e.RetryAfter, "failure %d", n)
		require.ErrorIs(t, f.Check(t.Context(), "ada", "123456"), verify.ErrTooManyAttempts, "the right code too")
		f.Advance(want)
	}
	f.Advance(24 * time.Hour)
	require.ErrorIs(t, f.Check(t.Context(), "ada", "123456"), verify.ErrBlocked)
	f.Reset("ada")
	require.NoError(t, f.Check(t.Context(), "ada", "123456"))
	var e *verify.Error
	require.ErrorAs(t, f.Check(t.Context(), "ada", "000000"), &e)
	assert.Equal(t, 4, e.AttemptsLeft, "an approval forgives")
}

func TestTheFakeForAccountsFailsWhenToldTo(t *testing.T) {
	t.Parallel()
	f := mocks.NewFakeChecker("K7QF-2M3X-ABCD-EFGH")
	f.Enroll("ada")
	strange := errors.New("of a stranger")
	f.FailNext(verify.ErrOutcomeUnknown, strange)
	require.ErrorIs(t, f.Check(t.Context(), "ada", f.CodeFor("ada")), verify.ErrOutcomeUnknown)
	require.Equal(t, strange, f.Check(t.Context(), "ada", f.CodeFor("ada")))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Check(gone, "ada", f.CodeFor("ada")), verify.ErrUnavailable)
	require.NoError(t, f.Check(t.Context(), "ada", f.CodeFor("ada")), "what fails has no effect")

	require.ErrorIs(t, f.Check(t.Context(), "a\x00da", "123456"), verify.ErrInvalidRecipient)
	require.ErrorIs(t, f.Check(t.Context(), "ada", "123456", verify.WithScope("login")), verify.ErrUnsupported)
	require.Len(t, f.Checked(), 4, "what was refused is not among them")
	assert.Equal(t, "ada", f.Checked()[0].To)
	assert.Equal(t, "K7QF-2M3X-ABCD-EFGH", f.Checked()[0].Code)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{f, f.Checked()} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, "K7QF")
			assert.NotContains(t, text, "ada")
		}
	}
}

func TestOneCodeOfTheFakeForAccountsIsApprovedOnceByMany(t *testing.T) {
	t.Parallel()
	f := mocks.NewFakeChecker("123456")
	f.Enroll("ada")
	var approved atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if f.Check(t.Context(), "ada", "123456") == nil {
				approved.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, approved.Load())
}
