//go:build !race

package prelude_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/prelude"
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

var header = http.Header{"Content-Type": {"application/json"}}

func inMemory(t testing.TB, body string) *prelude.Client {
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: memory{body}}
	client, err := prelude.New(cfg)
	require.NoError(t, err)
	return client
}

// The goal is 36, with retries, typed errors and redaction on.
func TestAllocationsStayFew(t *testing.T) {
	send := inMemory(t, `{"id":"vrf_01jnh4zt8vfq5r71n1sx9yvx5m","status":"success","method":"message","channels":["sms"]}`)
	check := inMemory(t, `{"id":"vrf_01jnh4zt8vfq5r71n1sx9yvx5m","status":"success"}`)
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
