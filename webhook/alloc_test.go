//go:build !race

package webhook_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/webhook"
	"github.com/stretchr/testify/require"
)

// Beside those of a Send that is not signed: the headers, their values and the MAC.
func TestAllocationsStayFew(t *testing.T) {
	taken := fixture.InMemory(fixture.Always(http.StatusNoContent, ""), http.Header{})
	client, err := webhook.New(webhook.Config{URL: endpoint, Secrets: []string{first}, HTTPClient: taken})
	require.NoError(t, err)
	verifier, i := engine(t, client), 0
	to := make([]string, 1001)
	for i := range to {
		to[i] = fmt.Sprintf("+1555%07d", i)
	}
	fixture.Allocates(t, "Send", 52, func() error {
		_, err := verifier.Send(t.Context(), to[i])
		i++
		return err
	})
}
