package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// A Dialect is a kind of database.
type Dialect uint8

// The dialects. MySQL is MariaDB's too.
const (
	PostgreSQL Dialect = iota + 1
	MySQL
	SQLite
)

// A dialect is what this package says to one kind of database. Arguments come in the
// order of the comments.
type dialect struct {
	kind  Dialect
	name  string // of the table, with its schema
	clock string // now, in microseconds

	begin  []string
	look   string // data, now; key. One row always: data is NULL without a record
	insert string // key: an empty record, unless there is one; nothing for SQLite
	lock   string // data, now; key. No row without a record
	write  string // data, till, key
	remove string // key

	between string // k, data, now of a range; its first key, and the one behind its last

	issue, attempt string // PostgreSQL's functions
}

// dialectOf writes the statements, with the names of cfg.
func dialectOf(d Dialect, cfg Config) (dialect, bool) {
	var s dialect
	switch d {
	case PostgreSQL:
		s = postgreSQL
	case MySQL:
		s = mySQL
	case SQLite:
		s = sqLite
	default:
		return s, false
	}
	return s.withNames(d, cfg), true
}

func (d dialect) withNames(kind Dialect, cfg Config) dialect {
	d.kind, d.name = kind, cfg.Prefix+"records"
	d.between = "SELECT k, data, <clock> FROM <records> WHERE k >= ? AND k < ?"
	if kind == PostgreSQL {
		d.between = "SELECT k, data, <clock> FROM <records> WHERE k >= $1 AND k < $2"
	}
	if cfg.Schema != "" {
		d.name = cfg.Schema + "." + d.name
	}
	for _, text := range []*string{&d.look, &d.insert, &d.lock, &d.write, &d.remove, &d.between, &d.issue, &d.attempt} {
		*text = d.named(*text)
	}
	return d
}

// places are n of them for arguments.
func (d dialect) places(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = "?"
		if d.kind == PostgreSQL {
			all[i] = "$" + strconv.Itoa(i+1)
		}
	}
	return strings.Join(all, ",")
}

// named puts the names into the text of a statement.
func (d dialect) named(text string) string {
	prefix := strings.TrimSuffix(d.name, "records")
	return strings.NewReplacer("<records>", d.name, "<p>", prefix, "<clock>", d.clock).Replace(text)
}

// postgreSQL reads the clock after the lock: a row of the expression behind WITH is
// there only once it is locked. now() would be the time of the transaction's begin.
var postgreSQL = dialect{
	begin:  []string{"BEGIN ISOLATION LEVEL READ COMMITTED"},
	clock:  "(date_part('epoch', clock_timestamp()) * 1000000)::bigint", // a double, exact to the microsecond until 2255; extract makes a numeric, five times as slow
	look:   "SELECT (SELECT data FROM <records> WHERE k = $1), <clock>",
	insert: "INSERT INTO <records> (k, data, till) VALUES ($1, '{}', <clock> + 3600000000) ON CONFLICT (k) DO NOTHING",
	lock:   "WITH row AS MATERIALIZED (SELECT data FROM <records> WHERE k = $1 FOR UPDATE) SELECT data, <clock> FROM row",
	write:  "UPDATE <records> SET data = $1::jsonb, till = $2 WHERE k = $3",
	remove: "DELETE FROM <records> WHERE k = $1",

	issue:   "SELECT <p>issue_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	attempt: "SELECT <p>attempt_v2($1, $2, $3, $4, $5, $6, $7)",
}

// mySQL adds to the time of the statement's begin what has passed since. SYSDATE alone
// is a local time, of which one hour comes twice in autumn.
var mySQL = dialect{
	begin: []string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"},
	clock: "(UNIX_TIMESTAMP() * 1000000 + MICROSECOND(NOW(6)) + GREATEST(TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6)), 0))",
	look:  "SELECT (SELECT data FROM <records> WHERE k = ?), <clock>",
	// In a transaction of its own: two that hold the shared lock of a duplicate and
	// both want the exclusive one are a deadlock.
	insert: "INSERT IGNORE INTO <records> (k, data, till) VALUES (?, '{}', <clock> + 3600000000)",
	lock:   "SELECT data, <clock> FROM <records> WHERE k = ? FOR UPDATE",
	write:  "UPDATE <records> SET data = ?, till = ? WHERE k = ?",
	remove: "DELETE FROM <records> WHERE k = ?",
}

// sqLite has one writer at a time, from BEGIN IMMEDIATE on.
var sqLite = dialect{
	begin:  []string{"BEGIN IMMEDIATE"},
	clock:  "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
	look:   "SELECT (SELECT data FROM <records> WHERE k = ?1), <clock>",
	lock:   "SELECT (SELECT data FROM <records> WHERE k = ?1), <clock>",
	write:  "INSERT INTO <records> (k, data, till) VALUES (?3, ?1, ?2) ON CONFLICT (k) DO UPDATE SET data = ?1, till = ?2",
	remove: "DELETE FROM <records> WHERE k = ?1",
}

// within runs f in a transaction of conn, and commits if f says so. It speaks SQL and
// not database/sql's Tx, which has no words for SQLite's IMMEDIATE and no deadline for
// a commit.
func (d dialect) within(ctx context.Context, conn *sql.Conn, f func() (commit bool, err error)) error {
	for _, text := range d.begin {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			discard(conn) // it may be in a transaction
			return err
		}
	}
	commit, err := f()
	if err == nil && commit {
		if _, err = conn.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = &commitError{err}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	if _, undone := conn.ExecContext(ctx, "ROLLBACK"); undone != nil {
		discard(conn) // nobody may find himself in our transaction
	}
	return err
}

// rollbackTime bounds how long an answer waits for its transaction's end.
const rollbackTime = time.Second

// discard keeps a connection out of the pool.
func discard(conn *sql.Conn) { _ = conn.Raw(func(any) error { return errDiscard }) }

// A commitError is one after which a transaction may have been committed.
type commitError struct{ err error }

func (e *commitError) Error() string { return e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }
