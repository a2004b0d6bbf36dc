package sqlstore

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

const (
	sweepOdds = 100 // one in so many calls that begin something
	sweepRows = 500 // of one step
	sweepTime = time.Second
)

// sweepSometimes deletes some expired rows, once in a while. That it fails is nobody's
// concern: the next one does it.
func (db *DB) sweepSometimes(ctx context.Context) {
	if rand.N(sweepOdds) == 0 { //nolint:gosec // jitter, not a secret
		bound, cancel := context.WithTimeout(ctx, sweepTime)
		defer cancel()
		_, _ = db.Sweep(bound)
	}
}

// Sweep deletes up to 500 expired rows, and returns how many. Calls that begin
// something do it by themselves; an application that stops sending may want to.
func (db *DB) Sweep(ctx context.Context) (n int, err error) {
	err = db.call(ctx, "sweep", func(ctx context.Context, conn *sql.Conn, _ bool) error {
		n, err = db.sweep(ctx, conn)
		return err
	})
	return n, err
}

// sweep compares with the time of the statement's begin: the index is of no use to an
// expression that is new for each row.
func (db *DB) sweep(ctx context.Context, conn *sql.Conn) (n int, err error) {
	switch db.d.kind {
	case PostgreSQL:
		return deleted(conn.ExecContext(ctx, db.d.named("DELETE FROM <records> WHERE ctid = ANY(ARRAY("+
			"SELECT ctid FROM <records> WHERE till < (extract(epoch FROM now()) * 1000000)::bigint ORDER BY till LIMIT $1 FOR UPDATE SKIP LOCKED))"), sweepRows))
	case SQLite:
		return deleted(conn.ExecContext(ctx, db.d.named("DELETE FROM <records> WHERE k IN (SELECT k FROM <records> WHERE till < <clock> ORDER BY till LIMIT ?1)"), sweepRows))
	}
	err = db.d.within(ctx, conn, func() (bool, error) {
		n, err = db.sweepMySQL(ctx, conn)
		return n > 0, err
	})
	return n, err
}

func (db *DB) sweepMySQL(ctx context.Context, conn *sql.Conn) (int, error) {
	rows, err := conn.QueryContext(ctx, db.d.named("SELECT k FROM <records> WHERE till < UNIX_TIMESTAMP() * 1000000 ORDER BY till LIMIT ? FOR UPDATE SKIP LOCKED"), sweepRows)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	var keys []any
	for rows.Next() {
		var k []byte
		if err := rows.Scan(&k); err != nil {
			return 0, err
		}
		keys = append(keys, k)
	}
	if err := rows.Err(); err != nil || len(keys) == 0 {
		return 0, err
	}
	return deleted(conn.ExecContext(ctx, db.d.named("DELETE FROM <records> WHERE k IN (")+db.d.places(len(keys))+")", keys...))
}

func deleted(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
