//go:build !race

package vonage_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/vonage"
)

// answered is the answer to a send or to a check.
func answered(r *http.Request) (status int, body string) {
	if strings.Count(r.URL.Path, "/") > 2 {
		return http.StatusBadRequest, wrong
	}
	return http.StatusAccepted, sent
}

var header = http.Header{"Content-Type": {"application/json"}}

const (
	sent  = `{"request_id":"c11236f4-00bf-4b89-84ba-88b25df97315"}`
	wrong = `{"type":"https://developer.vonage.com/api-errors/verify#invalid-code","title":"Invalid Code","detail":"The code you provided does not match the expected value.","instance":"bf0ca0bf-927b-4b52-a3cb-03217e1a1ddf"}`
)

// The goal is that of a vendor that checks by an id: see package infobip. The check is
// of a wrong code, since a right one ends the verification.
func TestAllocationsStayFew(t *testing.T) {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(answered, header)
	client, err := vonage.New(cfg)
	require.NoError(t, err)
	fixture.Allocates(t, "Send", 38, func() error {
		_, err := client.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 38, func() error { return fixture.Denied(client.Check(t.Context(), phone, "123456")) })
}
