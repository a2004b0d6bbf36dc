package stress

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	emulated "github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
)

// A vendor that only delivers makes a verifier with the engine, in memory and over a
// Redis that two processes share.
func TestWhatOnlyDeliversIsAVerifierOverMemoryAndRedis(t *testing.T) {
	for _, k := range kinds() {
		if k.checks {
			continue
		}
		for name, store := range map[string]func(*testing.T) otp.Store{
			"memory": func(*testing.T) otp.Store { return new(otp.MemoryStore) },
			"redis":  func(t *testing.T) otp.Store { s, _ := redisStore(t); return s },
		} {
			t.Run(k.name+" over "+name, func(t *testing.T) {
				e, shared := k.emulate(nil), store(t)
				base := emulated.ServeTest(t, e, "").URL
				sends, _ := k.must(t, base, nil, shared)
				checks, _ := k.must(t, base, nil, shared)
				login := verify.WithScope("login")
				receipt, err := sends.Send(t.Context(), asker, login)
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(k.name, receipt.Vendor), receipt.Vendor)
				code := e.Messages()[0].Code
				require.ErrorIs(t, checks.Check(t.Context(), asker, code), verify.ErrNotPending, "another scope")
				require.ErrorIs(t, checks.Check(t.Context(), asker, wrongCode(code), login), verify.ErrMismatch)
				require.NoError(t, checks.Check(t.Context(), asker, code, login))
				require.ErrorIs(t, sends.Check(t.Context(), asker, code, login), verify.ErrNotPending, "once, in both")
				assert.Equal(t, 1, e.Effects())
			})
		}
	}
}

// wrongCode is a code of the same length.
func wrongCode(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}
