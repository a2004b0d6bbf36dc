package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/health"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp/text"
)

const (
	statusFailed = 1
	statusUsage  = 2
)

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, out, errs io.Writer, env func(string) string) int {
	log := slog.New(slog.NewJSONHandler(errs, nil))
	s, err := parse(args, out, env)
	if errors.Is(err, errHelp) {
		return 0
	}
	if err != nil {
		log.Error("usage", "error", err.Error())
		return statusUsage
	}
	h, done, err := open(s, log)
	if err != nil {
		log.Error("cannot open", "error", err.Error())
		return statusUsage
	}
	defer done()
	if s.check {
		log.Info("all is well", "hooks", len(s.hooks))
		return 0
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		log.Error("cannot listen", "error", err.Error())
		return statusFailed
	}
	log.Info("serving", "addr", l.Addr().String(), "hooks", len(s.hooks))
	if err := serve(ctx, l, h, s.drain, log); err != nil {
		log.Error("ended", "error", err.Error())
		return statusFailed
	}
	log.Info("ended")
	return 0
}

// open makes the handler of all hooks. done closes what was opened.
func open(s settings, log *slog.Logger) (h http.Handler, done func(), err error) {
	m, err := openMessenger(s.dsn)
	if err != nil {
		return nil, nil, err
	}
	seen, err := openSeen(s.seen)
	if err != nil {
		closeAll(m)
		return nil, nil, err
	}
	done = func() { closeAll(m, seen) }
	mux := http.NewServeMux()
	mux.Handle("/health", health.New(parts{m, seen}, health.Config{}))
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, served := range s.hooks {
		cfg := hooks.Config{
			Messenger: m, Text: text.Config{Product: s.product, Locale: s.locale, Origin: s.origin},
			Seen: seen, Keep: s.keep, OnError: told(log, served.server),
		}
		if seen != nil || s.seenKey != "" {
			cfg.Key = []byte(s.seenKey)
		}
		hook, err := servers[served.server].open(cfg, served.secrets...)
		if err != nil {
			done()
			return nil, nil, fmt.Errorf("-hook %s: %w", served.server, err)
		}
		mux.Handle("/hooks/"+served.server, logged(log, served.server, hook))
	}
	return mux, done, nil
}

// told writes down why a request was refused or a message not sent. Errors of hooks hold
// neither a recipient nor a code.
func told(log *slog.Logger, server string) func(context.Context, error) {
	return func(ctx context.Context, err error) {
		outcome := string(verify.OutcomeOf(err))
		if errors.Is(err, hooks.ErrForged) || errors.Is(err, hooks.ErrStale) || errors.Is(err, hooks.ErrUnreadable) {
			outcome = "refused"
		}
		log.WarnContext(ctx, "not delivered", "hook", server, "outcome", outcome, "error", err.Error())
	}
}

// logged writes one line a request.
func logged(log *slog.Logger, server string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, answer := time.Now(), &answered{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		log.Info("answered", "hook", server, "status", answer.status, "ms", time.Since(began).Milliseconds())
	})
}

// answered knows the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Limits of a connection. Hooks read 64 KiB of a body at most, and answer within 8
// seconds.
const (
	headerTime = 5 * time.Second
	readTime   = 10 * time.Second
	writeTime  = 20 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10
)

// serve serves until ctx ends, and then no new request: those under way are answered.
func serve(ctx context.Context, l net.Listener, h http.Handler, drain time.Duration, log *slog.Logger) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(nothing{}, slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("draining", "at_most", drain.String())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.New("requests were still under way when -drain was over: it may not be known what became of their messages")
	}
	return nil
}

// nothing drops what net/http says of connections: it names addresses of strangers.
type nothing struct{}

func (nothing) Enabled(context.Context, slog.Level) bool  { return false }
func (nothing) Handle(context.Context, slog.Record) error { return nil }
func (n nothing) WithAttrs([]slog.Attr) slog.Handler      { return n }
func (n nothing) WithGroup(string) slog.Handler           { return n }
