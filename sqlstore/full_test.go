package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
)

// A server without room refuses a send with otp.Full. An attempt, which it cannot
// charge, is an error and not compared, be the code right or wrong.
func TestServerWithoutRoomComparesNothing(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		free := fill(t, db)

		a, err := db.Store().Issue(t.Context(), k, anID(), aMAC(), time.Minute, loose())
		require.NoError(t, err)
		assert.Equal(t, otp.Full, a.Refused)
		for _, typed := range []otp.MAC{mac, aMAC()} {
			v, _, err := db.Store().Attempt(t.Context(), k, anID(), []otp.MAC{typed}, loose())
			require.ErrorContains(t, err, "the server has no room: look at its disk")
			assert.Equal(t, otp.Gone, v)
		}
		free()
		assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
	})
}

// fill has each change of a record fail as on a full disk.
func fill(t *testing.T, db *sqlstore.DB) (free func()) {
	t.Helper()
	exec := func(text string) {
		_, err := db.SQL().Exec(db.Named(text))
		require.NoError(t, err)
	}
	switch db.Dialect() {
	case sqlstore.PostgreSQL:
		exec("CREATE FUNCTION <p>full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$")
		exec("CREATE TRIGGER full_disk BEFORE UPDATE ON <records> FOR EACH ROW EXECUTE FUNCTION <p>full()")
		return func() { exec("DROP TRIGGER full_disk ON <records>") }
	case sqlstore.MySQL:
		exec("CREATE TRIGGER <p>full BEFORE UPDATE ON <records> FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021")
		return func() { exec("DROP TRIGGER <p>full") }
	}
	exec("CREATE TABLE filler (x)")
	exec("CREATE TRIGGER full_disk BEFORE UPDATE ON <records> BEGIN INSERT INTO filler VALUES (zeroblob(100000)); END")
	exec("PRAGMA max_page_count = 1") // it stays at what there is
	return func() { exec("PRAGMA max_page_count = 1000000") }
}
