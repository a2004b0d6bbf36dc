package driver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify"
)

// second is a row of a check whose first answer is lost: the second one says
// nothing of the first try.
func second(status int, code string, steps ...step) row {
	return row{only: "check", script: steps, check: want{
		kind: unknown, requests: 2, effects: 2, status: status, code: code,
	}}
}

// A check that is tried again: a denial after a lost answer, and what the first try
// may have done.
func TestAnswersAfterALostOne(t *testing.T) {
	t.Parallel()
	notFound := answer(404, vendorError("20404"))
	approved := answer(200, accepted)
	undone := func(r row) row {
		r.check.effects = 1 // only of the first try
		return r
	}

	runTable(t, posts(), map[string]row{
		"not found, after a reset":        second(404, "20404", reset(""), notFound),
		"not found, after half an answer": second(404, "20404", broken(long), notFound),
		"not found, after a 500":          second(404, "20404", answer(500, prose), notFound),
		"not found, after a 408":          second(404, "20404", answer(408, ""), notFound),
		"a wrong code, after a reset":     second(400, "40001", reset(""), answer(400, vendorError("40001"))),
		"too many guesses, after a reset": second(429, "60202", reset(""), answer(429, vendorError("60202"))),
		"a page, after a reset":           second(404, "", reset(""), answer(404, "<html>")),
		"nonsense, after half an answer":  second(200, "", broken(long), answer(200, "<html>")),
		"throttled, after a reset":        undone(second(429, "20429", reset(""), refusal(429, vendorError("20429")))),
		"not processed, after a reset":    undone(second(503, "20503", reset(""), refusal(503, vendorError("20503")))),
		"the credentials, after a reset":  undone(second(401, "", reset(""), refusal(401, ""))),

		"approved after a reset":         approvedSecond(reset(""), approved),
		"approved after half an answer":  approvedSecond(broken(long), approved),
		"approved after a 503":           approvedSecond(answer(503, "", "Retry-After: 0"), approved),
		"not found, after a throttle":    goneSecond(refusal(429, ""), notFound),
		"not found, after not processed": goneSecond(refusal(503, vendorError("20503")), notFound),
		"a send, reset after a throttle": {
			only: "send", script: script(refusal(429, ""), reset("")),
			send: want{kind: unknown, requests: 2, effects: 1},
		},
	})
}

// approvedSecond tells that the first try may have counted too.
func approvedSecond(steps ...step) row {
	return row{only: "check", script: steps, check: want{requests: 2, effects: 2, repeated: true}}
}

// goneSecond is certain, since the first try did nothing.
func goneSecond(steps ...step) row {
	return row{only: "check", script: steps, check: want{
		kind: verify.ErrNotPending, requests: 2, effects: 1, status: 404, code: "20404",
	}}
}

// The throttles of an account. Those that are waited for are in
// TestRetryAfterIsWaited.
func TestThrottled(t *testing.T) {
	t.Parallel()
	const limited = verify.ErrRateLimited
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for i, form := range dateForms {
		date := func(d time.Duration) []string {
			return []string{"Date: " + start.Format(dateForms[0]), "Retry-After: " + start.Add(d).Format(form)}
		}
		runTable(t, posts(), map[string]row{
			fmt.Sprintf("come back at a date, form %d", i): at429(time.Hour, date(time.Hour)...),
			fmt.Sprintf("come back next year, form %d", i): at429(24*time.Hour, date(300*24*time.Hour)...),
			fmt.Sprintf("come back yesterday, form %d", i): tried(limited, 429, "", refusal(429, "", date(-24*time.Hour)...)),
		})
	}
	runTable(t, posts(), map[string]row{
		"accepted after a throttle": {
			script: script(refusal(429, vendorError("20429"), "Retry-After: 0"), answer(200, accepted)),
			send:   want{requests: 2, effects: 1}, check: want{requests: 2, effects: 1},
		},
		"accepted after two": {
			only: "send", script: script(refusal(429, ""), refusal(429, ""), answer(200, accepted)),
			send: want{requests: 3, effects: 1},
		},
		"throttled without end":     tried(limited, 429, "20429", refusal(429, vendorError("20429"), "Retry-After: 0")),
		"come back in 6 seconds":    at429(6*time.Second, "Retry-After: 6"),
		"come back in an hour":      at429(time.Hour, "Retry-After: 3600"),
		"come back in 31 years":     at429(24*time.Hour, "Retry-After: 1000000000"),
		"come back past the end":    at429(4*time.Second, "Retry-After: 4"),
		"throttled without a hint":  tried(limited, 429, "", refusal(429, "")),
		"come back soon":            tried(limited, 429, "", refusal(429, "", "Retry-After: soon")),
		"come back before now":      tried(limited, 429, "", refusal(429, "", "Retry-After: -1")),
		"come back after all time":  tried(limited, 429, "", refusal(429, "", "Retry-After: 9223372036854775807")),
		"come back in half seconds": tried(limited, 429, "", refusal(429, "", "Retry-After: 0.5")),
	})
}

// at429 is a row of a throttle that is told and not waited for.
func at429(d time.Duration, header ...string) row {
	w := want{kind: verify.ErrRateLimited, requests: 1, status: 429}
	return later(both(w, refusal(429, "<html>", header...)), d)
}

// The three forms of a date in HTTP: RFC 9110 section 5.6.7.
var dateForms = []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC}
