package main

import (
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/vendors"
)

// open makes the Verifier of the DSN, with all that this program knows beside the
// vendors: Redis, mail, and a directory of Authy's users in a file.
func (f *flags) open(more ...vendors.Option) (verify.Verifier, error) {
	var said error
	opts := more
	for _, scheme := range redisstore.Schemes() {
		opts = append(opts, vendors.WithStore(scheme, noting(&said, redisstore.Open)),
			vendors.WithLedger(scheme, noting(&said, redisstore.OpenLedger)),
			vendors.WithReferences(scheme, noting(&said, redisstore.OpenReferences)))
	}
	opts = append(opts, vendors.With("smtp", email.New))
	if f.directory != "" {
		d, err := readDirectory(f.directory)
		if err != nil {
			return nil, err
		}
		opts = append(opts, vendors.WithDirectory(d))
	}
	v, err := f.made(opts)
	switch {
	case err != nil && said != nil:
		return nil, misuse(forCommand.Replace(err.Error()) + ": " + said.Error())
	case err != nil:
		return nil, misuse(forCommand.Replace(err.Error()))
	}
	return v, nil
}

// made opens what -config says, or -dsn.
func (f *flags) made(opts []vendors.Option) (verify.Verifier, error) {
	if f.config == "" {
		return vendors.Open(f.dsn, opts...)
	}
	c, err := readConfig(f.config)
	if err != nil {
		return nil, err
	}
	return c.Open(opts...)
}

// noting takes down what an opener says, which package vendors keeps to itself as
// it cannot know whether a URL is in it. In the errors of ours there is none.
func noting[T any](said *error, open func(string) (T, error)) func(string) (T, error) {
	return func(url string) (T, error) {
		made, err := open(url)
		*said = err
		return made, err
	}
}

// forCommand says in flags what package vendors says in options.
var forCommand = strings.NewReplacer(
	", or a scheme handed in by vendors.With", "",
	"was handed in by vendors.WithStore", "is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix",
	"was handed in by vendors.WithLedger", "is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix",
	"was handed in by vendors.WithReferences", "is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix",
	"vendors.WithDirectory: a directory in memory would know nobody", "-directory",
)
