package sqlstore_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/require"
)

// A clock that a test moves: all histories are compared with the model.
func TestGuardKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunGuard(t, func(t *testing.T) verifytest.GuardTarget {
			db, _ := b.fresh(t)
			now := time.Now().Truncate(time.Microsecond)
			db.Freeze(now.UnixMicro())
			return verifytest.GuardTarget{
				Store: db.Guard(), Histories: asked("HISTORIES", 10), Storm: asked("SUITE_STORM", 1000), Now: func() time.Time { return now },
				Advance: func(d time.Duration) {
					now = now.Add(d)
					db.Freeze(now.UnixMicro())
				},
			}
		})
	})
}

// The oldest approval leaves first, and none but those of the slice that is too full. A
// name that ends with zero has the store look.
func TestKnownRecipientsAreBounded(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		store, now := db.Guard(), time.Now().UnixMicro()
		db.KnownSlice(5)
		name := func(slice, n byte) guard.Name { return guard.Name{guard.NameRecipient, slice, 2: n, 15: 1} }
		approve := func(n guard.Name) {
			now += time.Second.Microseconds()
			db.Freeze(now)
			require.NoError(t, store.Approve(t.Context(), guard.Approval{Recipient: n}))
		}
		known := func(n guard.Name) bool {
			d, err := store.Admit(t.Context(), guard.Send{ID: guard.ID(anID()), Counts: []guard.Count{{Name: n, Everybody: true}}})
			require.NoError(t, err)
			return d.Known
		}
		for _, slice := range []byte{7, 255} {
			for n := range byte(7) {
				approve(name(slice, n))
			}
			approve(name(slice, 0)) // so it is the newest
		}
		last := name(255, 7)
		last[15] = 0
		require.True(t, known(name(255, 1)), "nobody has looked yet")
		approve(last)
		for n, want := range []bool{true, false, false, false, true, true, true} {
			require.Equal(t, want, known(name(255, byte(n))), "%d", n)
			require.True(t, known(name(7, byte(n))), "of another slice: %d", n)
		}
		require.True(t, known(last))
	})
}
