package redisstore_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/internal/ports"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/totp"
)

// failing are all calls of a store, whose errors are to be looked at.
func failing(t *testing.T, ctx context.Context, s *redisstore.Store) map[string]*redisstore.Error {
	t.Helper()
	k, id := aKey(), anID()
	a, issueErr := s.Issue(ctx, k, id, aMAC(), time.Minute, otp.Limits{})
	assert.True(t, issueErr != nil || a.Refused != otp.Admitted)
	v, _, attemptErr := s.Attempt(ctx, k, id, []otp.MAC{aMAC()}, otp.Limits{})
	assert.Equal(t, otp.Gone, v)
	all := map[string]error{
		"issue": issueErr, "attempt": attemptErr, "revoke": s.Revoke(ctx, k, id), "reset": s.Reset(ctx, k), "probe": s.Probe(ctx),
	}
	errs := map[string]*redisstore.Error{}
	for op, err := range all {
		if err == nil {
			require.Equal(t, otp.Full, a.Refused, op)
			continue
		}
		e := new(redisstore.Error)
		require.ErrorAs(t, err, &e, op)
		assert.Equal(t, op, e.Op)
		assert.Equal(t, "redisstore: "+op+": "+e.Detail, e.Error())
		errs[op] = e
	}
	return errs
}

func TestWhatTheServerSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ says, want string }{
		"no credentials":       {"NOAUTH Authentication required. sesame", "refused the credentials"},
		"wrong credentials":    {"WRONGPASS invalid username-password pair sesame", "refused the credentials"},
		"a needless password":  {"ERR AUTH <password> called without any password configured sesame", "refused the credentials"},
		"an ACL, of evalsha":   {"NOPERM sesame has no permissions to run the 'evalsha' command", "ACL forbids evalsha"},
		"an ACL, of slots":     {"NOPERM sesame has no permissions to run the 'cluster|slots' command", "ACL forbids cluster|slots"},
		"an ACL, of the rest":  {"NOPERM this user has no permissions to run the 'sesame' command", "ACL forbids the command"},
		"an ACL, of keys":      {"NOPERM this user has no permissions to access one of the keys used as arguments sesame", "ACL forbids the keys"},
		"no memory":            {"OOM command not allowed when used memory > 'maxmemory' sesame", "raise its maxmemory"},
		"no memory, in 6.2":    {"ERR Error running script (call to f_00): @user_script:1: @user_script: 1: -OOM command not allowed sesame", "raise its maxmemory"},
		"a replica":            {"READONLY You can't write against a read only replica. sesame", "connect to the primary"},
		"a replica, in 6.2":    {"ERR Error running script (call to f_00): @user_script:9: @user_script: 9: -READONLY You can't write sesame", "connect to the primary"},
		"a lonely replica":     {"MASTERDOWN Link with MASTER is down sesame", "lost its primary"},
		"too few replicas":     {"NOREPLICAS Not enough good replicas to write. sesame", "min-replicas-to-write"},
		"another node":         {"MOVED 3999 sesame:6381", "open the cluster"},
		"a slot on its way":    {"ASK 3999 sesame:6381", "open the cluster"},
		"a cluster that fails": {"CLUSTERDOWN The cluster is down sesame", "the cluster is down"},
		"a cluster that moves": {"TRYAGAIN Multiple keys request during rehashing of slot sesame", "ask again"},
		"no cluster":           {"ERR This instance has cluster support disabled sesame", "this server is no cluster"},
		"a busy server":        {"BUSY Redis is busy running a script. sesame", "SCRIPT KILL"},
		"loading":              {"LOADING Redis is loading the dataset in memory sesame", "loading its data"},
		"too many clients":     {"ERR max number of clients reached sesame", "raise its maxclients"},
		"no scripts":           {"NOSCRIPT No matching script. sesame", "forgets scripts"},
		"a record of others":   {"WRONGTYPE Operation against a key sesame", "another Prefix"},
		"a full disk":          {"MISCONF Redis is configured to save RDB snapshots sesame", "look at its disk"},
		"protected":            {"DENIED Redis is running in protected mode sesame", "protected mode"},
		"an unknown command":   {"ERR unknown command 'sesame'", "it is a Sentinel"},
		"anything else":        {"ERR sesame", "6.2 or newer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := miniredis.RunT(t)
			srv := server{network: "tcp", addr: m.Addr()}
			store, prefix := aStore(t, srv.client(t, func(o *redis.Options) { o.MaxRetries = -1 }))
			m.SetError(tc.says)

			for op, err := range failing(t, t.Context(), store) {
				assert.Contains(t, err.Detail, tc.want, op)
				assert.NoError(t, err.Err)
				for _, secret := range []string{"sesame", prefix, m.Addr(), m.Port()} {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
				}
			}
		})
	}
}

func TestAFullServerRefusesSends(t *testing.T) {
	t.Parallel()
	needReal(t)
	client := ownServer(t).client(t)
	store, _ := aStore(t, client)
	k, mac := aKey(), aMAC()
	mustIssue(t, store, k, anID(), mac)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())

	a, err := store.Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, otp.Limits{})
	require.NoError(t, err)
	assert.Equal(t, otp.Full, a.Refused)
	v, _, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{mac}, otp.Limits{})
	require.Error(t, err, "what cannot be charged is not compared")
	assert.Equal(t, otp.Gone, v)
	require.NoError(t, store.Reset(t.Context(), k))
}

func TestServersThatAreNotThere(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })

	plain, rude := hangingUp(t, "-ERR Protocol error: sesame\r\n"), hangingUp(t, "")

	site := httptest.NewUnstartedServer(nil)
	site.StartTLS()
	t.Cleanup(site.Close)
	foreign := miniredis.NewMiniRedis()
	require.NoError(t, foreign.StartTLS(site.TLS))
	t.Cleanup(foreign.Close)

	once := func(o *redis.Options) {
		o.ReadTimeout, o.DialTimeout, o.MaxRetries = time.Minute, time.Minute, -1
	}
	impatient := func(o *redis.Options) {
		once(o)
		o.ReadTimeout = 20 * time.Millisecond
	}
	tests := map[string]struct {
		addr   string
		change func(*redis.Options)
		want   string
	}{
		"nobody listens":     {ports.Closed(t), once, "cannot be reached"},
		"nobody answers":     {silent.Addr().String(), impatient, "did not answer in time"},
		"no connection free": {silent.Addr().String(), func(o *redis.Options) { once(o); o.Dialer = full }, "raise the client's PoolSize"},
		"nobody knows it": {foreign.Addr(), func(o *redis.Options) {
			o.TLSConfig, o.MaxRetries = &tls.Config{ServerName: "cache.example.com"}, -1
		}, "this machine does not know its authority; ssl_ca_certs"},
		"TLS to a server without it": {plain.Addr().String(), func(o *redis.Options) {
			once(o)
			o.TLSConfig = &tls.Config{ServerName: "cache.example.com"}
		}, "does not speak TLS"},
		"it hangs up": {rude.Addr().String(), once, "may want TLS"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := aStore(t, server{network: "tcp", addr: tc.addr}.client(t, tc.change))
			for op, err := range failing(t, t.Context(), store) {
				assert.Contains(t, err.Detail, tc.want, op)
				assert.NotContains(t, err.Error(), tc.addr)
			}
		})
	}
}

// hangingUp is a server that says one thing and hangs up.
func hangingUp(t *testing.T, line string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte(line))
			_ = c.Close()
		}
	}()
	return l
}

func full(context.Context, string, string) (net.Conn, error) { return nil, redis.ErrPoolTimeout }

func TestContexts(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	srv := server{network: "tcp", addr: silent.Addr().String()}

	t.Run("done before the call", func(t *testing.T) {
		t.Parallel()
		w := new(wire)
		store, _ := aStore(t, mini(t).client(t, w.into))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for op, err := range failing(t, ctx, store) {
			require.ErrorIs(t, err, context.Canceled, op)
		}
		assert.Zero(t, w.requests.Load())
	})
	t.Run("a deadline that passes", func(t *testing.T) {
		t.Parallel()
		store, _ := aStore(t, srv.client(t))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		begun := time.Now()
		for op, err := range failing(t, ctx, store) {
			require.ErrorIs(t, err, context.DeadlineExceeded, op)
			assert.Contains(t, err.Detail, "context was done")
		}
		assert.Less(t, time.Since(begun), 3*time.Second)
	})
}

// TestRecordsOfOthers: a part of another layout stops every call that reads it.
func TestRecordsOfOthers(t *testing.T) {
	t.Parallel()
	readers := map[string]string{"c": "issue attempt revoke", "p": "issue revoke", "s": "issue revoke", "f": "issue attempt", "a": "attempt"}
	const later = "4m" // and then as long as a part of this layout
	lengths := map[string]int{"c": 32, "p": 40, "s": 24, "f": 25, "a": 26}
	records := map[string]string{
		"of a later layout": "4 new", "of an earlier one": "2 - 0 0 0 0 0 0 0 - |", "of the first": "1 - 0 0 0 0 0 0 0 - |",
		"of no layout": "", "cut short": "3m",
		"of another length": "3-abc zero" + strings.Repeat("?", 32), "of another kind": "3x" + strings.Repeat("0", 40), "of a later one, as long": later,
	}
	for name, record := range records {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				client := srv.client(t)
				store, prefix := aStore(t, client)
				for part, calls := range readers {
					record := record
					if record == later {
						record += strings.Repeat("0", lengths[part]-len(later))
					}
					k := aKey()
					mustIssue(t, store, k, anID(), aMAC())
					mustIssue(t, store, k, anID(), otp.MAC{}) // the code now stands apart
					key := strings.Replace(keyOf(t, client, prefix, "c"), "}:c:", "}:"+part+":", 1)
					require.NoError(t, client.Set(t.Context(), key, record, time.Minute).Err())

					refused := func(call string, err error) {
						if strings.Contains(calls, call) {
							require.ErrorContains(t, err, "layout of another version", "%s, %s", call, part)
						}
					}
					_, err := store.Issue(t.Context(), k, anID(), aMAC(), time.Minute, loose())
					refused("issue", err)
					v, _, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, loose())
					refused("attempt", err)
					assert.NotEqual(t, otp.Match, v)
					refused("revoke", store.Revoke(t.Context(), k, anID()))
					assert.Equal(t, record, client.Get(t.Context(), key).Val(), "it is left alone")
					require.NoError(t, store.Reset(t.Context(), k), "an operator can remove it")
				}
			})
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	ring := redis.NewRing(&redis.RingOptions{})
	t.Cleanup(func() { _ = ring.Close() })
	tests := map[string]struct {
		client redis.UniversalClient
		prefix string
		want   string
	}{
		"no client":            {nil, "", "client is missing"},
		"a nil client":         {(*redis.Client)(nil), "", "client is missing"},
		"a nil cluster":        {(*redis.ClusterClient)(nil), "", "client is missing"},
		"a ring":               {ring, "", "a Ring forgets limits"},
		"a brace":              {client, "a{b", "Prefix must be"},
		"a closing brace":      {client, "a}b", "Prefix must be"},
		"a space":              {client, "a b", "Prefix must be"},
		"not ASCII":            {client, "bé:", "Prefix must be"},
		"more than 64 letters": {client, fmt.Sprintf("%065d", 0), "Prefix must be"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := redisstore.New(tc.client, redisstore.Config{Prefix: tc.prefix})
			require.ErrorContains(t, err, tc.want)
			_, err = redisstore.NewLedger(tc.client, redisstore.Config{Prefix: tc.prefix})
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := redisstore.New(client, redisstore.Config{Prefix: fmt.Sprintf("%064d", 0)})
	require.NoError(t, err)
}

func TestTheEngineTellsWhatFailed(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	store, _ := aStore(t, server{network: "tcp", addr: m.Addr()}.client(t))
	engine, err := otp.New(otp.Config{Messenger: new(postbox), Store: store, Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}})
	require.NoError(t, err)
	m.SetError("NOAUTH Authentication required.")

	_, err = engine.Send(t.Context(), "+15005550006")
	var cause *redisstore.Error
	require.True(t, errors.As(err, &cause), "an operator can dig out the reason")
	assert.Contains(t, cause.Detail, "credentials")
}

func TestZeroValuesRefuse(t *testing.T) {
	t.Parallel()
	for op, err := range failing(t, t.Context(), new(redisstore.Store)) {
		assert.Contains(t, err.Detail, "New or Open makes one that works", op)
	}
	require.NoError(t, new(redisstore.Store).Close())

	l, k, id := new(redisstore.Ledger), failover.Key(aKey()), failover.ID(anID())
	_, begin := l.Begin(t.Context(), k, id, "a", time.Minute)
	a, attempt := l.Attempt(t.Context(), k, id, id, failover.Limits{})
	assert.Empty(t, a)
	won, settle := l.Settle(t.Context(), k, id, failover.Approved)
	assert.False(t, won)
	all := map[string]error{
		"begin": begin, "attempt": attempt, "settle": settle, "reset": l.Reset(t.Context(), k), "probe": l.Probe(t.Context()),
		"end": l.End(t.Context(), k, id, "a", failover.Sent, time.Minute),
	}
	for op, err := range all {
		require.ErrorContains(t, err, "redisstore: "+op+": this is a zero value", op)
	}
	require.NoError(t, l.Closer().Close())

	factors, kept := new(redisstore.Factors), new(redisstore.Recovery)
	_, now := factors.Now(t.Context())
	_, count := factors.CountKeys(t.Context())
	_, create := factors.Create(t.Context(), totp.Key(k), totp.ID(id), totp.Factor{})
	_, left := kept.Left(t.Context(), recovery.Key(k))
	for op, err := range map[string]error{
		"time": now, "count": count, "create": create, "left": left, "delete": factors.Delete(t.Context(), totp.Key(k)), "probe": kept.Probe(t.Context()),
	} {
		require.ErrorContains(t, err, "redisstore: "+op+": this is a zero value", op)
	}
	require.NoError(t, errors.Join(factors.Closer().Close(), kept.Closer().Close()))

	refs := new(redisstore.References)
	_, _, get := refs.Get(t.Context(), k)
	_, take := refs.Take(t.Context(), k, "r", id)
	for op, err := range map[string]error{
		"set": refs.Set(t.Context(), k, "r", time.Minute), "get": get, "take": take, "probe": refs.Probe(t.Context()),
	} {
		require.ErrorContains(t, err, "redisstore: "+op+": this is a zero value", op)
	}
	require.NoError(t, refs.Closer().Close())
}
