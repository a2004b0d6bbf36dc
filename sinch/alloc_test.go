//go:build !race

package sinch_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/sinch"
)

// memory answers a send and a check, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	body := started
	if r.Method == http.MethodPut {
		body = wrong
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}, nil
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
	cfg.HTTPClient = &http.Client{Transport: memory{}}
	client, err := sinch.New(cfg)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := client.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 60.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := client.Check(t.Context(), phone, "123456"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}), 66.0, "Check")
}
