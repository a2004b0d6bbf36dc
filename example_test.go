package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
)

const payments = "VA00000000000000000000000000000001"

// emulated is a client of Twilio, and the Twilio on this machine that it talks
// to: its codes open with 135790.
func emulated() (client *twilio.Client, vendor *twiliotest.Emulator, stop func()) {
	vendor = twiliotest.New(twiliotest.Options{
		Services: []twiliotest.Service{{}, {SID: payments, CodeLength: 8, PSD2: true}},
		NewCode:  func(digits int) string { return "1357902468"[:digits] },
	})
	srv := httptest.NewServer(vendor)
	client, err := twilio.New(twilio.Config{
		AccountSID: twiliotest.AccountSID,
		AuthToken:  twiliotest.AuthToken,
		Service:    twilio.Service{SID: twiliotest.ServiceSID},
		Scopes:     map[string]twilio.Service{"payment": {SID: payments, CodeLength: 8, PSD2: true}},
		BaseURL:    srv.URL,
	})
	if err != nil {
		panic(err)
	}
	return client, vendor, srv.Close
}

var ctx = context.Background()

// Send a code, and check what the person types. Here Twilio is an emulator on
// this machine; without BaseURL it is Twilio itself.
func Example() {
	vendor := twiliotest.New(twiliotest.Options{})
	srv := httptest.NewServer(vendor)
	defer srv.Close()

	client, err := twilio.New(twilio.Config{
		AccountSID: twiliotest.AccountSID,
		AuthToken:  twiliotest.AuthToken,
		Service:    twilio.Service{SID: twiliotest.ServiceSID},
		BaseURL:    srv.URL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := client.Send(ctx, "+15005550006")
	fmt.Println(receipt.Vendor, receipt.Channel, receipt.Digits, err)

	typed := vendor.Code("+15005550006", "")
	fmt.Println(client.Check(ctx, "+15005550006", typed))
	fmt.Println(client.Check(ctx, "+15005550006", typed)) // accepted once
	// Output:
	// twilio sms 6 <nil>
	// <nil>
	// twilio: check: not pending (HTTP 404, 20404)
}

func ExampleSender() {
	client, _, stop := emulated()
	defer stop()

	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelVoice), verify.WithLocale("da"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("We call you at %s with %d digits.\n", verify.Mask("+15005550006"), receipt.Digits)
	// Output: We call you at +1…06 with 6 digits.
}

// What to tell the person after each outcome.
func ExampleChecker() {
	client, vendor, stop := emulated()
	defer stop()
	_, _ = client.Send(ctx, "+15005550006")

	check := func(typed string) {
		err := client.Check(ctx, "+15005550006", typed)
		var e *verify.Error
		errors.As(err, &e)
		switch {
		case err == nil:
			fmt.Println("Welcome.")
		case errors.Is(err, verify.ErrMismatch) && e != nil && e.AttemptsLeft > 0:
			fmt.Printf("Wrong code: %d more attempts.\n", e.AttemptsLeft)
		case errors.Is(err, verify.ErrMismatch):
			fmt.Println("Wrong code: try again.")
		case errors.Is(err, verify.ErrNotPending), errors.Is(err, verify.ErrTooManyAttempts):
			fmt.Println("Ask for a new code.")
		case e != nil && e.RetryAfter > 0:
			fmt.Println("Come back in", e.RetryAfter)
		default: // says nothing about the code, and the door stays shut
			fmt.Println("We cannot tell right now.")
		}
	}

	check("135791")
	check("135790")
	check("135790")
	vendor.Fail(twiliotest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"60"}}})
	check("135790")
	// Output:
	// Wrong code: try again.
	// Welcome.
	// Ask for a new code.
	// Come back in 1m0s
}

// A Verifier of your own: three methods, which open with what it can do.
func ExampleVerifier() {
	var v verify.Verifier = board{}

	receipt, err := v.Send(ctx, "+15005550006")
	fmt.Println(receipt.Vendor, receipt.Channel, err)
	fmt.Println(v.Check(ctx, "+15005550006", "135791"))
	_, err = v.Send(ctx, "+15005550006", verify.WithScope("payment"))
	fmt.Println(err)
	// Output:
	// board sms <nil>
	// board: check: mismatch
	// board: send: unsupported: no scope is offered: leave WithScope out
}

// A board is a vendor that forgets everything.
type board struct{}

func (board) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "board", Channels: []verify.Channel{verify.ChannelSMS}, MinDigits: 6, MaxDigits: 6}
}

func (b board) Send(_ context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := b.Capabilities().SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	return verify.Receipt{Vendor: "board", Channel: req.Channel}, nil
}

func (b board) Check(_ context.Context, to, code string, opts ...verify.CheckOption) error {
	if _, err := b.Capabilities().CheckRequest(to, code, opts...); err != nil {
		return err
	}
	return &verify.Error{Vendor: "board", Op: "check", Outcome: verify.ErrMismatch}
}

// A page offers only what works.
func ExampleCapabilities() {
	client, _, stop := emulated()
	defer stop()

	capabilities := client.Capabilities()
	for _, c := range capabilities.Channels {
		fmt.Println("by", c)
	}
	fmt.Println("with scopes", capabilities.Scopes, "and transactions:", capabilities.Transaction)
	// Output:
	// by sms
	// by voice
	// by whatsapp
	// by email
	// with scopes [payment] and transactions: true
}

// Cancel when the person gives up. Not every vendor can, and a wrapper does not
// hide it.
func ExampleAs() {
	client, _, stop := emulated()
	defer stop()
	var v verify.Verifier = wrapper{client} // with a method Unwrap
	_, _ = v.Send(ctx, "+15005550006")

	if c, ok := verify.As[verify.Canceler](v); ok {
		fmt.Println(c.Cancel(ctx, "+15005550006"))
	}
	fmt.Println(v.Check(ctx, "+15005550006", "135790"))
	// Output:
	// <nil>
	// twilio: check: not pending (HTTP 404, 20404)
}

func ExampleMask() {
	fmt.Println(verify.Mask("+15005550006"), verify.Mask("a.b@example.com"))
	// Output: +1…06 a…@example.com
}

func ExampleCallingCode() {
	fmt.Println(verify.CallingCode("+15005550006"), verify.CallingCode("a@example.com") == "")
	// Output: 1 true
}

// An outcome is a label for metrics, and an unknown error is an unknown outcome.
func ExampleOutcomeOf() {
	for _, err := range []error{nil, &verify.Error{Outcome: verify.ErrMismatch}, errors.New("what?")} {
		fmt.Printf("%q\n", string(verify.OutcomeOf(err)))
	}
	// Output:
	// ""
	// "mismatch"
	// "outcome_unknown"
}

func ExampleError_MarshalJSON() {
	var err error = &verify.Error{
		Vendor: "twilio", Op: "send", Outcome: verify.ErrRateLimited,
		HTTPStatus: 429, VendorCode: "20429", RetryAfter: time.Minute, Requests: 1,
	}
	text, _ := json.Marshal(err)
	fmt.Println(err)
	fmt.Println(string(text))
	// Output:
	// twilio: send: rate limited (HTTP 429, 20429, retry after 1m0s)
	// {"outcome":"rate_limited","vendor":"twilio","op":"send","http_status":429,"vendor_code":"20429","retry_after_seconds":60,"requests":1}
}
