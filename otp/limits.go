package otp

import (
	"errors"
	"time"
)

// Limits of one (recipient, scope). Zero fields take the defaults.
type Limits struct {
	// Attempts is how many attempts on one code are compared, 1 to 10 (RTS 2018/389
	// Art. 4(3)(b) and RFC 4226 section 7.3 ask for few). Defaults to 5.
	Attempts int `dsn:"attempts" default:"5" example:"3"`

	// Failures is how many wrong attempts over all codes since the last approval
	// are compared before all is blocked, 1 to 100 (NIST SP 800-63B-4 section
	// 3.2.2). Defaults to 100.
	Failures int `dsn:"failures" default:"100" example:"50"`

	// Remember is how long failures are kept after the last one, at least 24
	// hours. Defaults to 30 days.
	Remember time.Duration `dsn:"remember" default:"720h" example:"720h"`

	// Sends is how many sends are admitted in Window. Defaults to 5.
	Sends int `dsn:"sends" default:"5" example:"4"`

	// Window is the time over which sends are counted. Defaults to 10 minutes.
	Window time.Duration `dsn:"window" default:"10m" example:"15m"`

	// Cooldown is the wait after the n-th send of the window; the last one holds
	// for all further sends, a single zero means no wait, and it must not fall.
	// Defaults to 30, 40, 60, 90, 120 seconds.
	Cooldown []time.Duration `dsn:"cooldown" default:"30s,40s,60s,90s,120s" example:"45s,90s"`
}

const (
	defaultAttempts = 5
	defaultFailures = 100
	defaultRemember = 30 * 24 * time.Hour
	defaultSends    = 5
	defaultWindow   = 10 * time.Minute

	maxAttempts = 10
	maxFailures = 100
	minRemember = 24 * time.Hour // below, a patient guesser would never meet the limit
)

// WithDefaults returns l with the default in every field that is zero or below,
// and with Attempts and Failures no higher than they may be. Stores call it
// first.
func (l Limits) WithDefaults() Limits {
	l.Attempts = min(orDefault(l.Attempts, defaultAttempts), maxAttempts)
	l.Failures = min(orDefault(l.Failures, defaultFailures), maxFailures)
	l.Remember = orDefault(l.Remember, defaultRemember)
	l.Sends = orDefault(l.Sends, defaultSends)
	l.Window = orDefault(l.Window, defaultWindow)
	if len(l.Cooldown) == 0 {
		l.Cooldown = []time.Duration{30 * time.Second, 40 * time.Second, 60 * time.Second, 90 * time.Second, 120 * time.Second}
	}
	return l
}

func orDefault[T ~int | ~int64](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// validate refuses what WithDefaults would silently change.
func (l Limits) validate() error {
	switch {
	case l.Attempts < 0 || l.Attempts > maxAttempts:
		return errors.New("otp: Limits.Attempts must be 1 to 10")
	case l.Failures < 0 || l.Failures > maxFailures:
		return errors.New("otp: Limits.Failures must be 1 to 100")
	case l.Remember != 0 && l.Remember < minRemember:
		return errors.New("otp: Limits.Remember must be at least 24 hours")
	case l.Sends < 0 || l.Window < 0:
		return errors.New("otp: Limits.Sends and Window must not be negative")
	}
	var before time.Duration
	for _, wait := range l.Cooldown {
		if wait < before {
			return errors.New("otp: Limits.Cooldown must neither be negative nor fall")
		}
		before = wait
	}
	return nil
}

// admission says whether one more send is admitted now, after sends that are
// ordered by time, and when the next one may be.
func (l Limits) admission(sends []send, now int64) Admission {
	for len(sends) > 0 && now-sends[0].at >= int64(l.Window) {
		sends = sends[1:]
	}
	n := len(sends)
	if n == 0 {
		return Admission{}
	}
	cooldown := l.Cooldown[min(n, len(l.Cooldown))-1]
	wait := cooldown - time.Duration(now-sends[n-1].at)
	if n >= l.Sends {
		return Admission{Refused: TooMany, Wait: max(wait, l.Window-time.Duration(now-sends[n-l.Sends].at))}
	}
	if wait > 0 {
		return Admission{Refused: TooSoon, Wait: wait}
	}
	return Admission{}
}
