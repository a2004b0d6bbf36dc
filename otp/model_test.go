package otp

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

// A model is what an Engine promises to one recipient in one scope, in the
// plainest words.
type model struct {
	code     string
	expires  time.Time
	attempts int
	failures int
	most     int // failures
	failed   time.Time
	sends    []time.Time
}

func (m *model) blocked(now time.Time) bool {
	if now.Sub(m.failed) >= 30*24*time.Hour {
		m.failures = 0
	}
	return m.failures >= m.most
}

// send says what a Send at now must answer.
func (m *model) send(now time.Time) verify.Outcome {
	if m.blocked(now) {
		return verify.ErrBlocked
	}
	counted := slices.DeleteFunc(slices.Clone(m.sends), func(at time.Time) bool { return now.Sub(at) >= 10*time.Minute })
	if n := len(counted); n > 0 {
		wait := []time.Duration{30, 40, 60, 90, 120}[min(n, 5)-1] * time.Second
		if n >= 5 || now.Sub(counted[n-1]) < wait {
			return verify.ErrTooManySends
		}
	}
	m.sends = append(counted, now)
	m.attempts = 0
	return ""
}

// check says what a Check at now must answer.
func (m *model) check(now time.Time, code string) verify.Outcome {
	switch {
	case m.blocked(now):
		return verify.ErrBlocked
	case m.code == "" || !now.Before(m.expires):
		return verify.ErrNotPending
	case m.attempts >= 5:
		return verify.ErrTooManyAttempts
	case code == m.code:
		m.code, m.failures = "", 0
		return ""
	}
	m.attempts++
	m.failures++
	m.failed = now
	if m.attempts == 5 || m.failures == m.most {
		return verify.ErrTooManyAttempts
	}
	return verify.ErrMismatch
}

// TestAnEngineKeepsItsPromisesInAnyOrder walks an Engine and the model through
// the same random steps. A failure names the seed, which repeats it.
func TestAnEngineKeepsItsPromisesInAnyOrder(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(atLength(20_000, 400, 50)) {
		synctest.Test(t, func(t *testing.T) { walk(t, seed, seen) })
	}
	for _, want := range []string{
		"send ", "send too_many_sends", "send blocked", "send unavailable", "send outcome_unknown", "check ", "check not_pending",
		"check too_many_attempts", "check blocked", "attempt mismatch", "attempt too_many_attempts", "attempt blocked", "attempt not_pending", "cancel ", "reset ",
	} {
		assert.True(t, seen[want], "no walk met %q", want)
	}
}

func walk(t *testing.T, seed uint64, seen map[string]bool) {
	t.Helper()
	entropy := rand.New(rand.NewPCG(seed, 3))
	most := []int{100, 12}[seed%2]
	e, p := newEngine(t, func(c *Config) { c.Limits.Failures = most })
	e.random = seeded(byte(seed))
	models := map[string]*model{"": {most: most}, "login": {most: most}}
	var story []string
	step := func(scope, what string, want verify.Outcome, err error) {
		story = append(story, fmt.Sprintf("%s %q: %s, want %s", what, scope, verify.OutcomeOf(err), want))
		seen[what+" "+string(want)] = true
		if verify.OutcomeOf(err) != want {
			t.Fatalf("seed %d: %q", seed, story[max(0, len(story)-12):])
		}
	}
	for range 600 {
		scope := []string{"", "login"}[entropy.IntN(2)]
		m, with := models[scope], verify.WithScope(scope)
		switch entropy.IntN(20) {
		case 0, 1, 2, 3, 4:
			p.err = []error{nil, nil, nil, verify.ErrUnavailable, verify.ErrOutcomeUnknown}[entropy.IntN(5)]
			m.walkSend(step, e, p, with)
		case 5, 6:
			code := cmp.Or(m.code, "000000")
			step(scope, "check", m.check(time.Now(), code), e.Check(t.Context(), phone, code, with))
		case 7, 8, 9, 10, 11, 12, 13, 14:
			code := wrongFor(cmp.Or(m.code, "000000"))
			step(scope, "attempt", m.check(time.Now(), code), e.Check(t.Context(), phone, code, with))
		case 15:
			m.code = ""
			step(scope, "cancel", "", e.Cancel(t.Context(), phone, with))
		case 16:
			if entropy.IntN(30) == 0 {
				*m = model{most: most}
				step(scope, "reset", "", e.Reset(t.Context(), phone, with))
			}
		case 17, 18:
			time.Sleep([]time.Duration{1, 30*time.Second - 1, 30 * time.Second, 40 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute}[entropy.IntN(7)])
		case 19:
			month := 30 * 24 * time.Hour
			time.Sleep([]time.Duration{10*time.Minute - 1, 10 * time.Minute, time.Hour, month - 1, month}[min(entropy.IntN(5), entropy.IntN(5), entropy.IntN(5))])
		}
	}
}

// walkSend sends, with a messenger that may fail.
func (m *model) walkSend(step func(string, string, verify.Outcome, error), e *Engine, p *post, with verify.Option) {
	before := *m
	before.sends = slices.Clone(m.sends)
	now := time.Now()
	want := m.send(now)
	_, err := e.Send(context.Background(), phone, with)
	if want != "" {
		step("", "send", want, err)
		return
	}
	step("", "send", verify.OutcomeOf(p.err), err)
	if verify.OutcomeOf(p.err) == verify.ErrUnavailable {
		*m = before
		return
	}
	m.code, m.expires = digitsOnly.FindString(p.messages[len(p.messages)-1].Text), now.Add(10*time.Minute)
}
