package main

import (
	"context"
	"io"

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

	return t.deliver(ctx, v, f)
}

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
