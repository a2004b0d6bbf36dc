// Package emulator holds what every vendor emulator is made of.
//
// An emulator is an [http.Handler] that speaks a vendor's API, as faithfully as
// the vendor's own client libraries need. It keeps a [Clock], a [Log] of the
// messages it would have delivered and a script of [Faults], and wraps its
// routes in the latter:
//
//	type Emulator struct {
//		clock  emulator.Clock
//		log    emulator.Log
//		faults emulator.Faults
//		http.Handler
//	}
//
//	e.faults.Operation = operation // "send", "check": the words of Fault.On
//	e.Handler = e.faults.Handler(http.HandlerFunc(e.serve))
//
// Its package is called after the vendor (twiliotest, authytest) and offers the
// same controls: New(Options) for any process, NewServer(t) beside it for
// tests, and the methods Advance, Code, Fail, Heal, Messages, Subscribe,
// Effects and Requests. It re-exports [Fault], [Message] and the breaks, so
// that its users never need this package.
//
// # Rules
//
// An emulator shares nothing with the client it is there to test: no package of
// this module but this one. It imports neither testing nor httptest, both of
// which register command-line flags, since commands link it too. A message is
// added to the log after the emulator's own lock is released and before the
// request is answered: a subscriber may ask for the live code, and whoever has
// seen the answer finds the message.
package emulator

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
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

// Hex returns n random bytes in lower-case hexadecimal, for a vendor's ids.
func Hex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, as above
	return hex.EncodeToString(b)
}

// JSON answers with a status and body in JSON. It keeps the headers set before,
// and a Content-Type among them.
func JSON(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody to tell
}
