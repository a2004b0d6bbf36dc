package bench

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"flag"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
)

// A floor is the least that a local code costs: a map behind a mutex, two HMACs and a
// random code. It limits nothing, repeats no answer and writes no message.
type floor struct {
	mu   sync.Mutex
	all  map[otp.Key]mapEntry
	pool sync.Pool
}

func newFloor() *floor {
	f := &floor{all: make(map[otp.Key]mapEntry, million)}
	f.pool.New = func() any { return hmac.New(sha256.New, make([]byte, 32)) }
	var room [12]byte
	for n := range uint64(million) {
		f.send(recipient(&room, n))
	}
	return f
}

func (f *floor) hashes(to, code string) (k otp.Key, m otp.MAC) {
	h := f.pool.Get().(hash.Hash)
	defer f.pool.Put(h)
	var sum [sha256.Size]byte
	h.Reset()
	_, _ = h.Write([]byte(to))
	copy(k[:], h.Sum(sum[:0]))
	h.Reset()
	_, _ = h.Write([]byte(code))
	_, _ = h.Write([]byte(to))
	copy(m[:], h.Sum(sum[:0]))
	return k, m
}

func (f *floor) send(to string) {
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails
	code := strconv.Itoa(100_000 + int(random[0])<<16 + int(random[1])<<8 + int(random[2]))
	k, m := f.hashes(to, code)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[k] = mapEntry{mac: m, until: time.Now().Add(10 * time.Minute)}
}

func (f *floor) check(to, code string) {
	k, m := f.hashes(to, code)
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.all[k]
	if !ok || time.Now().After(e.until) {
		return
	}
	e.attempts++
	f.all[k] = e
	if subtle.ConstantTimeCompare(e.mac[:], m[:]) == 1 {
		delete(f.all, k)
	}
}

// to calls op with one of the million.
func to(op func(string)) func() error {
	return func() error {
		var room [12]byte
		op(recipient(&room, somewhere(turns.Add(1))))
		return nil
	}
}

// TestTurnsOfLocalCodes pairs a Send and a Check among a million live codes with their
// floor, and two callers with one.
func TestTurnsOfLocalCodes(t *testing.T) {
	needRatios(t)
	engine, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	f := grounded()
	sendOurs := to(func(to string) { _, _ = engine.Send(background, to) })
	checkOurs := to(func(to string) { _ = engine.Check(background, to, typed) })
	m := match{turns: 300, slice: 8 * time.Millisecond, calls: 200}
	played := m.play(t, map[string]func() error{"ours": checkOurs, "floor": to(func(to string) { f.check(to, typed) })})
	tell("Check among a million local codes: CPU / the floor", pair(played, "ours", "floor", cpu), 1.75)
	played = m.play(t, map[string]func() error{"ours": sendOurs, "floor": to(f.send)})
	tell("Send among a million local codes: CPU / the floor", pair(played, "ours", "floor", cpu), 0)

	hashing := to(func(to string) { f.hashes(to, typed) })
	for name, op := range map[string]func() error{"Check": checkOurs, "Send": sendOurs} {
		one, two := match{slice: m.slice, calls: m.calls}, match{slice: m.slice, calls: m.calls, callers: 2}
		var all, free []float64
		for range int(150 * *share) {
			a, _ := one.once(op)
			b, _ := two.once(op)
			c, _ := one.once(hashing)
			d, _ := two.once(hashing)
			all, free = append(all, b.wall/a.wall), append(free, d.wall/c.wall)
		}
		tell(name+" among a million local codes: time of two callers / one", quartiles(all), 1/1.7)
		tell("the same of two hashes alone, which share nothing: what the machine gave", quartiles(free), 0)
	}
}

// TestTurnsAsThingsGrow pairs much of something with little of it.
func TestTurnsAsThingsGrow(t *testing.T) {
	needRatios(t)
	m := match{turns: 150, slice: 8 * time.Millisecond, calls: 16}

	scoped := func(n int) func() error {
		client := withScopes(t, n)
		scope := verify.WithScope(fmt.Sprintf("scope-%04d", n/2))
		return func() error {
			_, err := client.Send(background, phone, scope)
			return err
		}
	}
	played := m.play(t, map[string]func() error{"one": scoped(1), "thousand": scoped(1000)})
	tell("a Send in one of 1,000 scopes: CPU / of one", pair(played, "thousand", "one", cpu), 1.2)

	m = match{turns: 100, slice: 2 * time.Millisecond, calls: 16}
	played = m.play(t, map[string]func() error{"few": sentBefore(t, 40_000, 4), "thousand": sentBefore(t, 200, 1000)})
	tell("a Send to a recipient with 1,000 sends of the window: CPU / with 4 or 5", pair(played, "thousand", "few", cpu), 2.0)
}

// sentBefore sends to recipients in turn, each of whom was sent so many codes.
func sentBefore(t *testing.T, recipients uint64, codes int) func() error {
	t.Helper()
	engine, err := otp.New(otp.Config{
		Messenger: void{}, Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Product: "Acme",
		Limits: otp.Limits{Sends: 4000, Window: time.Hour, Cooldown: []time.Duration{0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(0)
	send := func() error {
		var room [12]byte
		next++
		_, err := engine.Send(background, recipient(&room, next%recipients))
		return err
	}
	for range recipients * uint64(codes) {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	return send
}

func withScopes(t *testing.T, n int) *twilio.Client {
	t.Helper()
	cfg := twilio.Config{
		AccountSID: account, AuthToken: token, Service: twilio.Service{SID: service},
		HTTPClient: &http.Client{Transport: anyService{}}, Scopes: map[string]twilio.Service{},
	}
	for i := range n {
		cfg.Scopes[fmt.Sprintf("scope-%04d", i)] = twilio.Service{SID: fmt.Sprintf("VA%032d", i+1)}
	}
	client, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// anyService answers for every Service.
type anyService struct{}

func (anyService) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body) // of memory
	_ = r.Body.Close()
	sid := r.URL.Path[len("/v2/Services/"):][:len(service)]
	return &http.Response{
		StatusCode: http.StatusCreated, Header: header, Body: io.NopCloser(strings.NewReader(head + sid + tail)),
		ContentLength: int64(len(sent)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// The answer to a Send, around the Service that it names first.
var head, tail, _ = strings.Cut(sent, service)

var crowdSize = flag.Int("crowd", 10_000_000, "with -ratios: how many codes are many")

// TestTurnsAmongMillions pairs a Check among ten million live codes with one among a
// thousand, by the median of single calls.
func TestTurnsAmongMillions(t *testing.T) {
	needRatios(t)
	stores := map[string]*otp.MemoryStore{"thousand": new(otp.MemoryStore), "millions": {MaxEntries: *crowdSize}}
	sizes := map[string]uint64{"thousand": 1000, "millions": uint64(*crowdSize)}
	engines := map[string]*otp.Engine{}
	for name, store := range stores {
		engine, err := otp.New(otp.Config{
			Messenger: void{}, Store: store, Keys: [][]byte{make([]byte, 32)}, Product: "Acme", Origin: "login.example.com",
			Limits: otp.Limits{Window: 1, Cooldown: []time.Duration{0}},
		})
		if err != nil {
			t.Fatal(err)
		}
		sendAll(t, engine, sizes[name])
		engines[name] = engine
	}
	var all []float64
	for turn := range int(150 * *share) {
		if turn%4 == 3 { // or the thousand would be locked, which is another answer
			sendAll(t, engines["thousand"], sizes["thousand"])
		}
		middle := map[string]float64{}
		for _, name := range shuffled(engines) {
			var calls [1000]slice
			var room [12]byte
			for i := range calls {
				n := (uint64(turn)*uint64(len(calls)) + uint64(i)) * 618_033_989 % sizes[name]
				who := recipient(&room, n)
				began := time.Now()
				_ = engines[name].Check(background, who, typed)
				calls[i].wall = float64(time.Since(began))
			}
			middle[name] = median(calls[:], wall)
		}
		all = append(all, middle["millions"]/middle["thousand"])
	}
	tell(fmt.Sprintf("p50 of a Check at %d live codes / at 1,000", *crowdSize), quartiles(all), 2.0)
}

// sendAll sends so many codes, and forgets all failures before.
func sendAll(t *testing.T, engine *otp.Engine, codes uint64) {
	t.Helper()
	var room [12]byte
	for n := range codes {
		if codes <= 1000 {
			if err := engine.Reset(background, recipient(&room, n)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := engine.Send(background, recipient(&room, n)); err != nil {
			t.Fatal(err)
		}
	}
}
