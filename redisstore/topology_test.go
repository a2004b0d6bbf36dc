package redisstore_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// The lists of the package comment.
const (
	needed        = "+evalsha +eval +get +mget +set +del +time +info ~verify:*"
	neededForDB   = needed + " +select"
	neededCluster = needed + " +cluster|slots"
)

// listening starts a real server at a port of loopback, which must be there.
func listening(t *testing.T, args ...string) (addr string) {
	t.Helper()
	port := freePort(t)
	stop, err := startRedis(t.TempDir(), append([]string{"--port", port, "--bind", "127.0.0.1"}, args...)...)
	skipWithoutServer(t, err)
	t.Cleanup(stop)
	return net.JoinHostPort("127.0.0.1", port)
}

func skipWithoutServer(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no redis-server on the PATH, and REDIS_SERVER is not set")
	}
	require.NoError(t, err)
}

func at(t *testing.T, addr string) *redis.Client {
	t.Helper()
	return server{network: "tcp", addr: addr}.client(t)
}

// permit makes a user of an ACL on servers.
func permit(t *testing.T, user, rules string, addrs ...string) {
	t.Helper()
	for _, addr := range addrs {
		args := []any{"acl", "setuser", user, "reset", "on", ">x"}
		for rule := range strings.FieldsSeq(rules) {
			args = append(args, rule)
		}
		require.NoError(t, at(t, addr).Do(t.Context(), args...).Err())
	}
}

// threeNodes starts a cluster of three.
func threeNodes(t *testing.T) (addrs []string) {
	t.Helper()
	const slots = 16384
	for i := range 3 {
		addr := listening(t, "--cluster-enabled", "yes")
		node := at(t, addr)
		require.NoError(t, node.Do(t.Context(), "cluster", "set-config-epoch", i+1).Err())
		require.NoError(t, node.ClusterAddSlotsRange(t.Context(), i*slots/3, (i+1)*slots/3-1).Err())
		addrs = append(addrs, addr)
	}
	host, port, err := net.SplitHostPort(addrs[0])
	require.NoError(t, err)
	for _, addr := range addrs[1:] {
		require.NoError(t, at(t, addr).ClusterMeet(t.Context(), host, port).Err())
	}
	for _, addr := range addrs {
		require.Eventually(t, func() bool {
			info := at(t, addr).ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:3")
		}, 30*time.Second, 50*time.Millisecond)
	}
	return addrs
}

// aSentinel starts one that watches master, with a password of its own.
func aSentinel(t *testing.T, master string) (addr string) {
	t.Helper()
	host, port, err := net.SplitHostPort(master)
	require.NoError(t, err)
	addr = net.JoinHostPort("127.0.0.1", freePort(t))
	_, own, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\nrequirepass watchword\nsentinel monitor mymaster %s %s 1\n", own, host, port)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	stop, err := startProgram("+monitor master", config, "--sentinel")
	skipWithoutServer(t, err)
	t.Cleanup(stop)
	return addr
}

// goesThrough goes through all that a store does, for keys all over a cluster.
func goesThrough(t *testing.T, s otp.Store, keys int) {
	t.Helper()
	for range keys {
		k, id, mac := aKey(), anID(), aMAC()
		mustIssue(t, s, k, id, mac)
		v, _ := attempt(t, s, k, anID(), mac)
		require.Equal(t, otp.Match, v)
		require.NoError(t, s.Revoke(t.Context(), k, id))
		require.NoError(t, s.Reset(t.Context(), k))
	}
}

func opened(t *testing.T, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(url)
	require.NoError(t, err)
	store := s.(*redisstore.Store)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// fault is what a probe says, without a word of the URL.
func fault(t *testing.T, url string) string {
	t.Helper()
	err := opened(t, url).Probe(t.Context())
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "127.0.0.1")
	assert.NotContains(t, err.Error(), "s3cret")
	return err.Error()
}

func TestOneServerByItsURL(t *testing.T) {
	t.Parallel()
	addr := listening(t)
	permit(t, "app", needed, addr)
	permit(t, "db", neededForDB, addr)

	for _, scheme := range []string{"redis", "valkey"} {
		store := opened(t, scheme+"://app:x@"+addr)
		require.NoError(t, store.Probe(t.Context()))
		goesThrough(t, store, 3)
	}
	store := opened(t, "redis://db:x@"+addr+"/3")
	require.NoError(t, store.Probe(t.Context()))
	goesThrough(t, store, 3)
	k, mac := aKey(), aMAC()
	mustIssue(t, store, k, anID(), mac)
	v, _ := attempt(t, opened(t, "redis://app:x@"+addr), k, anID(), mac)
	assert.Equal(t, otp.Gone, v, "another database knows nothing of it")

	assert.Contains(t, fault(t, "redis://app:x@"+addr+"/3"), "the server's ACL forbids select")
	assert.Contains(t, fault(t, "redis://app:s3cret@"+addr), "refused the credentials")
	assert.Contains(t, fault(t, "redis://"+addr+"/99"), "no database of this number")
	assert.Contains(t, fault(t, "redis+cluster://"+addr), "this server is no cluster: open it with redis://")
	assert.Contains(t, fault(t, "redis+sentinel://"+addr+"/mymaster"), "this server is no Sentinel")

	// Each permission is needed: none stands in the list for nothing.
	for _, rule := range strings.Fields(needed) {
		lacks := strings.ReplaceAll(needed+" ", rule+" ", "")
		permit(t, "less", lacks, addr)
		want := "the server's ACL forbids " + strings.TrimPrefix(rule, "+")
		switch rule {
		case "~verify:*":
			want = "the server's ACL forbids the keys"
		case "+eval": // needed only where the script is not known yet
			require.NoError(t, at(t, addr).ScriptFlush(t.Context()).Err())
		case "+get", "+mget", "+set", "+del", "+time":
			want = "the server's ACL forbids a command of the script"
		}
		s := opened(t, "redis://less:x@"+addr)
		err := s.Probe(t.Context())
		for k, n := aKey(), 0; err == nil && n < 2; n++ {
			_, err = s.Issue(t.Context(), k, anID(), aMAC(), time.Minute, loose()) // the second one reads the first one's code
		}
		require.ErrorContains(t, err, want, rule)
	}
}

func TestAReplicaIsRefused(t *testing.T) {
	t.Parallel()
	primary := listening(t)
	_, port, err := net.SplitHostPort(primary)
	require.NoError(t, err)
	replica := listening(t, "--replicaof", "127.0.0.1 "+port)
	assert.Contains(t, fault(t, "redis://"+replica), "this server is a replica: connect to the primary")
}

func TestAClusterByItsURL(t *testing.T) {
	t.Parallel()
	addrs := threeNodes(t)
	permit(t, "app", neededCluster, addrs...)
	permit(t, "one", needed, addrs...)

	for _, url := range []string{
		"redis+cluster://app:x@" + strings.Join(addrs, ","),
		"valkey://app:x@" + addrs[1] + "/0?cluster=true",
		"redis+cluster://app:x@127.0.0.1:1," + addrs[2],
	} {
		store := opened(t, url)
		require.NoError(t, store.Probe(t.Context()))
		goesThrough(t, store, 30)
	}
	assert.Contains(t, fault(t, "redis+cluster://one:x@"+addrs[0]), "the server's ACL forbids cluster|slots")
	for _, addr := range addrs {
		assert.Contains(t, fault(t, "redis://app:x@"+addr), "this server is one node of a cluster")
		assert.Contains(t, fault(t, "redis://app:x@"+addr+"/1"), "the server's ACL forbids select")
		assert.Contains(t, fault(t, "redis://"+addr+"/1"), "a cluster has database 0 only")
	}
	// Without a probe the first call that meets another node says the same.
	store, moved := opened(t, "redis://"+addrs[0]), 0
	for range 60 {
		if _, err := store.Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, loose()); err != nil {
			require.ErrorContains(t, err, "this server is one node of a cluster: open the cluster, with redis+cluster:// or cluster=true")
			moved++
		}
	}
	assert.NotZero(t, moved)
}

func TestSentinelsByTheirURL(t *testing.T) {
	t.Parallel()
	master := listening(t)
	sentinel := aSentinel(t, master)
	permit(t, "app", needed, master)
	permit(t, "db", neededForDB, master)

	const watch = "?sentinel_password=watchword"
	for _, url := range []string{
		"redis+sentinel://app:x@" + sentinel + "/mymaster" + watch,
		"redis+sentinel://db:x@127.0.0.1:1," + sentinel + "/mymaster/2" + watch,
	} {
		store := opened(t, url)
		require.NoError(t, store.Probe(t.Context()))
		goesThrough(t, store, 3)
	}
	wrong := "redis://:watchword@" + sentinel
	assert.Contains(t, fault(t, wrong), "this is a Sentinel: open it with redis+sentinel://HOSTS/MASTER/DB")
	_, err := opened(t, wrong).Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, loose())
	require.ErrorContains(t, err, "it is a Sentinel (open it with redis+sentinel://)")
	assert.Contains(t, fault(t, "redis+sentinel://app:x@"+sentinel+"/other"+watch), "the Sentinels know no master of this name")
	assert.Contains(t, fault(t, "redis+sentinel://app:x@"+sentinel+"/mymaster?sentinel_password=s3cret"), "refused the credentials")
	assert.Contains(t, fault(t, "redis+sentinel://app:x@127.0.0.1:1/mymaster"), "cannot be reached")
}
