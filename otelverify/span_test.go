package otelverify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		event observe.Event
		name  string
		attrs string
	}{
		"sent": {
			sendAt(0, anne), "verify.send",
			"verify.channel=sms,verify.country=DK,verify.requests=1,verify.vendor=twilio",
		},
		"sent, perhaps twice": {
			observe.Event{Time: noon, Op: "send", Latency: time.Second, Vendor: "twilio", Channel: verify.ChannelEmail, Requests: 2, Duplicate: true}, "verify.send",
			"verify.channel=email,verify.possible_duplicate=true,verify.requests=2,verify.vendor=twilio",
		},
		"throttled": {
			observe.Event{
				Time: noon, Op: "send", Latency: time.Second, Vendor: "twilio", Channel: verify.ChannelSMS, CallingCode: "1", Region: "US",
				Outcome: verify.ErrRateLimited, VendorCode: "20429", HTTPStatus: 429, Requests: 3,
			}, "verify.send",
			"error.type=rate_limited,http.response.status_code=429,verify.channel=sms,verify.country=US,verify.requests=3,verify.vendor=twilio,verify.vendor_code=20429",
		},
		"approved": {checkAt(0, birte), "verify.check", "verify.country=DK,verify.vendor=twilio"},
		"nothing known": {
			observe.Event{Time: noon, Op: "check", Latency: time.Second, Outcome: verify.ErrOutcomeUnknown}, "verify.check",
			"error.type=outcome_unknown",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t)
			r.all(tc.event)
			require.Len(t, r.spans.Ended(), 1)
			span := r.spans.Ended()[0]
			assert.Equal(t, tc.name, span.Name())
			assert.Equal(t, oteltrace.SpanKindClient, span.SpanKind())
			assert.Equal(t, noon, span.StartTime(), "the event's own start")
			assert.Equal(t, noon.Add(time.Second), span.EndTime(), "the event's own end")
			assert.Equal(t, tc.attrs, encoded(attribute.NewSet(span.Attributes()...)))
			assert.Equal(t, "github.com/go2fa/verify/otelverify", span.InstrumentationScope().Name)
			assert.NotEmpty(t, span.InstrumentationScope().SchemaURL)
		})
	}
}

func TestStatusIsAnErrorOnlyForAFault(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[verify.Outcome]codes.Code{
		"":                        codes.Unset,
		verify.ErrMismatch:        codes.Unset,
		verify.ErrNotPending:      codes.Unset,
		verify.ErrTooManyAttempts: codes.Unset,
		verify.ErrTooManySends:    codes.Unset,

		verify.ErrInvalidRecipient: codes.Unset,
		verify.ErrBlocked:          codes.Unset,

		verify.ErrUnsupported:    codes.Error,
		verify.ErrUnauthorized:   codes.Error,
		verify.ErrRejected:       codes.Error,
		verify.ErrRateLimited:    codes.Error,
		verify.ErrUnavailable:    codes.Error,
		verify.ErrOutcomeUnknown: codes.Error,
	} {
		r := newRecorder(t)
		r.all(but(checkAt(0, anne), outcome), but(sendAt(0, anne), outcome))
		for _, span := range r.spans.Ended() {
			assert.Equal(t, trace.Status{Code: want}, span.Status(), "%s, %q", span.Name(), outcome)
		}
	}
}

func TestACheckKnowsTheChannelOfItsSend(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.all(sendAt(0, anne), but(checkAt(time.Minute, anne), verify.ErrMismatch), checkAt(time.Minute, birte))
	spans := r.spans.Ended()
	require.Len(t, spans, 3)
	assert.Contains(t, spans[1].Attributes(), attribute.String("verify.channel", "sms"))
	for _, a := range spans[2].Attributes() {
		assert.NotEqual(t, "verify.channel", string(a.Key), "nothing was sent to her")
	}
}

func TestSpansAndExemplarsBelongToTheCallersTrace(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	ctx, parent := r.tracer.Tracer("test").Start(t.Context(), "login")
	r.tell(ctx, sendAt(0, anne))
	r.tell(ctx, checkAt(time.Minute, anne))
	spans := r.spans.Ended()
	require.Len(t, spans, 2)
	for i, metric := range []string{"verify.operation.duration", "verify.time_to_verify"} {
		assert.Equal(t, parent.SpanContext().SpanID(), spans[i].Parent().SpanID())
		points := r.histogram(t, metric).DataPoints
		exemplars := points[len(points)-1].Exemplars
		require.NotEmpty(t, exemplars, metric)
		id := parent.SpanContext().TraceID()
		assert.Equal(t, id[:], exemplars[0].TraceID)
		own := parent.SpanContext().SpanID()
		assert.NotEqual(t, own[:], exemplars[0].SpanID, "an exemplar leads to the call, not to its parent")
	}
}

// droppingSends is a sampler of an application that wants no span of a Send.
type droppingSends struct{ trace.Sampler }

func (s droppingSends) ShouldSample(p trace.SamplingParameters) trace.SamplingResult {
	for _, a := range p.Attributes {
		if a == attribute.String("verify.vendor", "twilio") && p.Name == "verify.send" {
			return trace.SamplingResult{Decision: trace.Drop}
		}
	}
	return s.Sampler.ShouldSample(p)
}

func TestSamplersSeeTheAttributes(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans), trace.WithSampler(droppingSends{trace.AlwaysSample()}))
	r := newRecorder(t)
	tell, err := otelverify.New(otelverify.Config{TracerProvider: provider, MeterProvider: r.meter})
	require.NoError(t, err)
	tell(t.Context(), sendAt(0, anne))
	tell(t.Context(), checkAt(0, anne))
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, "verify.check", spans.Ended()[0].Name())
	assert.Len(t, r.counts(t, "verify.sends"), 1, "metrics count what no span tells")
}
