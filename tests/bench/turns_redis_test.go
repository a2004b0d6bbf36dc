package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// asks are the records that are attempted at in turn, as many as keep every attempt
// compared.
const asks = 60_000

// TestTurnsOnRedis pairs a wrong attempt with a PING and with the least script that
// counts and compares, on a server next door.
func TestTurnsOnRedis(t *testing.T) {
	needRatios(t)
	client := dial(t, startServer(t), 0)
	fillFrom(t, client, asks)
	put, wrong := storeOn(t, client), attemptAt(t, client, asks)
	ops := map[string]func() error{
		"PING":   func() error { return client.Ping(background).Err() },
		"script": numbered(script(t, client)),
		"ours":   numbered(wrong),
		"bare":   numbered(bare(t, client)),
	}
	for _, of := range []struct {
		callers int
		target  float64
	}{{1, 1.25}, {16, 1.40}, {256, 0}} {
		m := match{turns: 60, slice: 30 * time.Millisecond, callers: of.callers, server: serverTime(client)}
		played := m.play(t, ops)
		name := fmt.Sprintf("an attempt on Redis next door by %d: ", of.callers)
		tell(name+"time / the least script", pair(played, "ours", "script", wall), of.target)
		tell(name+"server's CPU / the least script", pair(played, "ours", "script", server), map[bool]float64{true: 1.5}[of.target > 0])
		tell(name+"server's CPU of its four commands alone / the least script", pair(played, "bare", "script", server), 0)
		tell(name+"time of PING / the least script", pair(played, "PING", "script", wall), 0)
	}
	n := uint64(1 << 40)
	m := match{turns: 30, slice: 30 * time.Millisecond, callers: 16, server: serverTime(client)}
	played := m.play(t, map[string]func() error{
		"ours": func() error {
			i := turns.Add(1)
			_, err := put.Issue(background, key(n+i), id(i), mac(i), time.Minute, most)
			return err
		},
		"script": ops["script"],
	})
	tell("a send on Redis next door by 16: time / the least script", pair(played, "ours", "script", wall), 0)
}

// bare has the four commands of an attempt on the three parts that it reads, and decides
// nothing: what parts that expire by themselves cost.
func bare(t testing.TB, c *redis.Client) func(uint64) error {
	sha, err := c.ScriptLoad(t.Context(), `
		redis.call('TIME')
		redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
		redis.call('SET', KEYS[2], ARGV[1], 'PX', 120001)
		redis.call('SET', KEYS[3], ARGV[1], 'PX', 2592000000)
		return {'wrong', 1}`).Result()
	if err != nil {
		t.Fatal(err)
	}
	return func(n uint64) error {
		name := fmt.Sprintf("bare:{%04x}:%032d:", n%asks&0xffff, n%asks)
		return c.EvalSha(background, sha, []string{name + "s", name + "a", name + "f"}, "0123456789abcdef0123456789").Err()
	}
}

func numbered(op func(uint64) error) func() error {
	return func() error { return op(turns.Add(1)) }
}

// fillFrom issues codes by many callers.
func fillFrom(t testing.TB, c *redis.Client, codes uint64) {
	t.Helper()
	store := storeOn(t, c)
	var all sync.WaitGroup
	const at = 16
	for from := range uint64(at) {
		all.Go(func() {
			for n := from; n < codes; n += at {
				if _, err := store.Issue(background, key(n), id(n), mac(n), 30*time.Minute, most); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// serverTime is the processor time that a server has used.
func serverTime(c *redis.Client) func() float64 {
	return func() float64 {
		text, err := c.Info(context.Background(), "cpu").Result()
		if err != nil {
			return 0
		}
		used := 0.0
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "used_cpu_sys_main_thread" || name == "used_cpu_user_main_thread" {
				seconds, _ := strconv.ParseFloat(value, 64)
				used += seconds * 1e9
			}
		}
		return used
	}
}
