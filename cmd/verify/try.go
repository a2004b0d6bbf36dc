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
	receipt, err := v.Send(ctx, f.to)
	if err != nil {
		return err
	}
	say(t.out, "%s\n", sentence(receipt))

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := read(ctx, t.in)
	for {
		say(t.out, "code (r sends again, q quits): ")
		select {
		case <-ctx.Done():
			return errQuit
		case line, ok := <-lines:
			if !ok {
				return errQuit
			}
			if over, err := t.answer(ctx, v, f.to, strings.TrimSpace(line)); over {
				return err
			}
		}
	}
}

// answer does what a person typed, and says whether that was the last of it.
func (t terminal) answer(ctx context.Context, v verify.Verifier, to, typed string) (over bool, err error) {
	switch typed {
	case "":
		return false, nil
	case "q":
		return true, errQuit
	case "r":
		receipt, err := v.Send(ctx, to)
		if err == nil {
			say(t.out, "%s\n", sentence(receipt))
		} else {
			say(t.out, "not sent: %v\n", err)
		}
		return false, nil
	}

	err = v.Check(ctx, to, typed)
	switch {
	case err == nil:
		say(t.out, "approved\n")
		return true, nil
	case errors.Is(err, verify.ErrNotPending), errors.Is(err, verify.ErrTooManyAttempts):
		say(t.out, "not approved: %v: type r for a new code\n", err)
	default:
		say(t.out, "not approved: %v\n", err)
	}
	return false, nil
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
