package driver_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// waits is how long a call takes, in the time of a bubble.
func waits(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestRetryAfterIsWaited(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration, form string) []string { // the vendor's clock is a year behind
		then := time.Now().UTC().AddDate(-1, 0, 0)
		return []string{"Date", then.Format(dateForms[0]), "Retry-After", then.Add(d).Format(form)}
	}
	seconds := func(d time.Duration, _ string) []string {
		return []string{"Retry-After", strconv.Itoa(int(d.Seconds()))}
	}
	forms := map[string]struct {
		header func(time.Duration, string) []string
		layout string
	}{
		"seconds": {seconds, ""}, "IMF-fixdate": {date, dateForms[0]},
		"RFC 850": {date, dateForms[1]}, "asctime": {date, dateForms[2]},
	}
	for form, f := range forms {
		for _, asked := range []time.Duration{time.Second, 5 * time.Second, 6 * time.Second} {
			t.Run("a throttle of "+asked.String()+" in "+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, d := newDouble(t, say(429, "", f.header(asked, f.layout)...))
					took := waits(func() {
						_, err := c.Do(t.Context(), kinds()["send"].call)
						assert.Equal(t, asked, assertOutcome(t, err, verify.ErrRateLimited).RetryAfter)
					})
					if asked > 5*time.Second {
						assert.Zero(t, took, "more than 5 s is told, not waited for")
						assert.Equal(t, 1, d.tries)
						return
					}
					assert.Equal(t, 2*asked, took)
					assert.Equal(t, 3, d.tries)
				})
			})
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	const hour = 3600
	throttled := func(seconds int) move { return say(429, "", "Retry-After", strconv.Itoa(seconds)) }
	busy := func(seconds int) move { return say(503, "", "Retry-After", strconv.Itoa(seconds)) }
	const (
		s, ms       = time.Second, time.Millisecond
		unavailable = verify.ErrUnavailable
		limited     = verify.ErrRateLimited
	)
	ok := say(200, accepted)

	tests := map[string]struct {
		kind        string
		moves       []move
		timeout     time.Duration
		least, most time.Duration
		tries       int
		want        verify.Outcome
	}{
		"refused, a send":              {"send", []move{refuse}, 0, 0, 600 * ms, 3, unavailable},
		"refused, a check":             {"check", []move{refuse}, 0, 0, 200 * ms, 2, unavailable},
		"refused at first":             {"send", []move{refuse, ok}, 0, 0, 200 * ms, 2, ""},
		"refused, after a throttle":    {"send", []move{throttled(0), refuse}, 0, 0, 600 * ms, 3, unavailable},
		"no hook, after a refusal":     {"send", []move{refuse, mute}, 0, 0, 200 * ms, 2, unknown},
		"packets vanish, a send":       {"send", []move{vanish}, 0, 15 * s, 15 * s, 1, unavailable},
		"packets vanish, a check":      {"check", []move{vanish}, 0, 9 * s, 10 * s, 2, unavailable},
		"no answer to a send":          {"send", []move{stall}, 0, 15 * s, 15 * s, 1, unknown},
		"no answer to a check":         {"check", []move{stall}, 0, 10 * s, 10 * s, 2, unknown},
		"no answer to a check at once": {"check", []move{stall, ok}, 0, 5 * s, 5200 * ms, 2, ""},
		"no answer to a short check":   {"check", []move{stall}, 4 * s, 4 * s, 4 * s, 2, unknown},
		"no answer to a shorter one":   {"check", []move{stall}, 3 * s, 3 * s, 3 * s, 1, unknown},
		"reset at first":               {"check", []move{lose, ok}, 0, 0, 200 * ms, 2, ""},
		"a drip, a check":              {"check", []move{dribble}, 0, 5 * s, 5 * s, 1, unknown},
		"a drip, a send":               {"send", []move{dribble}, 0, 15 * s, 15 * s, 1, unknown},
		"refused, after a reset":       {"check", []move{lose, refuse}, 0, 0, 200 * ms, 2, unknown},
		"no way back, after a reset":   {"check", []move{lose, vanish}, 0, 10 * s, 10 * s, 2, unknown},
		"an answer after 5 s":          {"check", []move{throttled(5), ok}, 0, 5 * s, 5 * s, 2, ""},
		"come back in an hour":         {"send", []move{throttled(hour)}, 0, 0, 0, 1, limited},
		"come back at the deadline":    {"send", []move{throttled(4)}, 4 * s, 0, 0, 1, limited},
		"come back just before":        {"send", []move{throttled(4), ok}, 4001 * ms, 4 * s, 4 * s, 2, ""},
		"busy for 5 s":                 {"check", []move{busy(5), ok}, 0, 5 * s, 5 * s, 2, ""},
		"busy for 6 s":                 {"check", []move{busy(6), ok}, 0, 0, 0, 1, unknown},
		"three waits are too long":     {"send", []move{throttled(5), throttled(5), throttled(5)}, 10 * s, 5 * s, 5 * s, 2, limited},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, d := newDouble(t, test.moves...)
				call := kinds()[test.kind].call
				call.Timeout = test.timeout
				took := waits(func() {
					_, err := c.Do(t.Context(), call)
					if test.want == "" {
						require.NoError(t, err)
						return
					}
					assertOutcome(t, err, test.want)
				})
				assert.GreaterOrEqual(t, took, test.least)
				assert.LessOrEqual(t, took, test.most)
				assert.Equal(t, test.tries, d.tries)
			})
		})
	}
}

// Callers who failed together do not come back together.
func TestBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := newDouble(t, refuse)
		waited := map[time.Duration]bool{}
		for range 20 {
			waited[waits(func() {
				_, err := c.Do(t.Context(), kinds()["check"].call)
				require.ErrorIs(t, err, verify.ErrUnavailable)
			})] = true
		}
		assert.Greater(t, len(waited), 10)
	})
}

// A wait that would outlast the caller is not begun.
func TestNoWaitPastTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := newDouble(t, say(429, "", "Retry-After", "4"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took := waits(func() {
			_, err := c.Do(ctx, kinds()["send"].call)
			assertOutcome(t, err, verify.ErrRateLimited)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
		})
		assert.Zero(t, took)
	})
}

// The soonest of the call's time, the caller's deadline and the application's
// own timeout ends a call.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ call, caller, client, want time.Duration }{
		"a send by itself":       {0, 0, 0, 15 * time.Second},
		"the call's time":        {7 * time.Second, 20 * time.Second, 20 * time.Second, 7 * time.Second},
		"the caller's deadline":  {7 * time.Second, 2 * time.Second, 3 * time.Second, 2 * time.Second},
		"the client's timeout":   {7 * time.Second, 3 * time.Second, 2 * time.Second, 2 * time.Second},
		"a call longer than all": {time.Minute, 0, 0, time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.caller > 0 {
					shorter, cancel := context.WithTimeout(ctx, test.caller)
					defer cancel()
					ctx = shorter
				}
				d := &double{moves: []move{stall}}
				c := newClient(t, "https://canary.example", &http.Client{Transport: d, Timeout: test.client})
				call := kinds()["send"].call
				call.Timeout = test.call
				took := waits(func() {
					_, err := c.Do(ctx, call)
					assertOutcome(t, err, unknown)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				})
				assert.Equal(t, test.want, took)
			})
		})
	}
}

// A caller who gives up while a retry is waited for is heard at once, and told
// what the last try came to.
func TestCanceledWhileWaiting(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind string
		move move
		want verify.Outcome
	}{
		"throttled, a send":  {"send", say(429, "", "Retry-After", "4"), verify.ErrRateLimited},
		"throttled, a check": {"check", say(429, "", "Retry-After", "4"), verify.ErrRateLimited},
		"busy, a check":      {"check", say(503, "", "Retry-After", "4"), unknown},
	}
	for name, test := range tests {
		t.Run(""+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, d := newDouble(t, test.move)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				took := waits(func() {
					_, err := c.Do(ctx, kinds()[test.kind].call)
					assert.ErrorIs(t, err, context.Canceled)
					e := assertOutcome(t, err, test.want)
					assert.Equal(t, 1, e.Requests)
					assert.Equal(t, 4*time.Second, e.RetryAfter)
				})
				assert.Equal(t, time.Second, took, "within 20 ms, and here at once")
				assert.Equal(t, 1, d.tries, "no further request")
				assert.Zero(t, d.closed, "a caller who gives up closes nobody's connections")
			})
		})
	}
}
