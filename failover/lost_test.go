package failover_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// A lossy ledger does as it is told, and loses every other reply of Attempt to each
// call, beginning with the first.
type lossy struct {
	failover.MemoryLedger
	mu   sync.Mutex
	lost map[failover.ID]bool
}

func (l *lossy) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (failover.Attempt, error) {
	a, err := l.MemoryLedger.Attempt(ctx, k, id, by, limits)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost[by] = !l.lost[by]; l.lost[by] {
		return failover.Attempt{}, errDown
	}
	return a, err
}

func newLossy() *lossy { return &lossy{lost: map[failover.ID]bool{}} }

func TestACheckWhoseLedgerReplyIsLostAsksTheVendorOnceAndIsAnsweredAtOnce(t *testing.T) {
	older, newer := []byte("0123456789abcdef0123456789abcdef"), []byte("fedcba9876543210fedcba9876543210")
	for name, tc := range map[string]struct {
		keyed bool
		keys  [][]byte // the code is sent under the last one
	}{
		"no idempotency key":              {false, [][]byte{older}},
		"one":                             {true, [][]byte{older}},
		"one, and a code of an older Key": {true, [][]byte{newer, older}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, a := newLossy(), newDouble("a", codeA)
				with := func(keys ...[]byte) *failover.Verifier {
					v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}}, Ledger: l, Keys: keys})
					require.NoError(t, err)
					return v
				}
				_, err := with(older).Send(t.Context(), phone)
				require.NoError(t, err)
				v, began := with(tc.keys...), time.Now()
				key := func() verify.CheckOption {
					if tc.keyed {
						return aKey()
					}
					return verify.WithScope("")
				}
				no := asError(t, v.Check(t.Context(), phone, wrong, key()))
				assert.Equal(t, []any{verify.ErrMismatch, 4}, []any{no.Outcome, no.AttemptsLeft}, "charged once")
				mine := key()
				require.NoError(t, v.Check(t.Context(), phone, codeA, mine))
				assert.Zero(t, time.Since(began))
				assert.Equal(t, 2, a.checks)
				if tc.keyed {
					require.NoError(t, v.Check(t.Context(), phone, codeA, mine), "made again by the browser")
					assert.Equal(t, 2, a.checks)
				}
			})
		})
	}
}

func TestOf400DoubleSubmitsWhoseLedgerRepliesAreLostTheVendorIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t, over(newLossy()))
		a.delay = 300 * time.Millisecond
		yes := 0
		for i := range 400 {
			if twice(t, v, time.Duration(i%40)*10*time.Millisecond+1, aKey()) == nil {
				yes++
			}
			time.Sleep(2 * time.Minute)
		}
		assert.Equal(t, 400, yes)
		assert.Equal(t, 400, a.checks)
	})
}
