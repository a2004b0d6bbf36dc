package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// The flags that each command takes, and those it cannot do without.
var (
	taken = map[string][]string{
		"send":    {"dsn", "config", "to", "scope", "channel", "digits", "locale", "directory", "json", "timeout"},
		"check":   {"dsn", "config", "to", "code", "scope", "directory", "json", "timeout"},
		"try":     {"dsn", "config", "to", "scope", "channel", "directory", "json"},
		"doctor":  {"dsn", "config", "directory", "json", "timeout"},
		"emulate": {"addr", "redis", "dsn", "config", "json"},
		"totp":    {"new", "issuer", "account", "algorithm", "digits", "period", "uri", "code"},
		"demo":    {"vendor"},
		"guard":   {"settings", "seeds"},
	}
	needed = []string{"to", "code"}
)

var errHelp = errors.New("help was asked for")

// A misuse is an error of the user. It holds nothing that was typed.
type misuse string

// Error implements error.
func (m misuse) Error() string { return string(m) }

// flags are those of all commands; each takes some.
type flags struct {
	command
	set *flag.FlagSet

	dsn, config, to, code, scope, channel, locale, directory, vendor string
	digits                                                           int
	json                                                             bool
	timeout                                                          time.Duration

	// Of emulate: where the inbox and Redis are, and the vendors by their names.
	addr, redis string
	at          map[string]*string

	// Of an authenticator app.
	fresh                           bool
	issuer, account, algorithm, uri string
	period                          time.Duration

	// Of a guard: what to do, and how it is set.
	word, settings string
	seeds          int
}

func newFlags(c command) *flags {
	f := &flags{command: c, set: flag.NewFlagSet(c.name, flag.ContinueOnError)}
	f.set.SetOutput(io.Discard) // package flag would quote what was typed
	define := map[string]func(name string){
		"dsn": func(n string) { f.set.StringVar(&f.dsn, n, "", "the vendor, as one `line`; else VERIFY_DSN") },
		"config": func(n string) {
			f.set.StringVar(&f.config, n, "", "`file` that says the same in JSON or YAML: {\"vendor\": ..., \"settings\": {...}}")
		},
		"to":   func(n string) { f.set.StringVar(&f.to, n, "", "`recipient`: +15005550006 or an e-mail address") },
		"code": func(n string) { f.set.StringVar(&f.code, n, "", "the `code` that the person typed") },
		"scope": func(n string) {
			f.set.StringVar(&f.scope, n, "", "a `name` of what the code is for: login, payment, ...")
		},
		"channel": func(n string) {
			f.set.StringVar(&f.channel, n, "", "`how` it travels: sms, voice, whatsapp, telegram, email")
		},
		"digits": func(n string) { f.set.IntVar(&f.digits, n, 0, "`length` of the code; the vendor's own if 0") },
		"locale": func(n string) { f.set.StringVar(&f.locale, n, "", "`language` of the message: da, pt-BR") },
		"directory": func(n string) {
			f.set.StringVar(&f.directory, n, "", "`file` of Authy's users, as JSON: {\"+15005550006\": \"1000\"}")
		},
		"json":    func(n string) { f.set.BoolVar(&f.json, n, false, "print JSON, one object a line") },
		"timeout": func(n string) { f.set.DurationVar(&f.timeout, n, 15*time.Second, "give up after this `time`") },
		"addr": func(n string) {
			f.set.StringVar(&f.addr, n, inboxAddress, "`address` of the inbox; the vendors and Redis have the ports behind it; port 0: free ones")
		},
		"redis": func(n string) {
			f.set.StringVar(&f.redis, n, "", "`address` of the Redis that keeps local codes, in place of the port behind the vendors'")
		},
		"new":     func(n string) { f.set.BoolVar(&f.fresh, n, false, "make a secret") },
		"issuer":  func(n string) { f.set.StringVar(&f.issuer, n, "", "`name` of the application, as the app shows it") },
		"account": func(n string) { f.set.StringVar(&f.account, n, "", "`name` of the account, as the app shows it") },
		"algorithm": func(n string) {
			f.set.StringVar(&f.algorithm, n, "", "`hash`: SHA1, SHA256 or SHA512; SHA1 if empty")
		},
		"period": func(n string) {
			f.set.DurationVar(&f.period, n, 0, "`time` that a code is shown: 30s or 60s; 30s if 0")
		},
		"uri":    func(n string) { f.set.StringVar(&f.uri, n, "", "`otpauth URI` of an app; else VERIFY_TOTP_URI") },
		"vendor": func(n string) { f.set.StringVar(&f.vendor, n, "twilio", "`vendor` to play") },
		"settings": func(n string) {
			f.set.StringVar(&f.settings, n, "", "the guard's `settings`, as they stand behind guard(...)? in a DSN")
		},
		"seeds": func(n string) { f.set.IntVar(&f.seeds, n, 5, "`number` of plays of each attack") },
	}
	for _, name := range taken[c.name] {
		define[name](name)
	}
	if c.name == "emulate" {
		f.defineEmulators()
	}
	return f
}

// defineEmulators adds a flag for each vendor's address, and says what the flags
// of a configuration mean where nothing is sent by it.
func (f *flags) defineEmulators() {
	f.at = map[string]*string{}
	for _, scheme := range emulatedSchemes() {
		f.at[scheme] = f.set.String(scheme, "", "`address` of "+scheme+", in place of its port behind -addr")
	}
	f.set.Lookup("dsn").Usage = "`line` of an application, whose ids and secrets the emulated accounts have"
	f.set.Lookup("config").Usage = "`file` of an application, instead of -dsn"
}

func (f *flags) usage(w io.Writer) {
	say(w, "usage: verify %s %s\n\nverify %s %s.\n\n", f.name, f.synopsis, f.name, f.about)
	f.set.SetOutput(w)
	f.set.PrintDefaults()
	f.set.SetOutput(io.Discard)
}

// parse reads args, and VERIFY_DSN where a DSN is wanted and not among them.
func (f *flags) parse(args []string, env func(string) string) error {
	if f.name == "guard" && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		f.word, args = args[0], args[1:]
	}
	err := f.set.Parse(args)
	takes := func(name string) bool { return slices.Contains(taken[f.name], name) }
	switch {
	case errors.Is(err, flag.ErrHelp):
		return errHelp
	case err != nil:
		return misuse("a flag is unknown, lacks its value, or its value cannot be read")
	case f.set.NArg() > 0 && f.name != "emulate" && f.name != "guard":
		return misuse("a word stands where a flag should: " + f.name + " takes nothing else")
	case takes("timeout") && f.timeout <= 0:
		return misuse("-timeout must be above zero")
	}
	if f.dsn != "" && f.config != "" {
		return misuse("give either -dsn or -config")
	}
	if takes("dsn") && f.name != "emulate" && f.config == "" {
		f.dsn = cmp.Or(f.dsn, env("VERIFY_DSN"))
		if f.dsn == "" {
			return misuse("give -dsn or -config, or set VERIFY_DSN")
		}
	}
	for _, name := range needed {
		if f.name != "totp" && takes(name) && f.set.Lookup(name).Value.String() == "" {
			return misuse("-" + name + " is missing")
		}
	}
	return nil
}

func (f *flags) sendOptions() []verify.SendOption {
	opts := []verify.SendOption{
		verify.WithChannel(verify.Channel(f.channel)), verify.WithDigits(f.digits), verify.WithLocale(f.locale),
	}
	if f.scope != "" {
		opts = append(opts, verify.WithScope(f.scope))
	}
	return opts
}

func (f *flags) checkOptions() []verify.CheckOption {
	if f.scope == "" {
		return nil
	}
	return []verify.CheckOption{verify.WithScope(f.scope)}
}

// limited ends with -timeout.
func (f *flags) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, f.timeout)
}
