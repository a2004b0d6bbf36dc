//go:build !race

package infobip_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/infobip"
)

// memory answers a send and a check, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	body := sent
	if strings.HasSuffix(r.URL.Path, "/verify") {
		body = wrong
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}, nil
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
	cfg.HTTPClient = &http.Client{Transport: memory{}}
	client, err := infobip.New(cfg)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := client.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 38.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := client.Check(t.Context(), phone, "123456"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}), 38.0, "Check")
}
