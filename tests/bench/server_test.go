package bench

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// startServer starts Redis on a socket of its own, without persistence.
func startServer(b testing.TB) (socket string) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		b.Skip("no redis-server on this machine")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		b.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	return socket
}

// dial connects to it, over a network that takes so long for a question and its
// answer.
func dial(b testing.TB, socket string, delay time.Duration) *redis.Client {
	client := redis.NewClient(&redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if delay > 0 && err == nil {
			return far{c, delay}, nil
		}
		return c, err
	}})
	b.Cleanup(func() { _ = client.Close() })
	for deadline := time.Now().Add(5 * time.Second); client.Ping(background).Err() != nil; {
		if time.Now().After(deadline) {
			b.Fatal("redis-server does not answer")
		}
	}
	return client
}

// A far connection delays what is written to it.
type far struct {
	net.Conn
	delay time.Duration
}

func (f far) Write(p []byte) (int, error) {
	<-time.After(f.delay)
	return f.Conn.Write(p)
}
