package redisstore

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The errors of parse. Those of net/url and of go-redis quote the URL.
var (
	errURL = &Error{Op: "open", Detail: "the URL must read redis://USER:PASS@HOST:PORT/DB, redis+sentinel://USER:PASS@HOSTS/MASTER/DB, " +
		"redis+cluster://USER:PASS@HOSTS (rediss for TLS), or unix://USER:PASS@/PATH?db=DB; in USER and PASS the bytes / ? # @ : % , are percent-escaped"}
	errHosts = &Error{Op: "open", Detail: "a list of hosts must say what it is: redis+sentinel://HOSTS/MASTER/DB for Sentinels, " +
		"redis+cluster://HOSTS for a cluster; else name one server"}
	errMaster   = &Error{Op: "open", Detail: "a URL of Sentinels must name the master that they watch: redis+sentinel://HOSTS/MASTER/DB"}
	errDatabase = &Error{Op: "open", Detail: "a cluster has database 0 only"}
	errTwice    = &Error{Op: "open", Detail: "an option behind the question mark is given twice"}
	errVerify   = &Error{Op: "open", Detail: "skip_verify is not supported: a connection to a server that nobody checked is open to others; " +
		"name the authority's certificate with ssl_ca_certs"}
	errPrefix  = &Error{Op: "open", Detail: "prefix must be 1 to 64 of printable ASCII without spaces and braces"}
	errOptions = &Error{Op: "open", Detail: "DB is not a number, or an option behind the question mark is unknown or has a bad value"}
)

// A form is what stands behind a URL.
type form string

const (
	oneServer form = ""
	sentinels form = "sentinel"
	cluster   form = "cluster"
)

// sentinelPort is where a Sentinel listens if the URL does not say.
const sentinelPort = "26379"

// Schemes returns the schemes of the URLs that [Open] and [OpenLedger] take, for
// package vendors:
//
//	for _, scheme := range redisstore.Schemes() {
//		opts = append(opts, vendors.WithStore(scheme, redisstore.Open))
//	}
func Schemes() []string {
	all := []string{"unix"}
	for _, name := range []string{"redis", "rediss", "valkey", "valkeys"} {
		all = append(all, name, name+"+"+string(sentinels), name+"+"+string(cluster))
	}
	return all
}

// A target is what a URL says.
type target struct {
	form   form
	hosts  []string // HOST:PORT each; none for a socket
	master string   // the name that Sentinels know it by

	sentinelUser, sentinelPass string
	options                    *redis.Options
	cfg                        Config
}

// parse reads a URL more strictly than redis.ParseURL, which takes a password
// with an unescaped slash or number sign for a host and a port.
func parse(raw string) (target, error) {
	scheme, user, hosts, rest, ok := split(raw)
	if !ok {
		return target{}, errURL
	}
	name, kind, _ := strings.Cut(scheme, "+")
	t := target{form: form(kind)}
	path, query, err := tail(rest)
	if err != nil {
		return target{}, err
	}
	if t.cfg, err = prefix(query); err != nil {
		return target{}, err
	}
	secure, err := takeTLS(query, name == "rediss" || name == "valkeys")
	if err != nil {
		return target{}, err
	}
	if err := t.takeForm(query); err != nil {
		return target{}, err
	}
	if name != "unix" {
		if err := t.takeHosts(hosts); err != nil {
			return target{}, err
		}
		if path, err = t.takeMaster(path); err != nil {
			return target{}, err
		}
		name, hosts = "redis", t.hosts[0]
	}
	o, err := redis.ParseURL(name + "://" + user + hosts + path + "?" + query.Encode())
	if err != nil || !sane(o) {
		return target{}, errOptions
	}
	if t.form == cluster && o.DB != 0 {
		return target{}, errDatabase
	}
	o.TLSConfig = secure
	t.options = tuned(o)
	return t, nil
}

// split reports false unless every byte stands where it was meant to. User ends
// with the at sign, if there is one.
func split(raw string) (scheme, user, hosts, rest string, ok bool) {
	scheme, rest, found := strings.Cut(raw, "://")
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }
	if !found || !slices.Contains(Schemes(), scheme) || strings.ContainsFunc(raw, strange) {
		return "", "", "", "", false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	rest = rest[len(authority):]
	at := strings.LastIndexByte(authority, '@') + 1
	user, hosts = authority[:at], authority[at:]
	if strings.Contains(rest, "@") || strings.Count(authority, "@") > 1 || strings.Contains(user, ",") {
		return "", "", "", "", false
	}
	if scheme == "unix" {
		return scheme, user, hosts, rest, hosts == "" && strings.HasPrefix(rest, "/")
	}
	if _, err := url.Parse("redis://" + user + "h"); err != nil {
		return "", "", "", "", false
	}
	return scheme, user, hosts, rest, true
}

// tail reads what stands behind the hosts. A plus is a plus, as in every DSN of
// this module.
func tail(rest string) (path string, query url.Values, err error) {
	path, options, _ := strings.Cut(rest, "?")
	query, err = url.ParseQuery(strings.ReplaceAll(options, "+", "%2B"))
	if err != nil {
		return "", nil, errURL
	}
	for _, values := range query {
		if len(values) > 1 {
			return "", nil, errTwice
		}
	}
	return path, query, nil
}

// take removes an option of ours, which go-redis does not know.
func take(query url.Values, key string) (value string, given bool) {
	value, given = query.Get(key), query.Has(key)
	query.Del(key)
	return value, given
}

func prefix(query url.Values) (Config, error) {
	value, given := take(query, "prefix")
	if given && !isPrefix(value) {
		return Config{}, errPrefix
	}
	return Config{Prefix: value}, nil
}

// takeForm reads cluster=, which says of one host that it is of a cluster, and
// the credentials of Sentinels.
func (t *target) takeForm(query url.Values) error {
	if t.form == sentinels {
		t.sentinelUser, _ = take(query, "sentinel_username")
		t.sentinelPass, _ = take(query, "sentinel_password")
		return nil
	}
	value, given := take(query, "cluster")
	switch is, err := strconv.ParseBool(cmp.Or(value, "false")); {
	case !given:
	case err != nil, t.form == cluster && !is:
		return errOptions
	case is:
		t.form = cluster
	}
	return nil
}

func (t *target) takeHosts(list string) error {
	port := "6379"
	if t.form == sentinels {
		port = sentinelPort
	}
	for host := range strings.SplitSeq(list, ",") {
		u, err := url.Parse("redis://" + host)
		if err != nil || u.Hostname() == "" {
			return errURL
		}
		t.hosts = append(t.hosts, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	}
	if len(t.hosts) > 1 && t.form == oneServer {
		return errHosts
	}
	return nil
}

// takeMaster takes the name of the master out of the path of a URL of Sentinels.
func (t *target) takeMaster(path string) (rest string, err error) {
	if t.form != sentinels {
		return path, nil
	}
	name, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	t.master, err = url.PathUnescape(name)
	if err != nil || t.master == "" {
		return "", errMaster
	}
	if more {
		rest = "/" + rest
	}
	return rest, nil
}

// sane keeps out numbers at which go-redis panics or takes gigabytes.
func sane(o *redis.Options) bool {
	const most = 1 << 16
	for _, n := range []int{o.PoolSize, o.MinIdleConns, o.MaxIdleConns, o.MaxActiveConns, o.MaxConcurrentDials} {
		if n < 0 || n > most {
			return false
		}
	}
	return o.DB >= 0
}
