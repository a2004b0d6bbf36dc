package rueidisadapter_test

import (
	"bufio"
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/examples/rueidis"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/totp"
	"github.com/go2fa/verify/verifytest"
)

// servers are a miniredis, whose clock a test moves, and a real one.
var servers = map[string]func(*testing.T) (addr string, advance func(time.Duration)){
	"miniredis": func(t *testing.T) (string, func(time.Duration)) {
		m := miniredis.RunT(t)
		now := time.Now()
		m.SetTime(now)
		return m.Addr(), func(d time.Duration) {
			now = now.Add(d)
			m.SetTime(now)
			m.FastForward(d)
		}
	},
	"redis": func(t *testing.T) (string, func(time.Duration)) { return startRedis(t), nil },
}

// startRedis starts a server that persists nothing, on a socket of its own.
func startRedis(t *testing.T) (socket string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on the PATH")
	}
	dir := t.TempDir()
	socket = filepath.Join(dir, "s")
	cmd := exec.Command(program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
			go func() {
				for lines.Scan() { // or its pipe would fill up
				}
			}()
			return "unix://" + socket
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

func dial(t *testing.T, addr string) rueidis.Client {
	t.Helper()
	o := rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, ForceSingleClient: true}
	if path, unix := strings.CutPrefix(addr, "unix://"); unix {
		o = rueidis.MustParseURL(addr)
		o.InitAddress, o.DisableCache, o.ForceSingleClient = []string{path}, true, true
	}
	client, err := rueidis.NewClient(o)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// TestSuites: over rueidis every store keeps the promises that it keeps over go-redis.
func TestSuites(t *testing.T) {
	t.Parallel()
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, advance := server(t)
			client := dial(t, addr)
			t.Run("otp", func(t *testing.T) {
				verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
					store, err := redisstore.New(rueidisadapter.New(client), redisstore.Config{Prefix: rand.Text() + ":"})
					require.NoError(t, err)
					return verifytest.StoreTarget{Store: store, Advance: advance, Histories: 50}
				})
			})
			t.Run("failover", func(t *testing.T) {
				verifytest.RunLedger(t, func(t *testing.T) verifytest.LedgerTarget {
					ledger, err := redisstore.NewLedger(rueidisadapter.New(client), redisstore.Config{Prefix: rand.Text() + ":"})
					require.NoError(t, err)
					return verifytest.LedgerTarget{Ledger: ledger, Advance: advance, Histories: 50}
				})
			})
		})
	}
}

// TestTheRestOfTheInterface is what neither suite asks.
func TestTheRestOfTheInterface(t *testing.T) {
	t.Parallel()
	client := dial(t, startRedis(t))
	c := rueidisadapter.New(client)
	store, err := redisstore.New(c, redisstore.Config{})
	require.NoError(t, err)
	require.NoError(t, store.Probe(t.Context()))

	factors, err := redisstore.NewFactors(c, redisstore.Config{})
	require.NoError(t, err)
	for n := range byte(3) {
		created, err := factors.Create(t.Context(), totp.Key{n}, totp.ID{n, 1}, totp.Factor{KeyID: totp.KeyID{7}, Sealed: []byte("sealed")})
		require.NoError(t, err)
		require.True(t, created)
	}
	counts, err := factors.CountKeys(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[totp.KeyID]int{{7}: 3}, counts)
	now, err := factors.Now(t.Context())
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), now, time.Minute)

	require.NoError(t, client.Do(t.Context(), client.B().ConfigSet().ParameterValue().ParameterValue("maxmemory-policy", "allkeys-lru").Build()).Error())
	require.ErrorContains(t, store.Probe(t.Context()), "noeviction")
}

// TestWhatAServerRefuses reads as over go-redis.
func TestWhatAServerRefuses(t *testing.T) {
	t.Parallel()
	client := dial(t, startRedis(t))
	store, err := redisstore.New(rueidisadapter.New(client), redisstore.Config{})
	require.NoError(t, err)
	issue := func() error {
		_, err := store.Issue(t.Context(), otp.Key{1}, otp.ID{1}, otp.MAC{1}, time.Minute, otp.Limits{})
		return err
	}
	do := func(words ...string) {
		require.NoError(t, client.Do(t.Context(), client.B().Arbitrary(words...).Build()).Error())
	}
	do("SET", "verify:{0100}:s:01000000000000000000000000000000", "2 of another layout")
	require.ErrorContains(t, issue(), "layout of another version")
	do("ACL", "SETUSER", "default", "-mget")
	require.ErrorContains(t, issue(), "the server's ACL forbids a command of the script")
	do("ACL", "SETUSER", "default", "+mget", "resetkeys")
	require.ErrorContains(t, issue(), "the server's ACL forbids")
	client.Close()
	require.ErrorContains(t, issue(), "the client is closed")
}
