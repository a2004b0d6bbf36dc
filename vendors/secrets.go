package vendors

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify/internal/dsn"
)

// Secrets are the application's own source of credentials, such as Vault: it returns
// the secret that has a name. It must be safe for concurrent use.
type Secrets func(ctx context.Context, name string) (string, error)

// WithSecrets has each value that is secret:NAME read from source:
//
//	vendors.Open("twilio://?auth_token=secret:twilio/auth-token&...", vendors.WithSecrets(vault))
//
// It is read as file: is: by Open, and again when the vendor refuses the credentials.
// It gets 5 seconds. Its errors are not shown, since they may hold what it has read.
func WithSecrets(source Secrets) Option { return &secretsOption{source} }

type secretsOption struct{ source Secrets }

func (o *secretsOption) apply(to options) options {
	if o.source != nil {
		to.secrets = o.source
	}
	return to
}

const secretsTime = 5 * time.Second // for all values of one vendor

var (
	errSecret     = errors.New("names a secret that could not be read")
	errSecretLong = errors.New("names a secret of more than 65536 bytes")
)

// resolve returns what a value stands for.
func (o options) resolve(value string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), secretsTime)
	defer cancel()
	return o.read(ctx, value)
}

func (o options) read(ctx context.Context, value string) (string, error) {
	name, ok := dsn.SecretName(value)
	if !ok || o.secrets == nil {
		return dsn.Resolve(value)
	}
	secret, err := o.secrets(ctx, name)
	switch {
	case err != nil:
		return "", errSecret
	case len(secret) > dsn.MaxFile:
		return "", errSecretLong
	}
	return secret, nil
}

// What is written while it is read is read again, up to so often.
const (
	rereads    = 10
	rereadWait = 100 * time.Millisecond
)

var errUnreadable = errors.New("a value is empty, cannot be read, or changes all the time")

// readAll reads values together, twice, until all are as they were. It is an error if
// one is empty.
func (o options) readAll(ctx context.Context, values []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretsTime)
	defer cancel()
	var before []string
	for range rereads {
		now, err := o.readOnce(ctx, values)
		switch {
		case err == nil && before != nil && slices.Equal(before, now):
			return now, nil
		case err != nil:
			now = nil
		}
		before = now
		select {
		case <-ctx.Done():
			return nil, errUnreadable
		case <-time.After(rereadWait):
		}
	}
	return nil, errUnreadable
}

func (o options) readOnce(ctx context.Context, values []string) ([]string, error) {
	read := make([]string, len(values))
	for i, value := range values {
		var err error
		if read[i], err = o.read(ctx, value); err != nil {
			return nil, err
		}
		if read[i] == "" {
			return nil, errUnreadable
		}
	}
	return read, nil
}
