// Package otp makes and checks one-time codes itself, for vendors that only
// deliver: an [Engine] is a [verify.Verifier] over a [Courier] and a [Store]. A
// Courier is a [Messenger], which takes a text, or a [CodeMessenger], which takes the
// code for a template of its own; [Fallback] joins several.
//
//	engine, err := otp.New(otp.Config{
//		Messenger: messenger,            // a vendor's plain messaging, or your own
//		Store:     new(otp.MemoryStore), // package redisstore for more than one process
//		Keys:      [][]byte{key},        // 32 random bytes, kept outside the store
//		Product:   "Acme",
//		Origin:    "login.example.com",  // browsers fill the code in there only
//	})
//	receipt, err := engine.Send(ctx, "+15005550006")
//	err = engine.Check(ctx, "+15005550006", typed)
//
// # What is kept
//
// The Store sees neither a recipient nor a code. A record is named by a keyed
// hash of recipient and scope; a code is kept as an HMAC-SHA-256 over its
// recipient, scope, amount and payee. Without the key a stolen store is of no use:
// nobody can even try all million codes against it.
//
// # Limits
//
// A code lives ten minutes at most, is accepted once, and is replaced by the next
// one sent. Each code has five attempts, and all codes together have a hundred; an
// attempt is charged before it is compared. A new code brings five new attempts,
// and only an approval clears the hundred. One recipient in one scope is sent five
// codes in ten minutes at most, with waits of 30, 40, 60 and 90 seconds between
// them. See [Limits].
//
// # When something fails
//
// A store that fails is an error, never a yes. If the messenger surely sent
// nothing, the send is revoked and the code that arrived before works again; after
// [verify.ErrOutcomeUnknown] the new code stays good, since its message may still
// arrive.
package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// A Message is one text to deliver. It prints without the text and with the
// recipient masked, under every verb.
type Message struct {
	To      string
	Channel verify.Channel
	Text    string
	TTL     time.Duration      // how long its code works: the vendor's expiry
	Ref     string             // unique to this Send and free of personal data: 32 hexadecimal digits
	Request verify.SendRequest // hints, and the vendor's own options
}

// Format shows the recipient masked and hides the text, under every verb.
func (m Message) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "otp.Message{To: %s, Channel: %s, Ref: %s}", verify.Mask(m.To), m.Channel, m.Ref)
}

// MarshalJSON writes what Format shows.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"to": verify.Mask(m.To), "channel": m.Channel, "ref": m.Ref})
}

// A Messenger delivers text. It is what a plain messaging API offers. It is safe
// for concurrent use.
type Messenger interface {
	// Deliver has one message delivered and returns the vendor's reference for it,
	// which may be empty. It must not repeat a request that the vendor may already
	// have accepted. It must honor ctx, and give up by itself within 15 seconds.
	//
	// Its error says, as that of [verify.Sender] does, whether anything can have
	// been sent. One that names no outcome counts as [verify.ErrOutcomeUnknown].
	Deliver(ctx context.Context, m Message) (id string, err error)

	// Capabilities names the vendor, its channels and the hints it uses. Digits,
	// scopes and transactions are the engine's.
	Capabilities() verify.Capabilities
}
