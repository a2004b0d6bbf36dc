package sqlstore_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/dbserver"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
)

// A pair is a primary and its replica.
type pair struct {
	primary, replica dbserver.Server
}

func replicated(t *testing.T, options ...string) pair {
	t.Helper()
	var p pair
	p.primary, _ = ownPostgres(t, options...)
	_, query, _ := strings.Cut(p.primary.URL, "host=")
	host, err := url.QueryUnescape(query)
	require.NoError(t, err)
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	backup, err := dbserver.Program("pg_basebackup")
	require.NoError(t, err)
	cmd := exec.Command(backup, "-U", "postgres", "-h", host, "-R", "-X", "stream", "-c", "fast", "-D", filepath.Join(dir, "data"))
	require.NoError(t, dbserver.As("postgres", dir, cmd))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	p.replica, err = dbserver.ServePostgres(dir, "synchronous_standby_names=")
	require.NoError(t, err)
	t.Cleanup(p.replica.Stop)
	return p
}

// failOver lets the replica be the primary.
func (p pair) failOver(t *testing.T) *sqlstore.DB {
	t.Helper()
	p.primary.Stop()
	db, err := openURL(p.replica.URL + "&prefix=own_&migrate=no")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.SQL().Exec("SELECT pg_promote()")
	require.NoError(t, err)
	require.NoError(t, db.Probe(t.Context()))
	return db
}

// cutOff keeps the replica from hearing of anything new, as a network does.
func (p pair) cutOff(t *testing.T) {
	t.Helper()
	db, err := openURL(p.replica.URL)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for _, text := range []string{"ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"} {
		_, err := db.SQL().Exec(text)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		var n int
		return db.SQL().QueryRow("SELECT count(*) FROM pg_stat_wal_receiver").Scan(&n) == nil && n == 0
	}, 10*time.Second, 10*time.Millisecond)
}

func (p pair) open(t *testing.T) *sqlstore.DB {
	t.Helper()
	return opened(t, p.primary.URL+"&prefix=own_")
}

// caughtUp waits until the replica has all that the primary has.
func (p pair) caughtUp(t *testing.T, primary *sqlstore.DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		var same bool
		err := primary.SQL().QueryRow("SELECT coalesce(bool_and(replay_lsn = pg_current_wal_lsn()), false) FROM pg_stat_replication").Scan(&same)
		return err == nil && same
	}, 20*time.Second, 10*time.Millisecond)
}

// A replica is refused, and answers nothing.
func TestReplicaIsRefused(t *testing.T) {
	p := replicated(t)
	primary := p.open(t)
	p.caughtUp(t, primary)
	db, err := openURL(p.replica.URL + "&prefix=own_&migrate=no")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.ErrorContains(t, db.Probe(t.Context()), "this server is a replica: connect to the primary")
	require.ErrorContains(t, issueError(t.Context(), db), "this server is read-only, or a replica: connect to the primary")
}

// A URL of both hosts finds the one that takes writes.
func TestTwoHostsFindThePrimary(t *testing.T) {
	p := replicated(t)
	p.caughtUp(t, p.open(t))
	host := func(at string) string { _, h, _ := strings.Cut(at, "host="); return h }
	db, err := openURL("postgres://postgres@/postgres?host=" + host(p.replica.URL) + "," + host(p.primary.URL) + "&prefix=own_&migrate=no")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, issueError(t.Context(), db))
}

// With asynchronous replication a failover to a replica that was behind approves a code
// once more and gives attempts back. This is measured, so that the documentation that
// says so stays true.
func TestFailoverToAReplicaThatWasBehindForgets(t *testing.T) {
	p := replicated(t)
	primary := p.open(t)
	approved, guessed, mac := aKey(), aKey(), aMAC()
	mustIssue(t, primary.Store(), approved, anID(), mac)
	mustIssue(t, primary.Store(), guessed, anID(), mac)
	p.caughtUp(t, primary)
	p.cutOff(t)
	assert.Equal(t, otp.Match, attempt(t, primary.Store(), approved, anID(), mac))
	for range 5 {
		attempt(t, primary.Store(), guessed, anID(), aMAC())
	}
	assert.Equal(t, otp.Locked, attempt(t, primary.Store(), guessed, anID(), mac))

	after := p.failOver(t)
	assert.Equal(t, otp.Match, attempt(t, after.Store(), approved, anID(), mac), "approved once more")
	assert.Equal(t, otp.Wrong, attempt(t, after.Store(), guessed, anID(), aMAC()), "five attempts more")
}

// commitsWait returns when a commit is seen to wait for the replica, which is cut off. The
// process that tells all others that they must may be late on a busy machine.
func commitsWait(t *testing.T, primary *sqlstore.DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = issueError(ctx, primary) // that it ends is all
		}()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return false // this one did not
			case <-tick.C:
				var n int
				err := primary.SQL().QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").Scan(&n)
				if err == nil && n > 0 {
					return true
				}
			}
		}
	}, 20*time.Second, 10*time.Millisecond)
}

// With synchronous_commit=remote_apply nobody is told of anything that the replica does
// not have: what was answered holds after the failover.
func TestFailoverWithRemoteApplyForgetsNothing(t *testing.T) {
	p := replicated(t, "synchronous_commit=remote_apply")
	admin := p.open(t)
	p.caughtUp(t, admin)
	for _, text := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		_, err := admin.SQL().Exec(text)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		var n int
		return admin.SQL().QueryRow("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&n) == nil && n == 1
	}, 10*time.Second, 10*time.Millisecond)
	approved, unanswered, guessed, mac := aKey(), aKey(), aKey(), aMAC()
	for _, k := range []otp.Key{approved, unanswered, guessed} {
		mustIssue(t, admin.Store(), k, anID(), mac)
	}
	assert.Equal(t, otp.Match, attempt(t, admin.Store(), approved, anID(), mac))
	for range 5 {
		attempt(t, admin.Store(), guessed, anID(), aMAC())
	}
	p.cutOff(t)
	commitsWait(t, admin)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	v, _, err := admin.Store().Attempt(ctx, unanswered, anID(), []otp.MAC{mac}, loose())
	require.ErrorIs(t, err, context.DeadlineExceeded, "no replica has it, so nobody is told")
	assert.Equal(t, otp.Gone, v)

	after := p.failOver(t)
	assert.Equal(t, otp.Gone, attempt(t, after.Store(), approved, anID(), mac), "it was approved once")
	assert.Equal(t, otp.Locked, attempt(t, after.Store(), guessed, anID(), mac))
	assert.Equal(t, otp.Match, attempt(t, after.Store(), unanswered, anID(), mac), "nobody was told yes before")
}
