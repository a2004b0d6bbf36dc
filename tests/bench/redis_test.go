package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/redis/go-redis/v9"
)

// BenchmarkRedisIssue is a send beside a PING and beside the least script that
// counts and compares.
func BenchmarkRedisIssue(b *testing.B) { askRedis(b, put) }

// BenchmarkRedisAttempt is an attempt beside the same.
func BenchmarkRedisAttempt(b *testing.B) { askRedis(b, attempt) }

// askRedis measures ours on a server at hand, where it shows what it costs, and
// on one that is 2 ms away, where it shows how often it asks.
func askRedis(b *testing.B, ours asker) {
	socket := startServer(b)
	fill(b, dial(b, socket, 0))
	asked := map[string]asker{"ours": ours, "PING": ping, "script": script}
	for _, on := range []struct {
		net     string
		delay   time.Duration
		callers int
	}{{"near", 0, 1}, {"near", 0, 16}, {"near", 0, 64}, {"2ms", 2 * time.Millisecond, 1}} {
		b.Run(fmt.Sprintf("over=%s/callers=%d", on.net, on.callers), func(b *testing.B) {
			client := dial(b, socket, on.delay)
			for _, name := range shuffled(asked) {
				b.Run("by="+name, func(b *testing.B) {
					op := asked[name](b, client)
					measure(b, on.callers, func() error { return op(turns.Add(1)) })
				})
			}
		})
	}
}

// attempted are the records that are attempted at in turn: the answers to attempts are
// kept for a while, and make a record longer.
const attempted = 8192

// most has as many attempts compared as may be.
var most = otp.Limits{Attempts: 10}.WithDefaults()

func fill(b *testing.B, c *redis.Client) {
	store := storeOn(b, c)
	for n := range uint64(attempted) {
		if _, err := store.Issue(b.Context(), key(n), id(n), mac(n), 10*time.Minute, most); err != nil {
			b.Fatal(err)
		}
	}
}

func storeOn(b testing.TB, c *redis.Client) otp.Store {
	store, err := redisstore.New(c, redisstore.Config{})
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// An asker makes a question to Redis that can be asked again and again.
type asker func(testing.TB, *redis.Client) func(n uint64) error

func ping(b testing.TB, c *redis.Client) func(uint64) error {
	return func(uint64) error { return c.Ping(background).Err() }
}

func script(b testing.TB, c *redis.Client) func(uint64) error {
	sha, err := c.ScriptLoad(b.Context(), least).Result()
	if err != nil {
		b.Fatal(err)
	}
	return func(n uint64) error {
		return c.EvalSha(background, sha, []string{fmt.Sprintf("least:%d", n%attempted)}, "x").Err()
	}
}

// least counts an attempt and compares it.
const least = `
	local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
	if n > 1000000 then return {'locked', 0} end
	if redis.call('HGET', KEYS[1], 'code') == ARGV[1] then
		redis.call('DEL', KEYS[1])
		return {'match', 0}
	end
	redis.call('PEXPIRE', KEYS[1], 600000)
	return {'wrong', 5 - n}`

func put(b testing.TB, c *redis.Client) func(uint64) error {
	store := storeOn(b, c)
	return func(n uint64) error {
		_, err := store.Issue(background, key(attempted+n), id(n), mac(n), time.Minute, most)
		return err
	}
}

func attempt(b testing.TB, c *redis.Client) func(uint64) error { return attemptAt(b, c, attempted) }

// attemptAt has each of so many records attempted at in turn.
func attemptAt(b testing.TB, c *redis.Client, records uint64) func(uint64) error {
	store, wrong := storeOn(b, c), []otp.MAC{mac(1 << 50)}
	return func(n uint64) error {
		_, _, err := store.Attempt(background, key(n%records), id(records+n), wrong, most)
		return err
	}
}
