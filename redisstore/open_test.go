package redisstore

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
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

func TestOpenReadsAURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url    string
		form   form
		hosts  string
		master string
		want   redis.Options
		cfg    Config
	}{
		"a host":                  {"redis://cache", oneServer, "cache:6379", "", redis.Options{Network: "tcp", Addr: "cache:6379"}, Config{}},
		"a host, a port and a DB": {"redis://127.0.0.1:6380/2", oneServer, "127.0.0.1:6380", "", redis.Options{Network: "tcp", Addr: "127.0.0.1:6380", DB: 2}, Config{}},
		"IPv6":                    {"redis://[::1]:6380/", oneServer, "[::1]:6380", "", redis.Options{Network: "tcp", Addr: "[::1]:6380"}, Config{}},
		"IPv6 without a port":     {"redis://[::1]", oneServer, "[::1]:6379", "", redis.Options{Network: "tcp", Addr: "[::1]:6379"}, Config{}},
		"a password":              {"redis://:s3cret@cache", oneServer, "cache:6379", "", redis.Options{Network: "tcp", Addr: "cache:6379", Password: "s3cret"}, Config{}},
		"escapes":                 {"redis://app:%2F%3F%23%40%3A%25%2C+@cache", oneServer, "cache:6379", "", redis.Options{Network: "tcp", Addr: "cache:6379", Username: "app", Password: "/?#@:%,+"}, Config{}},
		"a socket":                {"unix://app:s3cret@/run/redis.sock?db=1", oneServer, "", "", redis.Options{Network: "unix", Addr: "/run/redis.sock", Username: "app", Password: "s3cret", DB: 1}, Config{}},
		"a prefix":                {"redis://cache?prefix=shop+1:", oneServer, "cache:6379", "", redis.Options{Network: "tcp", Addr: "cache:6379"}, Config{Prefix: "shop+1:"}},
		"Valkey":                  {"valkey://cache/3", oneServer, "cache:6379", "", redis.Options{Network: "tcp", Addr: "cache:6379", DB: 3}, Config{}},
		"a cluster": {"redis+cluster://app:s3cret@a,b:7000", cluster, "a:6379 b:7000", "",
			redis.Options{Network: "tcp", Addr: "a:6379", Username: "app", Password: "s3cret"}, Config{}},
		"a cluster, as an option":      {"redis://a?cluster=true", cluster, "a:6379", "", redis.Options{Network: "tcp", Addr: "a:6379"}, Config{}},
		"a cluster with its database":  {"valkey+cluster://a,b/0", cluster, "a:6379 b:6379", "", redis.Options{Network: "tcp", Addr: "a:6379"}, Config{}},
		"no cluster, as an option":     {"redis://a/1?cluster=false", oneServer, "a:6379", "", redis.Options{Network: "tcp", Addr: "a:6379", DB: 1}, Config{}},
		"Sentinels":                    {"redis+sentinel://a,b:5000,[::1]/mymaster", sentinels, "a:26379 b:5000 [::1]:26379", "mymaster", redis.Options{Network: "tcp", Addr: "a:26379"}, Config{}},
		"a database behind a Sentinel": {"valkey+sentinel://:s3cret@a/my%2Dmaster/2", sentinels, "a:26379", "my-master", redis.Options{Network: "tcp", Addr: "a:26379", Password: "s3cret", DB: 2}, Config{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(tc.url)
			require.NoError(t, err)
			o := got.options
			assert.Equal(t, tc.cfg, got.cfg)
			assert.Equal(t, tc.form, got.form)
			assert.Equal(t, tc.hosts, strings.Join(got.hosts, " "))
			assert.Equal(t, tc.master, got.master)
			assert.Equal(t, tc.want, redis.Options{Network: o.Network, Addr: o.Addr, Username: o.Username, Password: o.Password, DB: o.DB})
			assert.Nil(t, o.TLSConfig)
			assert.True(t, o.ContextTimeoutEnabled)
			assert.Equal(t, 1, o.MaxRetries)
			assert.Equal(t, 2*time.Second, o.ReadTimeout)

			s, err := Open(tc.url)
			require.NoError(t, err)
			require.NoError(t, s.(*Store).Close())
		})
	}
}

func TestOpenReadsOptions(t *testing.T) {
	t.Parallel()
	const options = "read_timeout=500ms&max_retries=-1&pool_size=7&client_name=app&min_retry_backoff=1s"
	for _, url := range []string{"rediss://cache.example.com:6380/0?" + options, "valkeys+cluster://a,b?" + options, "rediss+sentinel://a,b/m?" + options} {
		got, err := parse(url)
		require.NoError(t, err)
		u := got.universal()
		require.NotNil(t, u.TLSConfig)
		assert.Empty(t, u.TLSConfig.ServerName, "each host is asked for its own name")
		assert.False(t, u.TLSConfig.InsecureSkipVerify)
		assert.Equal(t, uint16(tls.VersionTLS12), u.TLSConfig.MinVersion)
		assert.Equal(t, 500*time.Millisecond, u.ReadTimeout)
		assert.Equal(t, 2*time.Second, u.WriteTimeout)
		assert.Equal(t, -1, u.MaxRetries)
		assert.Equal(t, 7, u.PoolSize)
		assert.Equal(t, "app", u.ClientName)
		assert.Equal(t, time.Second, u.MinRetryBackoff)
		assert.True(t, u.ContextTimeoutEnabled)
	}
	got, err := parse("rediss+sentinel://app:x@a/m/2?sentinel_username=watch&sentinel_password=s3%40cret&server_name=cache")
	require.NoError(t, err)
	u := got.universal()
	assert.Equal(t, "watch s3@cret app x", strings.Join([]string{u.SentinelUsername, u.SentinelPassword, u.Username, u.Password}, " "))
	assert.Equal(t, "cache", u.TLSConfig.ServerName)
	assert.Equal(t, 2, u.Failover().DB)
}

// A private authority stands in place of those of the machine, not beside them.
func TestOnlyTheAuthoritiesOfTheFileAreTrusted(t *testing.T) {
	t.Parallel()
	site := httptest.NewTLSServer(nil)
	t.Cleanup(site.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, text, 0o600))
	only := x509.NewCertPool()
	only.AddCert(site.Certificate())
	for _, form := range []string{"rediss://h?", "valkeys+cluster://h?", "rediss+sentinel://h/m?"} {
		got, err := parse(form + "ssl_ca_certs=" + file)
		require.NoError(t, err)
		assert.True(t, only.Equal(got.universal().TLSConfig.RootCAs), form)
	}
}

func TestEverySchemeIsOpened(t *testing.T) {
	t.Parallel()
	assert.Len(t, Schemes(), 13)
	for _, scheme := range Schemes() {
		rest := "h"
		switch {
		case scheme == "unix":
			rest = "/run/redis.sock"
		case strings.HasSuffix(scheme, "+sentinel"):
			rest = "h/mymaster"
		}
		s, err := Open(scheme + "://" + rest)
		require.NoError(t, err, scheme)
		require.NoError(t, s.(*Store).Close())
		l, err := OpenLedger(scheme + "://" + rest)
		require.NoError(t, err, scheme)
		require.NoError(t, l.(*Ledger).Closer().Close())
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url  string
		want error
	}{
		"a list of servers":                {"redis://s3cret1:6379,s3cret2:6379/0", errHosts},
		"a list of servers with TLS":       {"valkeys://s3cret1,s3cret2", errHosts},
		"a list with nothing in it":        {"redis+cluster://s3cret,", errURL},
		"a comma in the password":          {"redis+cluster://app:s3,cret@cache", errURL},
		"Sentinels without a master":       {"redis+sentinel://s3cret1,s3cret2", errMaster},
		"Sentinels with a database alone":  {"redis+sentinel://s3cret1,s3cret2//0", errMaster},
		"a master with a bad escape":       {"redis+sentinel://s3cret/my%zz", errMaster},
		"a database of no number there":    {"redis+sentinel://cache/m/s3cret", errOptions},
		"a database in a cluster":          {"redis+cluster://s3cret/1", errDatabase},
		"the same, as an option":           {"redis+cluster://s3cret?db=1", errDatabase},
		"a cluster that is none":           {"redis+cluster://s3cret?cluster=false", errOptions},
		"a cluster of no yes or no":        {"redis://cache?cluster=s3cret", errOptions},
		"Sentinels of a cluster":           {"redis+sentinel://s3cret/m?cluster=true", errOptions},
		"a Sentinel's password elsewhere":  {"redis://cache?sentinel_password=s3cret", errOptions},
		"a CA without TLS":                 {"redis://cache?ssl_ca_certs=/s3cret", errPlain},
		"a server's name without TLS":      {"redis+cluster://cache?server_name=s3cret", errPlain},
		"a CA that is not there":           {"rediss://cache?ssl_ca_certs=/s3cret.pem", errCA},
		"a client's certificate alone":     {"rediss://cache?ssl_certfile=/s3cret.pem", errPair},
		"a pool beyond all measure":        {"redis://s3cret?pool_size=3000000000", errOptions},
		"a negative pool":                  {"redis://s3cret?min_idle_conns=-3", errOptions},
		"a negative database":              {"redis://s3cret/-1", errOptions},
		"Lettuce's word for Sentinels":     {"redis-sentinel://s3cret1,s3cret2/0", errURL},
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
			assert.True(t, s == nil, "no pointer in it either")
			assert.NotContains(t, err.Error(), "s3cret")
			l, err := OpenLedger(tc.url)
			require.ErrorIs(t, err, tc.want)
			assert.True(t, l == nil)
		})
	}
}

func FuzzOpen(f *testing.F) {
	const canary = "kanarie"
	for _, seed := range []string{"redis://%s:%s@%s/0", "unix://%s@/%s?%s", "rediss://%s?%s=%s", "%s%s%s", "redis+sentinel://%s:%s@%s,%s/%s/0?sentinel_password=%s", "valkeys+cluster://%s,%s?ssl_ca_certs=%s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		raw := strings.ReplaceAll(shape, "%s", canary)
		if _, err := parse(raw); err != nil {
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
