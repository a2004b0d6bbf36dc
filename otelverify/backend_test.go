package otelverify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
)

// gauges returns a gauge by its attributes.
func (r *recorder) gauges(t *testing.T, name string) map[string]int64 {
	t.Helper()
	values := map[string]int64{}
	if m := r.metric(t, name); m.Data != nil {
		for _, p := range m.Data.(metricdata.Gauge[int64]).DataPoints {
			values[encoded(p.Attributes)] = p.Value
		}
	}
	return values
}

func TestAnOutageThatTheNextVendorHidesIsMeasured(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	first, second := mocks.NewFake("111111"), mocks.NewFake("222222")
	composite, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Name: "first", Verifier: first}, {Name: "second", Verifier: second}}, Observer: r.tell,
	})
	require.NoError(t, err)
	v := observe.New(composite, r.tell)
	for i := range 12 {
		first.FailNext(verify.ErrUnauthorized)
		_, err := v.Send(context.Background(), fmt.Sprintf("+150055500%02d", i))
		require.NoError(t, err)
	}
	assert.Equal(t, map[string]int64{
		"error.type=unauthorized,verify.backend=first,verify.channel=sms,verify.operation=send,verify.vendor=fake": 10,
	}, r.counts(t, "verify.backend_failures"))
	assert.Equal(t, map[string]int64{
		"verify.backend=first,verify.channel=sms,verify.operation=send,verify.vendor=fake": 1,
	}, r.gauges(t, "verify.breaker_open"))
	assert.Equal(t, map[string]int64{
		"verify.channel=sms,verify.country=US,verify.vendor=fake": 12,
	}, r.counts(t, "verify.sends"), "a backend's request is no Send of its own")
}

func TestABreakerThatClosesIsZero(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	e := observe.Event{Op: observe.OpBreaker, Vendor: "twilio", Backend: "main", BreakerFor: observe.OpCheck}
	for state, want := range map[string]int64{"open": 1, "half_open": 1, "closed": 0} {
		e.Breaker = state
		r.all(e)
		assert.Equal(t, map[string]int64{"verify.backend=main,verify.operation=check,verify.vendor=twilio": want}, r.gauges(t, "verify.breaker_open"), state)
	}
	assert.Empty(t, r.spans.Ended(), "a change of a breaker is no call")
}

func TestAPersonsFaultIsNoFailureOfABackend(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	e := checkAt(time.Minute, observe.Subject{})
	e.Backend = "main"
	r.all(but(e, verify.ErrMismatch), but(e, verify.ErrInvalidRecipient), e)
	assert.Empty(t, r.counts(t, "verify.backend_failures"))
	assert.Empty(t, r.counts(t, "verify.checks"))
	assert.Empty(t, r.counts(t, "verify.approvals"))
	require.Len(t, r.spans.Ended(), 3)
	assert.Equal(t, "verify.backend.check", r.spans.Ended()[0].Name())
}
