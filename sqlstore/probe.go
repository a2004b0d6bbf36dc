package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// Probe asks whether the server will do: that it can be reached, is no replica, takes
// writes, has the tables of this version, and works as these stores need it. It
// changes nothing that stays.
func (db *DB) Probe(ctx context.Context) error {
	if !db.made() {
		return notMade("probe")
	}
	err := db.call(ctx, "probe", func(ctx context.Context, conn *sql.Conn, _ bool) error {
		fault, err := db.unfit(ctx, conn)
		if err == nil && fault == "" {
			fault, err = db.incomplete(ctx, conn)
		}
		if err == nil && fault != "" {
			err = &Error{Op: "probe", Detail: fault}
		}
		return err
	})
	if err != nil {
		return err
	}
	return db.probeWrite(ctx)
}

// probeWrite writes a record and removes it. No recipient has the zero key: a key is a
// hash.
func (db *DB) probeWrite(ctx context.Context) error {
	k := keyOf(kindReference, [16]byte{})
	err := step(ctx, db, "probe", k, func(r *reference, now int64) outcome {
		r.Reference, r.Expires = []byte("probe"), now+replay
		return changed
	})
	if err != nil {
		return err
	}
	return db.remove(ctx, "probe", k)
}

// incomplete says what Migrate has not made.
func (db *DB) incomplete(ctx context.Context, conn *sql.Conn) (string, error) {
	version, err := db.version(ctx, conn)
	switch {
	case err != nil:
		return "", err
	case version < schemaVersion:
		return "", errMissing
	case version > schemaVersion:
		return "", errNewer
	case db.d.kind != PostgreSQL:
		return "", nil
	}
	there := true
	for _, name := range []string{"admission_v2", "issue_v2", "attempt_v2"} {
		var one bool
		if err := conn.QueryRowContext(ctx, "SELECT to_regproc($1) IS NOT NULL", db.d.named("<p>"+name)).Scan(&one); err != nil {
			return "", err
		}
		there = there && one
	}
	if !there {
		return "the role that migrated may not create functions, so each call takes several round trips: " +
			"grant it CREATE on the schema and USAGE on the language plpgsql, drop the table of the version, and migrate again", nil
	}
	return "", nil
}

// unfit says why a server will not do, or nothing.
func (db *DB) unfit(ctx context.Context, conn *sql.Conn) (string, error) {
	switch db.d.kind {
	case PostgreSQL:
		return db.unfitPostgreSQL(ctx, conn)
	case MySQL:
		return db.unfitMySQL(ctx, conn)
	}
	return db.unfitSQLite(ctx, conn)
}

func (db *DB) unfitPostgreSQL(ctx context.Context, conn *sql.Conn) (string, error) {
	var version int
	var replica bool
	var isolation, readOnly, fsync string
	err := conn.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), "+
		"current_setting('default_transaction_isolation'), current_setting('default_transaction_read_only'), current_setting('fsync')").
		Scan(&version, &replica, &isolation, &readOnly, &fsync)
	switch {
	case err != nil:
		return "", err
	case version < 130000:
		return "the server must be PostgreSQL 13 or newer", nil
	case replica:
		return "this server is a replica: connect to the primary", nil
	case readOnly == "on":
		return "transactions are read-only by default: set default_transaction_read_only to off for this role", nil
	case isolation != "read committed":
		return "transactions are " + word(isolation) + " by default: set default_transaction_isolation to read committed for this role", nil
	case fsync == "off":
		return "the server keeps nothing over a crash: set fsync to on", nil
	}
	return "", nil
}

func (db *DB) unfitMySQL(ctx context.Context, conn *sql.Conn) (string, error) {
	var version string
	var readOnly, innodbReadOnly, clock bool
	var lockWait, flush int
	err := conn.QueryRowContext(ctx, "SELECT VERSION(), @@GLOBAL.read_only, @@GLOBAL.innodb_read_only, SYSDATE(6) = NOW(6) AND SLEEP(0.002) = 0 AND SYSDATE(6) = NOW(6), "+
		"@@SESSION.innodb_lock_wait_timeout, @@GLOBAL.innodb_flush_log_at_trx_commit").
		Scan(&version, &readOnly, &innodbReadOnly, &clock, &lockWait, &flush)
	if err != nil {
		return "", err
	}
	switch {
	case tooOld(version):
		return "the server must be MySQL 8.0 or MariaDB 10.6, or newer", nil
	case readOnly || innodbReadOnly:
		return "this server is read-only, or a replica: connect to the primary", nil
	case clock:
		return "the server runs with sysdate-is-now: a code that expires while its row is locked would be accepted; start it without", nil
	case lockWait > 10:
		return "a session waits " + strconv.Itoa(lockWait) + " s for a lock: set innodb_lock_wait_timeout to 2 in the pool's configuration", nil
	case flush != 1:
		return "the server may forget what it has committed: set innodb_flush_log_at_trx_commit to 1", nil
	}
	return db.unfitGalera(ctx, conn)
}

// tooOld reads "10.11.6-MariaDB-0+deb12u1", "5.5.5-10.6.1-MariaDB" or "8.0.36".
func tooOld(version string) bool {
	least := [2]int{8, 0}
	if strings.Contains(version, "MariaDB") {
		least, version = [2]int{10, 6}, strings.TrimPrefix(version, "5.5.5-")
	}
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return true
	}
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	return major < least[0] || major == least[0] && minor < least[1]
}

// unfitGalera asks only servers that know of it.
func (db *DB) unfitGalera(ctx context.Context, conn *sql.Conn) (string, error) {
	var name, value string
	err := conn.QueryRowContext(ctx, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'").Scan(&name, &value)
	if err == nil && value == "ON" && !db.cfg.SingleWriter {
		return "this is a node of a Galera cluster, where two nodes may approve a code each: send all calls to one node, and say so with SingleWriter", nil
	}
	return "", nil
}

func (db *DB) unfitSQLite(ctx context.Context, conn *sql.Conn) (string, error) {
	var journal string
	var patience, synchronous int
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return "", err
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&patience); err != nil {
		return "", err
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return "", err
	}
	switch {
	case journal != "wal":
		return "the file is not in WAL mode: open it with PRAGMA journal_mode=WAL, on a local disk", nil
	case patience < 1000:
		return "a connection does not wait for another one: open the file with PRAGMA busy_timeout=5000", nil
	case synchronous < 2:
		return "the last commits may be lost with the power: open the file with PRAGMA synchronous=FULL", nil
	}
	return "", nil
}

// word keeps what is shown of a setting to the letters of one.
func word(s string) string {
	for _, r := range s {
		if r != ' ' && (r < 'a' || r > 'z') {
			return "?"
		}
	}
	return s
}
