// Package sqlstore keeps one-time codes, ledgers, references, authenticator apps,
// recovery codes, the counts of a guard, and which hooks and reports were seen, in a
// SQL database, for applications that have one and no Redis: PostgreSQL 13 or newer,
// MySQL 8.0 or newer, MariaDB 10.6 or newer, SQLite. The tests run over PostgreSQL,
// MariaDB and SQLite.
//
//	db, err := sqlstore.New(pool, sqlstore.PostgreSQL, sqlstore.Config{}) // pool is a *sql.DB
//	err = db.Migrate(ctx)
//	engine, err := otp.New(otp.Config{Messenger: messenger, Store: db.Store(), Keys: keys})
//
// This package imports no driver: the application opens its *sql.DB. From one line of
// configuration the packages postgres, mysql and sqlite below this one do both:
//
//	v, err := vendors.Open(dsn, vendors.WithStore("postgres", postgres.Open))
//
// # One step
//
// Each operation locks one row, reads the server's clock, decides, and commits. An
// attempt is charged before it is compared, so the limits hold over any number of
// processes. On PostgreSQL, Issue and Attempt are one function and one round trip.
//
// A transaction that the server undid (a deadlock, a serialization failure, a lock
// that was not free in time) is made again, three times at most. If the connection
// ends, or does not answer within four seconds, the call is made again under its own
// id, which for two minutes changes nothing and gets the same answer: an approval
// whose reply was lost stays one approval. Without a sooner deadline of the caller's a
// call ends within about ten seconds.
//
// # What is kept
//
// One table of rows: a keyed hash, a JSON object of keyed hashes, sealed values, times
// and counters, and the time after which the row means nothing. No recipient and no
// code. Expired rows are deleted, 500 at a time, by one in a hundred calls that begin
// something; factors and recovery codes never expire.
//
// # The server
//
// All calls must reach the primary: [DB.Probe] refuses a replica and a server that is
// read-only. What a server forgets in a crash or a failover, the limits forget:
// docs/stores.md says which settings keep them.
//
// # Errors
//
// Every error is an [*Error]. It says what to do, and holds no address, key, credential
// or word of the server.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/totp"
)

const (
	defaultPrefix = "verify_"
	maxName       = 32 // bytes of a prefix or schema
)

// A Config says where a DB keeps its rows.
type Config struct {
	// Prefix opens the name of each table and function: 1 to 32 of [a-z0-9_], the
	// first one no digit. It keeps applications apart that share a database. Another
	// one forgets every limit that was reached. Defaults to "verify_".
	Prefix string

	// Schema is PostgreSQL's schema, or MySQL's database, spelled as a Prefix. On
	// PostgreSQL Migrate makes it. Defaults to what the connection is in.
	Schema string

	// SingleWriter says that of a Galera cluster all calls go to one node. Without it
	// Probe refuses a node of a cluster: two nodes that take writes at once approve a
	// code twice.
	SingleWriter bool

	// AutoMigrate makes the first call do what [DB.Migrate] does.
	AutoMigrate bool
}

// A DB is a database that keeps what this package keeps. Its methods Store, Ledger,
// References, Factors, Recovery, Guard, HooksSeen and DeliverySeen return one view each
// of the same table. It is safe for concurrent use.
type DB struct {
	sql  *sql.DB
	cfg  Config
	d    dialect
	own  bool        // opened by a package below, so closed here
	slow atomic.Bool // PostgreSQL without our functions

	known int // the most recipients of one slice

	mu       sync.Mutex
	migrated atomic.Bool
}

// New returns a DB over db, which stays the caller's to close. It makes no request;
// see [DB.Migrate] and [DB.Probe].
//
// db should be bound (SetMaxOpenConns): a pool without a bound opens a connection for
// each call of a storm, until the server refuses everybody's. Behind PgBouncer in
// transaction pooling pgx needs default_query_exec_mode=exec.
func New(db *sql.DB, d Dialect, cfg Config) (*DB, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the *sql.DB is missing")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = defaultPrefix
	}
	if !isName(cfg.Prefix) || cfg.Schema != "" && !isName(cfg.Schema) {
		return nil, errors.New("sqlstore: Prefix and Schema must be 1 to 32 of a-z, 0-9 and _, and not begin with a digit")
	}
	if d == SQLite && cfg.Schema != "" {
		return nil, errors.New("sqlstore: SQLite has no schema: use a Prefix, or another file")
	}
	statements, ok := dialectOf(d, cfg)
	if !ok {
		return nil, errors.New("sqlstore: the dialect must be PostgreSQL, MySQL or SQLite")
	}
	return &DB{sql: db, cfg: cfg, d: statements, known: guard.KnownRoom / knownSlices}, nil
}

// NewOwner is [New] for a db that Close closes.
func NewOwner(db *sql.DB, d Dialect, cfg Config) (*DB, error) {
	made, err := New(db, d, cfg)
	if err != nil {
		return nil, err
	}
	made.own = true
	return made, nil
}

// isName keeps what stands in the text of statements to what needs no quotes.
func isName(s string) bool {
	for i, r := range []byte(s) {
		letter := r >= 'a' && r <= 'z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// made is false for a DB that New did not make.
func (db *DB) made() bool { return db != nil && db.sql != nil }

// Close closes what a package below opened. After [New] it does nothing.
func (db *DB) Close() error {
	if !db.made() || !db.own {
		return nil
	}
	if err := db.sql.Close(); err != nil {
		return db.failure(context.Background(), "close", err)
	}
	return nil
}

// Format keeps the pool, and so its credentials, out of every print.
func (db *DB) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("sqlstore.DB{[hidden]}")) }

// Store returns an [otp.Store].
func (db *DB) Store() *Store { return &Store{view{db}} }

// Ledger returns a [failover.Ledger].
func (db *DB) Ledger() *Ledger { return &Ledger{view{db}} }

// References returns [references.References].
func (db *DB) References() *References { return &References{view{db}} }

// Factors returns a [totp.Store].
func (db *DB) Factors() *Factors { return &Factors{view{db}} }

// Recovery returns a [recovery.Store].
func (db *DB) Recovery() *Recovery { return &Recovery{view{db}} }

// Guard returns a [guard.Store].
func (db *DB) Guard() *Guard { return &Guard{view{db}} }

// HooksSeen returns a [hooks.Seen].
func (db *DB) HooksSeen() *Seen { return &Seen{view{db}, kindHook} }

// DeliverySeen returns a [delivery.Seen].
func (db *DB) DeliverySeen() *Seen { return &Seen{view{db}, kindReport} }

var (
	_ otp.Store             = (*Store)(nil)
	_ failover.Ledger       = (*Ledger)(nil)
	_ references.References = (*References)(nil)
	_ totp.Store            = (*Factors)(nil)
	_ recovery.Store        = (*Recovery)(nil)
	_ guard.Store           = (*Guard)(nil)
	_ hooks.Seen            = (*Seen)(nil)
	_ delivery.Seen         = (*Seen)(nil)
)

// A view is what the stores of one database have in common.
type view struct{ db *DB }

// Probe refuses a server that will not do; see [DB.Probe].
func (v view) Probe(ctx context.Context) error { return v.db.Probe(ctx) }

// Close closes what was opened with the store; see [DB.Close].
func (v view) Close() error { return v.db.Close() }

// Format keeps the pool, and so its credentials, out of every print.
func (v view) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("sqlstore{[hidden]}")) }
