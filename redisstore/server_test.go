package redisstore_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// A server is one Redis to test against.
type server struct {
	network, addr string
	advance       func(time.Duration) // nil: its clock runs by itself
	now           func() time.Time    // of a clock that stands still
}

// The one real server of all tests, or why there is none.
var (
	realServer server
	noServer   string
)

func TestMain(m *testing.M) {
	logging.Disable()
	if os.Getenv(stormEnv) != "" {
		os.Exit(stormer())
	}
	os.Exit(withRealServer(m.Run))
}

// withRealServer takes the server at REDIS_ADDR, or starts REDIS_SERVER, or the
// redis-server of the PATH.
func withRealServer(run func() int) int {
	if addr := os.Getenv("REDIS_ADDR"); addr != "" {
		realServer = server{network: "tcp", addr: addr}
		return run()
	}
	dir, err := os.MkdirTemp("", "redisstore")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	socket := filepath.Join(dir, "s")
	stop, err := startRedis(dir, "--port", "0", "--unixsocket", socket)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		noServer = "no redis-server on the PATH, and neither REDIS_SERVER nor REDIS_ADDR is set"
		return run()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	realServer = server{network: "unix", addr: socket}
	return run()
}

// startRedis starts a server that persists nothing, and returns once it is
// ready.
func startRedis(dir string, args ...string) (stop func(), err error) {
	return startProgram("ready to accept connections", append([]string{"--dir", dir, "--save", "", "--appendonly", "no"}, args...)...)
}

// startProgram returns once the server, or what else redis-server can be, prints
// ready.
func startProgram(ready string, args ...string) (stop func(), err error) {
	program := os.Getenv("REDIS_SERVER")
	if program == "" {
		program = "redis-server"
	}
	cmd := exec.Command(program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // a second time it does nothing
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(strings.ToLower(lines.Text()), ready) {
			go func() {
				for lines.Scan() { // or its pipe would fill up
				}
			}()
			return stop, nil
		}
	}
	stop()
	return nil, fmt.Errorf("%s ended before it was ready", program)
}

// onServers runs a test against miniredis, whose clock the test moves, and
// against a real server, if there is one.
func onServers(t *testing.T, test func(*testing.T, server)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, mini(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, needReal(t))
	})
}

// skipStorm leaves a storm of 10,000 calls to the real server, if there is one:
// miniredis compiles a script each time it runs it, and a storm there takes as
// long as all other tests. MINI_HISTORIES asks for all of it.
func skipStorm(t *testing.T, srv server) {
	t.Helper()
	storm := strings.HasSuffix(t.Name(), "_of_a_storm_of_attempts_are_compared") || strings.HasSuffix(t.Name(), "_of_a_storm_of_attempts_are_admitted")
	if storm && srv.advance != nil && noServer == "" && os.Getenv("MINI_HISTORIES") == "" {
		t.Skip("the real server plays it")
	}
}

func needReal(t testing.TB) server {
	t.Helper()
	if noServer != "" {
		t.Skip(noServer)
	}
	return realServer
}

// ownServer is a real one that no other test asks anything.
func ownServer(t testing.TB) server {
	t.Helper()
	srv, _ := serverIn(t, t.TempDir())
	return srv
}

// serverIn starts a real server on what lies in dir.
func serverIn(t testing.TB, dir string, args ...string) (srv server, kill func()) {
	t.Helper()
	srv = server{network: "unix", addr: filepath.Join(dir, "s")}
	kill, err := startRedis(dir, append([]string{"--port", "0", "--unixsocket", srv.addr}, args...)...)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no redis-server to start, only one to ask")
	}
	require.NoError(t, err)
	t.Cleanup(kill)
	return srv, kill
}

func mini(t testing.TB) server {
	t.Helper()
	m := miniredis.RunT(t)
	now := time.Now()
	m.SetTime(now)
	return server{"tcp", m.Addr(), func(d time.Duration) {
		now = now.Add(d)
		m.SetTime(now)
		m.FastForward(d)
	}, func() time.Time { return now }}
}

// options are go-redis's own, but for features that need handshakes and for the
// time it takes to give up.
func (s server) options() *redis.Options {
	return &redis.Options{
		Network: s.network, Addr: s.addr, ContextTimeoutEnabled: true,
		MinRetryBackoff: -1, MaxRetryBackoff: -1, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func (s server) client(t testing.TB, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := s.options()
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// aStore has a prefix of its own, so that tests may share a server.
func aStore(t testing.TB, client redis.UniversalClient) (s *redisstore.Store, prefix string) {
	t.Helper()
	prefix = "test-" + rand.Text() + ":"
	s, err := redisstore.New(client, redisstore.Config{Prefix: prefix})
	require.NoError(t, err)
	return s, prefix
}

// keysOf lists what a store left behind.
func keysOf(t testing.TB, client *redis.Client, prefix string) []string {
	t.Helper()
	var keys []string
	scan := client.Scan(t.Context(), 0, prefix+"*", 1000).Iterator()
	for scan.Next(t.Context()) {
		keys = append(keys, scan.Val())
	}
	require.NoError(t, scan.Err())
	return keys
}

func anID() (id otp.ID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

func aKey() otp.Key { return otp.Key(anID()) }

func aMAC() (m otp.MAC) {
	_, _ = rand.Read(m[:])
	return m
}

// loose limits admit a send at once.
func loose() otp.Limits { return otp.Limits{Sends: 1000, Cooldown: []time.Duration{0}} }

func mustIssue(t testing.TB, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
	t.Helper()
	a, err := s.Issue(t.Context(), k, id, mac, 10*time.Minute, loose())
	require.NoError(t, err)
	require.Equal(t, otp.Admitted, a.Refused)
}

func attempt(t testing.TB, s otp.Store, k otp.Key, id otp.ID, macs ...otp.MAC) (otp.Verdict, int) {
	t.Helper()
	v, left, err := s.Attempt(t.Context(), k, id, macs, loose())
	require.NoError(t, err)
	return v, left
}

// dialer opens plain connections.
func dialer(ctx context.Context, network, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, addr)
}
