package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// A Client is what the stores of this package ask of a client of Redis. Every
// [redis.UniversalClient] is one. Another library needs an adapter of a few lines;
// the package examples/rueidis is the one for rueidis, and passes the same suite.
//
// Results are those of go-redis, which an adapter makes by [redis.NewCmd] and its
// like, with SetVal or SetErr. An adapter keeps to this:
//
//   - In a cluster a script goes to the primary that holds its keys.
//   - What the server itself refused is a [redis.Error] with the server's words, and a
//     reply of nil is [redis.Nil].
//   - The end of a context ends the wait.
//   - A script may be sent again when its reply was lost.
type Client interface {
	EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd
	Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd
	Del(ctx context.Context, keys ...string) *redis.IntCmd
	Info(ctx context.Context, sections ...string) *redis.StringCmd // for Probe
	Time(ctx context.Context) *redis.TimeCmd                       // for Factors.Now
	Get(ctx context.Context, key string) *redis.StringCmd          // for Factors.CountKeys
	Scan(ctx context.Context, cursor uint64, match string, count int64) *redis.ScanCmd
}

// A Cluster is a Client of more than one primary, each of which Probe and CountKeys
// ask. A [redis.ClusterClient] need not be one: it is known.
type Cluster interface {
	Client
	// ForEachPrimary calls f with a client of each primary, at once or in turn, and
	// returns the first error.
	ForEachPrimary(ctx context.Context, f func(context.Context, Client) error) error
}

var _ Client = redis.UniversalClient(nil)

// onPrimaries calls f with a client of each primary.
func (s *Store) onPrimaries(ctx context.Context, f func(ctx context.Context, server Client, inCluster bool) error) error {
	switch c := s.client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, func(ctx context.Context, one *redis.Client) error { return f(ctx, one, true) })
	case Cluster:
		return c.ForEachPrimary(ctx, func(ctx context.Context, one Client) error { return f(ctx, one, true) })
	}
	return f(ctx, s.client, false)
}

// eval runs a script by its hash, and with its text where the server does not know
// it yet.
func (s *Store) eval(ctx context.Context, script *redis.Script, keys []string, args ...any) ([]any, error) {
	return script.Run(ctx, scripter{Client: s.client}, keys, args...).Slice()
}

// A scripter has what [redis.Script.Run] calls, EvalSha and Eval, and what it asks for
// besides.
type scripter struct{ Client }

func (s scripter) EvalRO(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return s.Eval(ctx, script, keys, args...)
}

func (s scripter) EvalShaRO(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return s.EvalSha(ctx, sha1, keys, args...)
}

func (scripter) ScriptExists(ctx context.Context, _ ...string) *redis.BoolSliceCmd {
	return redis.NewBoolSliceCmd(ctx)
}

func (scripter) ScriptLoad(ctx context.Context, _ string) *redis.StringCmd {
	return redis.NewStringCmd(ctx)
}

var _ redis.Scripter = scripter{}
