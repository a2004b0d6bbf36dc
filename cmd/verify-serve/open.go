package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/sqlstore/mysql"
	"github.com/go2fa/verify/sqlstore/postgres"
	"github.com/go2fa/verify/sqlstore/sqlite"
	"github.com/go2fa/verify/vendors"
)

// An opener makes what a URL of one scheme names.
type opener struct {
	seen  func(string) (hooks.Seen, error)
	guard func(string) (guard.Store, error)
}

func openers() map[string]opener {
	all := map[string]opener{
		"postgres":   {seenBy(postgres.OpenHooksSeen), postgres.OpenGuard},
		"postgresql": {seenBy(postgres.OpenHooksSeen), postgres.OpenGuard},
		"mysql":      {seenBy(mysql.OpenHooksSeen), mysql.OpenGuard},
		"sqlite":     {seenBy(sqlite.OpenHooksSeen), sqlite.OpenGuard},
	}
	for _, scheme := range redisstore.Schemes() {
		all[scheme] = opener{seenBy(redisstore.OpenHooksSeen), redisstore.OpenGuard}
	}
	return all
}

func seenBy[S hooks.Seen](open func(string) (S, error)) func(string) (hooks.Seen, error) {
	return func(url string) (hooks.Seen, error) {
		s, err := open(url)
		if err != nil {
			return nil, err // not a nil S in an interface
		}
		return s, nil
	}
}

// openMessenger opens what delivers. What an opener of ours says holds no part of its
// URL, so it is told too.
func openMessenger(line string) (otp.Messenger, error) {
	var said error
	var opts []vendors.Option
	for scheme, o := range openers() {
		opts = append(opts, vendors.WithGuardStore(scheme, func(url string) (guard.Store, error) {
			store, err := o.guard(url)
			said = err
			return store, err
		}))
	}
	m, err := vendors.OpenMessenger(line, opts...)
	if err != nil && said != nil {
		return nil, errors.New("-dsn: " + forProgram.Replace(err.Error()) + ": " + said.Error())
	}
	if err != nil {
		return nil, errors.New("-dsn: " + forProgram.Replace(err.Error()))
	}
	return m, nil
}

const knownSchemes = "is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix; or of a database: postgres, mysql, sqlite"

// forProgram says in words of this program what package vendors says in options.
var forProgram = strings.NewReplacer(
	", or a scheme handed in by vendors.With", "",
	"was handed in by vendors.WithGuardStore", knownSchemes,
)

// openSeen opens what remembers; nil is the memory of this process.
func openSeen(url string) (hooks.Seen, error) {
	if url == "memory" {
		return nil, nil
	}
	scheme, _, _ := strings.Cut(url, ":")
	o, known := openers()[scheme]
	if !known {
		return nil, errors.New("-seen must be memory, or a URL whose scheme " + knownSchemes)
	}
	return o.seen(url)
}

// closeAll closes what was opened.
func closeAll(parts ...any) {
	for _, part := range parts {
		if p, ok := part.(interface{ Closer() io.Closer }); ok {
			part = p.Closer()
		}
		if c, ok := part.(io.Closer); ok {
			_ = c.Close() // the process ends
		}
	}
}

// parts are what package health asks. It wants a Verifier, and this one neither sends
// nor checks.
type parts struct {
	messenger otp.Messenger
	seen      hooks.Seen
}

var errNone = &verify.Error{Vendor: "verify-serve", Outcome: verify.ErrUnsupported}

func (parts) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return verify.Receipt{}, errNone
}

func (parts) Check(context.Context, string, string, ...verify.CheckOption) error { return errNone }

func (p parts) Capabilities() verify.Capabilities { return p.messenger.Capabilities() }

// ProbeEach asks the messenger and the store.
func (p parts) ProbeEach(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if each, ok := p.messenger.(interface {
			ProbeEach(context.Context) iter.Seq2[string, error]
		}); ok {
			for name, err := range each.ProbeEach(ctx) {
				if !yield(name, err) {
					return
				}
			}
		}
		if p.seen == nil {
			return
		}
		err := probe(ctx, p.seen)
		if err != nil && !errors.Is(err, verify.ErrUnsupported) {
			err = &verify.Error{Vendor: "seen", Op: "probe", Outcome: verify.ErrUnavailable, Detail: err.Error()}
		}
		yield("store", err)
	}
}

func probe(ctx context.Context, part any) error {
	if p, ok := part.(verify.Prober); ok {
		return p.Probe(ctx)
	}
	return verify.ErrUnsupported
}
