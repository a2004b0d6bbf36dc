package observe

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// Checker wraps a Checker whose recipients are account ids, such as a
// totp.Authenticator and
// recovery.Codes, so that every observer gets an event of
// every Check, in order. A nil observer is left out.
//
//	apps := observe.Checker(authenticator, observe.Slog(slog.Default()))
//	err := apps.Check(ctx, account, typed)
//
// The event holds neither the account nor the code: its Subject is a hash of the id,
// byte for byte, that no event of New shares, and it has no CallingCode. Enroll,
// Confirm and the like are the Authenticator's own and make no event. A Verifier is
// wrapped by [New].
func Checker(c verify.Checker, observers ...Observer) verify.Checker {
	o := &observedChecker{checker: c, teller: teller{observers: some(observers)}}
	_, _ = rand.Read(o.key[:]) // never fails: see crypto/rand
	return o
}

type observedChecker struct {
	checker verify.Checker
	teller
}

// Format keeps the key, and what is wrapped, out of every print.
func (observedChecker) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("observe.Checker([hidden])"))
}

// Capabilities are those of the wrapped Checker. One that does not say takes any
// account and scope.
func (o *observedChecker) Capabilities() verify.Capabilities {
	if c, ok := o.checker.(interface{ Capabilities() verify.Capabilities }); ok {
		return c.Capabilities()
	}
	return verify.Capabilities{Accounts: true, MaxScope: maxScope}
}

// maxScope is as long as any scope may be.
const maxScope = 64

// Check checks and reports it.
func (o *observedChecker) Check(ctx context.Context, account, code string, opts ...verify.CheckOption) error {
	e := Event{Time: time.Now(), Op: OpCheck}
	err := o.checker.Check(ctx, account, code, opts...)
	e.Latency = time.Since(e.Time)

	capabilities := o.Capabilities()
	if req, refusal := capabilities.SubjectRequest("check", account, opts...); refusal == nil {
		e.Scope = req.Scope
	}
	e.Vendor = capabilities.Vendor
	e.Subject = o.subject("account", account, e.Scope)
	o.tell(ctx, e, capabilities.Vendor, err)
	return err
}
