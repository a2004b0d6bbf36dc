package otelverify

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/observe"
)

const (
	vendorKey     = attribute.Key("verify.vendor")
	channelKey    = attribute.Key("verify.channel")
	countryKey    = attribute.Key("verify.country")
	scopeKey      = attribute.Key("verify.scope")
	operationKey  = attribute.Key("verify.operation")
	backendKey    = attribute.Key("verify.backend")
	vendorCodeKey = attribute.Key("verify.vendor_code")
	requestsKey   = attribute.Key("verify.requests")
	duplicateKey  = attribute.Key("verify.possible_duplicate")
	ruleKey       = attribute.Key("verify.rule")
	statusKey     = attribute.Key("verify.delivery_status")
	unmatchedKey  = attribute.Key("verify.unmatched")
	observedKey   = attribute.Key("verify.observed")
)

// other stands for a value outside of a known set, as the conventions do for
// http.request.method.
const other = "_OTHER"

// labels are what every span and every metric of a call has.
func (t *telemetry) labels(e observe.Event) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 10) // all of a span's
	attrs = text(attrs, vendorKey, e.Vendor)
	attrs = text(attrs, channelKey, string(e.Channel))
	attrs = text(attrs, scopeKey, t.scope(e.Scope))
	return text(attrs, semconv.ErrorTypeKey, string(e.Outcome))
}

// scope returns the name under which s is recorded.
func (t *telemetry) scope(s string) string {
	switch {
	case s == "" || len(t.scopes) == 0:
		return ""
	case slices.Contains(t.scopes, s):
		return s
	}
	return other
}

// text leaves out what is not known.
func text(attrs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, key.String(value))
}

func (t *telemetry) byCountry(e observe.Event) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(text(t.labels(e), countryKey, e.Country())...))
}

// byOperation leaves the country out: a vendor's API is as fast for all of them,
// and a histogram keeps every bucket for each.
func (t *telemetry) byOperation(e observe.Event) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(text(t.labels(e), operationKey, e.Op)...))
}

// byBackend leaves scope and country out: a breaker has neither.
func (t *telemetry) byBackend(e observe.Event) metric.MeasurementOption {
	attrs := text(nil, backendKey, e.Backend)
	attrs = text(attrs, vendorKey, e.Vendor)
	attrs = text(attrs, operationKey, e.Op)
	attrs = text(attrs, channelKey, string(e.Channel))
	return metric.WithAttributeSet(attribute.NewSet(text(attrs, semconv.ErrorTypeKey, string(e.Outcome))...))
}

// byRule leaves the prefix out: there are too many.
func byRule(e observe.Event) metric.MeasurementOption {
	attrs := text(nil, ruleKey, e.Rule)
	attrs = text(attrs, countryKey, e.Country())
	if e.Observed {
		attrs = append(attrs, observedKey.Bool(true))
	}
	return metric.WithAttributeSet(attribute.NewSet(text(attrs, semconv.ErrorTypeKey, string(e.Outcome))...))
}

// byStatus is byCountry, and how far the message came.
func (t *telemetry) byStatus(e observe.Event) metric.MeasurementOption {
	attrs := text(t.labels(e), countryKey, e.Country())
	attrs = append(attrs, statusKey.String(status(e.Status)))
	if e.Unmatched {
		attrs = append(attrs, unmatchedKey.Bool(true))
	}
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// status returns the name under which s is recorded.
func status(s delivery.Status) string {
	switch s {
	case delivery.Accepted, delivery.Sent, delivery.Delivered, delivery.Undelivered, delivery.Expired, delivery.Blocked, delivery.Failed:
		return string(s)
	}
	return other
}

// byCredentials tells the backends of one vendor apart.
func byCredentials(e observe.Event) metric.MeasurementOption {
	attrs := text(text(nil, vendorKey, e.Vendor), backendKey, e.Backend)
	return metric.WithAttributeSet(attribute.NewSet(text(attrs, semconv.ErrorTypeKey, string(e.Outcome))...))
}

// span makes the span of a call that is over, and returns its context.
//
// The status has no description: the conventions advise against one that only
// repeats error.type.
// https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
func (t *telemetry) span(ctx context.Context, e observe.Event) context.Context {
	name := "verify." + e.Op
	if e.Backend != "" {
		name = "verify.backend." + e.Op
	}
	ctx, span := t.tracer.Start(ctx, name,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(e.Time),
		trace.WithAttributes(t.details(e)...), // now, since samplers read them
	)
	if isFault(e.Outcome) {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(end(e)))
	return ctx
}

func end(e observe.Event) time.Time { return e.Time.Add(e.Latency) }

// isFault says whether the vendor or an operator is at fault, and not a person.
func isFault(o verify.Outcome) bool {
	switch o {
	case verify.ErrUnauthorized, verify.ErrUnsupported, verify.ErrRejected,
		verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown:
		return true
	}
	return false
}

// details are what a span has besides what metrics have.
func (t *telemetry) details(e observe.Event) []attribute.KeyValue {
	attrs := text(t.labels(e), countryKey, e.Country())
	attrs = text(attrs, vendorCodeKey, e.VendorCode)
	attrs = text(attrs, backendKey, e.Backend)
	if e.HTTPStatus != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.HTTPStatus))
	}
	if e.Requests != 0 {
		attrs = append(attrs, requestsKey.Int(e.Requests))
	}
	if e.Duplicate {
		attrs = append(attrs, duplicateKey.Bool(true))
	}
	return attrs
}

type instruments struct {
	sends, checks, approvals, duplicates  metric.Int64Counter
	backendFailures                       metric.Int64Counter
	breakerOpen                           metric.Int64Gauge
	guarded, credentials, deliveries      metric.Int64Counter
	duration, timeToVerify, timeToDeliver metric.Float64Histogram
}

func newInstruments(m metric.Meter) (instruments, error) {
	var (
		i    instruments
		errs [12]error

		// Those of http.client.request.duration, and the 15 s that a Send may take.
		// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
		durations = metric.WithExplicitBucketBoundaries(
			0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15)

		// A person reads and types within a minute, or a code of ten minutes runs out.
		timesToVerify = metric.WithExplicitBucketBoundaries(
			2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900)

		// A message arrives within seconds, or an operator holds it for hours.
		timesToDeliver = metric.WithExplicitBucketBoundaries(
			1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 300, 600, 3600)
	)
	i.sends, errs[0] = m.Int64Counter("verify.sends", metric.WithUnit("{send}"),
		metric.WithDescription("Sends, by outcome."))
	i.checks, errs[1] = m.Int64Counter("verify.checks", metric.WithUnit("{check}"),
		metric.WithDescription("Checks, by outcome."))
	i.approvals, errs[2] = m.Int64Counter("verify.approvals", metric.WithUnit("{approval}"),
		metric.WithDescription("Checks that were approved, by the vendor that sent the code."))
	i.duplicates, errs[3] = m.Int64Counter("verify.possible_duplicates", metric.WithUnit("{send}"),
		metric.WithDescription("Sends of which two copies may arrive."))
	i.duration, errs[4] = m.Float64Histogram("verify.operation.duration", metric.WithUnit("s"), durations,
		metric.WithDescription("Duration of Sends and Checks."))
	i.timeToVerify, errs[5] = m.Float64Histogram("verify.time_to_verify", metric.WithUnit("s"), timesToVerify,
		metric.WithDescription("Time from the start of the last Send to the end of the Check that was approved."))
	i.backendFailures, errs[6] = m.Int64Counter("verify.backend_failures", metric.WithUnit("{request}"),
		metric.WithDescription("Requests to one backend that failed by the vendor's or an operator's fault."))
	i.breakerOpen, errs[7] = m.Int64Gauge("verify.breaker_open", metric.WithUnit("{breaker}"),
		metric.WithDescription("1 while the breaker of a backend is not closed."))
	i.guarded, errs[8] = m.Int64Counter("verify.guard", metric.WithUnit("{decision}"),
		metric.WithDescription("Sends that a guard refused, and prefixes that it closed."))
	i.credentials, errs[9] = m.Int64Counter("verify.credentials", metric.WithUnit("{reading}"),
		metric.WithDescription("New credentials of vendors that were read, without outcome if they are in use."))
	i.deliveries, errs[10] = m.Int64Counter("verify.deliveries", metric.WithUnit("{report}"),
		metric.WithDescription("Reports of vendors of what became of messages, by status."))
	i.timeToDeliver, errs[11] = m.Float64Histogram("verify.time_to_deliver", metric.WithUnit("s"), timesToDeliver,
		metric.WithDescription("Time from the start of a Send to the delivery that its vendor reports."))
	return i, errors.Join(errs[:]...)
}
