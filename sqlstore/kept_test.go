package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/totp"
)

// dump is all that a database holds, as text.
func dump(t testing.TB, db *sqlstore.DB) string {
	t.Helper()
	rows, err := db.SQL().Query(db.Named("SELECT k, data FROM <records>"))
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var all strings.Builder
	for rows.Next() {
		var k, data []byte
		require.NoError(t, rows.Scan(&k, &data))
		fmt.Fprintf(&all, "%x %q %s\n", k, k, data)
	}
	require.NoError(t, rows.Err())
	return all.String()
}

// A dump of the database holds no recipient, code, account name, secret or recovery code.
func TestDumpHoldsNothingSecret(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		const account, secret = "ada.lovelace", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		key := []byte("0123456789abcdef0123456789abcdef")
		apps, err := totp.New(totp.Config{Store: db.Factors(), Keys: [][]byte{key}, Issuer: "Acme"})
		require.NoError(t, err)
		require.NoError(t, apps.Import(t.Context(), account, "otpauth://totp/b?secret="+secret))
		require.ErrorIs(t, apps.Check(t.Context(), account, "000000"), verify.ErrMismatch)
		codes, err := recovery.New(recovery.Config{Store: db.Recovery(), Keys: [][]byte{key}})
		require.NoError(t, err)
		list, err := codes.Replace(t.Context(), account)
		require.NoError(t, err)
		require.NoError(t, codes.Check(t.Context(), account, list[0]))
		mustIssue(t, db.Store(), aKey(), anID(), aMAC())

		all := dump(t, db)
		require.GreaterOrEqual(t, strings.Count(all, "\n"), 3)
		for _, word := range append(list, account, secret, "12345678901234567890", string(key)) {
			assert.NotContains(t, strings.ToLower(all), strings.ToLower(word))
			assert.NotContains(t, strings.ToLower(all), strings.ToLower(strings.ReplaceAll(word, "-", "")))
		}
		counts, others, err := apps.SealedUnder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{1}, counts)
		assert.Zero(t, others)
	})
}

// What means nothing any more is deleted; what counts stays, and so does what never
// expires.
func TestSweepDeletesWhatHasExpired(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		for range 20 {
			mustIssue(t, db.Store(), aKey(), anID(), aMAC())
		}
		guessed := aKey()
		mustIssue(t, db.Store(), guessed, anID(), aMAC())
		attempt(t, db.Store(), guessed, anID(), aMAC())
		_, err := db.Factors().Create(t.Context(), totp.Key(aKey()), totp.ID(anID()), totp.Factor{Enrolment: totp.ID(anID()), Sealed: []byte("x")})
		require.NoError(t, err)

		n, err := db.Sweep(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n, "all of it counts")
		age(t, db, 3*time.Hour)
		n, err = db.Sweep(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 20, n, "codes and sends are over")
		age(t, db, 31*24*time.Hour)
		n, err = db.Sweep(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, n, "failures are kept for 30 days")
		assert.Contains(t, dump(t, db), "enrolment", "an authenticator app never expires")
	})
}

// One call in a hundred that begins something deletes, and nobody else.
func TestIssueSweepsNowAndThen(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		mustIssue(t, db.Store(), aKey(), anID(), aMAC())
		age(t, db, 3*time.Hour)
		k := aKey()
		for i := 0; strings.Count(dump(t, db), "\n") > 1 || i == 0; i++ {
			require.Less(t, i, 5000, "no Issue has swept")
			mustIssue(t, db.Store(), k, anID(), otp.MAC{})
			require.NoError(t, db.Store().Reset(t.Context(), k))
			mustIssue(t, db.Store(), k, anID(), aMAC())
		}
	})
}

// A person's reset removes the row.
func TestResetLeavesNoRow(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		k := aKey()
		mustIssue(t, db.Store(), k, anID(), aMAC())
		attempt(t, db.Store(), k, anID(), aMAC())
		require.NoError(t, db.Store().Reset(t.Context(), k))
		assert.Empty(t, dump(t, db))
	})
}

// A Check, and what ends one, of somebody whom nobody sent to writes nothing: else each
// would leave a row for an hour.
func TestChecksOfAStrangerLeaveNoRow(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		_, err := db.Ledger().Attempt(t.Context(), failover.Key(aKey()), failover.ID(anID()), failover.ID(anID()), failover.Limits{Attempts: 5, Failures: 5, Remember: time.Hour})
		require.NoError(t, err)
		_, err = db.Ledger().Settle(t.Context(), failover.Key(aKey()), failover.ID(anID()), failover.NotAsked)
		require.ErrorIs(t, err, failover.ErrForgotten)
		assert.Equal(t, otp.Gone, attempt(t, db.Store(), aKey(), anID(), aMAC()))
		_, err = db.Factors().Attempt(t.Context(), totp.Key(aKey()), totp.ID(anID()), totp.Limits{})
		require.NoError(t, err)
		assert.Empty(t, dump(t, db))
	})
}
