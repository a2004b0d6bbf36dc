package stress

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

// TestHistories is for miniredis alone: the suites of packages verifytest and
// redisstore put the two other stores through as many.
func TestHistories(t *testing.T) {
	if !*full {
		t.Skip("the short form is TestSuite of package redisstore")
	}
	const n = 10_000
	server := miniredis.RunT(t)
	now := time.Now()
	server.SetTime(now)
	client := redis.NewClient(redisOptions("tcp", server.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.New(client, redisstore.Config{})
	require.NoError(t, err)
	verifytest.RunStore(t, func(*testing.T) verifytest.StoreTarget {
		return verifytest.StoreTarget{
			Store: store, Histories: n,
			Advance: func(d time.Duration) {
				now = now.Add(d)
				server.SetTime(now)
				server.FastForward(d)
			},
			Reopen: func(*testing.T) otp.Store { return store },
		}
	})
	figure(t, "histories miniredis: %v histories of 33 steps by 8 or 16 clients, 5 %% of the replies lost: 0 violations", n)
}
