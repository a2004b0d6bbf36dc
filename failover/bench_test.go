package failover_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/require"
)

// BenchmarkSecondVendor compares a vendor that answers in 2 ms, asked alone, with
// the same one behind a first vendor that is dead: p99-ns of both, in one run.
func BenchmarkSecondVendor(b *testing.B) {
	second := func() *double {
		d := newDouble("second", codeB)
		d.delay = 2 * time.Millisecond
		return d
	}
	dead := newDouble("dead", codeA)
	dead.fails("send", verify.ErrUnavailable)
	composite, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: dead}, {Verifier: second()}}})
	require.NoError(b, err)
	for range 20 {
		_, err := composite.Send(context.Background(), other)
		require.NoError(b, err)
	}
	b.Run("alone", func(b *testing.B) { p99(b, second()) })
	b.Run("behind a dead one", func(b *testing.B) { p99(b, composite) })
}

func p99(b *testing.B, v verify.Verifier) {
	took := make([]time.Duration, 0, b.N)
	for n := range b.N {
		began := time.Now()
		if _, err := v.Send(context.Background(), fmt.Sprintf("+1500555%04d", n%10000)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
}
