//go:build !race

package auth0_test

import (
	"net/http"
	"testing"

	"github.com/go2fa/verify/auth0"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/require"
)

var header = http.Header{
	"Content-Type": {"application/json"},
	"Cf-Ray":       {"abc12312-abcd-1234-abcd-1234abcd1234"},
}

const (
	created  = `{"_id":"00000000000000000000000a","phone_number":"+15005550006","phone_verified":true}`
	approved = `{"access_token":"placeholder","expires_in":86400,"token_type":"Bearer"}`
)

func inMemory(t testing.TB, body string) *auth0.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := auth0.New(cfg)
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
