//go:build !race

package vonage_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/vonage"
)

// memory answers a send and a check, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	status, kind, body := http.StatusAccepted, answered, sent
	if strings.Count(r.URL.Path, "/") > 2 {
		status, kind, body = http.StatusBadRequest, problem, wrong
	}
	return &http.Response{
		StatusCode: status, Header: kind, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}, nil
}

var (
	answered = http.Header{"Content-Type": {"application/json"}}
	problem  = http.Header{"Content-Type": {"application/problem+json"}}
)

const (
	sent  = `{"request_id":"c11236f4-00bf-4b89-84ba-88b25df97315"}`
	wrong = `{"type":"https://developer.vonage.com/api-errors/verify#invalid-code","title":"Invalid Code","detail":"The code you provided does not match the expected value.","instance":"bf0ca0bf-927b-4b52-a3cb-03217e1a1ddf"}`
)

// The goal is that of a vendor that checks by an id: see package infobip. The check is
// of a wrong code, since a right one ends the verification.
func TestAllocationsStayFew(t *testing.T) {
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: memory{}}
	client, err := vonage.New(cfg)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if _, err := client.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 68.0, "Send")
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := client.Check(t.Context(), phone, "123456"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}), 60.0, "Check")
}
