package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/webhook"
)

// An endpoint of one's own checks the signature, sends the text in its own way, and
// answers 204.
func ExampleNew() {
	const secret = "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="
	keys, err := delivery.WebhookKeys([]string{secret})
	if err != nil {
		fmt.Println(err)
		return
	}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil || !delivery.IsWebhook(r, body, keys) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Println(len(body) > 0) // here the text would be sent, once for each webhook-id
		w.WriteHeader(http.StatusNoContent)
	}))
	defer endpoint.Close()

	messenger, err := webhook.New(webhook.Config{URL: endpoint.URL, Secrets: []string{secret}})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, Product: "Acme",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := verifier.Send(context.Background(), "+15005550006")
	fmt.Println(receipt.Vendor, err)
	// Output:
	// true
	// webhook <nil>
}
