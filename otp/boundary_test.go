package otp

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// Each boundary is crossed a nanosecond before, at, and a nanosecond after its
// time. The cases of all tests in this file are more than 200.
var around = map[string]time.Duration{"a nanosecond before": -1, "at the moment": 0, "a nanosecond after": 1}

func TestBoundaryOfTTL(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{
		2, time.Microsecond, time.Millisecond, 999 * time.Millisecond, time.Second, 7 * time.Second, 30 * time.Second, time.Minute,
		2*time.Minute - 1, 2 * time.Minute, 2*time.Minute + 1, 3 * time.Minute, 5 * time.Minute, 9*time.Minute + 59*time.Second, 10*time.Minute - 1, 10 * time.Minute,
	} {
		for name, off := range around {
			t.Run(fmt.Sprintf("%s of %s", name, ttl), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, p := newEngine(t, func(c *Config) { c.TTL = ttl })
					r, err := e.Send(t.Context(), phone)
					require.NoError(t, err)
					assert.Equal(t, time.Now().Add(ttl), r.ExpiresAt)
					time.Sleep(ttl + off)
					if off < 0 {
						require.NoError(t, e.Check(t.Context(), phone, p.code(t)))
					} else {
						requireOne(t, e.Check(t.Context(), phone, p.wrong(t)), verify.ErrNotPending)
						requireOne(t, e.Check(t.Context(), phone, p.code(t)), verify.ErrNotPending)
					}
				})
			})
		}
	}
}

func TestBoundaryOfCooldowns(t *testing.T) {
	t.Parallel()
	second := time.Second
	for ladder, limits := range map[string]Limits{
		"the usual ladder":   {Sends: 9, Window: time.Hour},
		"one rung":           {Sends: 9, Window: time.Hour, Cooldown: []time.Duration{second}},
		"a free first rung":  {Sends: 9, Window: time.Hour, Cooldown: []time.Duration{0, second, 2 * second}},
		"a long last rung":   {Sends: 9, Window: 3 * time.Hour, Cooldown: []time.Duration{second, 30 * time.Minute}},
		"rungs of nanosecs.": {Sends: 9, Window: time.Hour, Cooldown: []time.Duration{1, 2, 3, 5, 8, 13}},
	} {
		for rung := range 6 {
			for name, off := range around {
				t.Run(fmt.Sprintf("%s, %s of rung %d", ladder, name, rung+1), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { crossCooldown(t, limits, rung, off) })
				})
			}
		}
	}
}

// crossCooldown climbs to a rung, and sends at its end, or about it.
func crossCooldown(t *testing.T, limits Limits, rung int, off time.Duration) {
	t.Helper()
	e, p := newEngine(t, func(c *Config) { c.Limits = limits })
	cooldown := func(n int) time.Duration { return e.limits.Cooldown[min(n, len(e.limits.Cooldown)-1)] }
	for n := range rung {
		mustSend(t, e, p)
		time.Sleep(cooldown(n))
	}
	r, err := e.Send(t.Context(), phone)
	require.NoError(t, err)
	wait := cooldown(rung)
	if wait > 0 {
		assert.Equal(t, time.Now().Add(wait), r.ResendAt)
	} else {
		assert.Zero(t, r.ResendAt)
	}
	time.Sleep(wait + off)
	_, err = e.Send(t.Context(), phone)
	if off < 0 && wait > 0 {
		assert.Equal(t, time.Duration(1), requireOne(t, err, verify.ErrTooManySends).RetryAfter)
		return
	}
	require.NoError(t, err)
}

func TestBoundaryOfTheWindow(t *testing.T) {
	t.Parallel()
	for sends := 1; sends <= 8; sends++ {
		for _, window := range []time.Duration{time.Minute, 10 * time.Minute, 24 * time.Hour} {
			for name, off := range around {
				t.Run(fmt.Sprintf("%s, %d in %s", name, sends, window), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						e, p := newEngine(t, func(c *Config) {
							c.Limits = Limits{Sends: sends, Window: window, Cooldown: []time.Duration{0}}
						})
						for range sends {
							mustSend(t, e, p)
							time.Sleep(time.Second)
						}
						_, err := e.Send(t.Context(), phone)
						wait := window - time.Duration(sends)*time.Second
						require.Equal(t, wait, requireOne(t, err, verify.ErrTooManySends).RetryAfter)
						time.Sleep(wait + off)
						_, err = e.Send(t.Context(), phone)
						if off < 0 {
							requireOne(t, err, verify.ErrTooManySends)
							return
						}
						require.NoError(t, err)
						_, err = e.Send(t.Context(), phone)
						if sends > 1 {
							assert.LessOrEqual(t, requireOne(t, err, verify.ErrTooManySends).RetryAfter, time.Second, "the next one leaves a second later")
						}
					})
				})
			}
		}
	}
}

func TestBoundaryOfFailures(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for _, remember := range []time.Duration{day, 7 * day, 30 * day, 365 * day} {
		for name, off := range around {
			t.Run(fmt.Sprintf("%s of %s", name, remember), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, p := newEngine(t, func(c *Config) { c.Limits.Failures, c.Limits.Remember = 1, remember })
					mustSend(t, e, p)
					requireOne(t, e.Check(t.Context(), phone, p.wrong(t)), verify.ErrTooManyAttempts)
					time.Sleep(remember + off)
					_, err := e.Send(t.Context(), phone)
					if off < 0 {
						assert.Equal(t, time.Duration(1), requireOne(t, err, verify.ErrBlocked).RetryAfter)
						requireOne(t, e.Check(t.Context(), phone, p.code(t)), verify.ErrBlocked)
						return
					}
					require.NoError(t, err)
					require.NoError(t, e.Check(t.Context(), phone, p.code(t)))
				})
			})
		}
	}
}

// TestAClockThatIsSetChangesNothing: Go shows the monotonic part of a time as
// m=..., and measures by it where both times have one.
func TestAClockThatIsSetChangesNothing(t *testing.T) {
	t.Parallel()
	s := new(MemoryStore)
	s.now()
	assert.Contains(t, s.epoch.String(), "m=", "expiry is measured on the clock that people can set")
}
