package sqlstore

import (
	"database/sql"
	"strconv"
)

// SQL is the pool.
func (db *DB) SQL() *sql.DB { return db.sql }

// Named puts the names of the tables into a statement.
func (db *DB) Named(text string) string { return db.d.named(text) }

// WithoutFunctions makes PostgreSQL take its transactions of several round trips.
func (db *DB) WithoutFunctions() *DB {
	db.d.issue, db.d.attempt = "SELECT missing_v0($1)", "SELECT missing_v0($1)"
	db.slow.Store(true)
	return db
}

// KnownSlice sets how many recipients of one slice are known.
func (db *DB) KnownSlice(n int) { db.known = n }

// Functions reports whether PostgreSQL's functions are used.
func (db *DB) Functions() bool { return !db.slow.Load() }

// Never is when a record expires that does not.
const Never = never

// Dialect is that of db.
func (db *DB) Dialect() Dialect { return db.d.kind }

// Freeze has statements read a clock that stands still. PostgreSQL's functions have one
// of their own.
func (db *DB) Freeze(at int64) {
	s := map[Dialect]dialect{PostgreSQL: postgreSQL, MySQL: mySQL, SQLite: sqLite}[db.d.kind]
	s.clock = strconv.FormatInt(at, 10)
	db.d = s.withNames(db.d.kind, db.cfg)
}
