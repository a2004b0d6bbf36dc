//go:build !race

package webhook_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory answers every call, without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// Beside those of a Send that is not signed: the headers, their values and the MAC.
func TestAllocationsStayFew(t *testing.T) {
	client, err := webhook.New(webhook.Config{URL: endpoint, Secrets: []string{first}, HTTPClient: &http.Client{Transport: memory{}}})
	require.NoError(t, err)
	verifier, i := engine(t, client), 0
	to := make([]string, 1001)
	for i := range to {
		to[i] = fmt.Sprintf("+1555%07d", i)
	}
	n := testing.AllocsPerRun(1000, func() {
		if _, err := verifier.Send(t.Context(), to[i]); err != nil {
			t.Fatal(err)
		}
		i++
	})
	assert.LessOrEqual(t, n, 52.0)
}
