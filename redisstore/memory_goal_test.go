package redisstore_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// TestALiveCodeTakesFewBytes measures what a server needs for a code after one send
// with default limits. used_memory counts everything: the key, the value, and
// the places in the server's tables of keys and of expiries, which MEMORY USAGE leaves
// out. The tables are as full as 200,000 codes fill them.
func TestALiveCodeTakesFewBytes(t *testing.T) {
	t.Parallel()
	const (
		codes, asking = 50_000, 16
		limit         = 220 // bytes
		limitOfKey    = 160 // bytes of MEMORY USAGE
	)
	client := ownServer(t).client(t)
	store := verifyStore(t, client)
	issue := func(k otp.Key) {
		a, err := store.Issue(t.Context(), k, anID(), aMAC(), 10*time.Minute, otp.Limits{})
		assert.NoError(t, err)
		assert.Equal(t, otp.Admitted, a.Refused)
	}
	ofData := func() int64 {
		return usedMemory(t, client, "used_memory") - usedMemory(t, client, "mem_clients_normal")
	}
	issue(aKey()) // the script is loaded
	require.NoError(t, client.FlushDB(t.Context()).Err())

	before := ofData()
	var all sync.WaitGroup
	for range asking {
		all.Go(func() {
			for range codes / asking {
				issue(aKey())
			}
		})
	}
	all.Wait()
	held := client.DBSize(t.Context()).Val()
	require.EqualValues(t, codes/asking*asking, held, "one key a code")
	perCode := float64(ofData()-before) / float64(held)
	t.Logf("%.0f bytes a live code", perCode)
	assert.LessOrEqual(t, perCode, float64(limit), "bytes a live code, of used_memory")

	bytes, err := client.MemoryUsage(t.Context(), client.RandomKey(t.Context()).Val()).Result()
	require.NoError(t, err)
	assert.LessOrEqual(t, bytes, int64(limitOfKey), "bytes a live code, of MEMORY USAGE")
}

func usedMemory(t *testing.T, client *redis.Client, field string) (bytes int64) {
	t.Helper()
	text, err := client.InfoMap(t.Context(), "memory").Result()
	require.NoError(t, err)
	bytes, err = strconv.ParseInt(text["Memory"][field], 10, 64)
	require.NoError(t, err)
	return bytes
}

// TestAnAttemptAsksForLittle: each command of a script costs the server time in which
// it serves nobody else.
func TestAnAttemptAsksForLittle(t *testing.T) {
	t.Parallel()
	client := ownServer(t).client(t)
	store := verifyStore(t, client)
	k, mac := aKey(), aMAC()
	issue := func() { mustIssue(t, store, k, anID(), mac) }
	wrong := func() { attempt(t, store, k, anID(), aMAC()) }
	issue()
	wrong() // both scripts are loaded
	require.NoError(t, store.Reset(t.Context(), k))
	for _, step := range []struct {
		name  string
		call  func()
		calls map[string]int
	}{
		{"a first send", issue, map[string]int{"time": 1, "mget": 1, "set": 1}},
		{"a send that replaces a code", issue, map[string]int{"time": 1, "mget": 1, "set": 2}},
		{"a wrong attempt", wrong, map[string]int{"time": 1, "mget": 1, "set": 2}},
		{"a right attempt", func() { attempt(t, store, k, anID(), mac) }, map[string]int{"time": 1, "mget": 1, "set": 2, "del": 1}},
		{"an attempt without a code", wrong, map[string]int{"time": 1, "mget": 1}},
	} {
		require.NoError(t, client.ConfigResetStat(t.Context()).Err())
		step.call()
		for command, want := range step.calls {
			assert.Equal(t, want, commandCalls(t, client, command), "%s: %s", step.name, command)
		}
		assert.Zero(t, commandCalls(t, client, "get"), step.name)
	}
}

func commandCalls(t *testing.T, client *redis.Client, command string) int {
	t.Helper()
	stats, err := client.InfoMap(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	calls, _, _ := strings.Cut(strings.TrimPrefix(stats["Commandstats"]["cmdstat_"+command], "calls="), ",")
	if calls == "" {
		return 0
	}
	n, err := strconv.Atoi(calls)
	require.NoError(t, err)
	return n
}
