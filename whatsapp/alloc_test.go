//go:build !race

package whatsapp_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/whatsapp"
	"github.com/stretchr/testify/require"
)

// One call has the allocations of one request.
func TestAllocationsStayFew(t *testing.T) {
	to, i := make([]string, 1001), 0
	for i := range to {
		to[i] = fmt.Sprintf("+1555%07d", i)
	}
	cfg := config("")
	cfg.HTTPClient = &http.Client{Transport: transport(func() string { return to[i] })}
	client, err := whatsapp.New(cfg)
	require.NoError(t, err)
	verifier := engine(t, client)
	fixture.Allocates(t, "Send", 50, func() error {
		_, err := verifier.Send(t.Context(), to[i])
		i++
		return err
	})
}
