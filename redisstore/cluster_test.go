package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

func verifyStore(t *testing.T, client redis.UniversalClient) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(client, redisstore.Config{})
	require.NoError(t, err)
	return s
}

// aCluster is one server that holds all slots, and that refuses, as any node
// does, a script whose keys lie in different ones.
func aCluster(t *testing.T) (addr string) {
	t.Helper()
	needReal(t)
	port := freePort(t)
	stop, err := startRedis(t.TempDir(), "--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no redis-server to start as a cluster, only one to ask")
	}
	require.NoError(t, err)
	t.Cleanup(stop)

	addr = net.JoinHostPort("127.0.0.1", port)
	node := server{network: "tcp", addr: addr}.client(t)
	require.NoError(t, node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	require.Eventually(t, func() bool {
		return strings.Contains(node.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	}, 20*time.Second, 20*time.Millisecond)
	return addr
}

// freePort is one that the system gives to nobody by itself, and so is that of the
// cluster's bus, 10000 above.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := 11000 + rand.IntN(9000)
		if isFree(port) && isFree(port+10000) {
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no free port")
	return ""
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
	return err == nil && l.Close() == nil
}

func TestCluster(t *testing.T) {
	t.Parallel()
	addr := aCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store := verifyStore(t, client)

	for range 50 {
		k, id, mac := aKey(), anID(), aMAC()
		mustIssue(t, store, k, id, mac)
		v, _ := attempt(t, store, k, anID(), mac)
		require.Equal(t, otp.Match, v)
		require.NoError(t, store.Revoke(t.Context(), k, id))
		require.NoError(t, store.Reset(t.Context(), k))
	}
	require.NoError(t, store.Probe(t.Context()))
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-random").Err())
	require.ErrorContains(t, store.Probe(t.Context()), "noeviction")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, store.Probe(canceled), context.Canceled)
}
