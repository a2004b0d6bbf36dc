package otp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A mailbox is the smallest of messengers: it keeps the last message.
type mailbox struct{ text string }

func (m *mailbox) Deliver(_ context.Context, msg otp.Message) (string, error) {
	m.text = msg.Text
	return "", nil
}

func (m *mailbox) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "mailbox", Channels: []verify.Channel{verify.ChannelSMS}}
}

// code reads the first word, as a person would.
func (m *mailbox) code() string { return strings.Fields(m.text)[0] }

func Example() {
	messenger := new(mailbox)
	engine, err := otp.New(otp.Config{
		Messenger: messenger,
		Store:     new(otp.MemoryStore),
		Keys:      [][]byte{bytes.Repeat([]byte("k"), 32)}, // use 32 bytes of crypto/rand
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()

	receipt, err := engine.Send(ctx, "+15005550006", verify.WithScope("login"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sent", receipt.Digits, "digits, next in", time.Until(receipt.ResendAt).Round(time.Second))

	fmt.Println(engine.Check(ctx, "+15005550006", "000000", verify.WithScope("login")))
	fmt.Println(engine.Check(ctx, "+15005550006", messenger.code(), verify.WithScope("login")))
	fmt.Println(engine.Check(ctx, "+15005550006", messenger.code(), verify.WithScope("login")))
	// Output:
	// sent 6 digits, next in 30s
	// mailbox: check: mismatch
	// <nil>
	// mailbox: check: not pending: no code is alive for this recipient and scope
}

// A payment names its amount and its payee, in the message and in the code.
func ExampleEngine_Check_transaction() {
	messenger := new(mailbox)
	engine, _ := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)},
	})
	ctx := context.Background()

	_, _ = engine.Send(ctx, "+15005550006", verify.WithTransaction("EUR 39.99", "Acme"))
	fmt.Println(strings.Replace(messenger.text, messenger.code(), "NNNNNN", 1))

	err := engine.Check(ctx, "+15005550006", messenger.code(), verify.WithTransaction("EUR 93.99", "Acme"))
	fmt.Println(errors.Is(err, verify.ErrMismatch))
	fmt.Println(engine.Check(ctx, "+15005550006", messenger.code(), verify.WithTransaction("EUR 39.99", "Acme")))
	// Output:
	// NNNNNN confirms EUR 39.99 to Acme. Never share it.
	// true
	// <nil>
}

// A second messenger takes over when the first one surely sent nothing.
func ExampleFallback() {
	first, second := brokenMailbox{new(mailbox)}, new(mailbox)
	engine, _ := otp.New(otp.Config{
		Messenger: otp.Fallback(first, second), Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)},
	})
	receipt, err := engine.Send(context.Background(), "+15005550006")
	fmt.Println(receipt.Vendor, err)
	// Output: mailbox <nil>
}

type brokenMailbox struct{ *mailbox }

func (brokenMailbox) Deliver(context.Context, otp.Message) (string, error) {
	return "", verify.ErrUnavailable
}

// An operator lifts a block, or erases all that is kept of a person.
func ExampleEngine_Reset() {
	engine, _ := otp.New(otp.Config{
		Messenger: new(mailbox), Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)},
	})
	ctx := context.Background()
	_, _ = engine.Send(ctx, "+15005550006", verify.WithScope("login"))
	_, err := engine.Send(ctx, "+15005550006", verify.WithScope("login"))
	fmt.Println(err)

	_ = engine.Reset(ctx, "+15005550006", verify.WithScope("login"))
	_, err = engine.Send(ctx, "+15005550006", verify.WithScope("login"))
	fmt.Println(err)
	// Output:
	// mailbox: send: too many sends: the code before was sent a moment ago (retry after 30s)
	// <nil>
}
