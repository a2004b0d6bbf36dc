package stress

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

// A setting is which vendors a world has, and what is made of them.
type setting struct {
	vendors []string
	next    bool // failover goes on after an unknown outcome
}

var settings = []setting{
	{vendors: []string{"twilio"}}, {vendors: []string{"bandwidth"}}, {vendors: []string{"gatewayapi"}}, {vendors: []string{"authy"}},
	{vendors: []string{"twilio", "bandwidth"}}, {vendors: []string{"twilio", "bandwidth"}, next: true},
	{vendors: []string{"authy", "gatewayapi"}, next: true}, {vendors: []string{"gatewayapi", "twilio"}},
}

// A letter is a code that was delivered.
type letter struct {
	code string
	send int // during which Send
	at   time.Time
}

// A world is a few people, their vendors under one sky, and the truth.
type world struct {
	*sky
	setting
	t         *testing.T
	seed      uint64
	emulators []emulator
	store     otp.Store
	ledger    failover.Ledger
	verifier  verify.Verifier
	books     *books

	sends    int
	last     map[string]int      // by person: the newest Send that a store may know of
	letters  map[string][]letter // by person
	spent    map[string]bool     // by person and code: approved, whether it was told or not
	approved map[string]int      // by person and Send: how many Sends there were then
	attempts map[string]int      // by person: answered as wrong, since the last Send
}

func newWorld(t *testing.T, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 5))
	w := &world{
		sky: &sky{rng: rng}, setting: settings[seed%uint64(len(settings))], t: t, seed: seed, books: newBooks(),
		last: map[string]int{}, letters: map[string][]letter{}, spent: map[string]bool{}, approved: map[string]int{}, attempts: map[string]int{},
	}
	w.store = skyStore{new(otp.MemoryStore), w.sky}
	w.ledger = skyLedger{new(failover.MemoryLedger), w.sky}
	next := rng.IntN(1_000_000)
	code := func(digits int) string { // never one again, so that a wrong attempt is wrong
		next = (next + 7919) % 1_000_000
		return fmt.Sprintf("%0*d", digits, next)
	}
	for _, name := range w.vendors {
		e := kindOf(name).emulate(code)
		e.Subscribe(func(m message) {
			w.letters[m.To] = append(w.letters[m.To], letter{m.Code, w.sends, time.Now()})
		})
		w.emulators = append(w.emulators, e)
	}
	w.rebuild()
	return w
}

func kindOf(name string) kind {
	for _, k := range kinds() {
		if k.name == name {
			return k
		}
	}
	return kind{}
}

// rebuild makes all clients anew, as a process does that starts: what was said
// before is in the stores alone.
func (w *world) rebuild() {
	var backends []failover.Backend
	for i, name := range w.vendors {
		client := &http.Client{Transport: weather{w.sky, w.emulators[i]}}
		v, _, err := kindOf(name).open("http://vendor", client, w.store)
		require.NoError(w.t, err)
		backends = append(backends, failover.Backend{Verifier: v})
	}
	w.verifier = backends[0].Verifier
	if len(backends) > 1 {
		cfg := failover.Config{Backends: backends, Ledger: w.ledger, Keys: [][]byte{bytes.Repeat([]byte("f"), 32)}}
		if w.next {
			cfg.OnUnknown = failover.Next
		}
		var err error
		w.verifier, err = failover.New(cfg)
		require.NoError(w.t, err)
	}
	w.verifier = observe.New(w.verifier, w.books.observe)
}

func (w *world) effects() (n int) {
	for _, e := range w.emulators {
		n += e.Effects()
	}
	return n
}

// live says that to was sent code, and that nobody can have used it.
func (w *world) live(to, code string) (letter, bool) {
	for i := len(w.letters[to]) - 1; i >= 0; i-- {
		if l := w.letters[to][i]; l.code == code {
			return l, !w.spent[to+" "+code]
		}
	}
	return letter{}, false
}

// private looks for secrets in what a caller was told (I6).
func (w *world) private(told any, to, code string) {
	text := fmt.Sprintf("%v %+v %#v", told, told, told)
	require.NotContains(w.t, text, to[1:], "I6, seed %d", w.seed)
	if len(code) >= 6 && code != to {
		require.NotContains(w.t, text, code, "I6, seed %d", w.seed)
	}
	require.NotContains(w.t, text, "vendor/", "I6, seed %d", w.seed)
	require.False(w.t, strings.Contains(text, "emulated"), "I6, seed %d: %s", w.seed, text)
}
