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

	receipt, err := v.Send(ctx, f.to, f.sendOptions()...)
	switch {
	case err != nil:
		return err
	case f.json:
		t.json(receipt)
	default:
		say(t.out, "%s\n", sentence(receipt))
	}
	return nil
}

func check(ctx context.Context, t terminal, f *flags) error {
	v, err := f.open()
	if err != nil {
		return err
	}
	defer shut(v)

	err = v.Check(ctx, f.to, f.code, f.checkOptions()...)
	switch {
	case err != nil:
		return err
	case f.json:
		t.json(approval{"approved", v.Capabilities().Vendor})
	default:
		say(t.out, "approved\n")
	}
	return nil
}

// An approval is what check prints as JSON, beside the errors that have an
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
