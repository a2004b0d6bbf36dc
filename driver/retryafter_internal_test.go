package driver

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const (
		date    = "Sat, 21 Nov 2026 10:00:00 GMT"
		day     = 24 * time.Hour
		noDate  = ""
		badDate = "yesterday"
	)
	ours := time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC) // an hour ahead of the vendor's clock
	tests := map[string]struct {
		value, date string
		want        time.Duration
	}{
		"none":                         {"", date, 0},
		"no wait":                      {"0", date, 0},
		"a second":                     {"1", date, time.Second},
		"with zeros in front":          {"0000000007", date, 7 * time.Second},
		"a day":                        {"86400", date, day},
		"more than a day":              {"86401", date, day},
		"ten digits":                   {"9999999999", date, day},
		"eleven digits":                {"10000000000", date, 0},
		"all an int64 holds":           {"9223372036854775807", date, 0},
		"a negative number":            {"-1", date, 0},
		"a sign":                       {"+1", date, 0},
		"a fraction":                   {"1.5", date, 0},
		"hexadecimal":                  {"0x10", date, 0},
		"an exponent":                  {"1e3", date, 0},
		"digits of another script":     {"٣", date, 0},
		"a unit":                       {"3s", date, 0},
		"words":                        {"in an hour", date, 0},
		"two values":                   {"3, 4", date, 0},
		"IMF-fixdate":                  {"Sat, 21 Nov 2026 10:00:05 GMT", date, 5 * time.Second},
		"RFC 850":                      {"Saturday, 21-Nov-26 10:00:05 GMT", date, 5 * time.Second},
		"asctime":                      {"Sat Nov 21 10:00:05 2026", date, 5 * time.Second},
		"the reply's date in RFC 850":  {"Sat, 21 Nov 2026 10:00:05 GMT", "Saturday, 21-Nov-26 10:00:00 GMT", 5 * time.Second},
		"the reply's date in asctime":  {"Sat, 21 Nov 2026 10:00:05 GMT", "Sat Nov 21 10:00:00 2026", 5 * time.Second},
		"the same moment":              {date, date, 0},
		"a date before":                {"Sat, 21 Nov 2026 09:59:59 GMT", date, 0},
		"a date long before":           {"Mon, 01 Jan 0001 00:00:00 GMT", date, 0},
		"a date long after":            {"Fri, 31 Dec 9999 23:59:59 GMT", date, day},
		"a date that is none":          {"Sat, 31 Feb 2026 10:00:00 GMT", date, 0},
		"a date in another zone":       {"Sat, 21 Nov 2026 10:00:05 CET", date, 0},
		"a date, and our own clock":    {"Sat, 21 Nov 2026 11:00:05 GMT", noDate, 5 * time.Second},
		"a date, by a broken Date":     {"Sat, 21 Nov 2026 11:00:05 GMT", badDate, 5 * time.Second},
		"a date before, and our clock": {"Sat, 21 Nov 2026 10:00:05 GMT", noDate, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if test.value != "" {
				h.Set("Retry-After", test.value)
			}
			if test.date != noDate {
				h.Set("Date", test.date)
			}
			assert.Equal(t, test.want, retryAfter(h, ours))
		})
	}
}

// Whatever a vendor sends, the wait is within 0 and 24 h.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "1", "86400", "9999999999", "9223372036854775807", "-9223372036854775808", "1e9",
		"Sat, 21 Nov 2026 10:00:05 GMT", "Saturday, 21-Nov-26 10:00:05 GMT", "Sat Nov 21 10:00:05 2026",
		"Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		f.Add(seed, "Sat, 21 Nov 2026 10:00:00 GMT", int64(0))
		f.Add(seed, "", int64(1)<<62)
	}
	f.Fuzz(func(t *testing.T, value, date string, now int64) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		d := retryAfter(h, time.Unix(now, 0))
		assert.GreaterOrEqual(t, d, time.Duration(0))
		assert.LessOrEqual(t, d, maxRetryAfter)
	})
}

// The wait before a retry is anywhere below 200 ms, doubled each time up to 2 s:
// callers who failed together do not come back together.
func TestUntilReset(t *testing.T) {
	t.Parallel()
	ours := time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC) // an hour ahead of the vendor's clock
	const date = "Sat, 28 Nov 2026 12:00:00 GMT"
	for name, tc := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"none":                 {"", date, 0},
		"in ten minutes":       {"1795867800", date, 10 * time.Minute},
		"by our clock":         {"1795870860", "", time.Minute},
		"in the past":          {"1795867199", date, 0},
		"seconds from now":     {"60", date, 0},
		"further than a day":   {"9999999999", date, 24 * time.Hour},
		"in milliseconds":      {"1795867800000", date, 0},
		"words":                {"soon", date, 0},
		"a fraction":           {"1795867800.5", date, 0},
		"a date that is none":  {"1795870860", "yesterday", time.Minute},
		"digits of no ASCII":   {"٣", date, 0},
		"below zero, for ever": {"-1", date, 0},
	} {
		h := http.Header{"X-Reset": {tc.value}}
		if tc.date != "" {
			h.Set("Date", tc.date)
		}
		assert.Equal(t, tc.want, untilReset(h, "X-Reset", ours), name)
		assert.Zero(t, untilReset(h, "", ours), "no vendor names it")
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	most := []time.Duration{200, 400, 800, 1600, 2000, 2000, 2000}
	for n, ms := range most {
		bound := ms * time.Millisecond
		var low, high int
		for range 1000 {
			d := jitter(n)
			assert.GreaterOrEqual(t, d, time.Duration(0))
			assert.Less(t, d, bound)
			if d < bound/4 {
				low++
			}
			if d > bound*3/4 {
				high++
			}
		}
		assert.NotZero(t, low)
		assert.NotZero(t, high)
	}
}
