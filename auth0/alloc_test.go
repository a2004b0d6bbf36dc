//go:build !race

package auth0_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify/auth0"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory answers every request with one body, without a network.
type memory struct{ body string }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return &http.Response{
		StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(m.body)),
		ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

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
	cfg.HTTPClient = &http.Client{Transport: memory{body}}
	client, err := auth0.New(cfg)
	require.NoError(t, err)
	return client
}

// The goal is 36, with retries, typed errors and redaction on.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := send.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 36.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := check.Check(t.Context(), phone, "123456"); err != nil {
			t.Fatal(err)
		}
	}), 36.0, "Check")
}
