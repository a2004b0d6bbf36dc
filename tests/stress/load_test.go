package stress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

const loadGoroutines = 256

// books count the events of a Verifier, and what its callers were told.
type books struct {
	mu     sync.Mutex
	events map[string]int // by operation and outcome
	told   map[string]int
	tries  int // of sends
}

func newBooks() *books { return &books{events: map[string]int{}, told: map[string]int{}} }

func (b *books) observe(_ context.Context, e observe.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events[e.Op+" "+string(e.Outcome)]++
	if e.Op == "send" {
		b.tries += e.Requests
	}
}

func (b *books) tell(op string, err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[op+" "+string(verify.OutcomeOf(err))]++
	return err
}

// lifecycle sends a code, and checks what arrived.
func (b *books) lifecycle(ctx context.Context, v verify.Verifier, to string, arrived func(string) string) error {
	if _, err := v.Send(ctx, to); b.tell("send", err) != nil {
		return fmt.Errorf("send: %w", err)
	}
	code := arrived(to)
	if code == "" {
		return errors.New("no code arrived")
	}
	if err := v.Check(ctx, to, code); b.tell("check", err) != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

// load has many make n lifecycles, each with another person.
func (b *books) load(t *testing.T, v verify.Verifier, n int, arrived func(string) string) time.Duration {
	t.Helper()
	v = observe.New(v, b.observe)
	var next, failed atomic.Int64
	var first atomic.Pointer[error]
	var all sync.WaitGroup
	began := time.Now()
	for range min(loadGoroutines, n) {
		all.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := b.lifecycle(t.Context(), v, phone(i), arrived); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if err := first.Load(); err != nil {
		t.Errorf("%d of %d lifecycles failed, the first one: %v", failed.Load(), n, *err)
	}
	assert.Equal(t, map[string]int{"send ": n, "check ": n}, b.events, "each call is one event")
	assert.Equal(t, b.events, b.told, "what was observed is what callers were told")
	return took
}

// A desk is a Messenger that hands messages straight to people.
type desk struct {
	people  [64]post
	carried atomic.Int64
}

func newDesk() *desk {
	d := new(desk)
	for i := range d.people {
		d.people[i].codes = map[string][]string{}
	}
	return d
}

func (d *desk) of(to string) *post { return &d.people[(to[len(to)-1]-'0')*6+(to[len(to)-2]-'0')%6] }

// Deliver implements otp.Messenger.
func (d *desk) Deliver(_ context.Context, m otp.Message) (string, error) {
	d.carried.Add(1)
	d.of(m.To).deliver(m.To, codeIn(m.Text))
	return "", nil
}

// Capabilities implements otp.Messenger.
func (d *desk) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "desk", Channels: []verify.Channel{verify.ChannelSMS}}
}

// codeIn finds six digits in a row.
func codeIn(text string) string {
	run := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			run = 0
			continue
		}
		if run++; run == 6 {
			return text[i-5 : i+1]
		}
	}
	return ""
}

func TestLoadOfStores(t *testing.T) {
	for name, store := range map[string]struct {
		n    int
		open func(*testing.T) otp.Store
	}{
		"memory": {size(20_000, 1_000_000), func(*testing.T) otp.Store { return new(otp.MemoryStore) }},
		"redis": {size(2000, 200_000), func(t *testing.T) otp.Store {
			s, _ := redisStore(t)
			return s
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			e, err := newEngine(d, store.open(t))
			require.NoError(t, err)
			took := newBooks().load(t, e, store.n, func(to string) string { return d.of(to).take(to) })
			assert.EqualValues(t, store.n, d.carried.Load(), "one message a send")
			figure(t, "load %s: %v lifecycles by %v goroutines in %s, %v a second; messages carried, events and answers agree (race detector: %t)",
				name, store.n, loadGoroutines, took.Round(time.Millisecond), int(float64(store.n)/took.Seconds()), raceEnabled)
		})
	}
}

func TestLoadOfVendors(t *testing.T) {
	n := size(500, 100_000)
	for _, k := range kinds() {
		if k.people {
			continue // its people are registered one by one
		}
		t.Run(k.name, func(t *testing.T) {
			e := k.emulate(nil)
			p := newPost(e)
			srv := httptest.NewServer(e)
			t.Cleanup(srv.Close)
			transport := &http.Transport{MaxIdleConnsPerHost: loadGoroutines}
			t.Cleanup(transport.CloseIdleConnections)
			v, _ := k.must(t, srv.URL, &http.Client{Transport: transport}, nil)

			b := newBooks()
			took := b.load(t, v, n, p.take)
			assert.Equal(t, n, e.Effects(), "the vendor sent what was asked for")
			switch {
			case k.checks:
				assert.Equal(t, 2*n+tokens(e), e.Requests(), "one request a call")
			case k.asks != "":
				assert.Equal(t, 2*n, e.Requests(), "one question and one request a send")
			default:
				assert.Equal(t, n, e.Requests(), "one request a send")
			}
			figure(t, "load %s: %v lifecycles by %v goroutines in %s, %v a second; the emulator's ledger, events and answers agree (race detector: %t)",
				k.name, n, loadGoroutines, took.Round(time.Millisecond), int(float64(n)/took.Seconds()), raceEnabled)
		})
	}
}

// tokens is how many of the requests to an emulator asked for an access token.
func tokens(e emulator) int {
	if b, ok := e.(interface{ Tokens() int }); ok {
		return b.Tokens()
	}
	return 0
}
