package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
)

// A server as it should be passes.
func TestProbePassesAServerThatWillDo(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.url == nil {
			t.Skip("Probe asks for the functions")
		}
		db, _ := b.fresh(t)
		require.NoError(t, db.Probe(t.Context()))
		require.NoError(t, db.Store().Probe(t.Context()))
		assert.Empty(t, dump(t, db), "it leaves nothing behind")
	})
}

// Settings under which limits are lost are named, each with what to do.
func TestProbeNamesWhatLosesLimits(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		_, at := ownPostgres(t)
		for option, says := range map[string]string{
			"default_transaction_isolation=serializable": "transactions are serializable by default",
			"default_transaction_read_only=on":           "transactions are read-only by default",
		} {
			name, value, _ := strings.Cut(option, "=")
			db, err := openURL(at + "&migrate=no&" + name + "=" + value)
			require.NoError(t, err)
			require.ErrorContains(t, db.Probe(t.Context()), says)
			_ = db.Close()
		}
		_, lossy := ownPostgres(t, "fsync=off")
		require.ErrorContains(t, opened(t, lossy).Probe(t.Context()), "the server keeps nothing over a crash: set fsync to on")
	})
	t.Run("mariadb", func(t *testing.T) {
		for option, says := range map[string]string{
			"--sysdate-is-now":                   "the server runs with sysdate-is-now",
			"--innodb-flush-log-at-trx-commit=2": "set innodb_flush_log_at_trx_commit to 1",
		} {
			_, at := ownMariaDB(t, option)
			require.ErrorContains(t, opened(t, at).Probe(t.Context()), says)
		}
		pool, err := sql.Open("mysql", "root@unix("+socketOf(need(t, mysqlServer()))+")/verify")
		require.NoError(t, err)
		defer func() { _ = pool.Close() }()
		db, err := sqlstore.New(pool, sqlstore.MySQL, sqlstore.Config{Prefix: "patient_"})
		require.NoError(t, err)
		require.ErrorContains(t, db.Probe(t.Context()), "a session waits 50 s for a lock: set innodb_lock_wait_timeout to 2")
	})
	t.Run("sqlite", func(t *testing.T) {
		for pragmas, says := range map[string]string{
			"":                           "the file is not in WAL mode",
			"?_pragma=journal_mode(WAL)": "a connection does not wait for another one",
			"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)": "the last commits may be lost with the power",
		} {
			pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "f")+pragmas)
			require.NoError(t, err)
			db, err := sqlstore.New(pool, sqlstore.SQLite, sqlstore.Config{})
			require.NoError(t, err)
			require.ErrorContains(t, db.Probe(t.Context()), says)
			_ = pool.Close()
		}
	})
}

func socketOf(at string) string {
	_, path, _ := strings.Cut(at, "socket=")
	return strings.ReplaceAll(path, "%2F", "/")
}

// The server's clock is read as what it is, whatever zone a session is in.
func TestClockIsTheSameInEveryZone(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		conn, err := db.SQL().Conn(t.Context())
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		zones := []string{""}
		if db.Dialect() != sqlstore.SQLite {
			zones = []string{"+05:00", "-08:00"}
		}
		for _, zone := range zones {
			set := map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "SET TIME ZONE '%s'", sqlstore.MySQL: "SET time_zone = '%s'"}[db.Dialect()]
			if set != "" {
				_, err := conn.ExecContext(t.Context(), fmt.Sprintf(set, zone))
				require.NoError(t, err)
			}
			before := time.Now()
			var now int64
			require.NoError(t, conn.QueryRowContext(t.Context(), db.Named("SELECT <clock>")).Scan(&now))
			assert.WithinRange(t, time.UnixMicro(now), before.Add(-2*time.Millisecond), time.Now().Add(2*time.Millisecond))
		}
	})
}

// Errors, prints and values hold no part of a URL.
func TestNothingOfAURLIsShown(t *testing.T) {
	file := filepath.ToSlash(filepath.Join(t.TempDir(), "f"))
	const secret = "Zq9XkvJw"
	for _, at := range []string{
		"postgres://" + secret + ":" + secret + "@127.0.0.1:1/" + secret + "?prefix=ok_",
		"mysql://" + secret + ":" + secret + "@127.0.0.1:1/" + secret,
		"sqlite:/nowhere/" + secret + "/codes.db",
		"postgres://" + secret + "@h/d?pool_size=" + secret, "postgres://h:" + secret + "/d", "postgres://" + secret + "@%zz/d", "postgres://h/d?sslmode=" + secret,
		"mysql://" + secret + "@h/d?x=" + secret, "mysql://" + secret, "mysql://h:" + secret + "/d", "mysql://h/d?tls=" + secret, "mysql://h/d?pool_size=" + secret,
		"sqlite:", "sqlite:" + file + "?x=" + secret, "sqlite:" + file + "?prefix=" + strings.ToUpper(secret), "postgres://h/d?prefix=" + secret + "-", "mysql://h/d?schema=" + secret + ";",
	} {
		db, err := openURL(at)
		if err == nil {
			_, err = db.Store().Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, otp.Limits{})
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
				assert.NotContains(t, fmt.Sprintf(format, db), secret)
				assert.NotContains(t, fmt.Sprintf(format, db.Store()), secret)
				assert.NotContains(t, fmt.Sprintf(format, *db.Ledger()), secret)
			}
			_ = db.Close()
		}
		require.Error(t, err, at)
		assert.NotContains(t, err.Error(), secret)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), secret)
	}
}

// An option has one value, which is one that it may have, or the URL is refused.
func TestOptionsOfAURLAreReadStrictly(t *testing.T) {
	for _, options := range []string{
		"?migrate=yes", "?migrate=", "?pool_size=0", "?pool_size=x", "?pool_size=1&pool_size=2", "?prefix=a&prefix=b",
	} {
		for _, at := range []string{"postgres://h/d", "mysql://h/d"} {
			_, err := openURL(at + options)
			require.ErrorContains(t, err, "an option is unknown or has a bad value", at+options)
		}
	}
	for _, options := range []string{"?tls=false", "?single_writer=no", "?socket=", "?unknown=1"} {
		_, err := openURL("mysql://h/d" + options)
		require.ErrorContains(t, err, "an option is unknown or has a bad value", options)
	}
	for _, at := range []string{"postgres://h/d?migrate=no&pool_size=2&prefix=a_", "mysql://h/d?tls=true&single_writer=true&migrate=no&pool_size=2&schema=a"} {
		db, err := openURL(at)
		require.NoError(t, err, at)
		require.NoError(t, db.Close())
	}
}

// A file is made for its owner alone, and none for a URL that is refused.
func TestFileIsItsOwnersAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := openURL("sqlite:refused.db?prefix=NO")
	require.Error(t, err)
	require.NoFileExists(t, "refused.db")
	require.NoError(t, issueError(t.Context(), opened(t, "sqlite:codes.db")))
	for _, name := range []string{"codes.db", "codes.db-wal"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

// A zero value returns errors, and panics nowhere.
func TestZeroValueIsAnError(t *testing.T) {
	var db sqlstore.DB
	_, err := db.Store().Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, otp.Limits{})
	require.ErrorContains(t, err, "zero value")
	_, _, err = new(sqlstore.Store).Attempt(t.Context(), aKey(), anID(), []otp.MAC{aMAC()}, otp.Limits{})
	require.ErrorContains(t, err, "zero value")
	require.Error(t, db.Migrate(t.Context()))
	require.Error(t, db.Probe(t.Context()))
	require.NoError(t, db.Close())
	for _, cfg := range []sqlstore.Config{{Prefix: "a b"}, {Prefix: "9x"}, {Prefix: strings.Repeat("x", 33)}, {Schema: "A"}, {Prefix: "x;"}} {
		_, err := sqlstore.New(new(sql.DB), sqlstore.PostgreSQL, cfg)
		require.Error(t, err)
	}
	_, err = sqlstore.New(nil, sqlstore.SQLite, sqlstore.Config{})
	require.Error(t, err)
	_, err = sqlstore.New(new(sql.DB), 9, sqlstore.Config{})
	require.Error(t, err)
	_, err = sqlstore.New(new(sql.DB), sqlstore.SQLite, sqlstore.Config{Schema: "s"})
	require.Error(t, err)
}
