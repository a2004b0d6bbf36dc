//go:build !race

package bird_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify/bird"
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
	"X-Request-Id": {"abc12312-abcd-1234-abcd-1234abcd1234"},
}

const (
	created  = `{"id":"ver_placeholder","status":"pending","to":{"phone_number":"+15005550006"},"last_channel":"sms","expires_at":"2026-11-28T12:10:00Z"}`
	approved = `{"success":true,"verification":{"id":"ver_placeholder","status":"verified","to":{"phone_number":"+15005550006"}}}`
)

func inMemory(t testing.TB, body string) *bird.Client {
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: memory{body}}
	client, err := bird.New(cfg)
	require.NoError(t, err)
	return client
}

// With retries, typed errors and redaction on, and an idempotency key for each call.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := send.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 44.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := check.Check(t.Context(), phone, "123456"); err != nil {
			t.Fatal(err)
		}
	}), 41.0, "Check")
}
