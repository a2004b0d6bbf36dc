//go:build !race

package infobip_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/infobip"
	"github.com/go2fa/verify/internal/fixture"
)

// answered is the answer to a send or to a check.
func answered(r *http.Request) (status int, body string) {
	if strings.HasSuffix(r.URL.Path, "/verify") {
		return http.StatusOK, wrong
	}
	return http.StatusOK, sent
}

var header = http.Header{"Content-Type": {"application/json;charset=UTF-8"}}

const (
	sent  = `{"pinId":"9C817C6F8AF3D48F9FE553282AFA2B60","to":"15005550006","ncStatus":"NC_DESTINATION_REACHABLE","smsStatus":"MESSAGE_SENT"}`
	wrong = `{"pinId":"9C817C6F8AF3D48F9FE553282AFA2B60","msisdn":"15005550006","verified":false,"attemptsRemaining":9,"pinError":"WRONG_PIN"}`
)

// Measured: 38 for a send and 38 for a check, with the id that is kept in memory. The
// check is of a wrong code, since a right one ends the id.
func TestAllocationsStayFew(t *testing.T) {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(answered, header)
	client, err := infobip.New(cfg)
	require.NoError(t, err)
	fixture.Allocates(t, "Send", 38, func() error {
		_, err := client.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 38, func() error { return fixture.Denied(client.Check(t.Context(), phone, "123456")) })
}
