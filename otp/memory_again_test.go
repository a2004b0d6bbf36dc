package otp

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACallMadeAgainAnswersTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Cooldown: []time.Duration{0}, Sends: 20}
		k := someKey(1)
		attempt := func(id ID, n uint64) string {
			v, left, err := r.Attempt(t.Context(), k, id, []MAC{someMAC(n)}, l)
			require.NoError(t, err)
			return fmt.Sprint(v, left)
		}
		put := r.mustSend(1, 1, l)
		var ids []ID
		var answers []string
		for range 5 {
			ids = append(ids, r.next())
			answers = append(answers, attempt(ids[len(ids)-1], 9))
		}
		require.Equal(t, []string{"wrong 4", "wrong 3", "wrong 2", "wrong 1", "locked 0"}, answers)
		time.Sleep(time.Minute)
		second := r.mustSend(1, 2, l)
		match := r.next()
		require.Equal(t, "match 4", attempt(match, 2))
		third := r.mustSend(1, 3, l)

		for _, wait := range []time.Duration{0, 30 * time.Second, 30 * time.Second} {
			time.Sleep(wait)
			for i, id := range ids {
				require.Equal(t, answers[i], attempt(id, 9), "attempt %d", i)
			}
			require.Equal(t, "match 4", attempt(match, 2), "an approval that was lost")
			for _, id := range []ID{put, second, third} {
				a, err := r.Issue(t.Context(), k, id, someMAC(4), time.Minute, l)
				require.NoError(t, err)
				require.Equal(t, Admitted, a.Refused)
			}
		}
		require.Equal(t, "match 4", attempt(r.next(), 3), "the third code lives, with all its attempts")

		require.NotEqual(t, "match 4", attempt(match, 5), "the same ID for another attempt is not the same call")
		time.Sleep(10 * time.Minute)
		require.Equal(t, "gone 0", attempt(match, 2), "all is forgotten in the end")
	})
}

func TestARevokedSendStaysRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		put := func(id ID, n uint64) Admission {
			a, err := r.Issue(t.Context(), someKey(1), id, someMAC(n), time.Minute, Limits{})
			require.NoError(t, err)
			return a
		}
		first := r.mustSend(1, 1, Limits{})
		require.NoError(t, r.Revoke(t.Context(), someKey(1), first))
		require.Zero(t, r.entries.Load())
		require.Equal(t, Admission{Repeated: true}, put(first, 1), "a late copy answers the same")
		require.Equal(t, Gone, r.attempt(1, 1, Limits{}), "and revives nothing")

		second := r.mustSend(1, 2, Limits{})
		require.Equal(t, Admission{Wait: 30 * time.Second, Repeated: true}, put(first, 1))
		require.NoError(t, r.Revoke(t.Context(), someKey(1), first), "twice")
		require.NoError(t, r.Revoke(t.Context(), someKey(1), r.next()), "of an unknown id")
		require.NoError(t, r.Revoke(t.Context(), someKey(2), second), "of another key")
		require.Equal(t, Wrong, r.attempt(1, 1, Limits{}))
		require.Equal(t, Match, r.attempt(1, 2, Limits{}))
		time.Sleep(119 * time.Second)
		require.Equal(t, Admitted, put(first, 1).Refused)
		require.Equal(t, Gone, r.attempt(1, 1, Limits{}))
	})
}

func TestRevokeKillsItsOwnCodeOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	l := Limits{Cooldown: []time.Duration{0}}
	first := r.mustSend(1, 1, l)
	second := r.mustSend(1, 2, l)
	third := r.mustSend(1, 3, l)
	require.NoError(t, r.Revoke(t.Context(), someKey(1), first))
	require.Equal(t, Wrong, r.attempt(1, 9, l))
	require.NoError(t, r.Revoke(t.Context(), someKey(1), third))
	require.Equal(t, Wrong, r.attempt(1, 3, l))
	require.NoError(t, r.Revoke(t.Context(), someKey(1), second))
	require.Equal(t, Gone, r.attempt(1, 2, l))
	require.Equal(t, Gone, r.attempt(1, 1, l), "its own send was revoked before")
	assert.EqualValues(t, 1, r.entries.Load(), "its failure is kept")

	// A send that only counts is no code of its own.
	limiter := r.next()
	r.mustSend(2, 5, l)
	_, err := r.Issue(t.Context(), someKey(2), limiter, MAC{}, time.Minute, l)
	require.NoError(t, err)
	require.NoError(t, r.Revoke(t.Context(), someKey(2), limiter))
	require.Equal(t, Match, r.attempt(2, 5, l))
}

// TestRevokeFindsItsCodeAfterOlderSendsAreForgotten: the sends before it leave, and
// its place among them is another one.
func TestRevokeFindsItsCodeAfterOlderSendsAreForgotten(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]bool{"of the code": true, "of a later send": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 0)
				l := Limits{Cooldown: []time.Duration{0}}
				count := func() ID {
					id := r.next()
					a, err := r.Issue(t.Context(), someKey(1), id, MAC{}, time.Minute, l)
					require.NoError(t, err)
					require.Equal(t, Admitted, a.Refused)
					return id
				}
				count()
				time.Sleep(9 * time.Minute)
				code := r.mustSend(1, 1, l)
				time.Sleep(time.Minute)
				later := count()
				if own {
					require.NoError(t, r.Revoke(t.Context(), someKey(1), code))
					require.Equal(t, Gone, r.attempt(1, 1, l))
					return
				}
				require.NoError(t, r.Revoke(t.Context(), someKey(1), later))
				require.Equal(t, Match, r.attempt(1, 1, l))
			})
		})
	}
}
