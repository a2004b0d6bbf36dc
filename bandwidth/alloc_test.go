//go:build !race

package bandwidth_test

import (
	"net/http"
	"testing"

	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/require"
)

var header = http.Header{
	"Content-Type":     {"application/json"},
	"X-Amzn-Requestid": {"abc12312-abcd-1234-abcd-1234abcd1234"},
}

// Each answers the request for a token too.
const (
	created  = `{"messageId":"1589228074636lm4k2je7j7jklbn2","access_token":"placeholder","expires_in":3600}`
	approved = `{"valid":true,"access_token":"placeholder","expires_in":3600}`
)

func inMemory(t testing.TB, body string) *bandwidth.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := bandwidth.New(cfg)
	require.NoError(t, err)
	return client
}

// The goal is 36, with retries, typed errors, redaction and a shared token on;
// net/http alone takes 29 and 28.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	fixture.Allocates(t, "Send", 36, func() error {
		_, err := send.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 36, func() error { return check.Check(t.Context(), phone, "123456") })
}

func BenchmarkSend(b *testing.B) {
	client := inMemory(b, created)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Send(b.Context(), phone); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	client := inMemory(b, approved)
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Check(b.Context(), phone, "123456"); err != nil {
			b.Fatal(err)
		}
	}
}
