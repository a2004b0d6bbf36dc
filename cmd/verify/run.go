package main

import (
	"context"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
)

// A terminal is all that a command sees of the world but the network.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// A command is one verb of the program.
type command struct {
	name, synopsis, about string
	run                   func(context.Context, terminal, *flags) error
}

func commands() []command {
	return []command{
		{"send", "-dsn DSN [-config FILE] -to RECIPIENT [-scope S] [-channel C] [-digits N] [-locale L] [-directory FILE] [-json] [-timeout 15s]", "has a code delivered and prints the receipt", send},
		{"check", "-dsn DSN [-config FILE] -to RECIPIENT -code CODE [-scope S] [-directory FILE] [-json] [-timeout 15s]", "checks what a person typed", check},
		{"try", "-dsn DSN [-config FILE] -to RECIPIENT [-scope S] [-channel C] [-directory FILE] [-json]", "sends a code, asks for it here, and checks it", try},
		{"doctor", "-dsn DSN [-config FILE] [-directory FILE] [-json] [-timeout 15s]", "looks at credentials, settings, store and clock without sending, and says what to mend", doctor},
		{"emulate", "[-addr 127.0.0.1:4010] [-VENDOR ADDR] [-redis ADDR] [-dsn DSN] [-config FILE] [-json] [vendor ...]", "plays the vendors on this machine, with an inbox page, until interrupted; ports are the same in each run", emulate},
		{"totp", "-new -issuer I -account A [-algorithm SHA1] [-digits 6] [-period 30s] | -uri URI [-code CODE]", "makes a secret for an authenticator app with its QR code, or prints or checks the code of now", authenticator},
		{"guard", "demo [-settings S] [-seeds 5] | replay [-settings S] LOG", "plays attacks on a guard, or tells what it would have done to a log of sends", guardian},
		{"demo", "[-vendor twilio]", "shows one verification from end to end, without an account", demo},
	}
}

const notes = `
A DSN is one line such as twilio://ACCOUNT_SID:AUTH_TOKEN@VERIFY_SERVICE_SID; docs/dsn.md
lists all settings. Beside the vendors there is smtp://, and a store or a ledger may be a URL of
Redis, Valkey, PostgreSQL, MySQL or SQLite. While verify emulate runs, this DSN works as it is:

  %s

Every user of this machine can read the arguments of a process: keep secrets out of them by
VERIFY_DSN, which stands in for -dsn, by VERIFY_TOTP_URI, which stands in for -uri, by -config, or by
values of the form env:NAME and file:PATH.

Exit status:
  0  sent, or approved, or nothing wrong was found
  1  the code is not approved
  2  bad usage, a bad DSN, unsupported, an invalid recipient
  3  blocked, unauthorized, rejected
  4  rate limited, too many sends, unavailable
  5  outcome unknown: the message may still arrive, the code may be spent
`

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer, env func(string) string) int {
	t := terminal{in, out, err, env}
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case "":
		usage(t.err)
		return statusUsage
	case "help", "-h", "-help", "--help":
		return t.help(args)
	case "version":
		say(t.out, "%s\n", version())
		return 0
	}
	for _, c := range commands() {
		if c.name == verb {
			return t.do(ctx, c, args)
		}
	}
	return t.unknown()
}

// do reads the flags of a command and runs it.
func (t terminal) do(ctx context.Context, c command, args []string) int {
	f := newFlags(c)
	err := f.parse(args, t.env)
	if errors.Is(err, errHelp) {
		f.usage(t.out)
		return 0
	}
	if err == nil {
		err = c.run(ctx, t, f)
	}
	return t.report(f, err)
}

func usage(w io.Writer) {
	say(w, "usage: verify COMMAND [flags]\n\n")
	for _, c := range commands() {
		say(w, "  verify %s %s\n        %s\n", c.name, c.synopsis, c.about)
	}
	say(w, "  verify help [COMMAND]\n  verify version\n"+notes, ready())
}

func (t terminal) help(args []string) int {
	if len(args) == 0 {
		usage(t.out)
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			newFlags(c).usage(t.out)
			return 0
		}
	}
	return t.unknown()
}

// unknown does not quote what was typed: it may be a DSN.
func (t terminal) unknown() int {
	say(t.err, "verify: there is no such command: verify help lists them\n")
	return statusUsage
}

func version() string {
	release := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		release = info.Main.Version
	}
	return "verify " + release + " " + runtime.Version()
}
