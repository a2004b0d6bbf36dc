//go:build !race

package totp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify/totp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Check allocates four times at most, right or wrong, with the hashes that apps
// know.
func TestACheckAllocatesFourTimesAtMost(t *testing.T) {
	const runs = 200
	for _, algorithm := range []totp.Algorithm{totp.SHA1, totp.SHA256} {
		a := newAuthenticator(t)
		uri := "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=" + string(algorithm)
		app, err := totp.ReadApp(uri)
		require.NoError(t, err)
		names := make([]string, runs+1) // a warm-up
		for i := range names {
			names[i] = fmt.Sprintf("account-%d", i)
			require.NoError(t, a.Import(t.Context(), names[i], uri))
		}
		right, _ := app.Code(time.Now().Add(30 * time.Second)) // that of now is spent by the import
		for name, code := range map[string]string{"wrong": "000000", "right": right} {
			next, ctx, approved := 0, t.Context(), 0
			got := testing.AllocsPerRun(runs, func() {
				if a.Check(ctx, names[next], code) == nil {
					approved++
				}
				next++
			})
			assert.LessOrEqual(t, got, 4.0, "%s, %s", algorithm, name)
			if name == "right" {
				assert.Greater(t, approved, runs/2, "they were approved")
			}
		}
	}
}
