package stress

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The one real server of all tests, or why there is none.
var redisSocket, noRedis string

// withRedis starts REDIS_SERVER, or the redis-server of the PATH.
func withRedis(run func() int) int {
	dir, err := os.MkdirTemp("", "stress")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	redisSocket = filepath.Join(dir, "s")
	stop, err := startRedis(dir, "--port", "0", "--unixsocket", redisSocket)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		noRedis = "no redis-server on the PATH, and REDIS_SERVER is not set"
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	default:
		defer stop()
	}
	return run()
}

// startRedis starts a server that persists nothing, and returns once it is
// ready.
func startRedis(dir string, args ...string) (stop func(), err error) {
	program := os.Getenv("REDIS_SERVER")
	if program == "" {
		program = "redis-server"
	}
	cmd := exec.Command(program, append([]string{"--dir", dir, "--save", "", "--appendonly", "no"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	read := make(chan struct{})
	stop = func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait() // it was killed
	}
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		ready = strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections")
	}
	go func() {
		defer close(read)
		for lines.Scan() { // or its pipe would fill up
		}
	}()
	if !ready {
		stop()
		return nil, fmt.Errorf("%s ended before it was ready", program)
	}
	return stop, nil
}

// redisClient connects to the real server, or skips the test.
func redisClient(t testing.TB) *redis.Client {
	t.Helper()
	if noRedis != "" {
		t.Skip(noRedis)
	}
	c := redis.NewClient(redisOptions("unix", redisSocket))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// redisOptions are go-redis's own, but for features that need handshakes and for
// the time it takes to give up.
func redisOptions(network, addr string) *redis.Options {
	return &redis.Options{
		Network: network, Addr: addr, ContextTimeoutEnabled: true, PoolSize: 64,
		MinRetryBackoff: -1, MaxRetryBackoff: -1, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}
