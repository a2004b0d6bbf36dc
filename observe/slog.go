package observe

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
)

// Slog writes each event to l: at level Info what a person did, at Warn what the
// vendor failed at or guards against and a breaker that opens, at Error what an
// operator must fix (ErrUnauthorized, ErrUnsupported, ErrRejected); of a delivery at
// Info that a message is on its way or has arrived, at Warn that it has not. A backend's
// request is at level Debug unless it is a Warn or an Error, because the whole
// call has a line too.
func Slog(l *slog.Logger) Observer {
	return func(ctx context.Context, e Event) {
		level := e.level()
		if !l.Enabled(ctx, level) {
			return
		}
		l.LogAttrs(ctx, level, "verify "+e.Op, e.attrs()...)
	}
}

func (e Event) level() slog.Level {
	switch e.Outcome {
	case verify.ErrUnauthorized, verify.ErrUnsupported, verify.ErrRejected:
		return slog.LevelError
	case verify.ErrUnavailable, verify.ErrOutcomeUnknown, verify.ErrRateLimited, verify.ErrBlocked:
		return slog.LevelWarn
	}
	switch {
	case e.Op == OpDelivery && e.Status.Final() && e.Status != delivery.Delivered:
		return slog.LevelWarn
	case e.Breaker == "open", e.Test, e.Op == OpGuard && e.Outcome == "":
		return slog.LevelWarn
	case e.Backend != "" && e.Op != OpBreaker && e.Op != OpCredentials:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// attrs leaves out what is not known.
func (e Event) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("vendor", e.Vendor)}
	switch e.Op {
	case OpBreaker:
	case OpDelivery:
		attrs = append(attrs, slog.String("status", string(e.Status)))
		if e.Unmatched {
			attrs = append(attrs, slog.Bool("unmatched", true))
		} else {
			attrs = append(attrs, slog.Duration("latency", e.Latency))
		}
	case OpGuard:
		attrs = append(attrs, slog.String("outcome", cmp.Or(string(e.Outcome), "closed")))
	case OpCredentials:
		attrs = append(attrs, slog.String("outcome", cmp.Or(string(e.Outcome), "replaced")))
	default:
		attrs = append(attrs, slog.String("outcome", cmp.Or(string(e.Outcome), "ok")), slog.Duration("latency", e.Latency))
	}
	if e.Subject != (Subject{}) {
		attrs = append(attrs, slog.String("subject", e.Subject.String()))
	}
	for _, a := range []slog.Attr{
		slog.String("backend", e.Backend),
		slog.String("rule", e.Rule),
		slog.String("prefix", e.Prefix),
		slog.String("breaker", e.Breaker),
		slog.String("breaker_for", e.BreakerFor),
		slog.String("channel", string(e.Channel)),
		slog.String("scope", e.Scope),
		slog.String("country", e.Country()),
		slog.String("vendor_code", e.VendorCode),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if e.HTTPStatus != 0 {
		attrs = append(attrs, slog.Int("http_status", e.HTTPStatus))
	}
	if e.Requests != 0 {
		attrs = append(attrs, slog.Int("requests", e.Requests))
	}
	if e.Test {
		attrs = append(attrs, slog.Bool("test", true))
	}
	if e.Observed {
		attrs = append(attrs, slog.Bool("observed", true))
	}
	if e.Repeated {
		attrs = append(attrs, slog.Bool("repeated", true))
	}
	if e.Duplicate {
		attrs = append(attrs, slog.Bool("possible_duplicate", true))
	}
	return attrs
}
