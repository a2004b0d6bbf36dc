package otelverify_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
)

var errNoHistograms = errors.New("no histograms here")

type refusingProvider struct{ noop.MeterProvider }

func (refusingProvider) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return noop.Float64Histogram{}, errNoHistograms
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	o, err := otelverify.New(otelverify.Config{Scopes: []string{"login", "+15005550006 pays"}})
	require.EqualError(t, err, "otelverify: Scopes[1] must be 1 to 64 of [A-Za-z0-9._:-]")
	assert.Nil(t, o)

	o, err = otelverify.New(otelverify.Config{MeterProvider: refusingProvider{}})
	require.ErrorIs(t, err, errNoHistograms)
	assert.Nil(t, o)
}

// Not parallel: the globals are everyone's.
func TestTheGlobalProvidersAreTheDefault(t *testing.T) {
	tracer, meter := otel.GetTracerProvider(), otel.GetMeterProvider()
	t.Cleanup(func() {
		otel.SetTracerProvider(tracer)
		otel.SetMeterProvider(meter)
	})
	r := newRecorder(t)
	otel.SetTracerProvider(r.tracer)
	otel.SetMeterProvider(r.meter)
	tell, err := otelverify.New(otelverify.Config{})
	require.NoError(t, err)
	tell(t.Context(), sendAt(0, anne))
	assert.Len(t, r.spans.Ended(), 1)
	assert.Len(t, r.counts(t, "verify.sends"), 1)
}

func TestTheScopesGivenAreCopied(t *testing.T) {
	t.Parallel()
	scopes := []string{"login"}
	r := newRecorder(t, scopes...)
	scopes[0] = "payment"
	e := sendAt(0, anne)
	e.Scope = "login"
	r.all(e)
	assert.Contains(t, r.counts(t, "verify.sends"), "verify.channel=sms,verify.country=DK,verify.scope=login,verify.vendor=twilio")
}

func TestTheMemoryIsBoundedAndTheOldestGoesFirst(t *testing.T) {
	t.Parallel()
	const most = 65_536
	number := func(n int) (s observe.Subject) {
		binary.BigEndian.PutUint64(s[:], uint64(n))
		return s
	}
	r := newRecorder(t)
	tell, err := otelverify.New(otelverify.Config{TracerProvider: nooptrace.NewTracerProvider(), MeterProvider: r.meter})
	require.NoError(t, err)
	for n := range most {
		tell(t.Context(), sendAt(0, number(n)))
	}
	tell(t.Context(), sendAt(0, number(0))) // the oldest is the youngest now, and nobody had to go
	tell(t.Context(), sendAt(0, number(most)))
	for _, n := range []int{0, 1, 2, most} {
		tell(t.Context(), checkAt(time.Minute, number(n)))
	}
	points := r.histogram(t, "verify.time_to_verify").DataPoints
	require.Len(t, points, 1)
	assert.EqualValues(t, 3, points[0].Count, "only subject 1 is forgotten")
	tell(t.Context(), checkAt(time.Minute, number(1)))
	assert.EqualValues(t, 3, r.histogram(t, "verify.time_to_verify").DataPoints[0].Count)
}

func TestManyTellAtOnce(t *testing.T) {
	t.Parallel()
	const many, calls = 8, 200
	r := newRecorder(t)
	var all sync.WaitGroup
	for n := range many {
		all.Go(func() {
			for range calls {
				r.all(sendAt(0, observe.Subject{byte(n % 2)}), but(checkAt(time.Minute, anne), verify.ErrMismatch), checkAt(time.Minute, observe.Subject{byte(n % 2)}))
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, many*calls, r.counts(t, "verify.sends")["verify.channel=sms,verify.country=DK,verify.vendor=twilio"])
}

// TestNothingOfAPerson looks for a canary in all that an application would
// export.
func TestNothingOfAPerson(t *testing.T) {
	t.Parallel()
	const number, address, code, scope = "+15005550006", "canary@example.com", "1357902468", "order:8642097531"
	r := newRecorder(t, "login")
	secrets := []string{number[1:], "canary", code, scope, "Acme", "EUR"}
	subjects := func(_ context.Context, e observe.Event) {
		secrets = append(secrets, e.Subject.String(), fmt.Sprint([8]byte(e.Subject)))
	}
	fake := mocks.NewFake(code)
	v := observe.New(fake, r.tell, subjects)
	ctx := t.Context()
	for _, to := range []string{number, address, number + "canary"} {
		_, _ = v.Send(ctx, to, verify.WithScope(scope), verify.WithTransaction("EUR 1", "Acme"))
		_ = v.Check(ctx, to, "135790246", verify.WithScope(scope), verify.WithTransaction("EUR 1", "Acme"))
		_ = v.Check(ctx, to, code, verify.WithScope(scope), verify.WithTransaction("EUR 1", "Acme"))
		fake.FailNext(&verify.Error{Outcome: verify.ErrRejected, Detail: "canary"}, errors.New(number+code))
		_, _ = v.Send(ctx, to, verify.WithScope(scope))
		_ = v.Check(ctx, to, code, verify.WithScope(scope))
	}

	require.Len(t, r.spans.Ended(), 15)
	require.NotEmpty(t, r.seconds(t, "verify.time_to_verify"), "an approval was among it")
	spans, err := json.Marshal(tracetest.SpanStubsFromReadOnlySpans(r.spans.Ended()))
	require.NoError(t, err)
	metrics := r.metrics(t)
	numbers, err := json.Marshal(metrics)
	require.NoError(t, err)
	text := string(spans) + string(numbers) + fmt.Sprintf("%+v %+v", metrics, tracetest.SpanStubsFromReadOnlySpans(r.spans.Ended()))
	for _, secret := range secrets {
		assert.NotContains(t, text, secret)
	}
	assert.Contains(t, text, "_OTHER", "the scope was told, but not by name")
}
