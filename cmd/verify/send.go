package main

import (
	"context"
	"io"
	"strings"

	"github.com/go2fa/verify"
)

func send(ctx context.Context, t terminal, f *flags) error {
	v, err := f.open()
	if err != nil {
		return err
	}
	defer shut(v)
	ctx, cancel := f.limited(ctx)
	defer cancel()

	err = t.deliver(ctx, v, f)
	if err == nil && strings.Contains(f.dsn, "store=memory") {
		say(t.err, "%s", forgotten)
	}
	return err
}

const forgotten = "verify: store=memory forgets the code now that this command ends: name a store such as store=sqlite:FILE, or use verify try\n"

func check(ctx context.Context, t terminal, f *flags) error {
	v, err := f.open()
	if err != nil {
		return err
	}
	defer shut(v)
	ctx, cancel := f.limited(ctx)
	defer cancel()

	return t.approve(ctx, v, f, f.code)
}

// An approval is what check and try print as JSON, beside the errors that have an
// outcome too.
type approval struct {
	Outcome string `json:"outcome"`
	Vendor  string `json:"vendor"`
}

// shut closes what Open opened. The process ends next: an error changes nothing.
func shut(v verify.Verifier) {
	if c, ok := verify.As[io.Closer](v); ok {
		_ = c.Close()
	}
}
