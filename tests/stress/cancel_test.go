package stress

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A comparer is an otp.Store that counts the attempts that were compared.
type comparer struct {
	otp.Store
	mu       sync.Mutex
	compared map[otp.Key]int
}

// Attempt implements otp.Store.
func (c *comparer) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	v, left, err := c.Store.Attempt(ctx, k, id, macs, l)
	c.mu.Lock()
	defer c.mu.Unlock()
	if v == otp.Wrong || v == otp.Match {
		c.compared[k]++
	}
	return v, left, err
}

// A canceler makes calls whose callers go away at random.
type canceler struct {
	t        *testing.T
	verifier verify.Verifier
	mu       sync.Mutex
	rng      *rand.Rand
	outcomes map[string]int
	calls    int
}

// call ends its context at a random instant, which may be after the call.
func (c *canceler) call(op string, do func(context.Context) error) verify.Outcome {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	c.mu.Lock()
	at := time.Duration(c.rng.Int64N(int64(1500 * time.Microsecond)))
	c.mu.Unlock()
	defer time.AfterFunc(at, cancel).Stop()
	kind := verify.OutcomeOf(do(ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[op+" "+string(kind)]++
	c.calls++
	return kind
}

// flow is one person: a send, attempts that are wrong, and then two that are not.
func (c *canceler) flow(p *post, to string) (sent verify.Outcome, approved int) {
	sent = c.call("send", func(ctx context.Context) error {
		_, err := c.verifier.Send(ctx, to)
		return err
	})
	code, _ := p.newest(to)
	if code == "" {
		return sent, 0
	}
	for n := range 8 {
		typed := wrong(code)
		if n == 3 || n == 7 {
			typed = code
		}
		kind := c.call("check", func(ctx context.Context) error { return c.verifier.Check(ctx, to, typed) })
		if kind == "" {
			approved++
			assert.Equal(c.t, code, typed, "a wrong code is never approved")
		}
	}
	return sent, approved
}

// TestCancel has callers go away at random instants, over real connections.
func TestCancel(t *testing.T) {
	people := size(25, 600)
	calls, ended := 0, map[string]int{}
	before, files := goleak.IgnoreCurrent(), openFiles()
	for i, k := range kinds() {
		if k.people {
			continue // its people are registered one by one
		}
		t.Run(k.name, func(t *testing.T) {
			e := k.emulate(nil)
			p, srv := newPost(e), httptest.NewServer(e)
			defer srv.Close()
			store := &comparer{Store: new(otp.MemoryStore), compared: map[otp.Key]int{}}
			v, closer, err := k.open(srv.URL, nil, store)
			require.NoError(t, err)
			c := &canceler{t: t, verifier: v, rng: rand.New(rand.NewPCG(*seed, uint64(i)+15)), outcomes: map[string]int{}}

			sent, approved := make([]verify.Outcome, people), make([]atomic.Int64, people)
			storm(8, people, func(n int) {
				kind, yes := c.flow(p, phone(n))
				sent[n] = kind
				approved[n].Store(int64(yes))
			})
			require.NoError(t, closer.Close())
			srv.Close() // whatever was under way is over
			for n := range people {
				_, count := p.newest(phone(n))
				least, most := 0, 1
				switch sent[n] {
				case "":
					least = 1
				case unknown:
				default:
					most = 0
				}
				require.True(t, least <= count && count <= most, "%d messages after %q", count, sent[n])
				require.LessOrEqual(t, approved[n].Load(), int64(1))
			}
			for _, n := range store.compared {
				require.LessOrEqual(t, n, 5, "R18")
			}
			calls += c.calls
			for kind, n := range c.outcomes {
				ended[kind] += n
			}
		})
	}
	require.NoError(t, leaks(before))
	assert.LessOrEqual(t, openFiles(), files, "no file stays open")
	figure(t, "cancel: %v calls canceled at random instants from seed %v (%s): 0 goroutines and files left, 0 unflagged duplicates, at most 5 attempts compared, at most one approval a code",
		calls, int(*seed), fmt.Sprint(ended))
}

// openFiles is how many files this process has open, or zero where nobody tells.
func openFiles() int {
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}
