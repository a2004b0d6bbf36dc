package main

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/totp"
)

// authenticator makes a secret for an authenticator app, or computes or checks the
// codes of one.
func authenticator(ctx context.Context, t terminal, f *flags) error {
	switch {
	case f.fresh && (f.uri != "" || f.code != ""):
		return misuse("-new goes without -uri and -code")
	case f.fresh:
		return newApp(ctx, t, f)
	case f.uri == "":
		f.uri = t.env("VERIFY_TOTP_URI")
	}
	if f.uri == "" {
		return misuse("give -new, or -uri, or set VERIFY_TOTP_URI")
	}
	app, err := totp.ReadApp(f.uri)
	if err != nil {
		return err
	}
	now := time.Now()
	if f.code != "" {
		if !app.Matches(verify.CleanCode(f.code), now) {
			return &verify.Error{Vendor: "totp", Op: "check", Outcome: verify.ErrMismatch}
		}
		say(t.out, "the code is right\n")
		return nil
	}
	code, left := app.Code(now)
	if left == 0 {
		say(t.out, "%s\n", code)
		return nil
	}
	say(t.out, "%s for %d seconds\n", code, int(left/time.Second))
	return nil
}

// newApp prints an otpauth URI and a QR code of it.
func newApp(ctx context.Context, t terminal, f *flags) error {
	if f.issuer == "" || f.account == "" {
		return misuse("-new needs -issuer and -account")
	}
	key := make([]byte, 32) // seals nothing that is kept
	_, _ = rand.Read(key)
	a, err := totp.New(totp.Config{
		Store: new(totp.MemoryStore), Keys: [][]byte{key}, Issuer: f.issuer,
		Parameters: totp.Parameters{Algorithm: totp.Algorithm(strings.ToUpper(f.algorithm)), Digits: f.digits, Period: f.period},
	})
	if err != nil {
		return misuse(err.Error())
	}
	e, err := a.Enroll(ctx, f.account)
	if err != nil {
		return err
	}
	code, err := qr.Encode(e.URI, qr.M)
	if err != nil {
		return misuse("-issuer and -account are too long for a QR code")
	}
	printQR(t.out, code)
	say(t.out, "%s\n", e.URI)
	return nil
}

// printQR draws two modules in each character, black on white whatever the
// terminal's colors are, with the margin that scanners need.
func printQR(w io.Writer, code *qr.Code) {
	const margin = 4
	black := func(x, y int) bool { return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y) }
	for y := -margin; y < code.Size+margin; y += 2 {
		var line strings.Builder
		for x := -margin; x < code.Size+margin; x++ {
			switch up, down := black(x, y), black(x, y+1); {
			case up && down:
				line.WriteString("█")
			case up:
				line.WriteString("▀")
			case down:
				line.WriteString("▄")
			default:
				line.WriteString(" ")
			}
		}
		say(w, "\x1b[30;107m%s\x1b[0m\n", line.String())
	}
}
