package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A toyClient is what a vendor's package exports.
type toyClient struct{ api driver.API }

func newToy(key string, client *http.Client) (*toyClient, error) {
	if key == "" {
		return nil, errors.New("toy: Key is missing")
	}
	made, err := driver.New(driver.Config{
		Vendor: "toy", BaseURL: "https://api.example.com", Client: client,
		Header: map[string]string{"Authorization": driver.Bearer(key)}, ReadError: readToyError,
	})
	if err != nil {
		return nil, fmt.Errorf("toy: %w", err)
	}
	return &toyClient{driver.API{
		Client:       made,
		Capabilities: verify.Capabilities{Vendor: "toy", Channels: []verify.Channel{verify.ChannelSMS}, DefaultDigits: 6},
		NewSend:      newToySend, ReadSend: readToySend, NewCheck: newToyCheck, ReadCheck: readToyCheck, NamesSubject: true,
	}}, nil
}

func (c *toyClient) Capabilities() verify.Capabilities { return c.api.Capabilities }
func (c *toyClient) Close() error                      { return c.api.Close() }

func (c *toyClient) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

func (c *toyClient) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

func newToySend(s driver.Send) (driver.Call, error) {
	body, err := json.Marshal(map[string]string{"to": s.To})
	return driver.Call{Route: "/codes", JSON: body}, err
}

func readToySend(_ driver.Send, r driver.Reply) (verify.Receipt, error) {
	var id string
	err := driver.Scan(r.Body, driver.Field{Key: "id", To: &id, Need: true})
	return verify.Receipt{ID: driver.ReceiptID(id)}, err
}

func newToyCheck(c driver.Check) (driver.Call, error) {
	body, err := json.Marshal(map[string]string{"to": c.To, "code": c.Code})
	return driver.Call{Route: "/codes/check", JSON: body}, err
}

// What status means, beside "approved".
var toyDenials = map[string]verify.Outcome{"wrong": verify.ErrMismatch, "expired": verify.ErrNotPending}

func readToyCheck(_ driver.Check, r driver.Reply) (driver.Verdict, error) {
	var status, to string
	err := driver.Scan(r.Body,
		driver.Field{Key: "status", To: &status, Need: true}, driver.Field{Key: "to", To: &to, Need: true})
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case status == "approved":
		return driver.Approved(to), nil
	}
	return driver.Denied(toyDenials[status]), nil // a status that is not listed approves nobody
}

// readToyError reads {"error": "..."}. Any other body is not the vendor's.
func readToyError(_ string, status int, body []byte) driver.Failure {
	var code string
	if driver.Scan(body, driver.Field{Key: "error", To: &code, Need: true}) != nil {
		return driver.Failure{}
	}
	if code == "too_many_attempts" {
		return driver.Failure{Outcome: verify.ErrTooManyAttempts, Code: code}
	}
	return driver.Unlisted(status)
}

// A vendor that makes and checks codes itself, whole.
func Example() {
	client, err := newToy("key", &http.Client{Transport: toyServer("postponed")})
	if err != nil {
		fmt.Println(err)
		return
	}
	var verifier verify.Verifier = client
	for _, code := range []string{"123456", "654321", "111111"} {
		fmt.Println(verifier.Check(context.Background(), "+15005550006", code))
	}
	// Output:
	// <nil>
	// toy: check: mismatch (HTTP 200)
	// toy: check: outcome unknown: the answer to the check is not one that is known (HTTP 200)
}
