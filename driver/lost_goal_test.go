//go:build linux

package driver

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// arrival is how long before the Send the end of a connection has reached this host.
const arrival = 5 * time.Millisecond

// A ready connection waits for a Send: it is idle after one, or parked by Warm.
var ready = map[string]func(context.Context, *Client) error{
	"idle":   sendOn,
	"parked": func(ctx context.Context, c *Client) error { return c.Warm(ctx) },
}

func sendOn(ctx context.Context, c *Client) error {
	_, err := c.Do(ctx, Call{Op: "send", Route: "/", JSON: []byte("{}")})
	return err
}

// TestNoOutcomeIsLostToADeadConnection: of 1,000 connections that died while they waited
// for a Send, closed or reset by the vendor or while the process was frozen, none loses
// the outcome of that Send.
func TestNoOutcomeIsLostToADeadConnection(t *testing.T) {
	t.Parallel()
	var died atomic.Int64
	t.Cleanup(func() {
		assert.GreaterOrEqual(t, died.Load(), int64(1000), "connections that died")
	})
	for how, version := range versions {
		for state, wait := range ready {
			for name, end := range map[string]func(net.Conn) error{"closed": net.Conn.Close, "reset": reset} {
				t.Run(how+", "+state+", "+name, func(t *testing.T) {
					t.Parallel()
					w, _ := newWarmed(t, version)
					for range 44 {
						c := clientOf(t, w.Server)
						before, _ := w.count()
						require.NoError(t, wait(t.Context(), c))
						require.NoError(t, end(w.last(t, before+1)))
						require.Eventually(t, c.dialer.allEnded, 30*time.Second, 100*time.Microsecond, "the end reaches this host")
						time.Sleep(arrival)
						require.NoError(t, sendOn(t.Context(), c), "the Send after the %dth end", died.Add(1))
						conns, _ := w.count()
						require.GreaterOrEqual(t, conns, before+2, "it has a connection of its own")
					}
				})
			}
			t.Run(how+", "+state+", frozen", func(t *testing.T) {
				t.Parallel()
				died.Add(freezeAll(t, version, state))
			})
		}
	}
}

// last is the newest connection, once there are so many. Plain TCP reaches the server a little after Warm.
func (w *warmed) last(t *testing.T, all int) net.Conn {
	t.Helper()
	require.Eventually(t, func() bool { conns, _ := w.count(); return conns >= all }, 30*time.Second, time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conns[len(w.conns)-1]
}

// allEnded reports whether the end of each connection is here, seen or not.
func (d *dialer) allEnded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.live {
		if !c.isStale() {
			return false
		}
	}
	return true
}

// AwaitEnds returns once the kernel has delivered the end of connections that the
// vendor closed to their clients: a busy machine may take longer than a Send waits.
func AwaitEnds(t *testing.T, closed []net.Conn) {
	t.Helper()
	port := func(a net.Addr) string { return fmt.Sprintf("%04X", a.(*net.TCPAddr).Port) }
	clients := map[string]bool{} // by both ports, as the table has them
	for _, c := range closed {
		clients[port(c.RemoteAddr())+" "+port(c.LocalAddr())] = true
	}
	const established = "01"
	require.Eventually(t, func() bool {
		table, err := os.ReadFile("/proc/net/tcp")
		require.NoError(t, err)
		for line := range strings.Lines(string(table)) {
			columns := strings.Fields(line) // number, local address, remote address, state
			if len(columns) < 4 || columns[3] != established {
				continue
			}
			_, local, _ := strings.Cut(columns[1], ":")
			_, remote, _ := strings.Cut(columns[2], ":")
			if clients[local+" "+remote] {
				return false
			}
		}
		return true
	}, 3*time.Second, time.Millisecond, "an end has not arrived")
}

func reset(c net.Conn) error {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	return c.Close()
}

const frozenCrowd = "GO2FA_TEST_FROZEN_CROWD"

// TestFrozenCrowd is the process that freezeAll freezes: clients that all wait, and all
// send at once when they are told to.
func TestFrozenCrowd(t *testing.T) {
	url := os.Getenv(frozenCrowd)
	if url == "" {
		t.Skip("it is run by TestNoOutcomeIsLostToADeadConnection")
	}
	lines := bufio.NewScanner(os.Stdin)
	require.True(t, lines.Scan())
	wait := ready[lines.Text()]
	crowd := make([]*Client, frozenClients)
	for i := range crowd {
		var err error
		crowd[i], err = New(Config{Vendor: "acme", BaseURL: url})
		require.NoError(t, err)
		require.NoError(t, wait(t.Context(), crowd[i]))
	}
	_, _ = os.Stdout.WriteString("said: ready\n") // a pipe
	require.True(t, lines.Scan())
	outcomes := make([]error, len(crowd))
	var all sync.WaitGroup
	for i, c := range crowd {
		all.Go(func() { outcomes[i] = sendOn(t.Context(), c) })
	}
	all.Wait()
	said := "accepted"
	for _, err := range outcomes {
		if err != nil {
			said = strings.ReplaceAll(err.Error(), "\n", " ")
		}
	}
	_, _ = os.Stdout.WriteString("said: " + said + "\n")
}

const frozenClients = 80

// freezeAll stops a process whose clients all wait, ends their connections, and has all
// send as soon as it goes on.
func freezeAll(t *testing.T, version uint16, state string) (died int64) {
	w, _ := newWarmed(t, version)
	child := exec.Command(os.Args[0], "-test.run=^TestFrozenCrowd$")
	child.Env = append(os.Environ(), frozenCrowd+"="+w.URL)
	if cert := w.Certificate(); cert != nil {
		file := filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600))
		child.Env = append(child.Env, "SSL_CERT_FILE="+file)
	}
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() {
		_ = child.Process.Kill() // one that hangs
		_ = child.Wait()
	}()
	answers := bufio.NewScanner(out)
	read := func() string {
		for answers.Scan() {
			if said, found := strings.CutPrefix(answers.Text(), "said: "); found {
				return said
			}
		}
		return "nothing was said"
	}

	_, _ = io.WriteString(in, state+"\n")
	require.Equal(t, "ready", read())
	w.last(t, frozenClients)
	require.NoError(t, child.Process.Signal(syscall.SIGSTOP))
	w.mu.Lock()
	waiting := w.conns
	requests := w.requests
	for _, c := range waiting {
		_ = c.Close()
	}
	w.mu.Unlock()
	AwaitEnds(t, waiting)
	_, _ = io.WriteString(in, "send\n")
	time.Sleep(arrival)
	require.NoError(t, child.Process.Signal(syscall.SIGCONT))
	require.Equal(t, "accepted", read(), "the Sends after a thaw")
	_, after := w.count()
	assert.Equal(t, requests+frozenClients, after, "each is one request")
	return int64(len(waiting))
}
