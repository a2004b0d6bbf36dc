package bench

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/redis/go-redis/v9"
)

// server starts Redis on a socket of its own, without persistence.
func server(b *testing.B) *redis.Client {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		b.Skip("no redis-server on this machine")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		b.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	client := redis.NewClient(&redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		return slow{c}, err
	}})
	b.Cleanup(func() { _ = client.Close() })
	for deadline := time.Now().Add(5 * time.Second); client.Ping(b.Context()).Err() != nil; {
		if time.Now().After(deadline) {
			b.Fatal("redis-server does not answer")
		}
	}
	return client
}

// A slow connection takes 2 ms for a question and its answer.
type slow struct{ net.Conn }

func (s slow) Write(p []byte) (int, error) {
	<-time.After(2 * time.Millisecond)
	return s.Conn.Write(p)
}

// BenchmarkRedis puts a PING and a guess side by side in one run: a guess is one
// round trip, at most 1.1 times a PING.
func BenchmarkRedis(b *testing.B) {
	client := server(b)
	store, err := redisstore.New(client, redisstore.Config{})
	if err != nil {
		b.Fatal(err)
	}
	limits := otp.Limits{}.WithDefaults()
	wrong := []otp.MAC{mac(1 << 50)}
	var pings, guesses time.Duration
	n := uint64(0)
	for b.Loop() {
		n += 2
		if _, err := store.Put(b.Context(), key(n), id(n), mac(n), time.Minute, limits); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := client.Ping(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if v, _, err := store.Redeem(b.Context(), key(n), id(n+1), wrong, limits); err != nil || v != otp.Wrong {
			b.Fatal(v, err)
		}
		pings += between.Sub(began)
		guesses += time.Since(between)
	}
	b.ReportMetric(float64(guesses)/float64(pings), "guess/ping")
}
