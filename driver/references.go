package driver

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/references"
)

// Limits of references.
const (
	defaultTTL     = 10 * time.Minute
	maxTTL         = 24 * time.Hour
	maxAfterCancel = time.Minute
)

// A ReferencesConfig says where references are kept.
type ReferencesConfig struct {
	// Store keeps them. Defaults to a memory of this process.
	Store references.References
	// Keys are 1 to 8 keys of 32 bytes, the same in every process that shares Store,
	// the newest first: references are written under the first and looked up under
	// all. To change keys while several processes run, put the new one last in each,
	// then first in each, and drop the old one after TTL. Defaults to a random key, if
	// Store is left out; required with a Store.
	Keys [][]byte
	// Account tells accounts of one vendor apart that share Store.
	Account string
	// TTL is how long a reference is kept where the receipt says no expiry: 1 minute
	// to 24 hours. Defaults to 10 minutes.
	TTL time.Duration
	// Once takes a reference with the first approval, for vendors that would accept
	// a code twice: the other of two checks is verify.ErrNotPending.
	Once bool
	// ByRecipient says that the vendor checks by the recipient, and not by the reference,
	// so that after another send it may take the code of an earlier one. With Once a code
	// that was used is kept for TTL, and is verify.ErrNotPending all that time. A send whose
	// answer was lost is pending: the code that may arrive can be checked.
	ByRecipient bool
	// AfterCancel is for how long the vendor may refuse a Send after it has canceled:
	// a verify.ErrTooManySends of that time which names no wait gets this one. Another
	// process that shares Store knows of the cancellation too. At most 1 minute.
	// Defaults to nothing.
	AfterCancel time.Duration
	// Reference is what a check needs of its send. Defaults to the receipt's ID.
	Reference func(verify.Receipt) string
	// OnForged is told that a reference in Store was not written under Keys:
	// somebody else writes there, or a key differs between processes. Defaults to nothing.
	OnForged func()
}

// References remember what a vendor calls a pending verification, by recipient
// and scope. A store sees neither: the key is a MAC, and the reference is sealed
// by AES-256-GCM with that key as additional data.
type References struct {
	cfg   ReferencesConfig
	keys  []*referenceKey // newest first
	local bool            // the store does no I/O
}

// NewReferences checks cfg and makes References.
func NewReferences(cfg ReferencesConfig) (*References, error) {
	if cfg.Store == nil && len(cfg.Keys) == 0 {
		random := make([]byte, referenceKeySize)
		_, _ = rand.Read(random) // never fails
		cfg.Keys = [][]byte{random}
	}
	keys, err := newReferenceKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	cfg.Keys = nil
	if cfg.Store == nil {
		cfg.Store = new(references.Memory)
	}
	cfg.TTL = cmp.Or(cfg.TTL, defaultTTL)
	switch {
	case cfg.TTL < time.Minute || cfg.TTL > maxTTL:
		return nil, errors.New("the TTL of references must be 1 minute to 24 hours")
	case cfg.AfterCancel < 0 || cfg.AfterCancel > maxAfterCancel:
		return nil, errors.New("the time after a cancellation must be at most 1 minute")
	}
	if cfg.Reference == nil {
		cfg.Reference = func(r verify.Receipt) string { return r.ID }
	}
	_, local := cfg.Store.(*references.Memory)
	return &References{cfg, keys, local}, nil
}

// errForged is a reference that was not sealed under our key for this person.
var errForged = errors.New("the stored reference was not written by us: check the key, and who can write to the store")

// get returns what is pending: under the newest key that knows of anything. The
// error is errForged, or the store's.
func (r *References) get(ctx context.Context, all names) (p pending, found bool, err error) {
	for i, key := range r.keys {
		if p, found, err = r.getUnder(ctx, key, all[i]); found || err != nil {
			break
		}
	}
	return p, found, err
}

// getUnder asks under one key. What is over was kept for too long, was ended by a
// later send, or was put back by somebody who can write to the store.
func (r *References) getUnder(ctx context.Context, key *referenceKey, name [16]byte) (p pending, found bool, err error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	sealed, found, err := r.cfg.Store.Get(ctx, name)
	if err != nil || !found {
		return pending{}, false, err
	}
	p, ok := key.open(name, sealed)
	if !ok {
		if r.cfg.OnForged != nil {
			r.cfg.OnForged()
		}
		return pending{}, false, errForged
	}
	return p, time.Now().Before(p.end), nil
}

// ended is written under the older keys, for what ends at once.
const ended = "-"

// set writes a reference under the newest key, and over what is kept under the older
// ones: the code of an earlier send must not work again once this one is used. It has
// time of its own: the code was sent, whatever became of the caller, and is worthless
// without it.
func (r *References) set(ctx context.Context, all names, reference string, ttl time.Duration) error {
	ctx = context.WithoutCancel(ctx)
	for i, key := range r.keys {
		end := time.Now().Add(ttl)
		if i > 0 {
			reference, end, ttl = ended, time.Unix(0, 0), time.Second
		}
		if err := r.setUnder(ctx, all[i], key.sealed(all[i], reference, end), ttl); err != nil {
			return err
		}
	}
	return nil
}

// setUnder asks once more if the store fails, with the same value.
func (r *References) setUnder(ctx context.Context, name [16]byte, sealed string, ttl time.Duration) (err error) {
	for range 2 {
		if err = r.setOnce(ctx, name, sealed, ttl); err == nil {
			return nil
		}
	}
	return err
}

func (r *References) setOnce(ctx context.Context, name [16]byte, sealed string, ttl time.Duration) error {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	return r.cfg.Store.Set(ctx, name, sealed, ttl)
}

// take is asked once more if it fails, with the same id. It has time of its own:
// a code that was approved must not be left for a second approval.
func (r *References) take(ctx context.Context, p pending) (taken bool, err error) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	ctx = context.WithoutCancel(ctx)
	for range 2 {
		if taken, err = r.takeOnce(ctx, p, id); err == nil {
			return taken, nil
		}
	}
	return false, err
}

func (r *References) takeOnce(ctx context.Context, p pending, id [16]byte) (bool, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	return r.cfg.Store.Take(ctx, p.name, p.sealed, id)
}

// limit gives the store its time. A memory needs none.
func (r *References) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.local {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, storeTimeout)
}

// sendWithReference asks the store first, sends, and then remembers what the
// check will need.
func (a *API) sendWithReference(ctx context.Context, send Send) (verify.Receipt, error) {
	r := a.References
	all := r.names(a.Capabilities.Vendor, verify.CheckRequest{To: send.To, Scope: send.Scope})
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	before, found, err := r.get(ctx, all)
	if err != nil && !errors.Is(err, errForged) { // a forged one is written over
		return verify.Receipt{}, a.storeError("send", verify.ErrUnavailable, "the store of references did not answer: nothing was sent", err)
	}

	receipt, err := a.send(ctx, send)
	if err != nil {
		r.setLost(ctx, all, err)
		r.explainWait(ctx, err, all, before, found)
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
	if err := r.set(ctx, all, reference, ttl); err != nil {
		if a.NewCancel != nil {
			check := Check{CheckRequest: verify.CheckRequest{To: send.To, Scope: send.Scope}, Reference: reference}
			_ = a.cancel(ctx, check) // the code is worthless either way
		}
		return verify.Receipt{}, a.storeError("send", verify.ErrOutcomeUnknown, "a code was sent that cannot be checked, since the store of references failed", err)
	}
	return receipt, nil
}

// explainWait says how long one of ours stands in the way, where the vendor does not:
// a verification that is pending, or one that was canceled a moment ago.
func (r *References) explainWait(ctx context.Context, err error, all names, before pending, found bool) {
	var e *verify.Error
	if !errors.As(err, &e) || e.Outcome != verify.ErrTooManySends || e.RetryAfter != 0 {
		return
	}
	if found {
		e.RetryAfter = max(time.Until(before.end), 0)
	} else if r.wasCanceled(ctx, all) {
		e.RetryAfter = r.cfg.AfterCancel
	}
}

// canceledNote is what is kept in place of a reference after a cancellation. It has names
// of its own, so that it takes the place of no reference of a Send beside it.
const canceledNote = "canceled"

func (r *References) canceledNames(all names) (of names) {
	for i, key := range r.keys {
		of[i] = key.name(canceledNote, string(all[i][:]))
	}
	return of
}

// setCanceled remembers a cancellation. It is a hint: nothing is lost without it.
func (r *References) setCanceled(ctx context.Context, all names) {
	if life := r.cfg.AfterCancel; life > 0 {
		_ = r.set(ctx, r.canceledNames(all), canceledNote, life)
	}
}

func (r *References) wasCanceled(ctx context.Context, all names) bool {
	if r.cfg.AfterCancel == 0 {
		return false
	}
	p, found, err := r.get(ctx, r.canceledNames(all))
	return err == nil && found && p.reference == canceledNote
}

func (a *API) checkWithReference(ctx context.Context, check Check) error {
	r := a.References
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	p, err := a.pendingFor(ctx, "check", check)
	if err == nil {
		err = a.refuseUsed(ctx, check)
	}
	if err != nil {
		return err
	}
	check.Reference = p.reference
	if err := a.check(ctx, check); err != nil || !r.cfg.Once {
		return err
	}
	var taken bool
	if err = a.setUsed(ctx, check); err == nil {
		taken, err = r.take(ctx, p)
	}
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
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	p, err := a.pendingFor(ctx, "cancel", check)
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
	_, _ = r.take(ctx, p) // the vendor knows that it is over
	r.setCanceled(ctx, r.names(a.Capabilities.Vendor, check.CheckRequest))
	return nil
}

// pendingFor returns what is pending, or the error of a call without it.
func (a *API) pendingFor(ctx context.Context, op string, check Check) (pending, error) {
	p, found, err := a.References.get(ctx, a.References.names(a.Capabilities.Vendor, check.CheckRequest))
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
