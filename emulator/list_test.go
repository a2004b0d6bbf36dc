package emulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestListKeepsEachValueForItsLife(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := emulator.List[string, int]{Life: time.Minute}
	l.Add(at, "a", 1)
	l.Add(at.Add(30*time.Second), "a", 2)
	l.Add(at.Add(30*time.Second), "b", 3)

	for name, tt := range map[string]struct {
		after  time.Duration
		a, b   []int
		newest int
	}{
		"at once":                       {0, []int{1, 2}, []int{3}, 2},
		"a moment before the first end": {time.Minute - 1, []int{1, 2}, []int{3}, 2},
		"at the first end":              {time.Minute, []int{2}, []int{3}, 2},
		"at the last end":               {90 * time.Second, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			now := at.Add(tt.after)
			assert.Equal(t, tt.a, l.Get(now, "a"))
			assert.Equal(t, tt.b, l.Get(now, "b"))
			newest, ok := l.Newest(now, "a")
			assert.Equal(t, tt.newest, newest)
			assert.Equal(t, tt.newest != 0, ok)
		})
	}
}

func TestListForgetsWhatIsOverAndWhatIsRemoved(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := emulator.List[string, int]{Life: time.Minute}
	l.Add(at, "a", 1)
	l.Remove("a")
	assert.Empty(t, l.Get(at, "a"))

	l.Add(at.Add(time.Second), "a", 2)
	l.Add(at.Add(time.Minute), "b", 3) // drops the first value, which was removed before
	assert.Equal(t, []int{2}, l.Get(at.Add(time.Minute), "a"))

	l.Add(at.Add(2*time.Minute), "b", 4)
	assert.Empty(t, l.Get(at, "a"), "what was dropped is gone for any time")
	l.Clear()
	assert.Empty(t, l.Get(at, "b"))
}
