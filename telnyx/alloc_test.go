//go:build !race

package telnyx_test

import (
	"net/http"
	"testing"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/telnyx"
	"github.com/stretchr/testify/require"
)

var header = http.Header{
	"Content-Type": {"application/json"},
	"X-Request-Id": {"abc12312-abcd-1234-abcd-1234abcd1234"},
}

const (
	created  = `{"data":{"id":"12ade33a-21c0-473b-b055-b3c836e1c290","status":"pending","phone_number":"+15005550006","timeout_secs":300}}`
	approved = `{"data":{"phone_number":"+15005550006","response_code":"accepted"}}`
)

func inMemory(t testing.TB, body string) *telnyx.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := telnyx.New(cfg)
	require.NoError(t, err)
	return client
}

// The goal is 36, with retries, typed errors and redaction on.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	fixture.Allocates(t, "Send", 36, func() error {
		_, err := send.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 36, func() error { return check.Check(t.Context(), phone, "123456") })
}
