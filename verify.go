// Package verify sends one-time codes and checks what a person types back,
// with any of several vendors.
//
// A vendor is one small package whose client is a [Verifier]:
//
//	client, err := twilio.New(twilio.Config{
//		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
//		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
//		Service:    twilio.Service{SID: os.Getenv("TWILIO_SERVICE_SID")},
//	})
//	receipt, err := client.Send(ctx, "+15005550006")
//	err = client.Check(ctx, "+15005550006", typed)
//
// # The one yes
//
// A nil error from Check is the only yes. Every other answer, an outage and a
// bug included, keeps the door shut.
//
// # Errors
//
// Decide with [errors.Is] on the twelve outcomes ([ErrMismatch] and so on), or
// switch on [OutcomeOf]; explain with [*Error]. After [ErrOutcomeUnknown] the
// request left and no trustworthy answer came back: the message may still
// arrive, so ask the person instead of sending again.
//
// # Privacy
//
// No error, option, request or receipt of this module prints a recipient, a
// code, a credential or a URL, whatever the verb. [Mask] shows a recipient in
// a form fit for logs and pages.
//
// # Concurrency
//
// Every Verifier of this module is safe for concurrent use.
package verify

import (
	"context"
	"time"
)

// A Sender starts a verification by having a one-time code delivered.
type Sender interface {
	// Send has a code delivered to one recipient. It returns once the vendor
	// has accepted the message, which is before it arrives.
	//
	// The recipient is a phone number in E.164 form ("+15005550006"), or an
	// e-mail address for [ChannelEmail].
	//
	// Send is not idempotent: it costs money and reaches a person. An
	// implementation must not repeat a request that the vendor may already
	// have accepted, and must honor ctx.
	//
	// On failure it returns an [*Error] matching one of the Err variables of
	// this package. After [ErrOutcomeUnknown] the message may still arrive.
	Send(ctx context.Context, to string, opts ...SendOption) (Receipt, error)
}

// A Checker finishes a verification by checking the code a person typed.
type Checker interface {
	// Check returns nil if code was sent to this recipient in this scope, still
	// works, and was never accepted before, and an error in every other case.
	//
	// The error matches [ErrMismatch] if the person may try again, and
	// [ErrTooManyAttempts] or [ErrNotPending] if a new code must be sent. Any
	// other error says nothing about the code.
	Check(ctx context.Context, to, code string, opts ...CheckOption) error
}

// A Verifier both sends and checks, and says what it can do. Every vendor client
// is one, and so is everything that wraps or combines them.
type Verifier interface {
	Sender
	Checker
	// Capabilities says what Send and Check honor: a page offers only what works.
	Capabilities() Capabilities
}

// A Canceler can invalidate a pending code before it expires.
type Canceler interface {
	// Cancel returns nil if nothing is pending.
	Cancel(ctx context.Context, to string, opts ...CheckOption) error
}

// A Prober can be asked whether it would work, before a person depends on it.
type Prober interface {
	// Probe checks what can be checked without reaching a person: credentials,
	// settings and, where the vendor cares, the clock. It sends no message, uses no
	// attempt and may be repeated. Nil means that no fault was found; only a real
	// Send proves that codes arrive.
	//
	// The error is an [*Error] whose Detail says what to change. Several faults are
	// separated by "; ".
	Probe(ctx context.Context) error
}

// A Warmer can open a connection ahead of a Send.
type Warmer interface {
	// Warm opens a connection to the vendor, so that the next Send need not wait for
	// one: call it when a page is shown that leads to a Send. It sends no request,
	// spends no attempt, and may be called as often as the page is shown: it returns
	// nil where a connection is at hand, was opened a moment ago, or cannot be
	// opened ahead, as through a proxy. An error changes nothing for the Send.
	Warm(ctx context.Context) error
}

// As returns v, or the first Verifier that it wraps by an Unwrap() Verifier
// method, that is also a T: a [Canceler], a [Prober], a [Warmer], an io.Closer, a vendor's client.
func As[T any](v Verifier) (T, bool) {
	for v != nil {
		if t, ok := v.(T); ok {
			return t, true
		}
		w, ok := v.(interface{ Unwrap() Verifier })
		if !ok {
			break
		}
		v = w.Unwrap()
	}
	var none T
	return none, false
}

// A Channel is how a code travels to a person.
type Channel string

// The channels. A vendor offers those in its [Capabilities].
const (
	ChannelSMS      Channel = "sms"
	ChannelVoice    Channel = "voice"
	ChannelWhatsApp Channel = "whatsapp"
	ChannelEmail    Channel = "email"

	// ChannelApp appears in receipts only, when a vendor chose its own app over
	// what was asked. Asking for it is refused with ErrUnsupported.
	ChannelApp Channel = "app"

	// ChannelTelegram is a message in Telegram.
	ChannelTelegram Channel = "telegram"

	// ChannelRCS appears in receipts, when a vendor sent what was asked for by sms
	// as a message of Rich Communication Services instead.
	ChannelRCS Channel = "rcs"
)

// A Receipt is what a vendor hands back for an accepted message. It holds
// neither the recipient nor the code.
type Receipt struct {
	ID        string    `json:"id,omitempty"`        // the vendor's reference, for logs and support tickets; may be empty
	Vendor    string    `json:"vendor"`              // which vendor accepted it: "twilio"
	Channel   Channel   `json:"channel"`             // how the code travels in fact, which may differ from what was asked
	Digits    int       `json:"digits,omitempty"`    // length of the code, so that a form need not attempt; zero if unknown
	ExpiresAt time.Time `json:"expires_at,omitzero"` // when the code stops working; zero if the vendor does not say
	ResendAt  time.Time `json:"resend_at,omitzero"`  // before this another Send is refused; zero if there is no such limit or it is unknown
	Requests  int       `json:"requests,omitempty"`  // requests made, the accepted one included
	// PossibleDuplicate says that another copy of the code may be on its way.
	PossibleDuplicate bool `json:"possible_duplicate,omitempty"`
	// Repeated says that this is the receipt of an earlier Send with the same
	// idempotency key: nothing was sent now.
	Repeated bool `json:"repeated,omitempty"`
}
