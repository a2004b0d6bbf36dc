package observe

import (
	"context"
	"log/slog"

	"github.com/go2fa/verify"
)

// Slog writes each event to l: at level Info what a person did, at Warn what the
// vendor failed at or guards against, at Error what an operator must mend
// (ErrUnauthorized, ErrUnsupported, ErrRejected).
func Slog(l *slog.Logger) Observer {
	return func(ctx context.Context, e Event) {
		level := levelOf(e.Outcome)
		if !l.Enabled(ctx, level) {
			return
		}
		l.LogAttrs(ctx, level, "verify "+e.Op, e.attrs()...)
	}
}

func levelOf(o verify.Outcome) slog.Level {
	switch o {
	case verify.ErrUnauthorized, verify.ErrUnsupported, verify.ErrRejected:
		return slog.LevelError
	case verify.ErrUnavailable, verify.ErrOutcomeUnknown, verify.ErrRateLimited, verify.ErrBlocked:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// attrs leaves out what says nothing.
func (e Event) attrs() []slog.Attr {
	outcome := string(e.Outcome)
	if outcome == "" {
		outcome = "ok"
	}
	attrs := []slog.Attr{
		slog.String("vendor", e.Vendor),
		slog.String("outcome", outcome),
		slog.Duration("latency", e.Latency),
		slog.String("subject", e.Subject.String()),
	}
	for _, a := range []slog.Attr{
		slog.String("channel", string(e.Channel)),
		slog.String("scope", e.Scope),
		slog.String("country", e.CallingCode),
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
	if e.Duplicate {
		attrs = append(attrs, slog.Bool("possible_duplicate", true))
	}
	return attrs
}
