package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// An Error says why there is no answer, in words for an operator. It holds no
// address, key, credential or word of the server.
type Error struct {
	Op     string // the call: "open", "issue", "attempt", "revoke", "reset", "probe", "close"
	Detail string // what is at fault, and what to do about it
	Err    error  // context.Canceled or context.DeadlineExceeded; else nil

	full bool // the server has no memory to spare
}

// Error returns one line: "redisstore: issue: this server is a replica: connect to
// the primary".
func (e *Error) Error() string { return "redisstore: " + e.Op + ": " + e.Detail }

// SafeMessage returns Detail: a sentence that may be shown to the author of the
// configuration, since no part of it is in there.
func (e *Error) SafeMessage() string { return e.Detail }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// failure translates an error of go-redis, which may hold an address, a key or a
// piece of the configuration.
func failure(ctx context.Context, op string, err error) *Error {
	if cause := ended(ctx); cause != nil {
		return &Error{Op: op, Detail: "the context was done before the server answered", Err: cause}
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		return &Error{Op: op, Detail: connection(err)}
	}
	said := inner(answer.Error())
	return &Error{Op: op, Detail: refusal(said), full: strings.HasPrefix(said, "OOM ")}
}

// ended also knows a deadline that the connection met before the context did.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// connection says what became of a connection on which no server answered.
func connection(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, redis.ErrClosed):
		return "the client is closed"
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		return "no connection was free in time: raise the client's PoolSize"
	case handshake(err) != "":
		return handshake(err)
	case errors.As(err, &network) && network.Timeout():
		return "the server did not answer in time"
	case errors.Is(err, io.EOF):
		return "the server hung up: it may want TLS (rediss://), or fewer clients"
	}
	return "the server cannot be reached, or hung up"
}

// handshake says what is wrong with TLS, or nothing.
func handshake(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		untrusted *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		remote    *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return "the server's certificate is not trusted: this machine does not know its authority; ssl_ca_certs names the file of a private one"
	case errors.As(err, &host):
		return "the server's certificate is not trusted: it is for another name; server_name says which"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate is not trusted: it has expired, or is not valid yet by this machine's clock"
	case errors.As(err, &untrusted):
		return "the server's certificate is not trusted"
	case errors.As(err, &record):
		return "the server does not speak TLS at this port: use redis://, or the port of TLS"
	case errors.As(err, &remote) && remote.Op == "remote error": // so crypto/tls says an alert
		return "the server refused TLS: it may want a client's certificate, ssl_certfile and ssl_keyfile"
	}
	return ""
}

// inner is what the server refused. Redis 6.2 wraps an error of a script: "ERR
// Error running script (call to f_0): @user_script:1: @user_script: 1: -OOM command
// not allowed".
func inner(said string) string {
	if strings.HasPrefix(said, "ERR Error running script") {
		if _, cause, found := strings.Cut(said, ": -"); found {
			return cause
		}
	}
	return said
}

// The words with which a server's refusal begins, and what to do about it.
var refusals = []struct{ prefix, detail string }{
	{"NOAUTH", wrongCredentials},
	{"WRONGPASS", wrongCredentials},
	{"ERR invalid password", wrongCredentials},
	{"ERR AUTH", wrongCredentials},
	{"OOM", "the server's memory is full: raise its maxmemory"},
	{"READONLY", "this server is a replica: connect to the primary"},
	{"MASTERDOWN", "this server is a replica, and has lost its primary: connect to the primary"},
	{"NOREPLICAS", "the server has fewer replicas than its min-replicas-to-write: look at them"},
	{"MOVED", oneNode},
	{"ASK", oneNode},
	{"CROSSSLOT", oneNode},
	{"CLUSTERDOWN", "the cluster is down: some of its slots have no primary"},
	{"TRYAGAIN", "the cluster is moving this key: ask again"},
	{"ERR This instance has cluster support disabled", "this server is no cluster: open it with redis://"},
	{"ERR SELECT is not allowed in cluster mode", "a cluster has database 0 only"},
	{"ERR DB index is out of range", "the server has no database of this number"},
	{"BUSY", "a script of somebody else keeps the server busy: stop it with SCRIPT KILL"},
	{"LOADING", "the server is loading its data: ask again"},
	{"ERR max number of clients reached", "the server has too many clients: raise its maxclients"},
	{"NOSCRIPT", "the server forgets scripts while it runs them: a proxy in between must send EVALSHA and EVAL to one server"},
	{"WRONGTYPE", "a key of this prefix belongs to somebody else: use another Prefix"},
	{"MISCONF", "the server cannot persist, so it refuses to write: look at its disk"},
	{"DENIED", "the server is in protected mode: set a password there"},
	{"redis: nil", "the Sentinels know no master of this name"},
}

const (
	wrongCredentials = "the server refused the credentials: check user and password; those of Sentinels are sentinel_username and sentinel_password"
	oneNode          = "this server is one node of a cluster: open the cluster, with redis+cluster:// or cluster=true"
)

// refusal translates what the server itself said.
func refusal(said string) string {
	for _, r := range refusals {
		if strings.HasPrefix(said, r.prefix) {
			return r.detail
		}
	}
	lower := strings.ToLower(said)
	switch {
	case strings.HasPrefix(said, "NOPERM"), strings.HasPrefix(said, "ERR The user executing the script can't"):
		return forbidden(lower)
	case strings.HasPrefix(lower, "err unknown command") && strings.Contains(lower, "sentinel"):
		return "this server is no Sentinel: a URL of redis+sentinel:// names the Sentinels, and not the servers"
	case strings.HasPrefix(lower, "err unknown command"):
		return "the server does not know the command: it is a Sentinel (open it with redis+sentinel://), or it must be Redis 6.2 or newer, or Valkey"
	}
	return "the server refused the command: it must be Redis 6.2 or newer, or Valkey"
}

// forbidden names the command, if it is one that this package uses: then no word
// of the server is in there.
func forbidden(said string) string {
	const see = ": see the package comment for what it must permit"
	for _, command := range []string{"evalsha", "eval", "cluster|slots", "select", "time", "info", "mget", "get", "set", "del"} {
		if strings.Contains(said, "'"+command+"' command") {
			return "the server's ACL forbids " + command + see
		}
	}
	switch {
	case strings.Contains(said, "key"):
		return "the server's ACL forbids the keys" + see
	case strings.HasPrefix(said, "err the user executing the script"):
		return "the server's ACL forbids a command of the script, get, mget, set, del or time" + see
	}
	return "the server's ACL forbids the command" + see
}
