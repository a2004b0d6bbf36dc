package otelverify_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	anne  = observe.Subject{1}
	birte = observe.Subject{2}
)

// A recorder keeps what an application would export.
type recorder struct {
	spans  *tracetest.SpanRecorder
	tracer *trace.TracerProvider
	reader *metric.ManualReader
	meter  *metric.MeterProvider
	tell   observe.Observer
}

func newRecorder(t *testing.T, scopes ...string) *recorder {
	t.Helper()
	r := &recorder{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	r.tracer = trace.NewTracerProvider(trace.WithSpanProcessor(r.spans))
	r.meter = metric.NewMeterProvider(metric.WithReader(r.reader))
	var err error
	r.tell, err = otelverify.New(otelverify.Config{TracerProvider: r.tracer, MeterProvider: r.meter, Scopes: scopes})
	require.NoError(t, err)
	return r
}

func (r *recorder) all(events ...observe.Event) {
	for _, e := range events {
		r.tell(context.Background(), e)
	}
}

func (r *recorder) metrics(t *testing.T) metricdata.ResourceMetrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(context.Background(), &all))
	return all
}

// metric returns one metric by name, and the zero value if nothing was recorded.
func (r *recorder) metric(t *testing.T, name string) metricdata.Metrics {
	t.Helper()
	for _, scope := range r.metrics(t).ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m
			}
		}
	}
	return metricdata.Metrics{}
}

// counts returns a counter by its attributes, written a=b,c=d in order of name.
func (r *recorder) counts(t *testing.T, name string) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	if m := r.metric(t, name); m.Data != nil {
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			counts[encoded(p.Attributes)] = p.Value
		}
	}
	return counts
}

// seconds returns the sum of a histogram by its attributes.
func (r *recorder) seconds(t *testing.T, name string) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for _, p := range r.histogram(t, name).DataPoints {
		sums[encoded(p.Attributes)] = p.Sum
	}
	return sums
}

func (r *recorder) histogram(t *testing.T, name string) metricdata.Histogram[float64] {
	t.Helper()
	if m := r.metric(t, name); m.Data != nil {
		return m.Data.(metricdata.Histogram[float64])
	}
	return metricdata.Histogram[float64]{}
}

func encoded(s attribute.Set) string { return s.Encoded(attribute.DefaultEncoder()) }

func sendAt(after time.Duration, to observe.Subject) observe.Event {
	return observe.Event{
		Time: noon.Add(after), Op: "send", Vendor: "twilio", Channel: verify.ChannelSMS,
		Latency: time.Second, Requests: 1, CallingCode: "45", Region: "DK", Subject: to,
	}
}

func checkAt(after time.Duration, to observe.Subject) observe.Event {
	return observe.Event{
		Time: noon.Add(after), Op: "check", Vendor: "twilio",
		Latency: time.Second, CallingCode: "45", Region: "DK", Subject: to,
	}
}

func but(e observe.Event, o verify.Outcome) observe.Event {
	e.Outcome = o
	return e
}
