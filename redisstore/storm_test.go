package redisstore_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// stormEnv makes this program one of the processes of a storm.
const stormEnv = "REDISSTORE_TEST_STORM"

const (
	stormProcesses  = 4
	stormGoroutines = 64
	stormAttempts   = 20 // of each goroutine, unless STORM says how many in all
)

// asked is a number that the environment asks for, for a run in full against a
// real server.
func asked(srv server, name string, usual int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil || srv.advance != nil {
		return usual
	}
	return n
}

// A storm tells a process whom to attempt at, and with what.
type storm struct {
	Network, Addr, Prefix string
	Key, MAC              string // hexadecimal; no MAC: a new one each time
	Attempts              int    // of each goroutine
}

// stormer is one process of a storm. It says that it is ready, waits for the word
// to go, attempts, and tells how often it got which verdict.
func stormer() int {
	var s storm
	if err := json.Unmarshal([]byte(os.Getenv(stormEnv)), &s); err != nil {
		return 1
	}
	client := redis.NewClient(server{network: s.Network, addr: s.Addr}.options())
	store, err := redisstore.New(client, redisstore.Config{Prefix: s.Prefix})
	if err != nil || client.Ping(context.Background()).Err() != nil {
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)

	verdicts := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range stormGoroutines {
		all.Go(func() {
			for range s.Attempts {
				name := s.attempt(store)
				mu.Lock()
				verdicts[name]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if json.NewEncoder(os.Stdout).Encode(verdicts) != nil {
		return 1
	}
	return 0
}

func (s storm) attempt(store otp.Store) string {
	var k otp.Key
	_, _ = hex.Decode(k[:], []byte(s.Key))
	mac := aMAC()
	if s.MAC != "" {
		_, _ = hex.Decode(mac[:], []byte(s.MAC))
	}
	v, _, err := store.Attempt(context.Background(), k, anID(), []otp.MAC{mac}, otp.Limits{})
	if err != nil {
		return "error"
	}
	return v.String()
}

// rage lets all processes attempt at once, and adds up what they tell.
func (s storm) rage(t *testing.T) map[string]int {
	t.Helper()
	order, err := json.Marshal(s)
	require.NoError(t, err)
	sum := map[string]int{}
	var gates []io.Closer
	var outs []*bufio.Reader
	for range stormProcesses {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), stormEnv+"="+string(order))
		gate, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Wait() })
		gates, outs = append(gates, gate), append(outs, bufio.NewReader(out))
	}
	for _, out := range outs {
		line, _ := out.ReadString('\n')
		require.Equal(t, "ready\n", line)
	}
	for _, gate := range gates {
		require.NoError(t, gate.Close())
	}
	for _, out := range outs {
		verdicts := map[string]int{}
		require.NoError(t, json.NewDecoder(out).Decode(&verdicts))
		for name, n := range verdicts {
			sum[name] += n
		}
	}
	return sum
}

func TestAttemptStorms(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		const goroutines = stormProcesses * stormGoroutines
		each := asked(srv, "STORM", goroutines*stormAttempts) / goroutines
		if srv.advance != nil && noServer == "" {
			each = 2 // of miniredis, which is slow: the real server has them all
		}
		all := goroutines * each
		store, prefix := aStore(t, srv.client(t))
		k, mac := aKey(), aMAC()
		s := storm{Network: srv.network, Addr: srv.addr, Prefix: prefix, Key: hex.EncodeToString(k[:]), Attempts: each}

		mustIssue(t, store, k, anID(), mac)
		assert.Equal(t, map[string]int{"wrong": 4, "locked": all - 4}, s.rage(t))
		v, _ := attempt(t, store, k, anID(), mac)
		assert.Equal(t, otp.Locked, v, "the right code comes too late")

		// Under other limits one more wrong attempt tells how many were compared.
		more := otp.Limits{Attempts: 10, Failures: 10, Sends: 10, Cooldown: []time.Duration{0}}
		_, err := store.Issue(t.Context(), k, anID(), mac, time.Minute, more)
		require.NoError(t, err)
		_, left, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, more)
		require.NoError(t, err)
		assert.Equal(t, 10-5-1, left, "exactly five were compared")

		require.NoError(t, store.Reset(t.Context(), k))
		mustIssue(t, store, k, anID(), mac)
		s.MAC = hex.EncodeToString(mac[:])
		assert.Equal(t, map[string]int{"match": 1, "gone": all - 1}, s.rage(t), "one winner of all who have the code")
	})
}
