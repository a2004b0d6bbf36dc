//go:build !race

package sinch_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/sinch"
)

// answered is the answer to a send or to a check.
func answered(r *http.Request) (status int, body string) {
	if r.Method == http.MethodPut {
		return http.StatusOK, wrong
	}
	return http.StatusOK, started
}

var header = http.Header{"Content-Type": {"application/json"}}

const (
	started = `{"id":"1ce0ffee-c0de-5eed-d00d-f00dfeed1337","method":"sms"}`
	wrong   = `{"id":"1ce0ffee-c0de-5eed-d00d-f00dfeed1337","method":"sms","status":"FAIL","reason":"Invalid code"}`
)

// Measured: 60 for a send and 66 for a check, with the id that is kept in memory and a
// signature each. The check is of a wrong code, since a right one ends the id.
func TestAllocationsStayFew(t *testing.T) {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(answered, header)
	client, err := sinch.New(cfg)
	require.NoError(t, err)
	fixture.Allocates(t, "Send", 60, func() error {
		_, err := client.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 66, func() error { return fixture.Denied(client.Check(t.Context(), phone, "123456")) })
}
