package otelverify

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

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
	attrs := text(t.labels(e), callingCodeKey, e.CallingCode)
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
