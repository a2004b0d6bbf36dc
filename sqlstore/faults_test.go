package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/internal/dbserver"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/verifytest"
)

// ownPostgres is a server that no other test asks anything.
func ownPostgres(t testing.TB, options ...string) (dbserver.Server, string) {
	t.Helper()
	return own(t, postgresServer(), dbserver.Postgres, options)
}

func ownMariaDB(t testing.TB, options ...string) (dbserver.Server, string) {
	t.Helper()
	return own(t, mysqlServer(), dbserver.MariaDB, options)
}

func own(t testing.TB, shared server, start func(string, ...string) (dbserver.Server, error), options []string) (dbserver.Server, string) {
	t.Helper()
	need(t, shared)
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := start(dir, options...)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s, s.URL + "&prefix=own_"
}

// holding runs f while another transaction holds the row of k.
func holding(t *testing.T, db *sqlstore.DB, k otp.Key, f func(release func())) {
	t.Helper()
	conn, err := db.SQL().Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	exec := func(text string, args ...any) {
		_, err := conn.ExecContext(context.WithoutCancel(t.Context()), db.Named(text), args...)
		require.NoError(t, err)
	}
	row := append([]byte{'c'}, k[:]...)
	switch db.Dialect() {
	case sqlstore.PostgreSQL:
		exec("BEGIN")
		exec("UPDATE <records> SET till = till WHERE k = $1", row)
	case sqlstore.MySQL:
		exec("START TRANSACTION")
		exec("SELECT k FROM <records> WHERE k = ? FOR UPDATE", row)
	}
	var once sync.Once
	release := func() { once.Do(func() { exec("ROLLBACK") }) }
	defer release()
	f(release)
}

// The clock is read after the lock: a code that expires while another transaction
// holds its row is not accepted.
func TestCodeThatExpiresBehindALockIsGone(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, b backend) {
		if b.name == "sqlite" {
			t.Skip("a file has one lock: TestSQLiteReadsTheClockUnderItsLock")
		}
		t.Parallel()
		db, _ := b.fresh(t)
		k, mac := aKey(), aMAC()
		const life = 700 * time.Millisecond
		a, err := db.Store().Issue(t.Context(), k, anID(), mac, life, loose())
		require.NoError(t, err)
		require.Equal(t, otp.Admitted, a.Refused)
		issued := time.Now()
		holding(t, db, k, func(release func()) {
			got := make(chan otp.Verdict, 1)
			go func() {
				v, _, _ := db.Store().Attempt(context.WithoutCancel(t.Context()), k, anID(), []otp.MAC{mac}, loose())
				got <- v
			}()
			timer := time.NewTimer(time.Until(issued.Add(life + 100*time.Millisecond)))
			defer timer.Stop()
			select {
			case v := <-got:
				t.Fatalf("the attempt did not wait for the lock: %v", v)
			case <-timer.C:
			}
			release()
			assert.Equal(t, otp.Gone, <-got)
		})
	})
}

// The same on a file, whose one lock another process holds, and gives back unused.
func TestSQLiteReadsTheClockUnderItsLock(t *testing.T) {
	at := "sqlite:" + filepath.Join(t.TempDir(), "codes.db")
	db, other := opened(t, at), opened(t, at)
	k, mac := aKey(), aMAC()
	_, err := db.Store().Issue(t.Context(), k, anID(), mac, 500*time.Millisecond, loose())
	require.NoError(t, err)
	expired := time.NewTimer(600 * time.Millisecond)
	defer expired.Stop()
	conn, err := other.SQL().Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	got := make(chan otp.Verdict, 1)
	go func() {
		v, _, err := db.Store().Attempt(context.WithoutCancel(t.Context()), k, anID(), []otp.MAC{mac}, loose())
		assert.NoError(t, err, "it waits for the lock")
		got <- v
	}()
	<-expired.C
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	assert.Equal(t, otp.Gone, <-got)
}

// What is refused for good does not wait for whoever holds the row.
func TestFinalRefusalTakesNoLock(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.name == "sqlite" {
			t.Skip("a reader of a file in WAL mode waits for nobody")
		}
		db, _ := b.fresh(t)
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		for range 5 {
			attempt(t, db.Store(), k, anID(), aMAC())
		}
		holding(t, db, k, func(func()) {
			start := time.Now()
			assert.Equal(t, otp.Locked, attempt(t, db.Store(), k, anID(), mac))
			assert.Equal(t, otp.Gone, attempt(t, db.Store(), aKey(), anID(), mac))
			a, err := db.Store().Issue(t.Context(), k, anID(), mac, time.Minute, otp.Limits{})
			require.NoError(t, err)
			assert.Equal(t, otp.TooSoon, a.Refused)
			assert.Less(t, time.Since(start), time.Second)
		})
	})
}

// noneWaits returns once the server has heard that a caller no longer waits. Before
// that, a lock that becomes free lets the call go on, whose answer nobody gets.
func noneWaits(t *testing.T, db *sqlstore.DB, prefix string) {
	t.Helper()
	if db.Dialect() != sqlstore.PostgreSQL {
		return
	}
	require.Eventually(t, func() bool {
		var waiting int
		require.NoError(t, db.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity "+
			"WHERE wait_event_type = 'Lock' AND position($1 IN query) > 0", prefix).Scan(&waiting))
		return waiting == 0
	}, 30*time.Second, 10*time.Millisecond)
}

// A lock that is never free is an error in the end, and no verdict.
func TestLockThatIsNeverFreeIsAnError(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, b backend) {
		if b.name == "sqlite" {
			t.Skip("see busy_timeout")
		}
		t.Parallel()
		db, prefix := b.fresh(t)
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		holding(t, db, k, func(func()) {
			v, _, err := db.Store().Attempt(t.Context(), k, anID(), []otp.MAC{mac}, loose())
			require.Error(t, err)
			assert.Equal(t, otp.Gone, v)
			noneWaits(t, db, prefix)
		})
		assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac), "it was not charged, and is good once the lock is free")
	})
}

// Deadlocks and serialization failures are made again: the caller hears nothing.
func TestServerThatUndidATransactionIsAskedAgain(t *testing.T) {
	for _, state := range []string{"40001", "40P01"} {
		t.Run(state, func(t *testing.T) {
			db := opened(t, need(t, postgresServer())+"&prefix=undo"+strings.ToLower(state)+"_")
			k, mac := aKey(), aMAC()
			mustIssue(t, db.Store(), k, anID(), mac)
			// A trigger that fails twice, and counts in a sequence, which no rollback undoes.
			for _, text := range []string{
				"CREATE SEQUENCE IF NOT EXISTS <p>fails",
				"SELECT setval('<p>fails', 1, false)",
				"CREATE OR REPLACE FUNCTION <p>fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('<p>fails') <= 2 THEN RAISE EXCEPTION 'no' USING ERRCODE = '" + state + "'; END IF; RETURN NEW; END $$",
				"CREATE OR REPLACE TRIGGER fail BEFORE UPDATE ON <records> FOR EACH ROW EXECUTE FUNCTION <p>fail()",
			} {
				_, err := db.SQL().ExecContext(t.Context(), db.Named(text))
				require.NoError(t, err)
			}
			assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
			var n int
			require.NoError(t, db.SQL().QueryRow(db.Named("SELECT last_value FROM <p>fails")).Scan(&n))
			assert.Equal(t, 3, n, "two failures and a success")
		})
	}
}

// The suite holds while an operator ends connections again and again: one after each
// forty calls.
func TestSuiteWhileConnectionsAreKilled(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		if b.name == "sqlite" {
			t.Skip("there are no connections to a file")
		}
		killer, _ := b.fresh(t)
		db, _ := b.fresh(t)
		store := &killing{Store: db.Store(), db: killer}
		verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
			return verifytest.StoreTarget{Store: store, Histories: asked("LOST", 15), Storm: asked("SUITE_STORM", 1000)}
		})
		store.kills.Wait()
		assert.NotZero(t, store.killed.Load())
		t.Logf("%d connections were killed", store.killed.Load())
	})
}

// A killing store ends somebody's connection now and then.
type killing struct {
	otp.Store
	db     *sqlstore.DB
	calls  atomic.Int64
	killed atomic.Int64
	kills  sync.WaitGroup
}

func (k *killing) Issue(ctx context.Context, key otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	k.kill()
	return k.Store.Issue(ctx, key, id, mac, ttl, l)
}

func (k *killing) Attempt(ctx context.Context, key otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	k.kill()
	return k.Store.Attempt(ctx, key, id, macs, l)
}

func (k *killing) kill() {
	if k.calls.Add(1)%40 == 0 {
		k.kills.Go(func() { k.killed.Add(int64(killOne(k.db))) })
	}
}

func killOne(db *sqlstore.DB) int {
	if db.Dialect() == sqlstore.PostgreSQL {
		var ended sql.NullBool
		_ = db.SQL().QueryRow("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1").Scan(&ended)
		if ended.Bool {
			return 1
		}
		return 0
	}
	var id int64
	if db.SQL().QueryRow("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root' ORDER BY RAND() LIMIT 1").Scan(&id) != nil {
		return 0
	}
	if _, err := db.SQL().Exec(fmt.Sprintf("KILL %d", id)); err != nil {
		return 0
	}
	return 1
}

// A server that turns read-only, as an old primary does, is an error that says so, and
// its connections are not used again.
func TestReadOnlyServerIsNamed(t *testing.T) {
	const says = "this server is read-only, or a replica: connect to the primary"
	run := func(t *testing.T, at, on, off string) {
		db := opened(t, at)
		admin, err := openURL(at)
		require.NoError(t, err)
		defer func() { _ = admin.Close() }()
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		turn := func(text string) {
			for text := range strings.SplitSeq(text, ";") {
				_, err := admin.SQL().Exec(text)
				require.NoError(t, err)
			}
		}
		turn(on)
		require.Eventually(t, func() bool {
			_, err := db.Store().Issue(t.Context(), aKey(), anID(), mac, time.Minute, loose())
			return err != nil && strings.Contains(err.Error(), says)
		}, 10*time.Second, 10*time.Millisecond)
		require.Error(t, db.Probe(t.Context()))
		turn(off)
		require.Eventually(t, func() bool {
			v, _, err := db.Store().Attempt(t.Context(), k, anID(), []otp.MAC{mac}, loose())
			return err == nil && v == otp.Match
		}, 10*time.Second, 10*time.Millisecond)
	}
	t.Run("postgres", func(t *testing.T) {
		_, at := ownPostgres(t)
		run(t, at, "ALTER SYSTEM SET default_transaction_read_only = on;SELECT pg_reload_conf()",
			"SET default_transaction_read_only = off;ALTER SYSTEM SET default_transaction_read_only = off;SELECT pg_reload_conf()")
	})
	t.Run("mariadb", func(t *testing.T) {
		_, at := ownMariaDB(t)
		admin, err := openURL(at)
		require.NoError(t, err)
		defer func() { _ = admin.Close() }()
		for _, text := range []string{"CREATE USER app@localhost", "GRANT ALL ON verify.* TO app@localhost"} {
			_, err := admin.SQL().Exec(text)
			require.NoError(t, err)
		}
		app := strings.Replace(at, "root@", "app@", 1)
		db := opened(t, app)
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		_, err = admin.SQL().Exec("SET GLOBAL read_only = 1")
		require.NoError(t, err)
		_, err = db.Store().Issue(t.Context(), aKey(), anID(), mac, time.Minute, loose())
		require.Error(t, err)
		require.ErrorContains(t, db.Probe(t.Context()), "replica")
		_, err = admin.SQL().Exec("SET GLOBAL read_only = 0")
		require.NoError(t, err)
		assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
	})
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		at := "sqlite:" + filepath.Join(dir, "codes.db")
		db := opened(t, at)
		_, err := db.SQL().Exec("PRAGMA query_only = 1")
		require.NoError(t, err)
		_, err = db.Store().Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, loose())
		require.ErrorContains(t, err, "the file is read-only")
	})
}

// PgBouncer hands each transaction to another connection. Nothing here minds.
func TestSuiteThroughPgBouncer(t *testing.T) {
	shared := need(t, postgresServer())
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("no pgbouncer to test through")
	}
	at := bouncer(t, binary, shared)
	verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
		return verifytest.StoreTarget{Store: opened(t, at+"&prefix=bounced_").Store(), Histories: asked("HISTORIES", 20), Storm: asked("SUITE_STORM", 1000)}
	})
	ledger := opened(t, at+"&prefix=bounced_").Ledger() // its transactions are of several statements
	_, err = ledger.Begin(t.Context(), failover.Key(aKey()), failover.ID(anID()), "a", time.Minute)
	require.NoError(t, err)
}

// bouncer starts PgBouncer in transaction pooling, with fewer connections to the server
// than its clients have.
func bouncer(t testing.TB, binary, to string) string {
	t.Helper()
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o777))
	_, options, _ := strings.Cut(to, "?")
	query, err := url.ParseQuery(options)
	require.NoError(t, err)
	ini := filepath.Join(dir, "ini")
	require.NoError(t, os.WriteFile(ini, []byte(fmt.Sprintf("[databases]\n* = host=%s user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = %s\n"+
		"auth_type = any\npool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 300\n", query.Get("host"), dir)), 0o644))
	cmd := exec.Command(binary, ini)
	require.NoError(t, dbserver.As("postgres", dir, cmd))
	stop, err := dbserver.Run(cmd, "process up")
	require.NoError(t, err)
	t.Cleanup(func() {
		stop()
		_ = os.RemoveAll(dir)
	})
	return "postgres://postgres@:6432/postgres?host=" + url.QueryEscape(dir) + "&port=6432"
}
