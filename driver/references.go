package driver

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/references"
)

// Limits of references.
const (
	referenceKeySize = 32
	defaultTTL       = 10 * time.Minute
	maxTTL           = 24 * time.Hour
)

// A ReferencesConfig says where references are kept.
type ReferencesConfig struct {
	// Store keeps them. Defaults to a memory of this process.
	Store references.References
	// Key is 32 bytes, the same in every process that shares Store. Defaults to a
	// random key, if Store is left out; required with a Store.
	Key []byte
	// Account tells accounts of one vendor apart that share Store.
	Account string
	// TTL is how long a reference is kept where the receipt says no expiry: 1 minute
	// to 24 hours. Defaults to 10 minutes.
	TTL time.Duration
	// Once takes a reference with the first approval, for vendors that would accept
	// a code twice: the other of two checks is verify.ErrNotPending.
	Once bool
	// Reference is what a check needs of its send. Defaults to the receipt's ID.
	Reference func(verify.Receipt) string
	// OnForged is told that a reference in Store was not written under Key: somebody
	// else writes there, or Key differs between processes. Defaults to nothing.
	OnForged func()
}

// References remember what a vendor calls a pending verification, by recipient
// and scope. A store sees neither: the key is a MAC, and the reference is sealed
// by AES-256-GCM with that key as additional data.
type References struct {
	cfg  ReferencesConfig
	mac  []byte
	seal cipher.AEAD
}

// NewReferences checks cfg and makes References.
func NewReferences(cfg ReferencesConfig) (*References, error) {
	switch {
	case cfg.Store == nil && len(cfg.Key) == 0:
		cfg.Key = make([]byte, referenceKeySize)
		_, _ = rand.Read(cfg.Key) // never fails
	case len(cfg.Key) != referenceKeySize:
		return nil, errors.New("the key of references must be 32 bytes, the same in every process that shares the store")
	}
	if cfg.Store == nil {
		cfg.Store = new(references.Memory)
	}
	switch {
	case cfg.TTL == 0:
		cfg.TTL = defaultTTL
	case cfg.TTL < time.Minute || cfg.TTL > maxTTL:
		return nil, errors.New("the TTL of references must be 1 minute to 24 hours")
	}
	if cfg.Reference == nil {
		cfg.Reference = func(r verify.Receipt) string { return r.ID }
	}
	r := &References{cfg: cfg, mac: derive(cfg.Key, "go2fa reference key")}
	block, err := aes.NewCipher(derive(cfg.Key, "go2fa reference seal"))
	if err != nil {
		return nil, err
	}
	if r.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	r.cfg.Key = nil
	return r, nil
}

// derive makes a key for one purpose.
func derive(key []byte, purpose string) []byte {
	derived, _ := hkdf.Key(sha256.New, key, nil, purpose, referenceKeySize) // the length is allowed
	return derived
}

// key names a pending verification to the store.
func (r *References) key(vendor string, request verify.CheckRequest) (key [16]byte) {
	h := hmac.New(sha256.New, r.mac)
	for _, part := range [...]string{vendor, r.cfg.Account, strings.ToLower(request.To), request.Scope} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = h.Write(length[:])    // a hash never fails
		_, _ = h.Write([]byte(part)) // nor here
	}
	copy(key[:], h.Sum(nil))
	return key
}

// A pending verification is a reference and when its code stops working.
type pending struct {
	reference string
	end       time.Time
	sealed    string // as the store holds it
}

func (r *References) sealed(key [16]byte, reference string, end time.Time) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(end.UnixMilli())) // after 1970
	plain = append(plain, reference...)
	nonce := make([]byte, r.seal.NonceSize(), r.seal.NonceSize()+len(plain)+r.seal.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(r.seal.Seal(nonce, nonce, plain, key[:]))
}

func (r *References) open(key [16]byte, sealed string) (pending, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < r.seal.NonceSize() {
		return pending{}, false
	}
	nonce, box := raw[:r.seal.NonceSize()], raw[r.seal.NonceSize():]
	plain, err := r.seal.Open(nil, nonce, box, key[:])
	if err != nil || len(plain) <= 8 {
		return pending{}, false
	}
	end := time.UnixMilli(int64(binary.BigEndian.Uint64(plain))) //nolint:gosec // sealed by us
	return pending{string(plain[8:]), end, sealed}, true
}

// errForged is a reference that was not sealed under our key for this person.
var errForged = errors.New("the stored reference was not written by us: check the key, and who can write to the store")

// get returns what is pending under key. The error is errForged, or the store's. What
// is over was kept for too long, or put back by somebody who can write to the store.
func (r *References) get(ctx context.Context, key [16]byte) (p pending, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	sealed, found, err := r.cfg.Store.Get(ctx, key)
	if err != nil || !found {
		return pending{}, false, err
	}
	p, ok := r.open(key, sealed)
	if !ok {
		if r.cfg.OnForged != nil {
			r.cfg.OnForged()
		}
		return pending{}, false, errForged
	}
	return p, time.Now().Before(p.end), nil
}

// set is asked once more if it fails, with the same value. It has time of its own:
// the code was sent, whatever became of the caller, and is worthless without it.
func (r *References) set(ctx context.Context, key [16]byte, sealed string, ttl time.Duration) (err error) {
	ctx = context.WithoutCancel(ctx)
	for range 2 {
		if err = r.setOnce(ctx, key, sealed, ttl); err == nil {
			return nil
		}
	}
	return err
}

func (r *References) setOnce(ctx context.Context, key [16]byte, sealed string, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return r.cfg.Store.Set(ctx, key, sealed, ttl)
}

// take is asked once more if it fails, with the same id. It has time of its own:
// a code that was approved must not be left for a second approval.
func (r *References) take(ctx context.Context, key [16]byte, p pending) (taken bool, err error) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	ctx = context.WithoutCancel(ctx)
	for range 2 {
		if taken, err = r.takeOnce(ctx, key, p, id); err == nil {
			return taken, nil
		}
	}
	return false, err
}

func (r *References) takeOnce(ctx context.Context, key [16]byte, p pending, id [16]byte) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return r.cfg.Store.Take(ctx, key, p.sealed, id)
}

// sendWithReference asks the store first, sends, and then remembers what the
// check will need.
func (a *API) sendWithReference(ctx context.Context, send Send) (verify.Receipt, error) {
	r := a.References
	key := r.key(a.Capabilities.Vendor, verify.CheckRequest{To: send.To, Scope: send.Scope})
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	before, found, err := r.get(ctx, key)
	if err != nil && !errors.Is(err, errForged) { // a forged one is written over
		return verify.Receipt{}, a.storeError("send", verify.ErrUnavailable, "the store of references did not answer: nothing was sent", err)
	}

	receipt, err := a.send(ctx, send)
	if err != nil {
		if found {
			waitForPending(err, before.end)
		}
		return verify.Receipt{}, err
	}
	reference := r.cfg.Reference(receipt)
	if reference == "" {
		return verify.Receipt{}, a.storeError("send", verify.ErrOutcomeUnknown, "the answer holds no reference, without which the code cannot be checked", nil)
	}

	ttl := r.cfg.TTL
	if !receipt.ExpiresAt.IsZero() {
		ttl = min(max(time.Until(receipt.ExpiresAt), time.Second), maxTTL)
	}
	if err := r.set(ctx, key, r.sealed(key, reference, time.Now().Add(ttl)), ttl); err != nil {
		if a.NewCancel != nil {
			check := Check{CheckRequest: verify.CheckRequest{To: send.To, Scope: send.Scope}, Reference: reference}
			_ = a.cancel(ctx, check) // the code is worthless either way
		}
		return verify.Receipt{}, a.storeError("send", verify.ErrOutcomeUnknown, "a code was sent that cannot be checked, since the store of references failed", err)
	}
	return receipt, nil
}

// waitForPending says how long a verification of ours stands in the way, where
// the vendor does not.
func waitForPending(err error, end time.Time) {
	var e *verify.Error
	if errors.As(err, &e) && e.Outcome == verify.ErrTooManySends && e.RetryAfter == 0 {
		e.RetryAfter = max(time.Until(end), 0)
	}
}

func (a *API) checkWithReference(ctx context.Context, check Check) error {
	r := a.References
	key := r.key(a.Capabilities.Vendor, check.CheckRequest)
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	p, err := a.pendingFor(ctx, "check", key)
	if err != nil {
		return err
	}
	check.Reference = p.reference
	if err := a.check(ctx, check); err != nil || !r.cfg.Once {
		return err
	}
	taken, err := r.take(ctx, key, p)
	switch {
	case err != nil:
		return a.storeError("check", verify.ErrOutcomeUnknown, "the code was right, but the store of references did not say whether it was used before", err)
	case !taken:
		return a.storeError("check", verify.ErrNotPending, "the code was used, or a newer one was sent", nil)
	}
	return nil
}

func (a *API) cancelWithReference(ctx context.Context, check Check) error {
	r := a.References
	key := r.key(a.Capabilities.Vendor, check.CheckRequest)
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	p, err := a.pendingFor(ctx, "cancel", key)
	if verify.OutcomeOf(err) == verify.ErrNotPending {
		return nil
	}
	if err != nil {
		return err
	}
	check.Reference = p.reference
	if err := a.cancel(ctx, check); err != nil {
		return err
	}
	_, _ = r.take(ctx, key, p) // the vendor knows that it is over
	return nil
}

// pendingFor returns what is pending, or the error of a call without it.
func (a *API) pendingFor(ctx context.Context, op string, key [16]byte) (pending, error) {
	p, found, err := a.References.get(ctx, key)
	switch {
	case errors.Is(err, errForged):
		return pending{}, a.storeError(op, verify.ErrOutcomeUnknown, errForged.Error(), nil)
	case err != nil:
		return pending{}, a.storeError(op, verify.ErrUnavailable, "the store of references did not answer: the vendor was not asked", err)
	case !found:
		return pending{}, a.storeError(op, verify.ErrNotPending, "no code was sent, or it has expired", nil)
	}
	return p, nil
}

// storeError shows of the store's error only whether the caller's context ended:
// a store may quote what it was given.
func (a *API) storeError(op string, outcome verify.Outcome, detail string, err error) error {
	e := &verify.Error{Vendor: a.Capabilities.Vendor, Op: op, Outcome: outcome, Detail: detail}
	for _, cause := range [...]error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			e.Err = cause
		}
	}
	return e
}
