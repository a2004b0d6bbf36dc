package main

import (
	"context"
	"errors"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
)

const demoRecipient = "+15005550006"

// demo walks through one verification, and fails where it does not go as told.
func demo(ctx context.Context, t terminal, f *flags) error {
	picked, err := pick([]string{f.vendor}, anywhere)
	if err != nil {
		return err
	}
	var code string // written before Send returns: see emulator.Core.Subscribe
	s, err := startEmulation(picked, "", func(m emulator.Message, _ string) { code = m.Code })
	if err != nil {
		return err
	}
	defer s.close()
	p := s.places[0]
	say(t.out, "1. %s is played at %s: no account, no bill, nothing leaves this machine\n", p.Vendor, p.URL)

	v, err := (&flags{dsn: p.DSN}).open()
	if err != nil {
		return err
	}
	defer shut(v)
	receipt, err := v.Send(ctx, demoRecipient)
	if err != nil {
		return err
	}
	say(t.out, "2. %s\n", sentence(receipt))
	return t.walk(ctx, v, code)
}

// walk types a wrong code, the right one, and the right one again.
func (t terminal) walk(ctx context.Context, v verify.Verifier, code string) error {
	wrong := v.Check(ctx, demoRecipient, spoil(code))
	if !errors.Is(wrong, verify.ErrMismatch) {
		return surprise(wrong)
	}
	say(t.out, "3. a wrong code is refused: %v\n", wrong)

	if err := v.Check(ctx, demoRecipient, code); err != nil {
		return err
	}
	say(t.out, "4. the right code is approved\n")

	again := v.Check(ctx, demoRecipient, code)
	if !errors.Is(again, verify.ErrNotPending) && !errors.Is(again, verify.ErrMismatch) {
		return surprise(again)
	}
	say(t.out, "5. the same code is refused: %v\n", again)
	return nil
}

// surprise is what becomes of a no that did not come as it should.
func surprise(err error) error {
	if err != nil {
		return err
	}
	return errors.New("a code was approved that must not be")
}

// spoil returns another code of the same length.
func spoil(code string) string {
	b := []byte(code)
	for i, c := range b {
		b[i] = '0' + (c-'0'+1)%10
	}
	return string(b)
}
