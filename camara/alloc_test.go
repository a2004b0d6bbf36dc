//go:build !race

package camara_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/camara"
	"github.com/go2fa/verify/internal/fixture"
)

// answered is the answer to a token's request, to a send or to a check.
func answered(r *http.Request) (status int, body string) {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/token"):
		return http.StatusOK, token
	case strings.HasSuffix(path, "/validate-code"):
		return http.StatusBadRequest, wrong
	}
	return http.StatusOK, sent
}

var header = http.Header{"Content-Type": {"application/json"}}

const (
	token = `{"access_token":"placeholder","token_type":"Bearer","expires_in":300}`
	sent  = `{"authenticationId":"11111111-2222-4333-8444-555555555555"}`
	wrong = `{"status":400,"code":"ONE_TIME_PASSWORD_SMS.INVALID_OTP","message":"The provided OTP is not valid for this authenticationId"}`
)

// Measured: 49 for a send and 52 for a check, with the id that is kept in memory and the
// correlator. The check is of a wrong code, since a right one ends the id.
func TestAllocationsStayFew(t *testing.T) {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(answered, header)
	client, err := camara.New(cfg)
	require.NoError(t, err)
	fixture.Allocates(t, "Send", 49, func() error {
		_, err := client.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 52, func() error { return fixture.Denied(client.Check(t.Context(), phone, "123456")) })
}
