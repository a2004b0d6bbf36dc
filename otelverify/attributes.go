package otelverify

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/go2fa/verify/observe"
)

const (
	vendorKey      = attribute.Key("verify.vendor")
	channelKey     = attribute.Key("verify.channel")
	callingCodeKey = attribute.Key("verify.calling_code")
	scopeKey       = attribute.Key("verify.scope")
	operationKey   = attribute.Key("verify.operation")
	backendKey     = attribute.Key("verify.backend")
	vendorCodeKey  = attribute.Key("verify.vendor_code")
	requestsKey    = attribute.Key("verify.requests")
	duplicateKey   = attribute.Key("verify.possible_duplicate")
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
	return metric.WithAttributeSet(attribute.NewSet(text(t.labels(e), callingCodeKey, e.CallingCode)...))
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
