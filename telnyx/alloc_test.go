//go:build !race

package telnyx_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify/telnyx"
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
	created  = `{"data":{"id":"12ade33a-21c0-473b-b055-b3c836e1c290","status":"pending","phone_number":"+15005550006","timeout_secs":300}}`
	approved = `{"data":{"phone_number":"+15005550006","response_code":"accepted"}}`
)

func inMemory(t testing.TB, body string) *telnyx.Client {
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: memory{body}}
	client, err := telnyx.New(cfg)
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
