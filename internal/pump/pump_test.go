package pump_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/internal/pump"
)

// A pump that approves nothing, in a country of a twentieth of the honest, sends at
// most 2 % of what it asks for, and at most 0.5 % of the honest are refused. Who is
// known is refused in no setting. The others have no goal: docs/guard.md tells them.
func TestAPumpIsStoppedAndTheHonestAreNot(t *testing.T) {
	for seed := range uint64(5) {
		for _, s := range pump.Settings(seed + 1) {
			goal := s.Approves == 0 && s.Attacked == 0.05
			if !goal && seed > 0 {
				continue // verify guard demo plays all
			}
			r, err := pump.Play(s, pump.Configured(guard.Config{}))
			require.NoError(t, err)
			t.Logf("%+v: %.2f %% left, %.2f %% refused", s, 100*r.LeftShare(), 100*r.RefusedShare())
			assert.Zero(t, r.KnownRefused, "%+v", s)
			if goal {
				assert.LessOrEqual(t, r.LeftShare(), 0.02, "%+v", s)
				assert.LessOrEqual(t, r.RefusedShare(), 0.005, "%+v", s)
			}
		}
	}
}

func TestWithoutRulesThePumpSendsAll(t *testing.T) {
	wide := guard.Limit{Sends: 60_000, Window: time.Hour}
	r, err := pump.Play(pump.Settings(1)[0], pump.Configured(guard.Config{
		Convert: guard.Off, Recipient: wide, Prefix: wide, Prefix4: wide, Prefix2: wide, Country: wide, IP: wide, Total: wide,
	}))
	require.NoError(t, err)
	assert.Equal(t, pump.Result{Left: pump.Messages}, r, "the play itself refuses nobody")
}

func TestAPlayIsTheSameEachTime(t *testing.T) {
	s := pump.Settings(3)[0]
	first, err := pump.Play(s, pump.Configured(guard.Config{}))
	require.NoError(t, err)
	again, err := pump.Play(s, pump.Configured(guard.Config{}))
	require.NoError(t, err)
	assert.Equal(t, first, again)
}
