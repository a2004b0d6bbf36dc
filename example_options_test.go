package verify_test

import (
	"fmt"
	"net/netip"

	"github.com/go2fa/verify"
)

// A code for a login opens no payment.
func ExampleWithScope() {
	client, _, stop := emulated()
	defer stop()

	order := verify.WithTransaction("EUR 39.99", "Acme")
	_, err := client.Send(ctx, "+15005550006", verify.WithScope("payment"), order)
	fmt.Println(err)
	fmt.Println(client.Check(ctx, "+15005550006", "135790")) // the scope of logins
	fmt.Println(client.Check(ctx, "+15005550006", "13579024", verify.WithScope("payment"), order))
	// Output:
	// <nil>
	// twilio: check: not pending (HTTP 404, 20404)
	// <nil>
}

// The person reads the amount and the payee, and the code is good for nothing
// else.
func ExampleWithTransaction() {
	client, _, stop := emulated()
	defer stop()
	payment := verify.WithScope("payment")

	_, err := client.Send(ctx, "+15005550006", payment, verify.WithTransaction("EUR 39.99", "Acme"))
	fmt.Println(err)
	err = client.Check(ctx, "+15005550006", "13579024", payment, verify.WithTransaction("EUR 40.00", "Acme"))
	fmt.Println(err)
	// Output:
	// <nil>
	// twilio: check: mismatch (HTTP 200)
}

func ExampleWithChannel() {
	client, vendor, stop := emulated()
	defer stop()

	_, err := client.Send(ctx, "a@example.com", verify.WithChannel(verify.ChannelEmail))
	fmt.Println(err, vendor.Messages()[0].Channel)
	_, err = client.Send(ctx, "+15005550006", verify.WithChannel("pigeon"))
	fmt.Println(err)
	// Output:
	// <nil> email
	// twilio: send: unsupported: this channel is not offered: ask for sms, voice or whatsapp
}

func ExampleWithDigits() {
	client, _, stop := emulated()
	defer stop()

	receipt, err := client.Send(ctx, "+15005550006", verify.WithDigits(6))
	fmt.Println(receipt.Digits, err)
	_, err = client.Send(ctx, "+15005550006", verify.WithDigits(4))
	fmt.Println(err)
	// Output:
	// 6 <nil>
	// twilio: send: unsupported: the number of digits must be 6 to 8
}

// A hint: a vendor without this language uses its own default.
func ExampleWithLocale() {
	client, _, stop := emulated()
	defer stop()

	_, err := client.Send(ctx, "+15005550006", verify.WithLocale("pt-BR"))
	fmt.Println(err)
	// Output: <nil>
}

// A hint for the vendor's fraud guard. It is personal data, and is not printed.
func ExampleWithClientIP() {
	client, _, stop := emulated()
	defer stop()

	option := verify.WithClientIP(netip.MustParseAddr("203.0.113.7"))
	_, err := client.Send(ctx, "+15005550006", option)
	fmt.Println(option, err)
	// Output: verify.WithClientIP([hidden]) <nil>
}

// A tag is an option of one vendor, made by its package. Others skip it.
type tag string

func withTag(s string) verify.SendOption { return verify.VendorOption("toy", tag(s)) }

func ExampleVendorOption() {
	client, _, stop := emulated()
	defer stop()

	_, err := client.Send(ctx, "+15005550006", withTag("blue"))
	fmt.Println(err, withTag("blue") == withTag("blue"))
	// Output: <nil> true
}

// How toy's own Send reads it.
func ExampleVendorOptions() {
	capabilities := verify.Capabilities{Vendor: "toy", Channels: []verify.Channel{verify.ChannelSMS}}

	req, err := capabilities.SendRequest("+15005550006", withTag("blue"), withTag("green"))
	fmt.Println(verify.VendorOptions[tag](req, "toy"), err)
	// Output: [blue green] <nil>
}

// Every Send of a vendor opens so: what it cannot honor makes no request.
func ExampleCapabilities_SendRequest() {
	capabilities := verify.Capabilities{
		Vendor: "toy", Channels: []verify.Channel{verify.ChannelSMS},
		MinDigits: 6, MaxDigits: 8, DefaultDigits: 6,
	}

	req, err := capabilities.SendRequest("+15005550006", verify.WithDigits(8))
	fmt.Println(req, err)
	_, err = capabilities.SendRequest("+15005550006", verify.WithChannel(verify.ChannelVoice))
	fmt.Println(err)
	// Output:
	// verify.SendRequest{To: +1…06, Channel: sms, Scope: "", Digits: 8} <nil>
	// toy: send: unsupported: this channel is not offered: ask for sms
}

// A form is submitted twice: the second answer is that of the first. The server makes
// the key for each form that it shows, and keeps it in the session.
func ExampleWithIdempotencyKey() {
	form := verify.WithIdempotencyKey("vLQ7mXwGk3zRt9BcYp2NdA") // crypto/rand.Text() makes one

	fmt.Println(form, form == verify.WithIdempotencyKey("vLQ7mXwGk3zRt9BcYp2NdA"))

	client, _, stop := emulated()
	defer stop()
	_, err := client.Send(ctx, "+15005550006", verify.WithIdempotencyKey("too short"))
	fmt.Println(err)
	// Output:
	// verify.WithIdempotencyKey([hidden]) true
	// twilio: send: unsupported: an idempotency key is 22 to 64 of [A-Za-z0-9._:-], made at random on the server
}
