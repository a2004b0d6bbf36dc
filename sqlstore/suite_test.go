package sqlstore_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
)

// On the server's own clock, which nobody moves.
func TestSuite(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
			db, prefix := b.fresh(t)
			return verifytest.StoreTarget{
				Store: db.Store(), Histories: asked("HISTORIES", 30), Storm: asked("SUITE_STORM", 1000),
				Reopen: func(t *testing.T) otp.Store { return b.open(t, prefix).Store() },
			}
		})
	})
}

// Once more, with all that is kept made older, as if the clock had moved.
func TestSuiteWithTimeThatPasses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
			db, _ := b.fresh(t)
			return verifytest.StoreTarget{Store: db.Store(), Histories: 10, Storm: asked("SUITE_STORM", 1000), Advance: func(d time.Duration) { age(t, db, d) }}
		})
	})
}
