package redisstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/redisstore"
)

// Whoever has one thing done again and again makes no record grow: each script reads
// and writes the whole of it, and a server has one thread for everybody.
func TestNobodyMakesARecordGrow(t *testing.T) {
	t.Parallel()
	const calls = 300
	for name, call := range map[string]func(*testing.T, server, string) func(){
		"sends that a vendor refuses, in a ledger": func(t *testing.T, srv server, prefix string) func() {
			ledger, err := redisstore.NewLedger(srv.client(t), redisstore.Config{Prefix: prefix})
			require.NoError(t, err)
			return func() {
				id := failover.ID(anID())
				_, err := ledger.Begin(t.Context(), failover.Key{1}, id, "twilio", time.Minute)
				require.NoError(t, err)
				require.NoError(t, ledger.End(t.Context(), failover.Key{1}, id, "twilio", failover.NotSent, time.Minute))
			}
		},
		"recovery codes that are made anew": func(t *testing.T, srv server, prefix string) func() {
			store, err := redisstore.NewRecovery(srv.client(t), redisstore.Config{Prefix: prefix})
			require.NoError(t, err)
			return func() {
				require.NoError(t, store.Replace(t.Context(), recovery.Key{1}, recovery.ID(anID()), []recovery.MAC{{1}}))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onServers(t, func(t *testing.T, srv server) {
				prefix := "test-" + rand.Text() + ":"
				again, client := call(t, srv, prefix), srv.client(t)
				size := func() (sum int64) {
					for _, name := range keysOf(t, client, prefix) {
						n, err := client.StrLen(t.Context(), name).Result()
						require.NoError(t, err)
						sum += n
					}
					return sum
				}
				for range 64 {
					again()
				}
				before := size()
				require.Positive(t, before)
				for range calls {
					again()
				}
				assert.Less(t, size(), before+before/10)
			})
		})
	}
}
