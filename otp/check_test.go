package otp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestAMalformedCodeIsAMismatchAndChargedToNobody(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t, func(c *Config) { c.Store = noStore{t} })
	for _, code := range []string{
		"", "12345", "12345678901", " 123456", "123456 ", "123456\n", "+123456", "-123456", "12345x", "0x1E240", "1_2_3456",
		"１２３４５６", "١٢٣٤٥٦", "123456\x00", "../sms", "12345\u200b6", "𝟏𝟐𝟑𝟒𝟓𝟔",
	} {
		requireOne(t, e.Check(t.Context(), phone, code), verify.ErrMismatch)
	}
}

func TestFiveAttemptsAndNoMore(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p)
	for left := 4; left >= 1; left-- {
		err := requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch)
		require.Equal(t, left, err.AttemptsLeft)
	}
	requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrTooManyAttempts)

	right, wrong := e.Check(t.Context(), phone, code), e.Check(t.Context(), phone, wrongFor(code))
	requireOne(t, right, verify.ErrTooManyAttempts)
	assert.Equal(t, wrong, right, "after the limit the right code must not be told from a wrong one")
}

// R24: who keeps on guessing waits, between one code and the next, longer each time.
func TestTheWaitAfterEachFiveWrongAttemptsGrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t)
		var waits []time.Duration
		began := time.Now()
		for range defaultSends {
			code := mustSend(t, e, p)
			for range defaultAttempts {
				require.Error(t, e.Check(t.Context(), phone, wrongFor(code)))
			}
			requireOne(t, e.Check(t.Context(), phone, code), verify.ErrTooManyAttempts)
			_, err := e.Send(t.Context(), phone)
			wait := requireOne(t, err, verify.ErrTooManySends).RetryAfter
			waits = append(waits, wait)
			time.Sleep(wait)
		}
		assert.Equal(t, []time.Duration{30 * time.Second, 40 * time.Second, time.Minute, 90 * time.Second, 380 * time.Second}, waits)
		assert.Equal(t, defaultWindow, time.Since(began), "five codes, 25 attempts")
	})
}

func TestTheFifthAttemptMayStillBeRight(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p)
	for range 4 {
		require.Error(t, e.Check(t.Context(), phone, wrongFor(code)))
	}
	require.NoError(t, e.Check(t.Context(), phone, code))
}

func TestANewCodeKillsTheOldOne(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, oftenSent)
	old := mustSend(t, e, p)
	code := mustSend(t, e, p)
	for code == old {
		code = mustSend(t, e, p)
	}
	err := requireOne(t, e.Check(t.Context(), phone, old), verify.ErrMismatch)
	assert.Equal(t, 4, err.AttemptsLeft, "the old code is an attempt like any other")
	require.NoError(t, e.Check(t.Context(), phone, code))
}

func TestAHundredFailuresBlockUntilReset(t *testing.T) {
	t.Parallel()
	for name, scope := range map[string]verify.Option{"no scope": verify.WithScope(""), "a scope": verify.WithScope("login")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t, oftenSent)
			for round := range 20 {
				code := mustSend(t, e, p, scope)
				for attempt := range 5 {
					err := e.Check(t.Context(), phone, wrongFor(code), scope)
					if attempt < 4 {
						require.ErrorIs(t, err, verify.ErrMismatch, "round %d", round)
					} else {
						require.ErrorIs(t, err, verify.ErrTooManyAttempts, "round %d", round)
					}
				}
			}
			before := p.count()
			right := e.Check(t.Context(), phone, p.code(t), scope)
			requireOne(t, right, verify.ErrBlocked)
			assert.Equal(t, e.Check(t.Context(), phone, p.wrong(t), scope), right)
			_, err := e.Send(t.Context(), phone, scope)
			blocked := requireOne(t, err, verify.ErrBlocked)
			assert.Positive(t, blocked.RetryAfter)
			assert.Equal(t, before, p.count(), "a blocked recipient was sent a code")
			_, err = e.Send(t.Context(), other, scope)
			require.NoError(t, err, "another recipient is not blocked")

			require.NoError(t, e.Reset(t.Context(), phone, scope))
			require.NoError(t, e.Check(t.Context(), phone, mustSend(t, e, p, scope), scope))
		})
	}
}

func TestOnlyAnApprovalClearsTheFailures(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, oftenSent, func(c *Config) { c.Limits.Failures = 6 })
	code := mustSend(t, e, p)
	for range 4 {
		require.Error(t, e.Check(t.Context(), phone, wrongFor(code)))
	}
	require.NoError(t, e.Check(t.Context(), phone, code))

	for range 4 {
		require.ErrorIs(t, e.Check(t.Context(), phone, wrongFor(mustSend(t, e, p))), verify.ErrMismatch)
	}
	code = mustSend(t, e, p)
	last := requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch)
	assert.Equal(t, 1, last.AttemptsLeft, "one failure is left, though the code has four attempts")
	requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrTooManyAttempts)
	requireOne(t, e.Check(t.Context(), phone, code), verify.ErrBlocked)
}

func TestVerdictsOfTheStore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verdict Verdict
		left    int
		want    verify.Outcome
	}{
		"gone":                  {Gone, 3, verify.ErrNotPending},
		"wrong":                 {Wrong, 3, verify.ErrMismatch},
		"wrong, with none left": {Wrong, 0, verify.ErrTooManyAttempts},
		"locked":                {Locked, 3, verify.ErrTooManyAttempts},
		"blocked":               {Blocked, 3, verify.ErrBlocked},
		"one without name here": {Match + 1, 3, verify.ErrOutcomeUnknown},
		"far off":               {255, 3, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := newEngine(t, func(c *Config) { c.Store = answering{verdict: tt.verdict, left: tt.left} })
			err := requireOne(t, e.Check(t.Context(), phone, "123456"), tt.want)
			if tt.want == verify.ErrMismatch {
				assert.Equal(t, tt.left, err.AttemptsLeft)
			} else {
				assert.Zero(t, err.AttemptsLeft)
			}
		})
	}
}

func TestALostReplyIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]bool{"the question was lost": false, "the answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &brokenStore{Store: new(MemoryStore), heard: heard}
			e, p := newEngine(t, func(c *Config) { c.Store = s })
			code := mustSend(t, e, p)

			s.attempt = []error{errStore}
			err := requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch)
			assert.Equal(t, 4, err.AttemptsLeft, "an attempt was charged twice")
			require.Equal(t, 2, s.attempted)
			assert.Equal(t, s.ids[0], s.ids[1], "the same attempt")

			s.attempt = []error{errStore}
			require.NoError(t, e.Check(t.Context(), phone, code), "an approval was lost")
			assert.NotEqual(t, s.ids[1], s.ids[2], "another attempt")
		})
	}
}

func TestAStoreThatFailsTwiceApprovesNothing(t *testing.T) {
	t.Parallel()
	s := &brokenStore{Store: new(MemoryStore), heard: true, attempt: []error{errStore, errStore, errStore}}
	e, p := newEngine(t, func(c *Config) { c.Store = s })
	code := mustSend(t, e, p)
	err := e.Check(t.Context(), phone, code)
	requireOne(t, err, verify.ErrOutcomeUnknown)
	require.ErrorIs(t, err, errStore)
	assert.Equal(t, 2, s.attempted, "once more, and no more than that")
}

func TestAContextThatEndsMeanwhileIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &brokenStore{Store: new(MemoryStore)}
	e, _ := newEngine(t, func(c *Config) { c.Store = cancelling{s, cancel} })
	err := e.Check(ctx, phone, "123456")
	requireOne(t, err, verify.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, s.attempted)
}

func TestAMatchBesideAnErrorIsNoYes(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t, func(c *Config) { c.Store = eager{} })
	requireOne(t, e.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown)
}

// eager is a store that matches while it fails.
type eager struct{ Store }

func (eager) Attempt(context.Context, Key, ID, []MAC, Limits) (Verdict, int, error) {
	return Match, 4, errStore
}

// cancelling ends the caller's context before it answers.
type cancelling struct {
	*brokenStore
	cancel func()
}

func (s cancelling) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	s.cancel()
	return s.brokenStore.Attempt(ctx, k, id, macs, l)
}
