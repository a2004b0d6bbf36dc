package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify/internal/dbserver"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// BenchmarkSQLIssue is a send beside the least that a database could do: one prepared
// UPDATE ... RETURNING of one row, which is one round trip and one commit.
func BenchmarkSQLIssue(b *testing.B) { askSQL(b, sqlIssue) }

// BenchmarkSQLAttempt is an attempt beside the same.
func BenchmarkSQLAttempt(b *testing.B) { askSQL(b, sqlAttempt) }

// A sqlAsker makes a question to PostgreSQL that can be asked again and again. Pooled
// says that PgBouncer is in between, which mixes up prepared statements.
type sqlAsker func(b *testing.B, at string, delay time.Duration, pooled bool) func(n uint64) error

func askSQL(b *testing.B, ours sqlAsker) {
	server := postgres(b)
	asked := map[string]sqlAsker{"ours": ours, "UPDATE": update}
	for _, on := range []struct {
		net     string
		at      string
		delay   time.Duration
		callers int
	}{
		{"near", server, 0, 1},
		{"near", server, 0, 16},
		{"2ms", server, 2 * time.Millisecond, 1},
		{"pgbouncer", bouncer(b, server), 0, 16},
		{"pgbouncer-2ms", bouncer(b, server), 2 * time.Millisecond, 1},
	} {
		b.Run(fmt.Sprintf("over=%s/callers=%d", on.net, on.callers), func(b *testing.B) {
			if on.at == "" {
				b.Skip("no pgbouncer on this machine")
			}
			for _, name := range shuffled(asked) {
				b.Run("by="+name, func(b *testing.B) {
					op := asked[name](b, on.at, on.delay, strings.HasPrefix(on.net, "pgbouncer"))
					warm(b, on.callers, op)
					measure(b, on.callers, func() error { return op(turns.Add(1)) })
				})
			}
		})
	}
}

// warm has each connection opened, and the server compile what each of them needs, before
// the clock runs.
func warm(b *testing.B, callers int, op func(uint64) error) {
	b.Helper()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range 50 {
				if err := op(turns.Add(1)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// postgres starts a server of its own, on a disk, as it comes: each commit is written
// before it is answered.
func postgres(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "sql")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := dbserver.Postgres(dir)
	if errors.Is(err, exec.ErrNotFound) {
		b.Skip("no PostgreSQL on this machine")
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Stop)
	fillSQL(b, s.URL)
	return s.URL
}

func fillSQL(b *testing.B, at string) {
	b.Helper()
	pool := poolOn(b, at, 0, true)
	store := sqlStoreOn(b, pool)
	for n := range uint64(attempted) {
		if _, err := store.Issue(b.Context(), key(n), id(n), mac(n), 10*time.Minute, most); err != nil {
			b.Fatal(err)
		}
	}
	for _, text := range []string{
		"CREATE TABLE bare (k bytea PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 70)",
		"INSERT INTO bare SELECT k, 0 FROM verify_records",
	} {
		if _, err := pool.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
}

// bouncer starts PgBouncer in transaction pooling before a server, or returns "".
func bouncer(b *testing.B, to string) string {
	b.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		return ""
	}
	dir, err := dbserver.Dir()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	_, host, _ := strings.Cut(to, "host=")
	host, _ = url.QueryUnescape(host)
	ini := filepath.Join(dir, "ini")
	text := fmt.Sprintf("[databases]\n* = host=%s user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = %s\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 16\n", host, dir)
	if err := os.WriteFile(ini, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(binary, ini)
	if err := dbserver.As("postgres", dir, cmd); err != nil {
		b.Fatal(err)
	}
	stop, err := dbserver.Run(cmd, "process up")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(stop)
	return "postgres://postgres@/postgres?port=6432&host=" + url.QueryEscape(dir)
}

// poolOn connects over a network that takes so long for a question and its answer.
func poolOn(b *testing.B, at string, delay time.Duration, exec bool) *sql.DB {
	b.Helper()
	cfg, err := pgx.ParseConfig(at)
	if err != nil {
		b.Fatal(err)
	}
	if exec {
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if delay > 0 && err == nil {
			return far{c, delay}, nil
		}
		return c, err
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	b.Cleanup(func() { _ = pool.Close() })
	return pool
}

func sqlStoreOn(b *testing.B, pool *sql.DB) otp.Store {
	b.Helper()
	db, err := sqlstore.New(pool, sqlstore.PostgreSQL, sqlstore.Config{})
	if err != nil {
		b.Fatal(err)
	}
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db.Store()
}

func update(b *testing.B, at string, delay time.Duration, pooled bool) func(uint64) error {
	const text = "UPDATE bare SET n = n + 1 WHERE k = $1 RETURNING n"
	pool := poolOn(b, at, delay, pooled)
	ask := func(k []byte) *sql.Row { return pool.QueryRowContext(b.Context(), text, k) }
	if !pooled {
		statement, err := pool.Prepare(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = statement.Close() })
		ask = func(k []byte) *sql.Row { return statement.QueryRowContext(b.Context(), k) }
	}
	return func(n uint64) error {
		k := key(n % attempted)
		var got int64
		return ask(append([]byte{'c'}, k[:]...)).Scan(&got)
	}
}

// Ours takes prepared statements where it may, as an application's pool does.
func sqlIssue(b *testing.B, at string, delay time.Duration, pooled bool) func(uint64) error {
	store := sqlStoreOn(b, poolOn(b, at, delay, pooled))
	return func(n uint64) error {
		_, err := store.Issue(b.Context(), key(attempted+n), id(n), mac(n), time.Minute, most)
		return err
	}
}

func sqlAttempt(b *testing.B, at string, delay time.Duration, pooled bool) func(uint64) error {
	store, wrong := sqlStoreOn(b, poolOn(b, at, delay, pooled)), []otp.MAC{mac(1 << 50)}
	return func(n uint64) error {
		_, _, err := store.Attempt(b.Context(), key(n%attempted), id(attempted+n), wrong, most)
		return err
	}
}
