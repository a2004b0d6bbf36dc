// Package emulator is for authors of emulators: it holds what every emulator of a
// vendor is made of. Nobody needs it to use one.
//
// An emulator is a [net/http.Handler] that speaks a vendor's API, as faithfully
// as the vendor's own client libraries need. It embeds a [Core] and starts it with
// its routes:
//
//	type Emulator struct {
//		emulator.Core
//		mu    sync.Mutex
//		codes emulator.List[string, *code]
//	}
//
//	func New(o Options) *Emulator {
//		e := &Emulator{codes: emulator.List[string, *code]{Life: 10 * time.Minute}}
//		e.Start(emulator.API{
//			Start: o.Start,
//			Routes: []emulator.Route{
//				{On: "send", Pattern: "POST /v1/codes", Serve: e.send},
//				{On: "check", Pattern: "POST /v1/codes/{to}/check", Serve: e.check},
//			},
//		})
//		return e
//	}
//
//	func (e *Emulator) send(r *http.Request) *emulator.Answer {
//		f, err := emulator.ReadObject(r)
//		to, ok := f.Text("to", 16)
//		if err != nil || !ok {
//			return &emulator.Answer{Status: 400, Body: map[string]string{"error": "to"}}
//		}
//		...
//		e.Deliver(emulator.Message{Vendor: "example", To: to, Channel: "sms", Code: c.code})
//		return &emulator.Answer{Status: 201, Body: map[string]string{"id": c.id}}
//	}
//
// Core adds what people control: Advance, Fail, Heal, Messages, Subscribe, Effects
// and Requests. A [Server] makes it listen. [Facts] say what the vendor's
// documentation says, and a [Vendor] lets programs range over emulators without
// knowing any.
//
// # Rules
//
// An emulator shares nothing with the client that it tests: it imports this
// package, and nothing else of this module but the root. It imports neither
// testing nor httptest, which register command-line flags, because commands link
// it. Call Deliver without a lock held and before the answer is returned: a
// subscriber may ask for the live code, and a client that has the answer finds the
// message.
package emulator

import (
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"strings"
)

// Digits returns n random decimal digits, leading zeros included.
func Digits(n int) string {
	var b strings.Builder
	for range n {
		// The error is always nil: crypto/rand ends the program instead.
		d, _ := rand.Int(rand.Reader, big.NewInt(10))
		b.WriteString(d.String())
	}
	return b.String()
}

// Hex returns n random bytes in lower-case hexadecimal, for a vendor's ids. One of them
// at least is written with a letter: an id of digits alone may be taken for a number.
func Hex(n int) string {
	b := make([]byte, n)
	for {
		_, _ = rand.Read(b) // never fails, as above
		if s := hex.EncodeToString(b); n == 0 || strings.ContainsAny(s, "abcdef") {
			return s
		}
	}
}

// UUID returns a random id in five groups, such as
// "0f8fad5b-d9cb-469f-a165-70867728950e".
func UUID() string {
	h := Hex(16)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// First returns the only one of opts, or the zero value: the options of a
// NewServer that may be left out.
func First[T any](opts []T) (first T) {
	if len(opts) > 0 {
		first = opts[0]
	}
	return first
}

// Last returns the last of all, or the zero value.
func Last[T any](all []T) (last T) {
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	return last
}

// OrNull returns a string, or nil if it is empty: what JSON calls null.
func OrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// When returns a value if something is so, and its zero value if not. [cmp.Or] of
// such answers is the first that applies: an emulator's rules, one a line.
func When[T any](so bool, value T) (zero T) {
	if so {
		return value
	}
	return zero
}
