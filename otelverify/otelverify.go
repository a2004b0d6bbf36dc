// Package otelverify turns the events of package observe into OpenTelemetry spans
// and metrics.
//
//	o, err := otelverify.New(otelverify.Config{})
//	v = observe.New(v, o)
//
// # Spans
//
// One span a call, of kind client, verify.send or verify.check, from the call's
// own start to its end. Its status is an error only where the vendor or an
// operator is at fault (ErrUnauthorized, ErrUnsupported, ErrRejected,
// ErrRateLimited, ErrUnavailable, ErrOutcomeUnknown). A wrong code, a bad number
// or a guard that did its work leave it unset and are told by error.type. A span
// is made when its call is over, so spans of an instrumented *http.Client are its
// siblings.
//
// # Metrics
//
//	verify.sends                {send}      Sends, by vendor, channel, country and outcome
//	verify.checks               {check}     Checks, by the vendor that answered, the same
//	verify.approvals            {approval}  approved Checks, by the vendor that sent the code
//	verify.possible_duplicates  {send}      Sends of which two copies may arrive
//	verify.operation.duration   s           how long a call took, by operation; not by country
//	verify.time_to_verify       s           from the start of the last Send to the end of the Check that was approved
//	verify.backend_failures     {request}   requests to one backend of a failover that failed by the vendor's or an operator's fault
//	verify.breaker_open         {breaker}   1 from the moment a backend's breaker opens until it closes, then 0
//
// The last two come from events of package failover, so give its Config.Observer
// (or vendors.WithObserver) the same Observer. Raise an alarm on
// verify.backend_failures with error.type unauthorized, or on a breaker that stays
// open: while the next vendor sends, nothing else shows it.
//
// Conversion by country or vendor is verify.approvals divided by those of
// verify.sends that have no error.type, both summed by verify.calling_code or
// verify.vendor. A second Send for the same code counts again. A Send that is
// outcome_unknown does not count, though its code may arrive and be approved.
//
// # Attributes
//
//	verify.vendor              who answered, or of an approval who sent: "twilio"
//	verify.channel             of a Send; of a Check, that of the last Send
//	verify.calling_code        country calling code, without the plus; not of e-mail
//	verify.scope               only if Config.Scopes is set
//	verify.operation           send or check; of verify.operation.duration, and of backends and breakers
//	verify.backend             a backend's name; of backends and breakers
//	error.type                 the outcome; missing: sent, or approved
//	verify.vendor_code         the vendor's own number for a failure; of spans
//	http.response.status_code  of a failure; of spans
//	verify.requests               requests made, if known; of spans
//	verify.possible_duplicate  true, or missing; of spans
//
// What is not known is left out. No span and no metric holds a recipient, a code,
// or the subject of an event. A request to one backend of a failover has a span of
// its own, verify.backend.send or verify.backend.check.
//
// # What joins a Send with its Check
//
// The subject of an event, remembered in memory: at most 65,536 for at most 15
// minutes each, the oldest dropped first. A Check whose Send is not remembered,
// for example because another process sent, has no channel and no time to verify,
// and its approval counts for the vendor that answered. A Check that a failover
// answers without asking a vendor counts for "failover".
package otelverify

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

const scopeName = "github.com/go2fa/verify/otelverify"

// A Config says where spans and metrics go. The zero value is ready to use.
type Config struct {
	// TracerProvider defaults to the global one.
	TracerProvider trace.TracerProvider

	// MeterProvider defaults to the global one.
	MeterProvider metric.MeterProvider

	// Scopes are told by name, and every other one as "_OTHER": a scope that names
	// an order or a session would make a time series of its own. Defaults to none,
	// and then no scope is told at all.
	Scopes []string
}

// New returns an Observer that makes spans and metrics of events.
// It is safe for concurrent use and may serve several Verifiers. It fails if a
// scope is none, or if the MeterProvider refuses an instrument.
func New(cfg Config) (observe.Observer, error) {
	for i, s := range cfg.Scopes {
		if !verify.IsScope(s) {
			return nil, fmt.Errorf("otelverify: Scopes[%d] must be 1 to 64 of [A-Za-z0-9._:-]", i)
		}
	}
	if cfg.TracerProvider == nil {
		cfg.TracerProvider = otel.GetTracerProvider()
	}
	if cfg.MeterProvider == nil {
		cfg.MeterProvider = otel.GetMeterProvider()
	}
	instruments, err := newInstruments(cfg.MeterProvider.Meter(scopeName, metric.WithSchemaURL(semconv.SchemaURL)))
	if err != nil {
		return nil, fmt.Errorf("otelverify: the MeterProvider refused an instrument: %w", err)
	}
	t := &telemetry{
		tracer:      cfg.TracerProvider.Tracer(scopeName, trace.WithSchemaURL(semconv.SchemaURL)),
		instruments: instruments,
		scopes:      slices.Clone(cfg.Scopes),
	}
	return t.observe, nil
}

type telemetry struct {
	tracer      trace.Tracer
	instruments instruments
	scopes      []string
	memory      memory
}

// observe records metrics under the span, so that exemplars lead to it.
func (t *telemetry) observe(ctx context.Context, e observe.Event) {
	switch {
	case e.Op == observe.OpBreaker:
		t.breaker(ctx, e)
		return
	case e.Backend != "":
		t.backend(t.span(ctx, e), e)
		return
	case e.Op == observe.OpSend:
		t.send(t.span(ctx, e), e)
		return
	}
	last, known := t.memory.recall(e)
	if known {
		e.Channel = last.channel
	}
	ctx = t.span(ctx, e)
	t.check(ctx, e)
	if e.Outcome == "" {
		t.approval(ctx, e, last, known)
	}
}

func (t *telemetry) send(ctx context.Context, e observe.Event) {
	t.duration(ctx, e)
	place := t.byCountry(e)
	t.instruments.sends.Add(ctx, 1, place)
	if e.Duplicate {
		t.instruments.duplicates.Add(ctx, 1, place)
	}
	t.memory.remember(e)
}

func (t *telemetry) check(ctx context.Context, e observe.Event) {
	t.duration(ctx, e)
	t.instruments.checks.Add(ctx, 1, t.byCountry(e))
}

// approval counts for the vendor that sent.
func (t *telemetry) approval(ctx context.Context, e observe.Event, last sent, known bool) {
	if known {
		e.Vendor = last.vendor
	}
	place := t.byCountry(e)
	t.instruments.approvals.Add(ctx, 1, place)
	if known {
		t.instruments.timeToVerify.Record(ctx, end(e).Sub(last.began).Seconds(), place)
	}
}

// backend counts what the next vendor would hide.
func (t *telemetry) backend(ctx context.Context, e observe.Event) {
	if isFault(e.Outcome) {
		t.instruments.backendFailures.Add(ctx, 1, t.byBackend(e))
	}
}

func (t *telemetry) breaker(ctx context.Context, e observe.Event) {
	open := int64(1) // a half-open one lets no more than a probe through
	if e.Breaker == "closed" {
		open = 0
	}
	e.Op = e.BreakerFor
	t.instruments.breakerOpen.Record(ctx, open, t.byBackend(e))
}

func (t *telemetry) duration(ctx context.Context, e observe.Event) {
	t.instruments.duration.Record(ctx, e.Latency.Seconds(), t.byOperation(e))
}
