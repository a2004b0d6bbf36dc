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
	vendorCodeKey  = attribute.Key("verify.vendor_code")
	requestsKey    = attribute.Key("verify.requests")
	duplicateKey   = attribute.Key("verify.possible_duplicate")
)

// other stands for a value outside of a known set, as the conventions have it for
// http.request.method.
const other = "_OTHER"

// labels are what every span and every metric tells.
func (t *telemetry) labels(e observe.Event) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 9) // all of a span's
	attrs = text(attrs, vendorKey, e.Vendor)
	attrs = text(attrs, channelKey, string(e.Channel))
	attrs = text(attrs, scopeKey, t.scope(e.Scope))
	return text(attrs, semconv.ErrorTypeKey, string(e.Outcome))
}

// scope returns what may be told of s.
func (t *telemetry) scope(s string) string {
	switch {
	case s == "" || len(t.scopes) == 0:
		return ""
	case slices.Contains(t.scopes, s):
		return s
	}
	return other
}

// text leaves out what says nothing.
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
