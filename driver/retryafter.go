package driver

import (
	"net/http"
	"strconv"
	"time"
)

const (
	maxRetryAfter    = 24 * time.Hour
	maxSecondsDigits = 10 // beyond them an int64 of nanoseconds may overflow
)

// retryAfter reads the answer's Retry-After: seconds, or a date in one of the
// three forms of RFC 9110 section 5.6.7, measured against the answer's own Date
// so that clock skew does not matter. It is within 0 and 24 h; a value that is
// neither form is ignored.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if isSeconds(value) {
		n, _ := strconv.ParseInt(value, 10, 64) // ten digits fit
		return min(time.Duration(n), maxRetryAfter/time.Second) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// untilReset reads a time in seconds since 1970, measured against the answer's own
// Date. It is within 0 and 24 h.
func untilReset(h http.Header, name string, now time.Time) time.Duration {
	value := h.Get(name)
	if value == "" || !isSeconds(value) {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	n, _ := strconv.ParseInt(value, 10, 64) // ten digits fit
	return min(max(time.Unix(n, 0).Sub(now), 0), maxRetryAfter)
}

func isSeconds(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) <= maxSecondsDigits
}
