package stress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/ports"
)

// proxyEnv makes this program a server of proxies that break connections. It is
// a process of its own, so that what it leaks is not held against the SDK.
const proxyEnv = "TORTURE_TEST_PROXIES"

// serveProxies serves until its standard input ends, and says where.
func serveProxies() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	_ = l.Close() // its port is free now
	defer ports.Hold(l.Addr())()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	go server.Listen(host, port)
	fmt.Println(l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// proxyServer starts a process of proxies that ends with the test.
func proxyServer(t *testing.T) *toxics.Client {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), proxyEnv+"=1")
	gate, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = gate.Close() // that is its word to end
		_ = cmd.Wait()
		http.DefaultClient.CloseIdleConnections() // the toxics' client has no other
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	client := toxics.NewClient(strings.TrimSpace(addr))
	require.Eventually(t, func() bool {
		_, err := client.Proxies()
		return err == nil
	}, 5*time.Second, 10*time.Millisecond, "the proxies are not there")
	return client
}
