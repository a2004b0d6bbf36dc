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
// A Check that observe.Checker reports, of an authenticator app or a recovery code, is
// one like any other, with the vendor totp or recovery and neither channel nor country.
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
//	verify.guard                {decision}  Sends that package guard refused, by rule, country and outcome; without an outcome, prefixes that it closed
//	verify.credentials          {reading}   new credentials that were read, by vendor and backend; without an outcome they are in use
//	verify.deliveries           {report}    what vendors report of messages, by vendor, channel, country and status
//	verify.time_to_deliver      s           from the start of a Send to the delivery that its vendor reports
//
// Those of backends, breakers, the guard and credentials come from events of packages
// failover, guard and vendors, so give their Config.Observer (or vendors.WithObserver)
// the same Observer. Raise an alarm on verify.backend_failures with error.type
// unauthorized, or on a breaker that stays open: while the next vendor sends, nothing
// else shows it. docs/operate.md has rules for Prometheus and a dashboard.
//
// Conversion by country or vendor is verify.approvals divided by those of
// verify.sends that have no error.type, both summed by verify.country or
// verify.vendor. A second Send for the same code counts again, but not one that was
// answered by an idempotency key. A Send that is outcome_unknown does not count, though
// its code may arrive and be approved.
//
// The last two come from an observe.Deliveries that is given the same Observer, and
// from the reports of each vendor. A message counts once for each status that was
// reported of it, so delivery by country or vendor is verify.deliveries of status
// delivered divided by all that are final: delivered, undelivered, expired, blocked and
// failed. Not every vendor reports a delivery, and for Vonage Verify it is the moment in
// which the code was checked: see each NewReports. A report without its Send has
// verify.unmatched and neither country nor channel.
//
// # Attributes
//
//	verify.vendor              who answered, or of an approval who sent: "twilio"
//	verify.channel             of a Send; of a Check, that of the last Send
//	verify.country             by ISO 3166-1, "DK"; of a number of no country that is known its calling code, "+882"; not of e-mail
//	verify.scope               only if Config.Scopes is set
//	verify.operation           send or check; of verify.operation.duration, and of backends and breakers
//	verify.backend             a backend's name; of backends and breakers
//	verify.rule                of a guard: "prefix", "countries"
//	verify.observed            of a guard that only observes: true, or missing
//	verify.delivery_status     of a report: accepted, sent, delivered, undelivered, expired, blocked or failed
//	verify.unmatched           of a report without its Send: true, or missing
//	error.type                 the outcome; missing: sent, or approved
//	verify.vendor_code         the vendor's own number for a failure; of spans
//	http.response.status_code  of a failure; of spans
//	verify.requests            requests made, if known; of spans
//	verify.possible_duplicate  true, or missing; of spans
//
// There are at most 265 countries: 244 regions, and the 21 calling codes whose number may
// belong to none. What is not known is left out. No span and no metric holds a recipient, a code,
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
	"github.com/go2fa/verify/delivery"
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
	case e.Op == observe.OpGuard:
		t.instruments.guarded.Add(ctx, 1, byRule(e))
		return
	case e.Op == observe.OpCredentials:
		t.instruments.credentials.Add(ctx, 1, byCredentials(e))
		return
	case e.Op == observe.OpDelivery:
		t.delivery(ctx, e)
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
	if e.Repeated {
		return // nothing was sent
	}
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

func (t *telemetry) delivery(ctx context.Context, e observe.Event) {
	t.instruments.deliveries.Add(ctx, 1, t.byStatus(e))
	if e.Status == delivery.Delivered && !e.Unmatched {
		t.instruments.timeToDeliver.Record(ctx, e.Latency.Seconds(), t.byCountry(e))
	}
}

func (t *telemetry) duration(ctx context.Context, e observe.Event) {
	t.instruments.duration.Record(ctx, e.Latency.Seconds(), t.byOperation(e))
}
