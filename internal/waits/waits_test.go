package waits_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/internal/waits"
)

func TestAWaitDoublesUpToTheLongest(t *testing.T) {
	for n, want := range []time.Duration{0, 0, 0, 30, 60, 120, 200, 200, 200} {
		assert.Equal(t, want*time.Second, waits.After(n, 3, 30*time.Second, 200*time.Second), n)
	}
	assert.Equal(t, 4*time.Minute, waits.After(5, 3, time.Minute, 4*time.Minute), "it ends on the longest")
}

// Who fails for ever does not come to a wait that is short again.
func TestAWaitWithoutABoundDoesNotOverflow(t *testing.T) {
	for _, first := range []time.Duration{time.Nanosecond, 30 * time.Second, math.MaxInt64 / 2, math.MaxInt64} {
		for _, longest := range []time.Duration{first, math.MaxInt64 - 1, math.MaxInt64} {
			last := time.Duration(0)
			for n := range 200 {
				wait := waits.After(n, 1, first, longest)
				assert.GreaterOrEqual(t, wait, last, "%s, failure %d", first, n)
				last = wait
			}
			assert.Equal(t, longest, last, first)
		}
	}
}
