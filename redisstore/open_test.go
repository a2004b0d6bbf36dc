package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// The shape in which package vendors takes it.
var _ func(string) (otp.Store, error) = Open

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url  string
		want redis.Options
		cfg  Config
	}{
		"a host":                  {"redis://cache", redis.Options{Network: "tcp", Addr: "cache:6379"}, Config{}},
		"a host, a port and a DB": {"redis://127.0.0.1:6380/2", redis.Options{Network: "tcp", Addr: "127.0.0.1:6380", DB: 2}, Config{}},
		"IPv6":                    {"redis://[::1]:6380/", redis.Options{Network: "tcp", Addr: "[::1]:6380"}, Config{}},
		"a password":              {"redis://:s3cret@cache", redis.Options{Network: "tcp", Addr: "cache:6379", Password: "s3cret"}, Config{}},
		"escapes":                 {"redis://app:%2F%3F%23%40%3A%25+@cache", redis.Options{Network: "tcp", Addr: "cache:6379", Username: "app", Password: "/?#@:%+"}, Config{}},
		"a socket":                {"unix://app:s3cret@/run/redis.sock?db=1", redis.Options{Network: "unix", Addr: "/run/redis.sock", Username: "app", Password: "s3cret", DB: 1}, Config{}},
		"a prefix":                {"redis://cache?prefix=shop+1:", redis.Options{Network: "tcp", Addr: "cache:6379"}, Config{Prefix: "shop+1:"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, cfg, err := parse(tc.url)
			require.NoError(t, err)
			assert.Equal(t, tc.cfg, cfg)
			assert.Equal(t, tc.want, redis.Options{Network: o.Network, Addr: o.Addr, Username: o.Username, Password: o.Password, DB: o.DB})
			assert.Nil(t, o.TLSConfig)
			assert.True(t, o.ContextTimeoutEnabled)
			assert.Equal(t, 1, o.MaxRetries)
			assert.Equal(t, 2*time.Second, o.ReadTimeout)
		})
	}
}

func TestParseTLSAndOptions(t *testing.T) {
	t.Parallel()
	o, _, err := parse("rediss://cache.example.com:6380/0?read_timeout=500ms&max_retries=-1&pool_size=7")
	require.NoError(t, err)
	require.NotNil(t, o.TLSConfig)
	assert.Equal(t, "cache.example.com", o.TLSConfig.ServerName)
	assert.False(t, o.TLSConfig.InsecureSkipVerify)
	assert.Equal(t, 500*time.Millisecond, o.ReadTimeout)
	assert.Equal(t, -1, o.MaxRetries)
	assert.Equal(t, 7, o.PoolSize)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url  string
		want error
	}{
		"nothing":                          {"", errURL},
		"no scheme":                        {"s3cret:6379", errURL},
		"another scheme":                   {"http://app:s3cret@cache", errURL},
		"no host":                          {"redis:///0?x=s3cret", errURL},
		"a password alone":                 {"redis://:s3cret", errURL},
		"a slash in the password":          {"redis://:12/s3cret@cache", errURL},
		"a number sign in the password":    {"redis://:12#s3cret@cache", errURL},
		"the same, with a user":            {"redis://app:12#s3cret@cache", errURL},
		"a question mark in the password":  {"redis://app:12?s3cret@cache", errURL},
		"an at sign in the password":       {"redis://app:s3@cret@cache", errURL},
		"a bare percent":                   {"redis://app:s3cret%@cache", errURL},
		"a space":                          {"redis://app:s3 cret@cache", errURL},
		"not ASCII":                        {"redis://app:s3crété@cache", errURL},
		"a port that is none":              {"redis://cache:s3cret", errURL},
		"a socket without its third slash": {"unix://s3cret/redis.sock", errURL},
		"a socket without a path":          {"unix://app:s3cret@", errURL},
		"a semicolon in the options":       {"redis://cache?pool_size=1;s3cret=2", errURL},
		"a database that is no number":     {"redis://cache/s3cret", errOptions},
		"an unknown option":                {"redis://cache?s3cret=1", errOptions},
		"a bad value":                      {"redis://cache?pool_size=s3cret", errOptions},
		"an option given twice":            {"redis://cache?pool_size=1&pool_size=s3cret", errTwice},
		"no check of certificates":         {"rediss://s3cret.example.com?skip_verify=true", errVerify},
		"a prefix with braces":             {"redis://cache?prefix={s3cret}", errPrefix},
		"an empty prefix":                  {"redis://cache?prefix=", errPrefix},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(tc.url)
			require.ErrorIs(t, err, tc.want)
			assert.Nil(t, s)
			assert.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func FuzzOpen(f *testing.F) {
	const canary = "kanarie"
	for _, seed := range []string{"redis://%s:%s@%s/0", "unix://%s@/%s?%s", "rediss://%s?%s=%s", "%s%s%s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		raw := strings.ReplaceAll(shape, "%s", canary)
		if _, _, err := parse(raw); err != nil {
			assert.NotContains(t, err.Error(), canary)
		}
	})
}

func TestPrintsHoldNoCredentials(t *testing.T) {
	t.Parallel()
	s, err := Open("redis://app:s3cret@127.0.0.1:6379/0")
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, "redisstore.Store{[hidden]}", fmt.Sprintf(verb, s))
	}
	require.NoError(t, s.(*Store).Close())
}
