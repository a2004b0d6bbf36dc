package sqlstore_test

import (
	"crypto/rand"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/dbserver"
	"github.com/go2fa/verify/sqlstore"
)

// A server is one database server that tests share, each under a prefix of its own.
type server struct {
	dbserver.Server
	skip string // why there is none
}

var (
	postgresServer = sync.OnceValue(func() server { return started("POSTGRES_URL", dbserver.Postgres) })
	mysqlServer    = sync.OnceValue(func() server { return started("MYSQL_URL", dbserver.MariaDB) })

	cleanups []func()
	cleaning sync.Mutex
)

func TestMain(m *testing.M) {
	if os.Getenv(stormEnv) != "" {
		os.Exit(stormer())
	}
	_ = flag.Set("test.parallel", strconv.Itoa(max(inParallel*runtime.GOMAXPROCS(0), 1)))
	code := m.Run()
	for _, clean := range cleanups {
		clean()
	}
	os.Exit(code)
}

// started takes the server of the environment, or starts one of its own. A server that
// is installed and does not start is a failure, not a reason to skip.
func started(env string, start func(dir string, options ...string) (dbserver.Server, error)) server {
	if at := os.Getenv(env); at != "" {
		return server{Server: dbserver.Server{URL: at}}
	}
	dir, err := dbserver.Dir()
	if err != nil {
		panic(err)
	}
	s, err := start(dir)
	if errors.Is(err, exec.ErrNotFound) {
		_ = os.RemoveAll(dir)
		return server{skip: err.Error()}
	}
	if err != nil {
		panic(err)
	}
	cleaning.Lock()
	cleanups = append(cleanups, func() {
		s.Stop()
		_ = os.RemoveAll(dir)
	})
	cleaning.Unlock()
	return server{Server: s}
}

// A backend is one way to keep records.
type backend struct {
	name string
	url  func(t testing.TB, prefix string) string // nil for what no URL can ask for
	open func(t testing.TB, prefix string) *sqlstore.DB
}

// backends are all that this machine has. Each open is another process's view.
func backends(t testing.TB) []backend {
	t.Helper()
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(base func(testing.TB) string) func(testing.TB, string) string {
		return func(t testing.TB, prefix string) string { return base(t) + "prefix=" + prefix }
	}
	file := at(func(testing.TB) string { return "sqlite:" + filepath.Join(dir, "codes.db") + "?" })
	pg := at(func(t testing.TB) string { return need(t, postgresServer()) + "&" })
	maria := at(func(t testing.TB) string { return need(t, mysqlServer()) + "&" })
	return []backend{
		{"sqlite", file, func(t testing.TB, prefix string) *sqlstore.DB { return opened(t, file(t, prefix)) }},
		{"postgres", pg, func(t testing.TB, prefix string) *sqlstore.DB { return opened(t, pg(t, prefix)) }},
		{"postgres-transactions", nil, func(t testing.TB, prefix string) *sqlstore.DB { return opened(t, pg(t, prefix)).WithoutFunctions() }},
		{"mariadb", maria, func(t testing.TB, prefix string) *sqlstore.DB { return opened(t, maria(t, prefix)) }},
	}
}

func need(t testing.TB, s server) string {
	t.Helper()
	if s.skip != "" {
		t.Skip("no server to test against: " + s.skip)
	}
	return s.URL
}

func opened(t testing.TB, at string) *sqlstore.DB {
	t.Helper()
	db, err := openURL(at)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.Migrate(t.Context()))
	return db
}

// onAll runs a test on each backend.
func onAll(t *testing.T, test func(t *testing.T, b backend)) {
	t.Helper()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) { test(t, b) })
	}
}

// onEach runs a test on each database once, for what no function of PostgreSQL has a
// part in.
func onEach(t *testing.T, test func(t *testing.T, b backend)) {
	t.Helper()
	onAll(t, func(t *testing.T, b backend) {
		if b.url == nil {
			t.Skip("no function has a part in it: the same as postgres")
		}
		test(t, b)
	})
}

// fresh has a prefix that nobody else has.
func (b backend) fresh(t testing.TB) (db *sqlstore.DB, prefix string) {
	t.Helper()
	prefix = "t" + strings.ToLower(rand.Text())[:12] + "_"
	return b.open(t, prefix), prefix
}

// asked is a number that the environment asks for, for a run in full.
func asked(name string, usual int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return usual
	}
	return n
}
