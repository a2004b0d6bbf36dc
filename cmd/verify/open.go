package main

import (
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/sqlstore/mysql"
	"github.com/go2fa/verify/sqlstore/postgres"
	"github.com/go2fa/verify/sqlstore/sqlite"
	"github.com/go2fa/verify/vendors"
)

// open makes the Verifier of the DSN, with all that this program knows beside the
// vendors: Redis, SQL databases, mail, and a directory of Authy's users in a file.
func (f *flags) open(more ...vendors.Option) (verify.Verifier, error) {
	var said error
	opts := more
	for scheme, o := range openers() {
		opts = append(opts, vendors.WithStore(scheme, noting(&said, o.store)),
			vendors.WithLedger(scheme, noting(&said, o.ledger)),
			vendors.WithReferences(scheme, noting(&said, o.references)),
			vendors.WithGuardStore(scheme, noting(&said, o.guard)))
	}
	opts = append(append(opts, vendors.With("smtp", email.New)), foreign()...)
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

// An opener makes what a URL of one scheme names.
type opener struct {
	store      func(string) (otp.Store, error)
	ledger     func(string) (failover.Ledger, error)
	references func(string) (references.References, error)
	guard      func(string) (guard.Store, error)
}

func openers() map[string]opener {
	all := map[string]opener{
		"postgres":   {postgres.Open, postgres.OpenLedger, postgres.OpenReferences, postgres.OpenGuard},
		"postgresql": {postgres.Open, postgres.OpenLedger, postgres.OpenReferences, postgres.OpenGuard},
		"mysql":      {mysql.Open, mysql.OpenLedger, mysql.OpenReferences, mysql.OpenGuard},
		"sqlite":     {sqlite.Open, sqlite.OpenLedger, sqlite.OpenReferences, sqlite.OpenGuard},
	}
	for _, scheme := range redisstore.Schemes() {
		all[scheme] = opener{redisstore.Open, redisstore.OpenLedger, redisstore.OpenReferences, redisstore.OpenGuard}
	}
	return all
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

const knownSchemes = "is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix; or of a database: postgres, mysql, sqlite"

// forCommand says in flags what package vendors says in options.
var forCommand = strings.NewReplacer(
	", or a scheme handed in by vendors.With", "",
	"was handed in by vendors.WithStore", knownSchemes,
	"was handed in by vendors.WithLedger", knownSchemes,
	"was handed in by vendors.WithReferences", knownSchemes,
	"was handed in by vendors.WithGuardStore", knownSchemes,
	"vendors.WithDirectory: a directory in memory would know nobody", "-directory",
)
