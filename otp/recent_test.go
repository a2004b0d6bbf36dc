package otp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asked is an entry whose last answer has this number.
func asked(number uint32) *entry { return &entry{answer: number, asked: 1<<32 - 1} }

func TestAnswersNumberWrapsAround(t *testing.T) {
	t.Parallel()
	a := answers{last: 1<<32 - 3}
	var last uint32
	for n := range uint64(10) {
		number := a.add(answer{id: n, before: last, left: uint8(n)})
		require.NotZero(t, number)
		last = number
	}
	for n := range uint64(10) {
		x, ok := a.find(asked(last), answer{id: n}, 2)
		require.True(t, ok, "the chain must not end where numbers wrap around")
		require.Equal(t, uint8(n), x.left)
	}
	for n := range uint64(10) {
		_, ok := a.find(asked(0), answer{id: n}, 2)
		require.False(t, ok, "zero is no number")
	}
}

// TestAnAnswerThatNamesAnAncientOne: a number may have wrapped around and name
// an answer that is newer. The chain ends there, or it would never end.
func TestAnAnswerThatNamesAnAncientOne(t *testing.T) {
	t.Parallel()
	var a answers
	for n := range uint64(6) {
		a.add(answer{id: n, before: 5})
	}
	_, ok := a.find(asked(2), answer{id: 77}, 1)
	require.False(t, ok)
	_, ok = a.find(asked(5), answer{id: 77}, 1)
	require.False(t, ok, "not even after its own number")
	_, ok = a.find(asked(6), answer{id: 4}, 1)
	require.True(t, ok)
}

// TestWhatHappenedIsForgotten: two minutes at least, four at most, however many
// calls come in between.
func TestWhatHappenedIsForgotten(t *testing.T) {
	t.Parallel()
	minute := int64(time.Minute)
	for name, step := range map[string]int64{"many calls": minute / 10, "a call a minute": minute, "a call in three": 3 * minute, "few calls": 7 * minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for start := 5 * minute; start < 10*minute; start += minute / 3 {
				var a answers
				var u recent[struct{}]
				u.has(someID(1), start-minute)
				a.turn(start - minute)
				u.add(someID(1), struct{}{}, start)
				u.add(someID(2), struct{}{}, start)
				number := a.add(answer{id: 1})
				for now := start; now < start+15*minute; now += step {
					_, known := a.find(asked(number), answer{id: 1}, now)
					was := u.has(someID(1), now)
					switch age := now - start; {
					case age <= 2*minute:
						require.True(t, known && was, "after %s", time.Duration(age))
					case age >= 4*minute:
						require.False(t, known || was, "after %s", time.Duration(age))
						require.Zero(t, a.held()+len(u.old)+len(u.young))
					}
				}
			}
		})
	}
}

func TestAddingRevokedSendsForgetsOldOnes(t *testing.T) {
	t.Parallel()
	var u recent[struct{}]
	for n := range uint64(1000) {
		u.add(someID(n), struct{}{}, int64(n)*int64(time.Second))
		require.LessOrEqual(t, len(u.young)+len(u.old), 241)
	}
}

func TestAnswersOverManyPages(t *testing.T) {
	t.Parallel()
	const many = 3*pageSize + 5
	var a answers
	var numbers []uint32
	for n := range uint64(many) {
		numbers = append(numbers, a.add(answer{id: n}))
		if n == many/2 {
			a.turn(int64(replayTime))
		}
	}
	require.Equal(t, many, a.held())
	for n, number := range numbers {
		_, ok := a.find(asked(number), answer{id: uint64(n)}, int64(replayTime))
		require.True(t, ok, n)
	}
}
