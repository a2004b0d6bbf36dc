package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// A call whose reply was lost may still be about to commit when it is made again. The
// second one waits for it, even if the code has expired meanwhile: the approval that
// was won in time is not told as a denial.
func TestApprovalThatIsAboutToCommitIsWaitedFor(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.name != "postgres" && b.name != "postgres-transactions" {
			t.Skip("the call in flight is PostgreSQL's function")
		}
		db, _ := b.fresh(t)
		mac, id, l := aMAC(), anID(), loose().WithDefaults()
		var k otp.Key
		var tx *sql.Tx
		said := "gone 0"
		for life := 500 * time.Millisecond; said == "gone 0"; life *= 4 { // a busy machine is late
			require.Less(t, life, time.Minute, "the code is never attempted in time")
			k = aKey()
			_, err := db.Store().Issue(t.Context(), k, anID(), mac, life, l)
			require.NoError(t, err)
			expired := time.NewTimer(life + 50*time.Millisecond)
			defer expired.Stop()

			tx, err = db.SQL().BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback() }()
			require.NoError(t, tx.QueryRow(db.Named("SELECT <p>attempt_v2($1, false, $2, $3, $4, $5, $6)"), append([]byte{'c'}, k[:]...),
				hex.EncodeToString(id[:]), hex.EncodeToString(mac[:]), l.Attempts, l.Failures, l.Remember.Microseconds()).Scan(&said))
			<-expired.C
		}
		require.Equal(t, "match 4", said)

		got := make(chan otp.Verdict, 1)
		go func() {
			v, _, _ := db.Store().Attempt(context.WithoutCancel(t.Context()), k, id, []otp.MAC{mac}, loose())
			got <- v
		}()
		early := time.NewTimer(200 * time.Millisecond)
		defer early.Stop()
		select {
		case v := <-got:
			t.Fatalf("it did not wait: %v", v)
		case <-early.C:
		}
		require.NoError(t, tx.Commit())
		assert.Equal(t, otp.Match, <-got)
	})
}
