package otelverify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

func TestWhatAGuardRefusesIsCountedByRule(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	e := observe.Event{Op: observe.OpGuard, Vendor: "guard", Rule: "prefix", Region: "DK", Prefix: "453212", Outcome: verify.ErrTooManySends}
	r.all(e)
	r.all(e)
	e.Observed = true
	r.all(e)
	r.all(observe.Event{Op: observe.OpGuard, Vendor: "guard", Rule: "convert", Region: "DK", Prefix: "453212"})
	assert.Equal(t, map[string]int64{
		"error.type=too_many_sends,verify.country=DK,verify.rule=prefix":                      2,
		"error.type=too_many_sends,verify.country=DK,verify.observed=true,verify.rule=prefix": 1,
		"verify.country=DK,verify.rule=convert":                                               1,
	}, r.counts(t, "verify.guard"), "a prefix would be a time series of its own")
	assert.Empty(t, r.spans.Ended(), "it is no call: the Send has a span")
	assert.Empty(t, r.counts(t, "verify.checks"))
}
