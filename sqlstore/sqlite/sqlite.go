// Package sqlite opens the stores of package sqlstore on a file of SQLite, by the
// driver modernc.org/sqlite, which needs no C compiler:
//
//	v, err := vendors.Open(dsn, vendors.WithStore("sqlite", sqlite.Open))
//
// for a dsn such as gatewayapi://TOKEN@?sender=Acme&code_key=...&store=sqlite:/var/lib/acme/codes.db.
//
// The file must lie on a local disk. Several processes may share it. It is made if it
// is missing, readable for its owner only, and so are its tables. It is in WAL mode, and
// each commit reaches the disk before it is answered.
package sqlite

import (
	"database/sql"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/sqlstore"
)

// Open returns a store of codes in a file:
//
//	sqlite:FILE
//	sqlite:FILE?prefix=acme_
//
// FILE is a path, absolute or from where the process runs, and prefix is
// [sqlstore.Config]'s. What is special in a URL (? # %) is percent-escaped. The result
// is a [*sqlstore.Store], whose Close closes the file. Errors hold no part of the URL.
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

// OpenDB returns the DB of a URL, which has all the stores. Close closes the file.
func OpenDB(text string) (*sqlstore.DB, error) {
	path, query, err := split(text)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, &sqlstore.Error{Op: "open", Detail: "the file cannot be opened"}
	}
	db.SetMaxOpenConns(1)
	made, err := sqlstore.NewOwner(db, sqlstore.SQLite, sqlstore.Config{Prefix: query.Get("prefix"), AutoMigrate: true})
	if err != nil {
		_ = db.Close()
		return nil, &sqlstore.Error{Op: "open", Detail: strings.TrimPrefix(err.Error(), "sqlstore: ")}
	}
	if err := private(path); err != nil {
		_ = db.Close()
		return nil, err
	}
	return made, nil
}

// split reads sqlite:FILE?prefix=NAME. sqlite://FILE is the same.
func split(text string) (path string, query url.Values, err error) {
	bad := &sqlstore.Error{Op: "open", Detail: "the URL must read sqlite:FILE or sqlite:FILE?prefix=NAME; in FILE the bytes ? # % are percent-escaped"}
	rest, ok := strings.CutPrefix(text, "sqlite:")
	if !ok {
		return "", nil, bad
	}
	rest = strings.TrimPrefix(rest, "//")
	file, options, _ := strings.Cut(rest, "?")
	path, err = url.PathUnescape(file)
	if err != nil || path == "" || strings.ContainsAny(file, "#") || strings.ContainsRune(path, 0) {
		return "", nil, bad
	}
	if path == ":memory:" {
		return "", nil, &sqlstore.Error{Op: "open", Detail: "a database in memory forgets every limit with the process: name a file, or use store=memory"}
	}
	query, err = url.ParseQuery(options)
	if err != nil {
		return "", nil, bad
	}
	for name, values := range query {
		if name != "prefix" || len(values) != 1 {
			return "", nil, bad
		}
	}
	return path, query, nil
}

// private makes the file before SQLite does, whose files everybody may read.
func private(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the application's
	if err != nil {
		return &sqlstore.Error{Op: "open", Detail: "the file cannot be opened: look at its path and at who may write there"}
	}
	_ = file.Close()
	return nil
}
