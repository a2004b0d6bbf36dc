// Package mysql opens the stores of package sqlstore on MySQL and MariaDB, by the
// driver go-sql-driver:
//
//	v, err := vendors.Open(dsn, vendors.WithStore("mysql", mysql.Open))
package mysql

import (
	"database/sql"
	"net/url"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/sqlstore"
)

const (
	poolSize    = 16
	dialTimeout = 3 * time.Second
	idleTime    = time.Minute // below the server's wait_timeout, and a proxy's
)

// Open returns a store of codes:
//
//	mysql://USER:PASS@HOST:PORT/DATABASE?tls=true
//	mysql://USER:PASS@/DATABASE?socket=/run/mysqld/mysqld.sock
//
// Behind the question mark may stand
//
//	tls=true             TLS, with a certificate that this machine trusts; anything else is refused
//	socket=              the path of a socket, in place of a host
//	prefix=, schema=     those of [sqlstore.Config]
//	pool_size=           connections at most; 16 unless told otherwise
//	single_writer=true   of a Galera cluster all calls go to one node
//	migrate=no           the first call makes no tables: see [sqlstore.DB.Migrate]
//
// Open makes no request. The result is a [*sqlstore.Store], whose Close closes what
// Open opened. Errors hold no part of the URL.
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
	conn, size, cfg, ok := parse(text)
	if !ok {
		return nil, &sqlstore.Error{Op: "open", Detail: "the URL must read mysql://USER:PASS@HOST:PORT/DATABASE?OPTIONS, or an option is unknown or has a bad value; " +
			"in USER and PASS the bytes / ? # @ : % are percent-escaped"}
	}
	connector, err := driver.NewConnector(conn)
	if err != nil {
		return nil, &sqlstore.Error{Op: "open", Detail: "the URL has a value that the driver refuses"}
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(idleTime)
	made, err := sqlstore.NewOwner(db, sqlstore.MySQL, cfg)
	if err != nil {
		_ = db.Close()
		return nil, &sqlstore.Error{Op: "open", Detail: strings.TrimPrefix(err.Error(), "sqlstore: ")}
	}
	return made, nil
}

func parse(text string) (conn *driver.Config, size int, cfg sqlstore.Config, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "mysql" || u.Fragment != "" {
		return nil, 0, cfg, false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, 0, cfg, false
	}
	cfg, size = sqlstore.Config{AutoMigrate: true}, poolSize
	conn = driver.NewConfig()
	conn.User = u.User.Username()
	conn.Passwd, _ = u.User.Password()
	conn.DBName = strings.TrimPrefix(u.Path, "/")
	conn.Net, conn.Addr = "tcp", u.Host
	if u.Port() == "" {
		conn.Addr = u.Host + ":3306"
	}
	conn.Timeout, conn.ReadTimeout, conn.WriteTimeout = dialTimeout, 10*time.Second, 10*time.Second
	conn.Logger = silent{}
	conn.RejectReadOnly = true
	conn.InterpolateParams = true // one round trip a statement
	conn.Collation = "utf8mb4_bin"
	conn.Params = map[string]string{"innodb_lock_wait_timeout": "2"}
	for name, values := range query {
		value, ok := values[0], len(values) == 1
		switch name {
		case "socket":
			conn.Net, conn.Addr = "unix", value
		case "tls":
			conn.TLSConfig = "true"
			ok = ok && value == "true"
		case "prefix":
			cfg.Prefix = value
		case "schema":
			cfg.Schema = value
		case "pool_size":
			size, err = strconv.Atoi(value)
			ok = ok && err == nil && size > 0
		case "single_writer":
			cfg.SingleWriter = true
			ok = ok && value == "true"
		case "migrate":
			cfg.AutoMigrate = false
			ok = ok && value == "no"
		default:
			ok = false
		}
		if !ok || value == "" {
			return nil, 0, cfg, false
		}
	}
	return conn, size, cfg, conn.DBName != "" && (u.Host != "" || conn.Net == "unix")
}

// silent keeps the driver from writing to standard error.
type silent struct{}

func (silent) Print(...any) {}
