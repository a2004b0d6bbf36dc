package totp

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// An Enrolment is what a person needs to set up an app, and what the application
// keeps until the person has shown that it works. It holds the secret: show it to
// that person only, and keep it out of logs. No verb of fmt prints it.
type Enrolment struct {
	Secret string // base32, to type instead of scanning
	URI    string // otpauth://..., to show as a QR code
	Token  string // for Confirm or Replace, within 15 minutes; keep it in the session
}

// Format hides everything, under every verb.
func (Enrolment) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("totp.Enrolment{[hidden]}")) }

// MarshalJSON refuses: an Enrolment in a log or an answer would be a leak.
func (Enrolment) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("totp: an Enrolment holds a secret: write its fields one by one")
}

// An EnrollOption changes what one Enroll does. Options are comparable values.
type EnrollOption interface{ applyEnroll(*enrolling) }

type enrolling struct{ label string }

type labelOption string

func (o labelOption) applyEnroll(e *enrolling) { e.label = string(o) }

// WithLabel names the account in the person's app, such as "a@example.com": 1 to
// 128 bytes of UTF-8 without control characters. Defaults to the account id.
func WithLabel(label string) EnrollOption { return labelOption(label) }

// Enroll makes a secret for an account. It writes nothing: the factor is kept by
// Confirm, once the person has typed a code of it.
//
// The error matches [verify.ErrInvalidRecipient] for an account that is no id, and
// [verify.ErrUnsupported] for a label that cannot be shown.
func (a *Authenticator) Enroll(_ context.Context, account string, opts ...EnrollOption) (Enrolment, error) {
	if _, err := capabilities.SubjectRequest("enroll", account); err != nil {
		return Enrolment{}, err
	}
	e := enrolling{label: account}
	for _, o := range opts {
		if o != nil {
			o.applyEnroll(&e)
		}
	}
	if !verify.IsAccount(e.label) {
		return Enrolment{}, failure("enroll", verify.ErrUnsupported, "a label is 1 to 128 bytes of UTF-8 without control characters", nil)
	}
	secret := makeSecret()
	return Enrolment{
		Secret: base32Text().EncodeToString(secret),
		URI:    uri(a.parameters, a.issuer, e.label, secret, 0),
		Token:  a.keys.token(a.parameters, secret, account, newID(), time.Now()),
	}, nil
}

// Confirm keeps the factor that Enroll made, if code is one of its codes and the
// account has no factor yet. The code's step is spent.
//
// A token that is older than 15 minutes, of another account, or not ours is
// [verify.ErrNotPending]; a wrong code is [verify.ErrMismatch]; an account that has
// a factor is [verify.ErrBlocked]: use Replace. A store that does not answer is
// [verify.ErrOutcomeUnknown]: confirm again with the same token and code.
func (a *Authenticator) Confirm(ctx context.Context, account, token, code string) error {
	f, step, err := a.proven("confirm", account, token, code)
	if err != nil {
		return err
	}
	return a.create(ctx, "confirm", f, step)
}

// proven opens a token and matches a code of its secret.
func (a *Authenticator) proven(op, account, token, code string) (*open, uint64, error) {
	req, err := capabilities.SubjectRequest(op, account)
	if err != nil {
		return nil, 0, err
	}
	now := time.Now()
	f, ok := a.keys.readToken(token, req.To, now)
	if !ok {
		return nil, 0, failure(op, verify.ErrNotPending, "this enrolment has expired or is another account's: enroll again", nil)
	}
	step, _ := f.match(code, now)
	if step == 0 {
		return nil, 0, failure(op, verify.ErrMismatch, "this is no code of the new app: is its clock right?", nil)
	}
	return f, step, nil
}

// create keeps a factor for an account that has none.
func (a *Authenticator) create(ctx context.Context, op string, f *open, step uint64) error {
	d := a.keys.get()
	defer a.keys.put(d)
	k := a.keys.key(d, f.account)
	factor := a.keys.factor(f.Parameters, f.secret, f.account, f.enrolment, step)
	id := sameCall(f.enrolment, step)
	created, err := a.store.Create(ctx, k, id, factor)
	if err != nil && ctx.Err() == nil {
		created, err = a.store.Create(ctx, k, id, factor)
	}
	switch {
	case err != nil:
		return failure(op, verify.ErrOutcomeUnknown, "the store did not answer: "+op+" again with the same code", err)
	case !created:
		return failure(op, verify.ErrBlocked, "this account has an authenticator already: replace or remove it", nil)
	}
	return nil
}

// sameCall names a Confirm by what it confirms, so that a form that is sent twice
// gets one answer.
func sameCall(enrolment ID, step uint64) ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(enrolment[:], step))
	return ID(sum[:len(ID{})])
}

// Replace puts the factor of token in the place of the account's, in one step. It
// needs a right code of the new app and one of the old, which is charged and spent
// as by Check. Its errors are those of Confirm for the new code and those of Check
// for the old.
func (a *Authenticator) Replace(ctx context.Context, account, token, oldCode, newCode string) error {
	next, step, err := a.proven("replace", account, token, newCode)
	if err != nil {
		return err
	}
	req, err := checkRequest("replace", account, oldCode)
	if err != nil {
		return err
	}
	d := a.keys.get()
	defer a.keys.put(d)
	factor := a.keys.factor(next.Parameters, next.secret, next.account, next.enrolment, step)
	return a.attempt(ctx, d, newID(), "replace", req.To, func(f *open, at time.Time) (uint64, bool) {
		return f.match(req.Code, at)
	}, func(ctx context.Context, k Key, id ID, f *open, old uint64) (bool, error) {
		return a.store.Swap(ctx, k, id, f.enrolment, old, factor)
	})
}

// An ImportOption changes what one Import takes. Options are comparable values.
type ImportOption interface{ applyImport(*importing) }

type importing struct{ minSecret int }

type minSecretOption int

func (o minSecretOption) applyImport(i *importing) { i.minSecret = int(o) }

// WithMinSecret refuses secrets shorter than so many bytes. Without it, secrets of
// 10 bytes and more are taken, since many sites issued 10 for years; RFC 4226
// section 4 asks for 16.
func WithMinSecret(bytes int) ImportOption { return minSecretOption(bytes) }

// Import keeps a factor that another system issued, or a hardware token's, from its
// otpauth URI, if the account has none. Codes of the steps up to now are taken for
// spent; the counter of a hardware token is the next one.
//
// A URI that cannot be read, or asks for what no check here can do, is
// [verify.ErrUnsupported] with the reason; an account that has a factor is
// [verify.ErrBlocked]. A store that does not answer is [verify.ErrOutcomeUnknown].
func (a *Authenticator) Import(ctx context.Context, account, uri string, opts ...ImportOption) error {
	if _, err := capabilities.SubjectRequest("import", account); err != nil {
		return err
	}
	var i importing
	for _, o := range opts {
		if o != nil {
			o.applyImport(&i)
		}
	}
	r, err := readURI(uri)
	if err != nil {
		return failure("import", verify.ErrUnsupported, err.Error(), nil)
	}
	if len(r.secret) < i.minSecret {
		return failure("import", verify.ErrUnsupported, "the secret is shorter than the application allows", nil)
	}
	step := r.counter
	if r.Kind == TOTP {
		step = r.now(time.Now())
	}
	return a.create(ctx, "import", &open{Parameters: r.Parameters, account: account, enrolment: newID(), secret: r.secret}, step)
}

// Resync makes a hardware token that was pressed too often work again: it looks for
// two successive codes within 100 counters ahead. It is charged as one attempt, and
// answers as Check does; an authenticator app is [verify.ErrUnsupported].
func (a *Authenticator) Resync(ctx context.Context, account, code1, code2 string) error {
	first, err := checkRequest("resync", account, code1)
	if err != nil {
		return err
	}
	second, err := checkRequest("resync", account, code2)
	if err != nil {
		return err
	}
	d := a.keys.get()
	defer a.keys.put(d)
	app := false
	err = a.attempt(ctx, d, newID(), "resync", account, func(f *open, _ time.Time) (uint64, bool) {
		if app = f.Kind != HOTP; app {
			return 0, false
		}
		return f.resync(first.Code, second.Code), true
	}, a.accept)
	if app {
		return failure("resync", verify.ErrUnsupported, "an authenticator app has no counter", nil)
	}
	return err
}

// checkRequest is Capabilities.CheckRequest for a call of another name.
func checkRequest(op, account, code string) (verify.CheckRequest, error) {
	req, err := capabilities.CheckRequest(account, code)
	if e, ok := err.(*verify.Error); ok { //nolint:errorlint // ours, not wrapped
		e.Op = op
	}
	return req, err
}

// Remove deletes the account's factor and all its counts. It is safe to repeat. A
// store that does not answer is [verify.ErrOutcomeUnknown].
func (a *Authenticator) Remove(ctx context.Context, account string) error {
	return a.onRecord(ctx, "remove", account, a.store.Delete)
}

// Reset lifts waits and blocks, and keeps the factor. Call it after the person has
// proven another factor. It is safe to repeat. A store that does not answer is
// [verify.ErrOutcomeUnknown].
func (a *Authenticator) Reset(ctx context.Context, account string) error {
	return a.onRecord(ctx, "reset", account, a.store.Reset)
}

func (a *Authenticator) onRecord(ctx context.Context, op, account string, do func(context.Context, Key) error) error {
	if _, err := capabilities.SubjectRequest(op, account); err != nil {
		return err
	}
	d := a.keys.get()
	defer a.keys.put(d)
	if err := do(ctx, a.keys.key(d, account)); err != nil {
		return failure(op, verify.ErrOutcomeUnknown, "the store did not answer: "+op+" again", err)
	}
	return nil
}
