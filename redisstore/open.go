package redisstore

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/go2fa/verify/otp"
)

// Open's clients answer within about eight seconds, a retry included.
const (
	openTimeout = 2 * time.Second
	openRetries = 1
)

// Open returns a Store for one server, named by a URL:
//
//	redis://USER:PASS@HOST:PORT/DB
//	rediss://USER:PASS@HOST:PORT/DB       with TLS 1.2 or newer
//	unix://USER:PASS@/PATH/TO/SOCKET?db=DB
//
// Behind a question mark may stand prefix=, for Config.Prefix, and the options
// of [redis.ParseURL], such as pool_size and read_timeout, but not skip_verify.
// For a cluster or for Sentinel make a client, and call [New].
//
// It makes no request; see [Store.Probe]. The result is a [*Store], whose Close
// closes what Open opened. An error holds no part of the URL.
func Open(url string) (otp.Store, error) {
	options, cfg, err := parse(url)
	if err != nil {
		return nil, err
	}
	s, err := New(redis.NewClient(options), cfg)
	if err != nil {
		return nil, err
	}
	s.own = true
	return s, nil
}

// The errors of Open. Those of net/url and of go-redis quote the URL.
var (
	errURL = errors.New("redisstore: the URL must read redis://USER:PASS@HOST:PORT/DB, rediss:// for TLS, " +
		"or unix://USER:PASS@/PATH?db=DB; in USER and PASS the bytes / ? # @ : % are percent-escaped")
	errTwice   = errors.New("redisstore: an option behind the question mark is given twice")
	errVerify  = errors.New("redisstore: skip_verify is not supported: a certificate that nobody checks protects nothing")
	errPrefix  = errors.New("redisstore: prefix must be 1 to 64 of printable ASCII without spaces and braces")
	errOptions = errors.New("redisstore: DB is not a number, or an option behind the question mark is unknown or has a bad value")
)

// parse reads a URL more strictly than redis.ParseURL, which takes a password
// with an unescaped slash or number sign for a host and a port.
func parse(raw string) (*redis.Options, Config, error) {
	u, ok := split(raw)
	if !ok {
		return nil, Config{}, errURL
	}
	// A plus is a plus, as in every DSN of this module.
	query, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B"))
	if err != nil {
		return nil, Config{}, errURL
	}
	for _, values := range query {
		if len(values) > 1 {
			return nil, Config{}, errTwice
		}
	}
	if query.Has("skip_verify") {
		return nil, Config{}, errVerify
	}
	cfg := Config{Prefix: query.Get("prefix")}
	if query.Has("prefix") && !isPrefix(cfg.Prefix) {
		return nil, Config{}, errPrefix
	}
	query.Del("prefix")
	u.RawQuery = query.Encode()

	options, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, Config{}, errOptions
	}
	return tuned(options), cfg, nil
}

// split reports false unless every byte stands where it was meant to.
func split(raw string) (*url.URL, bool) {
	scheme, rest, _ := strings.Cut(raw, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }
	if strings.ContainsFunc(raw, strange) || strings.Count(rest, "@") != strings.Count(authority, "@") || strings.Count(rest, "@") > 1 {
		return nil, false
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, false
	}
	switch scheme {
	case "redis", "rediss":
		return u, u.Hostname() != ""
	case "unix":
		return u, u.Host == "" && u.Path != ""
	}
	return nil, false
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
