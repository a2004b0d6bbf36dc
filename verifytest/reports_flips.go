package verifytest

import (
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
)

// A part is a piece of a request that is signed, or the signature.
type part struct {
	name, value string
	at          int // of the part's first bit, counted over all parts
}

// A signedRequest is a request in parts.
type signedRequest struct {
	whole *http.Request
	body  string
	parts []part
	bits  int
}

// A forgetful Seen has each report act again, so that every one is seen.
type forgetful struct{}

func (forgetful) Begin(context.Context, [16]byte, time.Duration) (delivery.State, error) {
	return delivery.New, nil
}
func (forgetful) Done(context.Context, [16]byte, time.Duration) error { return nil }
func (forgetful) Release(context.Context, [16]byte) error             { return nil }

func (s ReportsSuite) take(t *testing.T, r *http.Request) signedRequest {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	taken := signedRequest{whole: r, body: string(body)}
	add := func(name, value string) {
		require.NotEmpty(t, value, name)
		taken.parts = append(taken.parts, part{name, value, taken.bits})
		taken.bits += 8 * len(value)
	}
	if s.SecretPath {
		add("path", path.Base(r.URL.Path))
		return taken
	}
	add("body", taken.body)
	add(s.Signature, r.Header.Get(s.Signature))
	for _, name := range s.Signed {
		add(name, r.Header.Get(name))
	}
	return taken
}

// Emulated fills in Genuine, Want and Message by the reports of an emulator: for each
// status of package emulator the event that is wanted, whose ID is that of a message. The
// func has the emulator send one more, and returns the ID of its receipt.
func (s ReportsSuite) Emulated(t *testing.T, e emulator.Emulator, address string, want map[string]delivery.Event, send func() string) ReportsSuite {
	t.Helper()
	report := func(id, status string) signedRequest {
		r, err := e.Report(address, id, status)
		require.NoError(t, err, status)
		return s.take(t, r)
	}
	id := send()
	s.Genuine, s.Want = map[string]func() *http.Request{}, map[string]delivery.Event{}
	for status, event := range want {
		q := report(id, status)
		event.ID = id
		s.Genuine[status], s.Want[status] = func() *http.Request { r, _, _ := q.flipped(-1); return r }, event
	}
	statuses := slices.Sorted(maps.Keys(want))
	s.Message = func(i int) *http.Request {
		r, _, _ := report(send(), statuses[i%len(statuses)]).flipped(-1)
		return r
	}
	return s
}

// flipped is the request with one bit changed; below zero it is as it was.
func (q signedRequest) flipped(bit int) (r *http.Request, of part, at int) {
	address := *q.whole.URL
	r = &http.Request{Method: q.whole.Method, Host: q.whole.Host, Header: q.whole.Header.Clone(), URL: &address}
	body := q.body
	for _, p := range q.parts {
		if bit < p.at || bit >= p.at+8*len(p.value) {
			continue
		}
		of, at = p, bit-p.at
		changed := []byte(p.value)
		changed[at/8] ^= 1 << (at % 8)
		switch p.name {
		case "body":
			body = string(changed)
		case "path":
			address = url.URL{Path: path.Dir(q.whole.URL.Path) + "/" + string(changed)}
		default:
			r.Header.Set(p.name, string(changed))
		}
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	return r, of, at
}

// changed flips each bit of what is signed and of the signature.
func (s ReportsSuite) changed(t *testing.T) {
	messages, most := 20, number(t, "FLIPS", 0)
	if most > 0 {
		messages = 200
	}
	seed := number(t, "SEED", 1)
	lots := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // which bit is no secret
	flips, refused := 0, 0
	unsigned := map[string]int{}
	for i := range messages {
		q := s.take(t, s.message(i))
		every := 1
		if most == 0 && testing.Short() {
			every = 7
		}
		bits := func(yield func(int) bool) {
			for bit := i % every; bit < q.bits && yield(bit); bit += every {
			}
		}
		if most > 0 {
			bits = func(yield func(int) bool) { // the same share of each message
				for n := 0; n < most/messages && yield(lots.IntN(q.bits)); n++ {
				}
			}
		}
		b, h := s.handler(t, delivery.Config{Seen: forgetful{}, Key: make([]byte, 32)})
		post := func(r *http.Request) int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		r, _, _ := q.flipped(-1)
		require.Equal(t, http.StatusOK, post(r), "a genuine one is taken")
		require.Len(t, b.events, 1)
		genuine := b.events[0]
		for bit := range bits {
			r, of, at := q.flipped(bit)
			b.events = nil
			code := post(r)
			flips++
			if code >= 400 && len(b.events) == 0 {
				refused++
				continue
			}
			name := s.unsignedBit(of, at)
			require.NotEmpty(t, name, "a change of what is signed was taken: bit %d of %s of message %d", at, of.name, i)
			require.Len(t, b.events, 1)
			if time.Since(genuine.At) < time.Minute { // it says no time
				b.events[0].At = genuine.At
			}
			require.Equal(t, genuine, b.events[0], "%s: bit %d of %s of message %d", name, at, of.name, i)
			unsigned[name]++
		}
		for _, err := range b.errs {
			for _, secret := range s.Secret {
				require.NotContains(t, err.Error(), secret)
			}
		}
	}
	assert.Positive(t, refused)
	t.Logf("%d one-bit changes of %d messages, seed %d: %d refused, no other event; not signed: %v", flips, messages, seed, refused, unsigned)
}

// number is what the environment says, or else what it is by default.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

func (s ReportsSuite) message(i int) *http.Request {
	if s.Message != nil {
		return s.Message(i)
	}
	names := slices.Sorted(maps.Keys(s.Genuine))
	return s.Genuine[names[i%len(names)]]()
}

// unsignedBit is the name of what the vendor does not sign, or "".
func (s ReportsSuite) unsignedBit(of part, at int) string {
	for name, knows := range s.Unsigned {
		if knows(of.name, of.value, at) {
			return name
		}
	}
	return ""
}
