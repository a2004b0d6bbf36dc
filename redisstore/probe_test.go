package redisstore_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ info, want string }{
		"never evicts":                  {"# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n", ""},
		"evicts anything":               {"maxmemory_policy:allkeys-lru\r\n", "set its maxmemory-policy to noeviction"},
		"evicts what expires":           {"maxmemory_policy:volatile-ttl\r\n", "set its maxmemory-policy to noeviction"},
		"evicts, without a limit today": {"maxmemory:0\r\nmaxmemory_policy:volatile-lru\r\n", "set its maxmemory-policy to noeviction"},
		"a policy of another name":      {"maxmemory_policy:noeviction2\r\n", "set its maxmemory-policy to noeviction"},
		"does not tell":                 {"# Memory\r\nmaxmemory:0\r\n", "does not tell"},
		"a server that says what it is": {"redis_mode:standalone\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n", ""},
		"a node of a cluster":           {"redis_mode:cluster\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n", "this server is one node of a cluster"},
		"a node of Valkey's cluster":    {"server_mode:cluster\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n", "this server is one node of a cluster"},
		"a Sentinel":                    {"redis_mode:sentinel\r\n", "this is a Sentinel"},
		"a replica":                     {"redis_mode:standalone\r\nrole:slave\r\nmaxmemory_policy:noeviction\r\n", "connect to the primary"},
		"a replica, in new words":       {"role:replica\r\nmaxmemory_policy:noeviction\r\n", "connect to the primary"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := mini(t).client(t)
			client.AddHook(telling(tc.info))
			store, prefix := aStore(t, client)
			err := store.Probe(t.Context())
			assert.Empty(t, keysOf(t, client, prefix), "it changes nothing")
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// telling is a hook that answers INFO.
func telling(info string) redis.Hook {
	return hook(func(_ context.Context, cmd redis.Cmder) (bool, error) {
		text, ok := cmd.(*redis.StringCmd)
		if ok = ok && cmd.Name() == "info"; ok {
			text.SetVal(info)
		}
		return ok, nil
	})
}

func TestProbeOfARealServer(t *testing.T) {
	t.Parallel()
	needReal(t)
	client := ownServer(t).client(t)
	store, _ := aStore(t, client)
	require.NoError(t, store.Probe(t.Context()))

	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lfu").Err())
	require.ErrorContains(t, store.Probe(t.Context()), "noeviction")
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err())

	allowed := []string{"reset", "on", ">x", "~verify:*", "+evalsha", "+eval", "+get", "+mget", "+set", "+del", "+time", "+info"}
	acl := func(rules ...string) *redis.Client {
		args := []any{"acl", "setuser", "app"}
		for _, rule := range rules {
			args = append(args, rule)
		}
		require.NoError(t, client.Do(t.Context(), args...).Err())
		o := *client.Options()
		o.Username, o.Password = "app", "x"
		c := redis.NewClient(&o)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	t.Run("as a user who may do what the package comment lists", func(t *testing.T) {
		store := verifyStore(t, acl(allowed...))
		require.NoError(t, store.Probe(t.Context()))
		k, id, mac := aKey(), anID(), aMAC()
		mustIssue(t, store, k, id, mac)
		attempt(t, store, k, anID(), mac)
		require.NoError(t, store.Revoke(t.Context(), k, id))
		require.NoError(t, store.Reset(t.Context(), k))
	})
	t.Run("as a user who may not run scripts", func(t *testing.T) {
		require.ErrorContains(t, verifyStore(t, acl(append(allowed, "-evalsha", "-eval")...)).Probe(t.Context()), "ACL forbids")
	})
	t.Run("as a user with other keys", func(t *testing.T) {
		require.ErrorContains(t, verifyStore(t, acl(append(allowed, "resetkeys", "~other:*")...)).Probe(t.Context()), "ACL forbids")
	})
	t.Run("as a replica", func(t *testing.T) {
		require.NoError(t, client.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
		require.ErrorContains(t, store.Probe(t.Context()), "connect to the primary")
	})
}
