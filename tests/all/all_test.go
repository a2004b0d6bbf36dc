package all_test

import (
	"io"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/vendors"
)

const to = "+15005550006"

func TestEveryVendorIsEmulated(t *testing.T) {
	schemes := map[string]bool{}
	for _, v := range all.Emulated() {
		schemes[v.Facts.Scheme] = true
	}
	vendors := all.Vendors()
	assert.Len(t, schemes, len(vendors))
	for _, v := range vendors {
		assert.True(t, schemes[v.Scheme], v.Scheme)
	}
}

// Every messenger makes a verifier with the engine, over memory and over Redis: a code is
// sent once, a wrong one is refused, and the right one is good once and in its scope.
func TestMessengersMakeAVerifierOverMemoryAndRedis(t *testing.T) {
	for _, v := range all.Emulated() {
		for _, store := range []string{"memory", "redis"} {
			e, sample := v.New(emulator.Setup{})
			if !sample.Messenger {
				continue
			}
			t.Run(sample.Scheme+" over "+store, func(t *testing.T) {
				dsn := sample.DSN(emulator.ServeTest(t, e, "").URL) + "&code_key=0123456789abcdef0123456789abcdef&store=" + store
				if store == "redis" {
					dsn += "://" + miniredis.RunT(t).Addr()
				}
				client, err := all.Open(dsn, vendors.WithStore("redis", redisstore.Open))
				require.NoError(t, err)
				t.Cleanup(func() {
					c, _ := verify.As[io.Closer](client)
					assert.NoError(t, c.Close())
				})
				receipt, err := client.Send(t.Context(), to, verify.WithScope("login"))
				require.NoError(t, err)
				require.Len(t, e.Messages(), 1)
				code := e.Messages()[0].Code
				assert.Equal(t, receipt.Digits, len(code))
				wrong := string('0'+(code[0]-'0'+1)%10) + code[1:]
				require.ErrorIs(t, client.Check(t.Context(), to, wrong, verify.WithScope("login")), verify.ErrMismatch)
				require.Error(t, client.Check(t.Context(), to, code), "of another scope")
				require.NoError(t, client.Check(t.Context(), to, code, verify.WithScope("login")))
				require.ErrorIs(t, client.Check(t.Context(), to, code, verify.WithScope("login")), verify.ErrNotPending)
			})
		}
	}
}
