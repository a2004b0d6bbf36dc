package sqlstore_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/totp"
	"github.com/go2fa/verify/verifytest"
)

func TestLedgerSuite(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunLedger(t, func(t *testing.T) verifytest.LedgerTarget {
			db, prefix := b.fresh(t)
			return verifytest.LedgerTarget{
				Ledger: db.Ledger(), Histories: asked("HISTORIES", 30),
				Reopen: func(t *testing.T) failover.Ledger { return b.open(t, prefix).Ledger() },
			}
		})
	})
}

func TestLedgerSuiteWithTimeThatPasses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunLedger(t, func(t *testing.T) verifytest.LedgerTarget {
			db, _ := b.fresh(t)
			return verifytest.LedgerTarget{Ledger: db.Ledger(), Histories: 10, Advance: func(d time.Duration) { age(t, db, d) }}
		})
	})
}

func TestReferencesKeepEveryPromise(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunReferences(t, func(t *testing.T) verifytest.ReferencesTarget {
			db, _ := b.fresh(t)
			return verifytest.ReferencesTarget{References: db.References(), Advance: func(d time.Duration) { age(t, db, d) }}
		})
	})
}

func TestFactorsKeepEveryPromise(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunFactors(t, func(t *testing.T) verifytest.FactorTarget {
			db, prefix := b.fresh(t)
			return verifytest.FactorTarget{
				Store: db.Factors(), Histories: asked("HISTORIES", 20), Storm: asked("SUITE_STORM", 1000), Advance: func(d time.Duration) { age(t, db, d) },
				Reopen: func(t *testing.T) totp.Store { return b.open(t, prefix).Factors() },
			}
		})
	})
}

func TestRecoveryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		t.Parallel()
		verifytest.RunRecovery(t, func(t *testing.T) verifytest.RecoveryTarget {
			db, _ := b.fresh(t)
			return verifytest.RecoveryTarget{Store: db.Recovery(), Histories: asked("HISTORIES", 20), Storm: asked("SUITE_STORM", 1000), Advance: func(d time.Duration) { age(t, db, d) }}
		})
	})
}
