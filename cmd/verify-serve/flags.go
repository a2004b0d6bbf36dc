package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go2fa/verify/internal/dsn"
)

// settings are what the command line says.
type settings struct {
	dsn, addr, seen, seenKey string
	product, locale, origin  string
	hooks                    []hook
	keep, drain              time.Duration
	check                    bool
}

// A hook is one auth server, with its secrets.
type hook struct {
	server  string
	secrets []string
}

var errHelp = errors.New("help")

const usage = `verify-serve delivers the codes of other auth servers through any vendor.

  verify-serve -dsn env:VERIFY_DSN -hook supabase=env:SUPABASE_HOOK_SECRET -product Acme

`

const notes = `
A hook is SERVER=SECRET, of supabase, kratos, logto, zitadel, authentik, authgear, auth0; it may be given once for each server. A
SECRET is env:NAME or file:PATH. Two, parted by a comma, are good at once while they are exchanged. Those of kratos,
logto, authentik and auth0 are the whole Authorization header, or bearer:SECRET, or basic:USER:SECRET; that of auth0 is
better whsec_..., by which its Action signs.

A guard(...) may stand around the DSN; its store and -seen are URLs such as redis://HOST, postgres://USER@HOST/DATABASE,
mysql://USER@HOST/DATABASE or sqlite:FILE. docs/hooks.md says how to set up each server, docs/dsn.md lists the settings of a DSN.

Exit status: 0 it was told to end, 1 it could not serve, 2 bad usage.
`

// parse reads the command line.
func parse(args []string, out io.Writer, env func(string) string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("verify-serve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.dsn, "dsn", "", "what delivers: a vendor, failover(...) or guard(...), or env:NAME or file:PATH of it (default: VERIFY_DSN of the environment)")
	f.StringVar(&s.addr, "addr", "127.0.0.1:8030", "where to listen")
	f.StringVar(&s.seen, "seen", "memory", "where deliveries are remembered, for several processes: a URL, or env:NAME or file:PATH of it")
	f.StringVar(&s.seenKey, "seen-key", "", "env:NAME or file:PATH of at least 32 random bytes, the same in all processes that share -seen")
	f.DurationVar(&s.keep, "keep", 10*time.Minute, "how long a delivered code is remembered, up to 744h: longer for servers that sign no time")
	f.StringVar(&s.product, "product", "", "the name in texts that are ours (supabase, logto)")
	f.StringVar(&s.locale, "locale", "", "their language, if the server names none")
	f.StringVar(&s.origin, "origin", "", "the domain that a browser may fill their code in for, such as login.example.com")
	f.DurationVar(&s.drain, "drain", 15*time.Second, "how long requests under way may take after SIGTERM")
	f.BoolVar(&s.check, "check", false, "open everything, and end without serving")
	f.Func("hook", "SERVER=SECRET: an auth server, served at /hooks/SERVER; repeat it for more", func(text string) error { return s.add(text) })
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(out, usage)
		f.SetOutput(out)
		f.PrintDefaults()
		_, _ = fmt.Fprint(out, notes)
		return s, errHelp
	case err != nil:
		return s, withoutValues(err)
	case f.NArg() > 0:
		return s, errors.New("an argument stands alone: each belongs behind a flag")
	}
	if s.dsn == "" {
		s.dsn = env("VERIFY_DSN")
	}
	return s, s.complete()
}

// withoutValues keeps what was typed out of an error: it may be a secret in the wrong
// place.
func withoutValues(err error) error {
	text := err.Error()
	if i := strings.Index(text, "invalid value"); i >= 0 {
		if _, rest, ok := strings.Cut(text, " for flag "); ok {
			return errors.New("flag " + rest)
		}
		return errors.New("a flag has a value that cannot be read")
	}
	if strings.Contains(text, "not defined") {
		return errors.New("there is no such flag: see verify-serve -help")
	}
	return errors.New("the flags cannot be read: see verify-serve -help")
}

// complete reads what stands elsewhere.
func (s *settings) complete() error {
	for _, v := range []struct {
		name  string
		value *string
	}{{"-dsn", &s.dsn}, {"-seen", &s.seen}, {"-seen-key", &s.seenKey}} {
		if !dsn.IsReference(*v.value) {
			continue
		}
		read, err := dsn.Read(*v.value)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		*v.value = read
	}
	switch {
	case s.dsn == "":
		return errors.New("-dsn or VERIFY_DSN is missing")
	case len(s.hooks) == 0:
		return errors.New("-hook is missing: which auth server is to be served?")
	case s.seen != "memory" && s.seenKey == "":
		return errors.New("-seen-key is missing: processes that share -seen need the same key")
	case s.drain < time.Second:
		return errors.New("-drain must be at least 1s")
	}
	return nil
}

// add reads SERVER=SECRET,SECRET.
func (s *settings) add(text string) error {
	server, list, _ := strings.Cut(text, "=")
	if _, known := servers[server]; !known {
		return errors.New("must be SERVER=SECRET, with one of " + serverNames())
	}
	for _, h := range s.hooks {
		if h.server == server {
			return errors.New(server + " is given twice: part its secrets by a comma")
		}
	}
	h := hook{server: server}
	for secret := range strings.SplitSeq(list, ",") {
		read, err := readSecret(server, secret)
		if err != nil {
			return err
		}
		h.secrets = append(h.secrets, read)
	}
	s.hooks = append(s.hooks, h)
	return nil
}
