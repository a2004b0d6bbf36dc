//go:build !race

package bird_test

import (
	"net/http"
	"testing"

	"github.com/go2fa/verify/bird"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/require"
)

var header = http.Header{
	"Content-Type": {"application/json"},
	"X-Request-Id": {"abc12312-abcd-1234-abcd-1234abcd1234"},
}

const (
	created  = `{"id":"ver_placeholder","status":"pending","to":{"phone_number":"+15005550006"},"last_channel":"sms","expires_at":"2026-11-28T12:10:00Z"}`
	approved = `{"success":true,"verification":{"id":"ver_placeholder","status":"verified","to":{"phone_number":"+15005550006"}}}`
)

func inMemory(t testing.TB, body string) *bird.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := bird.New(cfg)
	require.NoError(t, err)
	return client
}

// With retries, typed errors and redaction on, and an idempotency key for each call.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	fixture.Allocates(t, "Send", 44, func() error {
		_, err := send.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 41, func() error { return check.Check(t.Context(), phone, "123456") })
}
