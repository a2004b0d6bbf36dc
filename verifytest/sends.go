package verifytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

// A SendsTarget is one [observe.Sends], and what the suite must do behind it.
type SendsTarget struct {
	// Sends are what is put to the test. Required. They may hold others: the suite uses
	// random keys.
	Sends observe.Sends
	// Reopen makes another one over the same store, as a second process would. Defaults
	// to Sends itself.
	Reopen func(*testing.T) observe.Sends
	// Advance moves their clock. Defaults to nil, which means a clock that nobody can
	// move: then nothing that takes time is tested.
	Advance func(time.Duration)
}

// RunSends checks what an [observe.Sends] promises: what was put is found by every
// process until its time is over, and stays as it was put; a stage never moves back, and
// of many reports of one stage one moves it.
func RunSends(t *testing.T, open func(*testing.T) SendsTarget) {
	for name, prove := range map[string]func(*testing.T, *sendsRun){
		"what was put is found as it was": sendsFound, "what was put first stays": sendsFirst,
		"no stage moves back": sendsStages, "one of 64 at once moves a stage": sendsOnce,
		"keys are kept apart": sendsApart, "its time ends": sendsEnd,
	} {
		t.Run(name, func(t *testing.T) {
			target := open(t)
			require.NotNil(t, target.Sends, "SendsTarget.Sends is missing")
			r := &sendsRun{SendsTarget: target, other: target.Sends}
			if target.Reopen != nil {
				r.other = target.Reopen(t)
			}
			prove(t, r)
		})
	}
}

type sendsRun struct {
	SendsTarget
	other observe.Sends
}

func sentTo(region string) observe.Sent {
	return observe.Sent{
		Time: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC), Channel: verify.ChannelSMS, Scope: "login",
		CallingCode: "45", Region: region, Subject: observe.Subject{1, 2, 255},
	}
}

func (r *sendsRun) put(t *testing.T, key [16]byte, s observe.Sent) {
	t.Helper()
	require.NoError(t, r.Sends.Put(t.Context(), key, s, time.Hour))
}

func advances(t *testing.T, in observe.Sends, key [16]byte, stage int, want observe.Progress) observe.Sent {
	t.Helper()
	s, progress, err := in.Advance(t.Context(), key, stage)
	require.NoError(t, err)
	require.Equal(t, want, progress, "stage %d", stage)
	return s
}

func sendsFound(t *testing.T, r *sendsRun) {
	key, want := sixteen(), sentTo("DK")
	advances(t, r.Sends, key, 3, observe.Missing)
	r.put(t, key, want)
	for _, in := range []observe.Sends{r.Sends, r.other} {
		got, _, err := in.Advance(t.Context(), key, 1)
		require.NoError(t, err)
		assert.True(t, want.Time.Equal(got.Time), "%s is not %s", got.Time, want.Time)
		got.Time = want.Time
		assert.Equal(t, want, got)
	}
	none := sixteen()
	r.put(t, none, observe.Sent{})
	assert.Empty(t, advances(t, r.other, none, 1, observe.Moved).Region)
}

func sendsFirst(t *testing.T, r *sendsRun) {
	key := sixteen()
	r.put(t, key, sentTo("DK"))
	advances(t, r.Sends, key, 2, observe.Moved)
	require.NoError(t, r.other.Put(t.Context(), key, sentTo("SE"), time.Hour))
	assert.Equal(t, "DK", advances(t, r.Sends, key, 2, observe.Repeated).Region)
	assert.Equal(t, "DK", advances(t, r.other, key, 3, observe.Moved).Region)
}

func sendsStages(t *testing.T, r *sendsRun) {
	for _, tc := range []struct{ reported, moves []int }{
		{[]int{1, 2, 3}, []int{1, 2, 3}}, {[]int{3, 2, 1, 3}, []int{3}}, {[]int{2, 2, 1, 3}, []int{2, 3}}, {[]int{1, 3, 3, 2}, []int{1, 3}},
	} {
		key, moves := sixteen(), []int(nil)
		r.put(t, key, sentTo("DK"))
		for i, stage := range tc.reported {
			_, progress, err := []observe.Sends{r.Sends, r.other}[i%2].Advance(t.Context(), key, stage)
			require.NoError(t, err)
			require.NotEqual(t, observe.Missing, progress)
			if progress == observe.Moved {
				moves = append(moves, stage)
			}
		}
		assert.Equal(t, tc.moves, moves, "of %v", tc.reported)
	}
}

func sendsOnce(t *testing.T, r *sendsRun) {
	key, told := sixteen(), make(chan observe.Progress)
	r.put(t, key, sentTo("DK"))
	ctx := context.WithoutCancel(t.Context())
	for i := range 64 {
		go func() {
			_, progress, err := []observe.Sends{r.Sends, r.other}[i%2].Advance(ctx, key, 2)
			if err != nil {
				progress = 0
			}
			told <- progress
		}()
	}
	count := map[observe.Progress]int{}
	for range 64 {
		count[<-told]++
	}
	assert.Equal(t, map[observe.Progress]int{observe.Moved: 1, observe.Repeated: 63}, count)
}

func sendsApart(t *testing.T, r *sendsRun) {
	one, two := sixteen(), sixteen()
	two[0] = one[0] // the same slot, or the like
	r.put(t, one, sentTo("DK"))
	advances(t, r.Sends, two, 3, observe.Missing)
	r.put(t, two, sentTo("SE"))
	advances(t, r.Sends, one, 3, observe.Moved)
	assert.Equal(t, "SE", advances(t, r.Sends, two, 1, observe.Moved).Region)
}

func sendsEnd(t *testing.T, r *sendsRun) {
	if r.Advance == nil {
		t.Skip("SendsTarget.Advance is nil: nobody can move this clock")
	}
	key := sixteen()
	r.put(t, key, sentTo("DK"))
	r.Advance(time.Hour - margin)
	advances(t, r.Sends, key, 1, observe.Moved)
	r.Advance(2 * margin)
	advances(t, r.Sends, key, 2, observe.Missing)
	r.put(t, key, sentTo("SE"))
	assert.Equal(t, "SE", advances(t, r.other, key, 1, observe.Moved).Region, "put again, from the first stage")
}
