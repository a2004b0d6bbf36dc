package stress

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	emulated "github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
)

// Every vendor that delivers only makes a Verifier with the engine, over memory and over
// a real Redis: a code is checked, used up and, after a lost answer, good all the same.
func TestEveryMessengerMakesAVerifier(t *testing.T) {
	for _, k := range kinds() {
		if k.checks {
			continue
		}
		for name, open := range map[string]func(t *testing.T) otp.Store{
			"memory": func(*testing.T) otp.Store { return new(otp.MemoryStore) },
			"Redis": func(t *testing.T) otp.Store {
				s, _ := redisStore(t)
				return s
			},
		} {
			t.Run(k.name+" over "+name, func(t *testing.T) {
				t.Parallel()
				if name == "Redis" && noRedis != "" {
					t.Skip(noRedis)
				}
				e := k.emulate(nil)
				srv := emulated.ServeTest(t, e, "")
				v, _ := k.must(t, srv.URL, nil, open(t))
				newest := func() string { return e.Messages()[len(e.Messages())-1].Code }

				_, err := v.Send(t.Context(), phone(1))
				require.NoError(t, err)
				require.ErrorIs(t, v.Check(t.Context(), phone(1), wrong(newest())), verify.ErrMismatch)
				require.NoError(t, v.Check(t.Context(), phone(1), newest()))
				require.ErrorIs(t, v.Check(t.Context(), phone(1), newest()), verify.ErrNotPending)

				lost := emulated.Fault{Break: emulated.Close, Effect: true, Times: -1}
				if k.asks != "" {
					lost.On = "send" // what is asked first stays
				}
				e.Fail(lost)
				_, err = v.Send(t.Context(), phone(2))
				require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
				assert.Equal(t, 2, e.Effects(), "one Send is one message")
				require.NoError(t, v.Check(t.Context(), phone(2), newest()))
			})
		}
	}
}
