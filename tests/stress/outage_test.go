package stress

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// An outage is a vendor that may be dead, and slow as vendors are.
type outage struct {
	vendor http.Handler
	mu     sync.Mutex
	rng    *rand.Rand
	dead   func(*http.Request) (*http.Response, error) // nil: alive
	tries  int
}

func newOutage(vendor http.Handler) *outage {
	return &outage{vendor: vendor, rng: rand.New(rand.NewPCG(*seed, 14))}
}

// RoundTrip implements http.RoundTripper.
func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.tries++
	dead := o.dead
	pause := 20*time.Millisecond + time.Duration(o.rng.Int64N(int64(80*time.Millisecond)))
	o.mu.Unlock()
	if dead != nil {
		return dead(r)
	}
	time.Sleep(pause)
	return line{o.vendor}.RoundTrip(r)
}

// deaths are the ways to be dead for good.
var deaths = map[string]func(*http.Request) (*http.Response, error){
	"refuses": func(r *http.Request) (*http.Response, error) {
		refuse(r)
		return unmade(r, 0)
	},
	"throttles": func(r *http.Request) (*http.Response, error) {
		connect(r)
		write(r)
		return answer(r, http.StatusTooManyRequests, "", nil), nil
	},
	"resets": func(r *http.Request) (*http.Response, error) {
		connect(r)
		write(r)
		return unheard(r, 0)
	},
}

// TestDeadVendor counts what a dead vendor is asked.
func TestDeadVendor(t *testing.T) {
	n := size(500, 10_000)
	limit := n + n/10 + 20
	var most, cases atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, k := range kinds() {
			for way, dead := range deaths {
				for _, op := range []string{"send", "check"} {
					if op == "check" && !k.checks {
						continue
					}
					t.Run(fmt.Sprintf("%s %s, %s", k.name, way, op), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							tries := askDead(t, k, dead, op, n)
							assert.LessOrEqual(t, tries, limit)
							for was := most.Load(); int64(tries) > was && !most.CompareAndSwap(was, int64(tries)); was = most.Load() {
							}
							cases.Add(1)
						})
					})
				}
			}
		}
	})
	figure(t, "outage: %v calls at a dead vendor made %v requests at most, of %v allowed, in each of %v cases of vendor, operation and way to be dead",
		n, int(most.Load()), limit, int(cases.Load()))
}

// askDead makes n calls, and counts their requests.
func askDead(t *testing.T, k kind, dead func(*http.Request) (*http.Response, error), op string, n int) (tries int) {
	k = k.withToken() // its requests alone are counted
	o := newOutage(k.emulate(nil))
	o.dead = dead
	v, _ := k.must(t, "http://vendor", &http.Client{Transport: o}, nil)
	for i := range n {
		var err error
		if op == "send" {
			_, err = v.Send(t.Context(), phone(i))
		} else {
			err = v.Check(t.Context(), phone(i), canaryCode(k.digits()))
		}
		require.Error(t, err)
	}
	return o.tries
}

// TestRecovery sends through two vendors, of which the first dies and comes
// back, and holds the second against itself alone.
func TestRecovery(t *testing.T) {
	n := size(2000, 10_000)
	synctest.Test(t, func(t *testing.T) {
		first, second := newOutage(kindOf("twilio").emulate(nil)), newOutage(kindOf("bandwidth").emulate(nil))
		backend := func(name string, o *outage) verify.Verifier {
			v, _, err := kindOf(name).open("http://vendor", &http.Client{Transport: o}, nil)
			require.NoError(t, err)
			return v
		}
		v, err := failover.New(failover.Config{Backends: []failover.Backend{
			{Verifier: backend("twilio", first)}, {Verifier: backend("bandwidth", second)},
		}})
		require.NoError(t, err)
		person := 0
		p99 := func(v verify.Verifier) time.Duration {
			var took []time.Duration
			for range n {
				person++
				began := time.Now()
				_, err := v.Send(t.Context(), phone(person))
				require.NoError(t, err)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			return took[len(took)*99/100]
		}

		alone := p99(backend("bandwidth", newOutage(kindOf("bandwidth").emulate(nil))))
		first.dead = deaths["refuses"]
		during := p99(v)
		assert.InEpsilon(t, float64(alone), float64(during), 0.1)
		asked := first.tries

		first.dead = nil
		healed, calls := time.Now(), 0
		for receipt := (verify.Receipt{}); receipt.Vendor != "twilio"; calls++ {
			person++
			receipt, err = v.Send(t.Context(), phone(person))
			require.NoError(t, err)
			require.Less(t, time.Since(healed), 31*time.Second, "one half-open period")
		}
		back := time.Since(healed)
		figure(t, "outage: the first vendor dead for %v sends: it was asked %v times, the second one's p99 is %s, and %s alone; back %s after it healed",
			n, asked, during.Round(time.Microsecond), alone.Round(time.Microsecond), back.Round(time.Millisecond))
	})
}
