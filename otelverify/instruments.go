package otelverify

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

type instruments struct {
	sends, checks, approvals, duplicates metric.Int64Counter
	backendFailures                      metric.Int64Counter
	breakerOpen                          metric.Int64Gauge
	duration, timeToVerify               metric.Float64Histogram
}

func newInstruments(m metric.Meter) (instruments, error) {
	var (
		i    instruments
		errs [8]error

		// Those of http.client.request.duration, and the 15 s that a Send may take.
		// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
		durations = metric.WithExplicitBucketBoundaries(
			0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15)

		// A person reads and types within a minute, or a code of ten minutes runs out.
		timesToVerify = metric.WithExplicitBucketBoundaries(
			2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900)
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
	return i, errors.Join(errs[:]...)
}
