//go:build !race

package prelude_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/prelude"
)

var header = http.Header{"Content-Type": {"application/json"}}

func inMemory(t testing.TB, body string) *prelude.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := prelude.New(cfg)
	require.NoError(t, err)
	return client
}

// The goal is 36, with retries, typed errors and redaction on.
func TestAllocationsStayFew(t *testing.T) {
	send := inMemory(t, `{"id":"vrf_01jnh4zt8vfq5r71n1sx9yvx5m","status":"success","method":"message","channels":["sms"]}`)
	check := inMemory(t, `{"id":"vrf_01jnh4zt8vfq5r71n1sx9yvx5m","status":"success"}`)
	fixture.Allocates(t, "Send", 36, func() error {
		_, err := send.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 36, func() error { return check.Check(t.Context(), phone, "123456") })
}
