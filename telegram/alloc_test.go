//go:build !race

package telegram_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/telegram"
	"github.com/stretchr/testify/require"
)

var header = http.Header{"Content-Type": {"application/json"}}

const reached = `{"ok":true,"result":{"request_id":"987650abcdef","delivery_status":{"status":"sent"}}}`

// Two calls have twice the allocations of one.
func TestAllocationsStayFew(t *testing.T) {
	client, err := telegram.New(telegram.Config{Token: "placeholder", HTTPClient: fixture.InMemory(fixture.Always(http.StatusOK, reached), header)})
	require.NoError(t, err)
	verifier, i := engine(t, client), 0
	to := make([]string, 1001)
	for i := range to {
		to[i] = fmt.Sprintf("+1555%07d", i)
	}
	fixture.Allocates(t, "Send", 56, func() error {
		_, err := verifier.Send(t.Context(), to[i])
		i++
		return err
	})
}
