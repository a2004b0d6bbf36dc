package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// An Error says why there is no answer, in words for an operator. It holds no
// address, key, credential or word of the server.
type Error struct {
	Op     string // the call: "issue", "attempt", "revoke", "reset", "probe", "close"
	Detail string // what is at fault, and what to do about it
	Err    error  // context.Canceled or context.DeadlineExceeded; else nil

	full bool // the server has no memory to spare
}

// Error returns one line: "redisstore: put: this server is a replica: connect to
// the primary".
func (e *Error) Error() string { return "redisstore: " + e.Op + ": " + e.Detail }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// failure translates an error of go-redis, which may hold an address, a key or a
// piece of the configuration.
func failure(ctx context.Context, op string, err error) *Error {
	if cause := ended(ctx); cause != nil {
		return &Error{Op: op, Detail: "the context was done before the server answered", Err: cause}
	}
	return &Error{Op: op, Detail: detail(err), full: redis.IsOOMError(err)}
}

// ended also knows a deadline that the connection met before the context did.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

func detail(err error) string {
	if answer := redis.Error(nil); errors.As(err, &answer) {
		return refusal(err)
	}
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.Is(err, redis.ErrClosed):
		return "the client is closed"
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		return "no connection was free in time: raise the client's PoolSize"
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted"
	case errors.As(err, &network) && network.Timeout():
		return "the server did not answer in time"
	}
	return "the server cannot be reached, or hung up"
}

// refusal translates what the server itself said.
func refusal(err error) string {
	switch {
	case redis.IsAuthError(err):
		return "the server refused the credentials: check user and password"
	case redis.IsPermissionError(err):
		return "the server's ACL forbids it: see the package comment for what it must permit"
	case redis.IsOOMError(err):
		return "the server's memory is full: raise its maxmemory"
	case redis.IsReadOnlyError(err):
		return "this server is a replica: connect to the primary"
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return "a key of this prefix belongs to somebody else: use another Prefix"
	case redis.HasErrorPrefix(err, "MISCONF"):
		return "the server cannot persist, so it refuses to write: look at its disk"
	case redis.IsLoadingError(err), redis.IsMasterDownError(err), redis.IsClusterDownError(err),
		redis.IsTryAgainError(err), redis.IsMaxClientsError(err), redis.IsNoReplicasError(err):
		return "the server is not ready: it loads, fails over, or has too many clients"
	}
	return "the server refused the command: it must be Redis 6.2 or newer, or Valkey"
}
