// Package postgres opens the stores of package sqlstore on PostgreSQL, by the driver
// pgx:
//
//	v, err := vendors.Open(dsn, vendors.WithStore("postgres", postgres.Open))
package postgres

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/sqlstore"
)

const (
	poolSize    = 16
	dialTimeout = 3 * time.Second
	idleTime    = 5 * time.Minute
)

// Open returns a store of codes:
//
//	postgres://USER:PASS@HOST:PORT/DATABASE?sslmode=verify-full
//	postgres://USER:PASS@HOST1,HOST2/DATABASE?target_session_attrs=read-write
//
// with all that libpq knows behind the question mark
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS), and
//
//	prefix=, schema=     those of [sqlstore.Config]
//	pool_size=           connections at most; 16 unless told otherwise
//	migrate=no           the first call makes no tables: see [sqlstore.DB.Migrate]
//
// It works through PgBouncer in transaction pooling. With more than one host, only one
// that takes writes is used. Open makes no request. The result is a [*sqlstore.Store],
// whose Close closes what Open opened. Errors hold no part of the URL.
func Open(url string) (otp.Store, error) {
	return view(url, func(db *sqlstore.DB) otp.Store { return db.Store() })
}

// OpenLedger returns a ledger of package failover, as Open does a store.
func OpenLedger(url string) (failover.Ledger, error) {
	return view(url, func(db *sqlstore.DB) failover.Ledger { return db.Ledger() })
}

// OpenReferences returns references, as Open does a store.
func OpenReferences(url string) (references.References, error) {
	return view(url, func(db *sqlstore.DB) references.References { return db.References() })
}

// OpenGuard returns a store of package guard, as Open does one of codes.
func OpenGuard(url string) (guard.Store, error) {
	return view(url, func(db *sqlstore.DB) guard.Store { return db.Guard() })
}

// OpenHooksSeen returns a [github.com/go2fa/verify/hooks.Seen], as Open does a store.
// Its Close closes what was opened.
func OpenHooksSeen(url string) (*sqlstore.Seen, error) {
	return view(url, (*sqlstore.DB).HooksSeen)
}

// OpenDeliverySeen returns a [github.com/go2fa/verify/delivery.Seen], as OpenHooksSeen
// does one of hooks.
func OpenDeliverySeen(url string) (*sqlstore.Seen, error) {
	return view(url, (*sqlstore.DB).DeliverySeen)
}

// view opens one store of a database.
func view[V any](url string, of func(*sqlstore.DB) V) (v V, err error) {
	db, err := OpenDB(url)
	if err == nil {
		v = of(db)
	}
	return v, err
}

// OpenDB returns the DB of a URL, which has all the stores.
func OpenDB(text string) (*sqlstore.DB, error) {
	conn, size, cfg, err := parse(text)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(idleTime)
	made, err := sqlstore.NewOwner(db, sqlstore.PostgreSQL, cfg)
	if err != nil {
		_ = db.Close()
		return nil, &sqlstore.Error{Op: "open", Detail: strings.TrimPrefix(err.Error(), "sqlstore: ")}
	}
	return made, nil
}

func parse(text string) (*pgx.ConnConfig, int, sqlstore.Config, error) {
	bad := &sqlstore.Error{Op: "open", Detail: "the URL must read postgres://USER:PASS@HOST:PORT/DATABASE?OPTIONS, or an option is unknown or has a bad value; " +
		"in USER and PASS the bytes / ? # @ : % are percent-escaped"}
	cfg := sqlstore.Config{AutoMigrate: true}
	size := poolSize
	base, options, _ := strings.Cut(text, "?")
	query, err := url.ParseQuery(options)
	if err != nil || !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return nil, 0, cfg, bad
	}
	ours := []string{"prefix", "schema", "pool_size", "migrate"}
	for _, name := range ours {
		if query.Has(name) && (len(query[name]) != 1 || query.Get(name) == "") {
			return nil, 0, cfg, bad
		}
	}
	cfg.Prefix, cfg.Schema = query.Get("prefix"), query.Get("schema")
	if query.Has("pool_size") {
		if size, err = strconv.Atoi(query.Get("pool_size")); err != nil || size < 1 {
			return nil, 0, cfg, bad
		}
	}
	switch query.Get("migrate") {
	case "":
	case "no":
		cfg.AutoMigrate = false
	default:
		return nil, 0, cfg, bad
	}
	for _, name := range ours {
		query.Del(name)
	}
	if strings.Contains(hosts(base)+query.Get("host"), ",") && !query.Has("target_session_attrs") {
		query.Set("target_session_attrs", "read-write")
	}
	if !query.Has("default_query_exec_mode") {
		// One round trip without prepared statements, which PgBouncer mixes up.
		query.Set("default_query_exec_mode", "exec")
	}
	conn, err := pgx.ParseConfig(base + "?" + query.Encode())
	if err != nil {
		return nil, 0, cfg, bad
	}
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = dialTimeout
	}
	return conn, size, cfg, nil
}

// hosts is what stands between the at sign and the slash.
func hosts(base string) string {
	_, rest, _ := strings.Cut(base, "://")
	rest = rest[strings.LastIndex(rest, "@")+1:]
	rest, _, _ = strings.Cut(rest, "/")
	return rest
}
