package authy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

const (
	maxCallback = 64 << 10 // bytes of a body or a query
	maxNonce    = 64
)

// A Callback is what Authy tells about an approval request once the person has
// answered. It is a hint to look: it approves no code, and [Users.FetchApproval]
// tells whose request it is.
type Callback struct {
	ID      string         // as RequestApproval returned it
	AuthyID string         // of the person
	Status  ApprovalStatus // Approved or Denied
}

// ReadCallback reads the request that Authy makes to Config.CallbackURL, by POST
// or GET (https://www.twilio.com/docs/authy/validation). It reads at most 64 KiB
// and nothing of the URL but the query of a GET: the signature is for the
// configured URL, whatever the Host. A body that drips is the server's to end:
// see http.Server.ReadTimeout.
//
// A callback that is not signed costs little: without a signature of 32 bytes the
// body is not read, and of any body no more than 300 values are.
//
// The error matches ErrRejected unless the signature is right and the callback
// was not read before: answer 403. ErrUnavailable says that Config.Nonces
// failed: answer 503. What is signed and not understood is ErrOutcomeUnknown.
func (u *Users) ReadCallback(r *http.Request) (Callback, error) {
	if u.callbackURL == "" {
		return Callback{}, unsupported("callback", "set Config.CallbackURL")
	}
	nonce, signature, refusal := signatureOf(r.Header)
	if refusal != "" {
		return Callback{}, forged(refusal)
	}
	pairs, refusal := pairsOf(r)
	if refusal != "" {
		return Callback{}, forged(refusal)
	}
	if !u.signed(nonce, r.Method, pairs, signature) {
		return Callback{}, forged("the signature is wrong: check Config.CallbackURL and Config.APIKey")
	}

	if err := u.firstTime(r, signature); err != nil {
		return Callback{}, err
	}
	return readCallback(pairs)
}

func forged(detail string) error { return refuse("callback", verify.ErrRejected, detail) }

// signatureOf takes the headers that each must stand once.
func signatureOf(h http.Header) (nonce string, signature []byte, refusal string) {
	nonces, signatures := h.Values("X-Authy-Signature-Nonce"), h.Values("X-Authy-Signature")
	if len(nonces) != 1 || len(signatures) != 1 || !isNonce(nonces[0]) {
		return "", nil, "the signature or its nonce is missing, or stands twice"
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(signatures[0])
	if err != nil || len(signature) != sha256.Size {
		return "", nil, "the signature is not 32 bytes in base64"
	}
	return nonces[0], signature, ""
}

// isNonce keeps the separator of what is signed out of it.
func isNonce(s string) bool {
	return s != "" && len(s) <= maxNonce &&
		strings.Trim(s, "0123456789.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// pairsOf takes what is signed out of a request, without a look at what it says.
func pairsOf(r *http.Request) (list []pair, refusal string) {
	switch r.Method {
	case http.MethodGet:
		if len(r.URL.RawQuery) > maxCallback {
			return nil, "the query is over 64 KiB"
		}
		return queryPairs(r.URL.RawQuery)
	case http.MethodPost:
	default:
		return nil, "the method is neither POST nor GET"
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, "the content type is not application/json"
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCallback+1))
	switch {
	case err != nil:
		return nil, "the body could not be read"
	case len(body) > maxCallback:
		return nil, "the body is over 64 KiB"
	}
	return jsonPairs(body)
}

// readCallback reads the very pairs that were signed: another reading of the
// body could differ from them.
func readCallback(pairs []pair) (Callback, error) {
	action, known := one(pairs, "callback_action")
	if !known || action != "approval_request_status" {
		return Callback{}, misread("the callback is about something else than an approval request")
	}
	id, hasID := one(pairs, "uuid")
	user, hasUser := one(pairs, "authy_id")
	status, hasStatus := one(pairs, "status")
	s := ApprovalStatus(status)
	switch {
	case !hasID || !hasUser || !hasStatus || !isUUID(id) || !isID(user) || !s.known():
		return Callback{}, misread("a field of the callback is missing, or not what it should be")
	case !agrees(pairs, "status", status) || !agrees(pairs, "uuid", id):
		return Callback{}, misread("the callback contradicts itself")
	}
	return Callback{ID: id, AuthyID: user, Status: s}, nil
}

func misread(detail string) error { return refuse("callback", verify.ErrOutcomeUnknown, detail) }

// agrees compares what stands outside with its copy inside, if there is one.
func agrees(pairs []pair, name, value string) bool {
	inner := "approval_request[transaction][" + name + "]"
	for _, p := range pairs {
		if p.key == inner && p.value != value {
			return false
		}
	}
	return true
}

// one returns the value of a key that stands exactly once.
func one(pairs []pair, key string) (value string, ok bool) {
	n := 0
	for _, p := range pairs {
		if p.key == key {
			value = p.value
			n++
		}
	}
	return value, n == 1
}

// Nonces remembers which callbacks were read, so that none is read twice: in a
// database, say, that all processes share. It must be safe for concurrent use.
type Nonces interface {
	// Fresh reports whether it is given key for the first time within 24 hours,
	// and remembers it, in one atomic step. A key is 64 hexadecimal digits and
	// names nobody.
	Fresh(ctx context.Context, key string) (bool, error)
}

var errFull = errors.New("authy: the memory of nonces is full")

// Limits of the memory of nonces.
const (
	keepNonces = 24 * time.Hour
	mostNonces = 1 << 16
)

// firstTime refuses a callback that was read before. What is remembered is the
// signature, which covers the nonce: recorded nonces are whole seconds, and two
// people may answer within one.
func (u *Users) firstTime(r *http.Request, signature []byte) error {
	fresh, err := u.nonces.Fresh(r.Context(), hex.EncodeToString(signature))
	switch {
	case err != nil:
		return refuse("callback", verify.ErrUnavailable, "it could not be told whether the callback is new: see Config.Nonces")
	case !fresh:
		return forged("the callback was read before")
	}
	return nil
}

// memoryNonces is a Nonces for one process. Its zero value is empty and ready.
type memoryNonces struct {
	mu    sync.Mutex
	seen  map[string]struct{}
	queue []seenAt // the oldest first
}

type seenAt struct {
	key string
	at  time.Time
}

// Fresh implements [Nonces]. A full memory is an error: to forget a callback too
// early would let it in again.
func (m *memoryNonces) Fresh(_ context.Context, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for len(m.queue) > 0 && now.Sub(m.queue[0].at) >= keepNonces {
		delete(m.seen, m.queue[0].key)
		m.queue = m.queue[1:]
	}
	if _, seen := m.seen[key]; seen {
		return false, nil
	}
	if len(m.queue) >= mostNonces {
		return false, errFull
	}
	if m.seen == nil {
		m.seen = map[string]struct{}{}
	}
	m.seen[key] = struct{}{}
	m.queue = append(m.queue, seenAt{key, now})
	return true, nil
}
