package redisstore

import (
	"cmp"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/go2fa/verify/otp"
)

// Open's client of one server answers within about eight seconds, a retry
// included.
const (
	openTimeout = 2 * time.Second
	openRetries = 1
)

// Open returns a Store for what a URL names: one server, a primary that Sentinels
// watch, or a cluster.
//
//	redis://USER:PASS@HOST:PORT/DB
//	unix://USER:PASS@/PATH/TO/SOCKET?db=DB
//	redis+sentinel://USER:PASS@HOST:PORT,HOST:PORT/MASTER/DB
//	redis+cluster://USER:PASS@HOST:PORT,HOST:PORT
//
// With rediss in place of redis it is TLS 1.2 or newer, and valkey and valkeys
// mean the same; [Schemes] lists all. redis://HOST?cluster=true is a cluster
// too, of which one node is known. USER and PASS are those of the servers. A
// Sentinel listens at 26379 unless the URL says otherwise.
//
// Behind a question mark may stand the options of [redis.ParseURL], such as
// pool_size and read_timeout, but not skip_verify, and
//
//	prefix=            Config.Prefix
//	ssl_ca_certs=      a file of certificates in PEM form: only these authorities
//	                   are trusted, in place of those of the machine
//	ssl_certfile=, ssl_keyfile=    the client's certificate and its key
//	server_name=       the name in the server's certificate, where it is not the host
//	sentinel_username=, sentinel_password=    where the Sentinels ask for them
//
// Open reads these files and makes no request; see [Store.Probe]. The result is a
// [*Store], whose Close closes what Open opened. Its errors hold no part of the
// URL.
func Open(url string) (otp.Store, error) {
	s, err := open(url)
	if err != nil {
		return nil, err // not s: a nil *Store is no nil Store
	}
	return s, nil
}

func open(url string) (*Store, error) {
	t, err := parse(url)
	if err != nil {
		return nil, err
	}
	client := t.client()
	s, err := New(client, t.cfg)
	if err != nil {
		return nil, err
	}
	s.opened = client
	return s, nil
}

func (t target) client() redis.UniversalClient {
	switch t.form {
	case sentinels:
		return redis.NewFailoverClient(t.universal().Failover())
	case cluster:
		return redis.NewClusterClient(t.universal().Cluster())
	}
	return redis.NewClient(t.options)
}

// universal is the one form of options from which go-redis makes those of every
// client.
func (t target) universal() *redis.UniversalOptions {
	o := t.options
	return &redis.UniversalOptions{
		Addrs: t.hosts, MasterName: t.master, SentinelUsername: t.sentinelUser, SentinelPassword: t.sentinelPass,
		DB: o.DB, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		Protocol: o.Protocol, ClientName: o.ClientName, ContextTimeoutEnabled: o.ContextTimeoutEnabled,
		MaxRetries: o.MaxRetries, MinRetryBackoff: o.MinRetryBackoff, MaxRetryBackoff: o.MaxRetryBackoff,
		DialTimeout: o.DialTimeout, DialerRetries: o.DialerRetries, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolFIFO: o.PoolFIFO, PoolSize: o.PoolSize, PoolTimeout: o.PoolTimeout, MaxConcurrentDials: o.MaxConcurrentDials,
		MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns,
		ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime, ConnMaxLifetimeJitter: o.ConnMaxLifetimeJitter,
		MaintNotificationsConfig: o.MaintNotificationsConfig,
	}
}

// tuned makes a client that ends when its caller's context does, and soon
// without one.
func tuned(o *redis.Options) *redis.Options {
	o.ContextTimeoutEnabled = true
	o.DialTimeout = cmp.Or(o.DialTimeout, openTimeout)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, openTimeout)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, openTimeout)
	o.MaxRetries = cmp.Or(o.MaxRetries, openRetries)
	o.DialerRetries = cmp.Or(o.DialerRetries, 1)
	// It would ask every server for a feature of Redis Enterprise, in a round trip
	// of its own.
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}
