package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestAQuotaCountsEveryKeyOrNone(t *testing.T) {
	t.Parallel()
	q := emulator.Quota[string]{Life: time.Minute}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	both := map[string]int{"a": 1, "b": 2}
	assert.Zero(t, q.Take(now, both))
	now = now.Add(10 * time.Second)
	assert.Equal(t, 50*time.Second, q.Take(now, both), "a is used up")
	assert.Zero(t, q.Take(now, map[string]int{"b": 2}), "and b was not counted")
	assert.Equal(t, 50*time.Second, q.Take(now, map[string]int{"b": 2}))
	now = now.Add(50 * time.Second)
	assert.Zero(t, q.Take(now, both), "the first uses have ended")
	assert.Equal(t, time.Minute, q.Take(now, map[string]int{"c": 0}), "nothing is allowed")
	assert.Zero(t, q.Take(now, nil))
}

func TestAWaitIsToldInWholeSeconds(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{time.Second: "1", time.Second + 1: "2", 10 * time.Minute: "600"} {
		assert.Equal(t, http.Header{"Retry-After": {want}}, emulator.RetryAfter(wait))
	}
}
