//go:build !race

package camara_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/camara"
)

// memory answers a send and a check, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	status, body := http.StatusOK, sent
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/token"):
		body = token
	case strings.HasSuffix(path, "/validate-code"):
		status, body = http.StatusBadRequest, wrong
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}, nil
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
	cfg.HTTPClient = &http.Client{Transport: memory{}}
	client, err := camara.New(cfg)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := client.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 49.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := client.Check(t.Context(), phone, "123456"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}), 52.0, "Check")
}
