package redisstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

func TestOneRoundTripEach(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		w := new(wire)
		store := lossy(t, srv, w)
		k, id, mac := aKey(), anID(), aMAC()
		calls := []struct {
			name string
			call func()
		}{
			{"issue", func() { mustIssue(t, store, k, id, mac) }},
			{"a wrong attempt", func() { attempt(t, store, k, anID(), aMAC(), aMAC()) }},
			{"the right one", func() { attempt(t, store, k, anID(), mac) }},
			{"one too late", func() { attempt(t, store, k, anID(), mac) }},
			{"revoke", func() { require.NoError(t, store.Revoke(t.Context(), k, id)) }},
			{"reset", func() { require.NoError(t, store.Reset(t.Context(), k)) }},
		}
		for _, c := range calls {
			w.requests.Store(0)
			c.call()
			assert.EqualValues(t, 1, w.requests.Load(), c.name)
		}
	})
}

// The server's own count, on a server that nobody else asks anything.
func TestCommandStatistics(t *testing.T) {
	t.Parallel()
	needReal(t)
	srv := ownServer(t)
	client := srv.client(t)
	store, _ := aStore(t, client)
	mustIssue(t, store, aKey(), anID(), aMAC())
	attempt(t, store, aKey(), anID(), aMAC())
	require.NoError(t, client.ConfigResetStat(t.Context()).Err())

	for range 10 {
		k, mac := aKey(), aMAC()
		mustIssue(t, store, k, anID(), mac)
		v, _ := attempt(t, store, k, anID(), mac)
		require.Equal(t, otp.Match, v)
	}
	stats, err := client.Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	assert.Contains(t, stats, "cmdstat_evalsha:calls=20,")
	assert.NotContains(t, stats, "cmdstat_eval:")
}

// BenchmarkRoundTrip reports how much longer an attempt takes than a PING, over a
// network that takes one millisecond each way: 1.1 times at most.
func BenchmarkRoundTrip(b *testing.B) {
	w := &wire{delay: time.Millisecond}
	client := needReal(b).client(b, w.into)
	compare(b, client, "attempt/ping", func() error { return client.Ping(b.Context()).Err() })
}

// BenchmarkAttempt reports how much longer an attempt takes than the least script
// that counts, compares and decides. What is kept in parts with lives of their own
// takes the server some 5 microseconds more than one record would.
func BenchmarkAttempt(b *testing.B) {
	client := needReal(b).client(b)
	sha, err := client.ScriptLoad(b.Context(), `
		local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
		if n > 5 then return {'locked', 0} end
		if redis.call('HGET', KEYS[1], 'code') == ARGV[1] then
			redis.call('DEL', KEYS[1])
			return {'match', 0}
		end
		redis.call('PEXPIRE', KEYS[1], 600000)
		return {'wrong', 5 - n}`).Result()
	require.NoError(b, err)
	compare(b, client, "attempt/bare", func() error {
		return client.EvalSha(b.Context(), sha, []string{"test-" + rand.Text()}, "x").Err()
	})
}

// compare reports how much longer an attempt, one that is compared, takes than
// something else.
func compare(b *testing.B, client *redis.Client, unit string, other func() error) {
	store, _ := aStore(b, client)
	macs := []otp.MAC{aMAC()}
	var others, attempts time.Duration
	b.ReportAllocs()
	for b.Loop() {
		k := aKey()
		mustIssue(b, store, k, anID(), aMAC())
		id := anID()
		start := time.Now()
		if err := other(); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if v, _, err := store.Attempt(b.Context(), k, id, macs, otp.Limits{}); err != nil || v != otp.Wrong {
			b.Fatal(v, err)
		}
		others += between.Sub(start)
		attempts += time.Since(between)
		_ = store.Reset(b.Context(), k)
	}
	b.ReportMetric(float64(attempts)/float64(others), unit)
}
