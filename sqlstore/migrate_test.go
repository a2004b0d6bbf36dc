package sqlstore_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
)

// Many replicas that start at once migrate once, and none of them fails.
func TestManyReplicasMigrateAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.url == nil {
			t.Skip("the same as with functions")
		}
		at := b.url(t, "many_")
		var all sync.WaitGroup
		for range 16 {
			db, err := openURL(at)
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			all.Go(func() { assert.NoError(t, db.Migrate(t.Context())) })
		}
		all.Wait()
		mustIssue(t, opened(t, at).Store(), aKey(), anID(), aMAC())
	})
}

// What a URL names is made by the first call, unless it says migrate=no.
func TestFirstCallMigratesUnlessToldOtherwise(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.url == nil {
			t.Skip("the same as with functions")
		}
		if b.name != "sqlite" {
			bare, err := openURL(b.url(t, "bare_") + "&migrate=no")
			require.NoError(t, err)
			t.Cleanup(func() { _ = bare.Close() })
			for _, err := range []error{bare.Probe(t.Context()), issueError(t.Context(), bare)} {
				require.ErrorContains(t, err, "the tables are missing, or those of an older version: call Migrate first")
			}
		}
		db, err := openURL(b.url(t, "lazy_"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		require.NoError(t, issueError(t.Context(), db))
		require.NoError(t, db.Migrate(t.Context()), "once more")
	})
}

func issueError(ctx context.Context, db *sqlstore.DB) error {
	_, err := db.Store().Issue(ctx, aKey(), anID(), aMAC(), time.Minute, loose())
	return err
}

// A process that is older than the tables says so, and changes nothing.
func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, prefix := b.fresh(t)
		_, err := db.SQL().Exec(db.Named("INSERT INTO <p>version (version) VALUES (99)"))
		require.NoError(t, err)
		const says = "the tables are of a newer version of this package: update this process"
		require.ErrorContains(t, db.Probe(t.Context()), says)
		if b.url != nil {
			again, err := openURL(b.url(t, prefix))
			require.NoError(t, err)
			defer func() { _ = again.Close() }()
			require.ErrorContains(t, again.Migrate(t.Context()), says)
		}
	})
}

// A record of a layout that this process does not know is an error, and no denial.
func TestRecordOfAnotherLayoutIsNoDenial(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		k := aKey()
		mustIssue(t, db.Store(), k, anID(), aMAC())
		for _, data := range []string{`{"v":2}`, `{"x":1}`} {
			text := "UPDATE <records> SET data = '" + data + "'"
			_, err := db.SQL().Exec(db.Named(text))
			require.NoError(t, err)
			_, _, err = db.Store().Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, loose())
			require.ErrorContains(t, err, "layout of another version")
			_, err = db.Store().Issue(t.Context(), k, anID(), aMAC(), time.Minute, loose())
			require.ErrorContains(t, err, "layout of another version")
		}
	})
}

// What holds a lock may stand in a row that cannot be read: it is no empty one. A row that
// was made to be locked is.
func TestRowOfALedgerOfAnotherLayoutIsNoEmptyOne(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		l, k := db.Ledger(), failover.Key(aKey())
		_, err := l.Begin(t.Context(), k, failover.ID{1}, "a", time.Minute)
		require.NoError(t, err)
		set := func(data string) {
			_, err := db.SQL().Exec(db.Named("UPDATE <records> SET data = '" + data + "'"))
			require.NoError(t, err)
		}
		for _, data := range []string{`{"v":2,"failures":100}`, `{"failures":100}`, `{"v":0,"failures":100}`, `{"v":1,"holder":"00"}`, `[]`, `null`} {
			set(data)
			_, err = l.Begin(t.Context(), k, failover.ID{2}, "a", time.Minute)
			require.ErrorContains(t, err, "layout of another version", data)
			_, err = l.Attempt(t.Context(), k, failover.ID{3}, failover.ID{3}, failover.Limits{})
			require.ErrorContains(t, err, "layout of another version", data)
		}
		set(`{}`)
		busy, err := l.Begin(t.Context(), k, failover.ID{2}, "a", time.Minute)
		require.NoError(t, err)
		assert.Zero(t, busy)
		a, err := l.Attempt(t.Context(), k, failover.ID{3}, failover.ID{3}, failover.Limits{})
		require.NoError(t, err)
		assert.Equal(t, []string{"a"}, a.Backends)
	})
}

// A schema of one's own is made, used, and apart from another one.
func TestSchemaOfOnesOwn(t *testing.T) {
	at := need(t, postgresServer()) + "&prefix=own_&schema="
	one, other := opened(t, at+"login_codes"), opened(t, at+"other_codes")
	k, mac := aKey(), aMAC()
	mustIssue(t, one.Store(), k, anID(), mac)
	assert.Equal(t, otp.Gone, attempt(t, other.Store(), k, anID(), mac))
	assert.Equal(t, otp.Match, attempt(t, one.Store(), k, anID(), mac))
	assert.True(t, one.Functions())
	var n int
	require.NoError(t, one.SQL().QueryRow("SELECT count(*) FROM login_codes.own_records").Scan(&n))
	assert.Equal(t, 1, n)
	require.NoError(t, one.Probe(t.Context()))
}

// A role that may create tables and no functions gets all answers, in more round
// trips, and Probe says why.
func TestRoleThatMayNotCreateFunctions(t *testing.T) {
	s := need(t, postgresServer())
	admin := opened(t, s+"&prefix=admin_")
	for _, text := range []string{
		"DROP ROLE IF EXISTS plain", "CREATE ROLE plain LOGIN", "DROP SCHEMA IF EXISTS plain CASCADE", "CREATE SCHEMA plain AUTHORIZATION plain",
		"REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
	} {
		_, err := admin.SQL().Exec(text)
		require.NoError(t, err)
	}
	t.Cleanup(func() { _, _ = admin.SQL().Exec("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC") })
	db := opened(t, strings.Replace(s, "postgres@", "plain@", 1)+"&schema=plain")
	k, mac := aKey(), aMAC()
	mustIssue(t, db.Store(), k, anID(), mac)
	assert.False(t, db.Functions())
	assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
	require.ErrorContains(t, db.Probe(t.Context()), "the role that migrated may not create functions, so each call takes several round trips")
}

// A role that only reads and writes the tables is enough once they are there.
func TestRoleOfAnApplicationNeedsNoDDL(t *testing.T) {
	s := need(t, postgresServer())
	owner := opened(t, s+"&schema=apps")
	for _, text := range []string{
		"DROP ROLE IF EXISTS app", "CREATE ROLE app LOGIN", "GRANT USAGE ON SCHEMA apps TO app",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON apps.verify_records TO app", "GRANT SELECT ON apps.verify_version TO app",
	} {
		_, err := owner.SQL().Exec(text)
		require.NoError(t, err)
	}
	t.Cleanup(func() { _, _ = owner.SQL().Exec("DROP OWNED BY app; DROP ROLE app") })
	db, err := openURL(strings.Replace(s, "postgres@", "app@", 1) + "&schema=apps&migrate=no")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, db.Probe(t.Context()))
	k, mac := aKey(), aMAC()
	mustIssue(t, db.Store(), k, anID(), mac)
	assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
}
