// Package rueidisadapter keeps one-time codes in Redis over rueidis, which sends the
// commands of all goroutines down few connections, where go-redis takes one from its
// pool for each. It is an example: copy it into an application that has rueidis
// already.
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:6379"}, DisableCache: true})
//	store, err := redisstore.New(rueidisadapter.New(client), redisstore.Config{})
package rueidisadapter

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/go2fa/verify/redisstore"
)

// A Client is a [redisstore.Client] over rueidis: for one server, Sentinels or a
// cluster.
type Client struct{ r rueidis.Client }

var _ redisstore.Cluster = Client{}

// New returns a Client over r, which stays the caller's to close.
func New(r rueidis.Client) Client { return Client{r} }

// EvalSha runs a script by its hash.
func (c Client) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return c.run(ctx, "EVALSHA", sha1, keys, args)
}

// Eval runs a script.
func (c Client) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return c.run(ctx, "EVAL", script, keys, args)
}

func (c Client) run(ctx context.Context, command, script string, keys []string, args []any) *redis.Cmd {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = fmt.Sprint(arg)
	}
	// Keys says which ones they are: rueidis finds the server of a cluster by them.
	reply, err := c.r.Do(ctx, c.r.B().Arbitrary(command, script, strconv.Itoa(len(keys))).Keys(keys...).Args(words...).Build()).ToAny()
	cmd := redis.NewCmd(ctx)
	cmd.SetVal(reply)
	cmd.SetErr(translate(err))
	return cmd
}

// Del removes keys, which lie in one slot.
func (c Client) Del(ctx context.Context, keys ...string) *redis.IntCmd {
	n, err := c.r.Do(ctx, c.r.B().Del().Key(keys...).Build()).AsInt64()
	cmd := redis.NewIntCmd(ctx)
	cmd.SetVal(n)
	cmd.SetErr(translate(err))
	return cmd
}

// Get reads a key.
func (c Client) Get(ctx context.Context, key string) *redis.StringCmd {
	return text(ctx, c.r.Do(ctx, c.r.B().Get().Key(key).Build()))
}

// Info asks what server it is.
func (c Client) Info(ctx context.Context, sections ...string) *redis.StringCmd {
	return text(ctx, c.r.Do(ctx, c.r.B().Info().Section(sections...).Build()))
}

func text(ctx context.Context, result rueidis.RedisResult) *redis.StringCmd {
	s, err := result.ToString()
	cmd := redis.NewStringCmd(ctx)
	cmd.SetVal(s)
	cmd.SetErr(translate(err))
	return cmd
}

// Time asks for the server's time.
func (c Client) Time(ctx context.Context) *redis.TimeCmd {
	words, err := c.r.Do(ctx, c.r.B().Time().Build()).AsStrSlice()
	cmd := redis.NewTimeCmd(ctx)
	if err == nil && len(words) == 2 {
		var seconds, micros int64
		if seconds, err = strconv.ParseInt(words[0], 10, 64); err == nil {
			micros, err = strconv.ParseInt(words[1], 10, 64)
		}
		cmd.SetVal(time.Unix(seconds, micros*int64(time.Microsecond)))
	}
	cmd.SetErr(translate(err))
	return cmd
}

// Scan lists keys.
func (c Client) Scan(ctx context.Context, cursor uint64, match string, count int64) *redis.ScanCmd {
	entry, err := c.r.Do(ctx, c.r.B().Scan().Cursor(cursor).Match(match).Count(count).Build()).AsScanEntry()
	cmd := redis.NewScanCmd(ctx, nil)
	cmd.SetVal(entry.Elements, entry.Cursor)
	cmd.SetErr(translate(err))
	return cmd
}

// ForEachPrimary asks each server in turn, but no replica of a cluster.
func (c Client) ForEachPrimary(ctx context.Context, f func(context.Context, redisstore.Client) error) error {
	nodes := c.r.Nodes()
	for _, node := range nodes {
		one := Client{node}
		info, err := one.Info(ctx, "replication").Result()
		if err != nil {
			return err
		}
		if len(nodes) > 1 && strings.Contains(info, "role:slave") {
			continue
		}
		if err := f(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// A refusal is an error that the server gave.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError makes it a redis.Error.
func (refusal) RedisError() {}

// translate puts back the word ERR, which rueidis takes off.
func translate(err error) error {
	said, ok := rueidis.IsRedisErr(err)
	switch {
	case !ok && errors.Is(err, rueidis.ErrClosing):
		return redis.ErrClosed
	case !ok:
		return err
	case said.IsNil():
		return redis.Nil
	}
	words := said.Error()
	if first, _, _ := strings.Cut(words, " "); first != strings.ToUpper(first) {
		words = "ERR " + words
	}
	return refusal(words)
}
