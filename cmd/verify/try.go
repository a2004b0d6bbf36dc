package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/go2fa/verify"
)

// try sends, asks and checks until the code is approved or the person gives up.
func try(ctx context.Context, t terminal, f *flags) error {
	v, err := f.open()
	if err != nil {
		return err
	}
	defer shut(v)
	if err := t.deliver(ctx, v, f); err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := read(ctx, t.in)
	for {
		say(t.prompts(f), "code (r sends again, q quits): ")
		select {
		case <-ctx.Done():
			return errQuit
		case line, ok := <-lines:
			if !ok {
				return errQuit
			}
			if over, err := t.answer(ctx, v, f, strings.TrimSpace(line)); over {
				return err
			}
		}
	}
}

// prompts is where a person is spoken to, apart from JSON.
func (t terminal) prompts(f *flags) io.Writer {
	if f.json {
		return t.err
	}
	return t.out
}

// deliver sends, and prints the receipt.
func (t terminal) deliver(ctx context.Context, v verify.Verifier, f *flags) error {
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

// approve checks, and prints a yes.
func (t terminal) approve(ctx context.Context, v verify.Verifier, f *flags, code string) error {
	err := v.Check(ctx, f.to, code, f.checkOptions()...)
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

// answer does what a person typed, and says whether that was the last of it.
func (t terminal) answer(ctx context.Context, v verify.Verifier, f *flags, typed string) (over bool, err error) {
	switch typed {
	case "":
		return false, nil
	case "q":
		return true, errQuit
	case "r":
		if err := t.deliver(ctx, v, f); err != nil {
			t.refused(f, "not sent", err, "")
		}
		return false, nil
	}

	err = t.approve(ctx, v, f, typed)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, verify.ErrNotPending), errors.Is(err, verify.ErrTooManyAttempts):
		t.refused(f, "not approved", err, ": type r for a new code")
	default:
		t.refused(f, "not approved", err, "")
	}
	return false, nil
}

// refused says why there is no yes.
func (t terminal) refused(f *flags, what string, err error, advice string) {
	if f.json {
		t.json(known(err))
		return
	}
	say(t.out, "%s: %v%s\n", what, spoken(err), advice)
}

// read hands out the lines of in until its end, or until ctx is done: reading a
// terminal cannot be interrupted.
func read(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(in)
		for s.Scan() {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
