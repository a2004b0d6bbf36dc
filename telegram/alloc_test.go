//go:build !race

package telegram_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify/telegram"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory answers every call with one body, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	const body = `{"ok":true,"result":{"request_id":"987650abcdef","delivery_status":{"status":"sent"}}}`
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

var header = http.Header{"Content-Type": {"application/json"}}

// Two calls have twice the allocations of one.
func TestAllocationsStayFew(t *testing.T) {
	client, err := telegram.New(telegram.Config{Token: "placeholder", HTTPClient: &http.Client{Transport: memory{}}})
	require.NoError(t, err)
	verifier, i := engine(t, client), 0
	to := make([]string, 1001)
	for i := range to {
		to[i] = fmt.Sprintf("+1555%07d", i)
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := verifier.Send(t.Context(), to[i]); err != nil {
			t.Fatal(err)
		}
		i++
	}), 72.0)
}
