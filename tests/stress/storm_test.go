package stress

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// TestChallenges lets everybody attempt at a thousand codes at once. That four
// processes attempt at one is a test of package redisstore.
func TestChallenges(t *testing.T) {
	challenges := size(50, 1000)
	for name, open := range map[string]func(*testing.T) otp.Store{
		"memory": func(*testing.T) otp.Store { return new(otp.MemoryStore) },
		"redis": func(t *testing.T) otp.Store {
			s, _ := redisStore(t)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			keys, codes := make([]otp.Key, challenges), make([]otp.MAC, challenges)
			for i := range keys {
				_, _ = rand.Read(keys[i][:]) // it never fails
				_, _ = rand.Read(codes[i][:])
				send(t, store, keys[i], codes[i], otp.Limits{})
			}
			attempts := challenges * 1000 / 5
			compared := make([]atomic.Int64, challenges)
			locked := make([]atomic.Int64, challenges)
			began := time.Now()
			storm(256, attempts, func(i int) {
				n := i % challenges
				v, _, err := store.Attempt(t.Context(), keys[n], anID(), []otp.MAC{otp.MAC(append(anIDs(), anIDs()...))}, otp.Limits{})
				switch {
				case err != nil:
					t.Error(err)
				case v == otp.Wrong:
					compared[n].Add(1)
				case v == otp.Locked:
					locked[n].Add(1)
				default:
					t.Errorf("a wrong attempt is %s", v)
				}
			})
			took := time.Since(began)
			for n := range keys {
				// The fifth comparison is answered as Locked; under looser limits one more
				// wrong attempt tells that there were five.
				require.EqualValues(t, 4, compared[n].Load())
				v, _, err := store.Attempt(t.Context(), keys[n], anID(), []otp.MAC{codes[n]}, otp.Limits{})
				require.NoError(t, err)
				require.Equal(t, otp.Locked, v, "the right code comes too late")
				more := otp.Limits{Attempts: 10, Failures: 10, Sends: 10, Cooldown: []time.Duration{0}}
				send(t, store, keys[n], codes[n], more)
				_, left, err := store.Attempt(t.Context(), keys[n], anID(), []otp.MAC{otp.MAC(append(anIDs(), anIDs()...))}, more)
				require.NoError(t, err)
				require.Equal(t, 10-5-1, left, "exactly five were compared")
			}
			assert.Positive(t, locked[0].Load())
			figure(t, "storm %s: %v attempts at %v challenges at once by 256 goroutines in %s: exactly 5 compared of each, then the right code is refused",
				name, attempts, challenges, took.Round(time.Millisecond))
		})
	}
}

func send(t *testing.T, s otp.Store, k otp.Key, mac otp.MAC, l otp.Limits) {
	t.Helper()
	a, err := s.Issue(t.Context(), k, anID(), mac, 10*time.Minute, l)
	require.NoError(t, err)
	require.Equal(t, otp.Admitted, a.Refused)
}

func anID() (id otp.ID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

func anIDs() []byte {
	id := anID()
	return id[:]
}

// storm has many goroutines make n calls.
func storm(goroutines, n int, call func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				call(i)
			}
		})
	}
	all.Wait()
}
