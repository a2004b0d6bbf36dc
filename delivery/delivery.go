// Package delivery tells what became of a message: what vendors report by webhooks.
//
//	reports, err := twilio.NewReports(twilio.ReportsConfig{
//		URL: "https://login.example.com/hooks/twilio", AuthTokens: []string{token},
//	}, func(ctx context.Context, e delivery.Event) error {
//		return db.SetDelivery(ctx, e.ID, e.Status) // e.ID is Receipt.ID
//	})
//	http.Handle("POST /hooks/twilio", reports)
//
// For metrics and logs by country, observe.Deliveries joins reports with their Sends.
//
// # What is checked
//
// The signature comes first, over the raw request, by the vendor's rule and against
// the configured URL: never the Host, nor what a proxy rewrote. A report that comes
// again has its effect once, and a status never moves back from a final one to one
// on the way. A report approves no code.
//
// # Privacy
//
// An Event is made of named fields only. The recipient, the code and the text that
// some vendors repeat in a report are in no Event, no answer and no error.
package delivery

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify/internal/incoming"
)

// A Status is how far a message came.
type Status string

// The statuses. The last five are final.
const (
	Accepted    Status = "accepted"    // the vendor has it
	Sent        Status = "sent"        // an operator has it
	Delivered   Status = "delivered"   // the phone has it
	Undelivered Status = "undelivered" // it did not arrive
	Expired     Status = "expired"     // its time ended on the way
	Blocked     Status = "blocked"     // a filter, a guard or an opt-out stopped it
	Failed      Status = "failed"      // the vendor could not send it
)

// Final reports whether a message gets no further.
func (s Status) Final() bool { return s != Accepted && s != Sent }

// An Event is one report.
type Event struct {
	Vendor     string    // "twilio"
	ID         string    // the vendor's reference, which is Receipt.ID
	Status     Status    // how far the message came
	VendorCode string    // the vendor's own number for why; may be empty
	At         time.Time // when, by the vendor's clock; the time of the request if it does not say
}

// A Handle acts on an Event. If it fails or panics, the vendor is told to come again. Its
// context ends after 4 seconds, since vendors give up after 5: it must end then too.
type Handle func(context.Context, Event) error

// Errors of a [Read].
var (
	// ErrForged: the signature is missing or wrong. The answer is 403.
	ErrForged = errors.New("delivery: the signature is wrong: check the URL and the secrets of the configuration")
	// ErrIgnored: the request is signed and reports no delivery. The answer is 200.
	ErrIgnored = errors.New("delivery: no report of a delivery")
	// ErrUnreadable: the request is signed, and is not, or not all, what the vendor
	// documents. The answer is 400.
	ErrUnreadable = errors.New("delivery: the report cannot be read")
)

// A Question is the error of a [Read] whose request is signed, reports no delivery, and
// asks something: the answer is 200 with this JSON.
type Question struct{ Answer string }

func (Question) Error() string { return "delivery: no report of a delivery, but a question" }

// A Read checks the signature of a request, whose body was read, and returns what it
// reports. It is a vendor's rule, for authors of vendors. Events beside ErrUnreadable are
// those of the reports that it could read: they have their effect.
type Read func(r *http.Request, body []byte) ([]Event, error)

// Limits of a request.
const (
	MaxBody = 64 << 10 // bytes
	lease   = 30 * time.Second
	minKey  = 32

	// Vendors give up after 5 seconds: what acts has four of them, and each of the two
	// claims of a report that had no effect is given up within what is left.
	handleTime  = 4 * time.Second
	releaseTime = 400 * time.Millisecond
	pollTime    = 100 * time.Millisecond
)

// A Config says where reports are remembered. The zero value serves one
// process.
type Config struct {
	// Seen remembers reports, so that one that comes again has no effect again.
	// Defaults to a [MemorySeen].
	Seen Seen
	// Key is at least 32 random bytes, the same in every process that shares Seen: it
	// sees a MAC and no reference of a message. Defaults to a random key if Seen is
	// left out; required with a Seen.
	Key []byte
	// MaxBody is how many bytes of a request are read before its signature is checked; a
	// larger one is answered with 413. Defaults to what the vendor documents, or 64 KiB.
	MaxBody int
	// OnRefused is told of each request that was refused, by its error: many of
	// ErrForged mean a wrong secret, or somebody who tries. Defaults to nothing.
	OnRefused func(context.Context, error)
}

// NewHandler makes the handler of a vendor's reports, for authors of vendors. Of a
// request it takes those of the content type.
func NewHandler(cfg Config, contentType string, read Read, handle Handle) (http.Handler, error) {
	switch {
	case handle == nil:
		return nil, errors.New("delivery: the func that acts on events is missing")
	case cfg.Seen != nil && len(cfg.Key) < minKey:
		return nil, errors.New("delivery: Key must be at least 32 random bytes, the same in every process")
	case cfg.Key != nil && len(cfg.Key) < minKey:
		return nil, errors.New("delivery: Key must be at least 32 random bytes")
	case cfg.MaxBody < 0:
		return nil, errors.New("delivery: MaxBody must not be negative")
	}
	h := &handler{seen: cfg.Seen, key: slices.Clone(cfg.Key), contentType: contentType, read: read, handle: handle, refused: cfg.OnRefused, maxBody: int64(cmp.Or(cfg.MaxBody, MaxBody))}
	if h.seen == nil {
		h.seen = new(MemorySeen)
	}
	if h.key == nil {
		h.key = make([]byte, minKey)
		_, _ = rand.Read(h.key) // never fails: see crypto/rand
	}
	return h, nil
}

type handler struct {
	seen        Seen
	key         []byte
	contentType string
	read        Read
	handle      Handle
	refused     func(context.Context, error)
	maxBody     int64
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := incoming.Body(w, r, h.contentType, h.maxBody)
	if !ok {
		return
	}
	status, text := h.answer(r, body)
	if text != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// answer is the status that tells a vendor whether to come again, and what it asked for.
func (h *handler) answer(r *http.Request, body []byte) (status int, text string) {
	ctx, cancel := context.WithTimeout(r.Context(), handleTime)
	defer cancel()
	events, err := h.read(r, body)
	if q := (Question{}); errors.As(err, &q) {
		return http.StatusOK, q.Answer
	}
	if err != nil && !errors.Is(err, ErrIgnored) && h.refused != nil {
		h.refused(ctx, err)
	}
	unreadable := errors.Is(err, ErrUnreadable)
	switch {
	case errors.Is(err, ErrIgnored):
		return http.StatusOK, ""
	case err != nil && !unreadable:
		return http.StatusForbidden, ""
	}
	done := h.all(ctx, events)
	switch {
	case !done:
		return http.StatusServiceUnavailable, ""
	case unreadable:
		return http.StatusBadRequest, ""
	}
	return http.StatusOK, "" // and not 204: Telnyx and Telegram document that they take 200 alone
}

// What became of an event.
type fate uint8

const (
	failed fate = iota // the vendor must come again
	taken              // it need not
	busy               // another report of this message is under way
)

// all has events take their effect, all of them, so that one that fails each time keeps
// no other back. Those of a message of which another report is under way wait for it,
// behind the others. It reports whether the vendor need not come again.
func (h *handler) all(ctx context.Context, events []Event) bool {
	done := true
	for {
		var wait []Event
		for _, e := range events {
			switch h.once(ctx, e) {
			case busy:
				wait = append(wait, e)
			case failed:
				done = false
			}
		}
		if len(wait) == 0 {
			return done
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollTime):
			events = wait
		}
	}
}

// once has an event take its effect, unless it had it before or the message is past it.
// Of one message one report takes effect at a time, or the last to end of two would have
// the last word.
func (h *handler) once(ctx context.Context, e Event) fate {
	if ctx.Err() != nil {
		return failed
	}
	final, ended := h.keyOf(e, "final"), false
	switch state, err := h.seen.Begin(ctx, final, lease); {
	case err != nil:
		return failed
	case state == Busy:
		return busy
	case state == Done && !e.Status.Final():
		return taken
	case state == New:
		defer func() {
			if !ended {
				h.release(ctx, final)
			}
		}()
	}
	key := h.keyOf(e, string(e.Status))
	switch state, err := h.seen.Begin(ctx, key, lease); {
	case err != nil:
		return failed
	case state == Busy:
		return busy
	case state == Done:
		return taken
	}
	if err := h.act(ctx, e); err != nil {
		h.release(ctx, key)
		return failed
	}
	if ended = e.Status.Final(); ended {
		_ = h.seen.Done(ctx, final, keep) // without it a late report on the way has its effect
	}
	for range 2 {
		if h.seen.Done(ctx, key, keep) == nil {
			return taken
		}
	}
	return failed // it comes again, and has its effect twice rather than never
}

// release lets the vendor come again at once; else it can after the lease.
func (h *handler) release(ctx context.Context, key [16]byte) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = h.seen.Release(ctx, key)
}

var errPanicked = errors.New("delivery: the func that acts on events panicked")

func (h *handler) act(ctx context.Context, e Event) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	return h.handle(ctx, e)
}

// keyOf names what was reported, so that a store sees no reference of a message.
func (h *handler) keyOf(e Event, what string) (key [16]byte) {
	mac := hmac.New(sha256.New, h.key)
	for _, part := range [...]string{e.Vendor, e.ID, what} {
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write([]byte(part))
	}
	copy(key[:], mac.Sum(nil))
	return key
}
