package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// schemaVersion is that of the tables and functions.
const schemaVersion = 2

// migrateTime bounds a Migrate without a sooner deadline.
const migrateTime = time.Minute

// Migrate makes the tables, and PostgreSQL's functions, of this version. It is safe
// for many processes at once, and does nothing where they stand already. The role
// must be allowed to create them; afterwards a role that reads and writes the table,
// and on PostgreSQL executes the functions, is enough.
//
// Where the role may create tables and no functions, Issue and Attempt are
// transactions of several round trips, and [DB.Probe] says so.
func (db *DB) Migrate(ctx context.Context) error {
	if !db.made() {
		return notMade("migrate")
	}
	bound, cancel := context.WithTimeout(ctx, migrateTime)
	defer cancel()
	var err error
	for tries := 0; tries <= retries; tries++ {
		if err = db.migrate(bound); err == nil {
			db.migrated.Store(true)
			db.slow.Store(false)
			return nil
		}
		if db.fault(err).final || bound.Err() != nil {
			break
		}
		pause(bound, tries)
	}
	return db.failure(ctx, "migrate", err)
}

// ready migrates before the first call, where that was asked for.
func (db *DB) ready(ctx context.Context) error {
	if !db.cfg.AutoMigrate || db.migrated.Load() {
		return nil
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.migrated.Load() {
		return nil
	}
	return db.Migrate(ctx)
}

func (db *DB) migrate(ctx context.Context) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	version, err := db.version(ctx, conn)
	switch {
	case err == nil && version == schemaVersion:
		return nil
	case err == nil && version > schemaVersion:
		return errNewer
	case err != nil && !errors.Is(err, errMissing):
		return err
	}
	switch db.d.kind {
	case PostgreSQL:
		return db.migratePostgreSQL(ctx, conn)
	case MySQL:
		return db.migrateMySQL(ctx, conn)
	}
	return db.d.within(ctx, conn, func() (bool, error) {
		return true, db.run(ctx, conn, append([]string{sqliteTable, sqliteIndex}, versionTable...)...)
	})
}

// version returns what was migrated last, or errMissing.
func (db *DB) version(ctx context.Context, conn *sql.Conn) (n int, err error) {
	err = conn.QueryRowContext(ctx, db.d.named("SELECT max(version) FROM <p>version")).Scan(&n)
	if err != nil && db.fault(err).detail == notMigrated {
		return 0, errMissing
	}
	return n, err
}

func (db *DB) run(ctx context.Context, on *sql.Conn, statements ...string) error {
	for _, text := range statements {
		if _, err := on.ExecContext(ctx, db.d.named(text)); err != nil {
			return err
		}
	}
	return nil
}

// The version is written last: whoever reads it finds all the rest.
var versionTable = []string{
	"CREATE TABLE IF NOT EXISTS <p>version (version INTEGER NOT NULL PRIMARY KEY)",
	"INSERT INTO <p>version (version) SELECT 2 WHERE NOT EXISTS (SELECT 1 FROM <p>version WHERE version = 2)",
}

const sqliteTable = "CREATE TABLE IF NOT EXISTS <records> (k BLOB NOT NULL PRIMARY KEY, data TEXT NOT NULL, till INTEGER NOT NULL)"

const sqliteIndex = "CREATE INDEX IF NOT EXISTS <p>records_till ON <records> (till)"

// migratePostgreSQL does all in one transaction, which holds a lock that ends with it:
// so it works through PgBouncer too.
func (db *DB) migratePostgreSQL(ctx context.Context, conn *sql.Conn) error {
	return db.d.within(ctx, conn, func() (bool, error) {
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", "go2fa/verify "+db.d.name); err != nil {
			return false, err
		}
		if s := db.cfg.Schema; s != "" {
			var there bool
			if err := conn.QueryRowContext(ctx, "SELECT to_regnamespace($1) IS NOT NULL", s).Scan(&there); err != nil {
				return false, err
			}
			if !there {
				if err := db.run(ctx, conn, "CREATE SCHEMA "+s); err != nil {
					return false, err
				}
			}
		}
		err := db.run(ctx, conn,
			"CREATE TABLE IF NOT EXISTS <records> (k bytea NOT NULL PRIMARY KEY, data jsonb NOT NULL, till bigint NOT NULL) WITH (fillfactor = 70)",
			"CREATE INDEX IF NOT EXISTS "+db.cfg.Prefix+"records_till ON <records> (till)",
			"SAVEPOINT functions",
		)
		if err != nil {
			return false, err
		}
		if err := db.run(ctx, conn, functions...); err != nil {
			if !db.fault(err).denied {
				return false, err
			}
			if err := db.run(ctx, conn, "ROLLBACK TO SAVEPOINT functions"); err != nil {
				return false, err
			}
		}
		return true, db.run(ctx, conn, versionTable...)
	})
}

// migrateMySQL holds a lock of the connection, since each statement that changes a
// table commits by itself. Each of them may be repeated.
func (db *DB) migrateMySQL(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, 30)", lockName+db.cfg.Prefix).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return &Error{Op: "migrate", Detail: "another process is migrating for more than 30 seconds"}
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", lockName+db.cfg.Prefix); err != nil {
			discard(conn) // the lock goes with it
		}
	}()
	return db.run(ctx, conn, append([]string{
		"CREATE TABLE IF NOT EXISTS <records> (k BINARY(17) NOT NULL PRIMARY KEY, data MEDIUMBLOB NOT NULL, till BIGINT NOT NULL, KEY till (till)) ENGINE=InnoDB",
	}, versionTable...)...)
}

const lockName = "go2fa/verify "
