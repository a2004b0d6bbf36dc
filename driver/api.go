package driver

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify"
)

// An API is a vendor that makes and checks codes itself. The vendor's package
// fills it in once; its Send, Check, Cancel and Probe are then those of a
// [verify.Verifier]. It is safe for concurrent use if its functions are.
//
// Each call has three steps: the arguments are resolved against Capabilities, one
// call is made, and its answer is translated. A function that makes a call
// returns an error if the vendor cannot honor the request: it becomes
// verify.ErrUnsupported, or the outcome given by [Refuse], before any request.
// A function that reads an answer returns an error if the answer cannot be
// trusted: it becomes verify.ErrOutcomeUnknown. The texts of both reach an
// operator: they must quote neither the vendor nor a person.
type API struct {
	Client       *Client
	Capabilities verify.Capabilities

	// Locale returns what is asked for of a vendor that has some languages only, or
	// refuses others: the nearest one to that of a send, or "". Defaults to what was asked for.
	Locale func(verify.SendRequest) string
	// RefusesLocale knows the vendor's words that a message has no such language. The
	// send is then made once more without one, since nothing was sent. Defaults to
	// knowing none.
	RefusesLocale func(*verify.Error) bool
	// Digits returns how long the codes of a scope are, where a setting of the vendor's
	// fixes it; zero if it is not known. A send that wants another length is
	// verify.ErrUnsupported, and receipts name it. Defaults to what was asked for.
	Digits func(scope string) int

	// Binds says that the codes of a scope are bound to a transaction: a send and a check
	// of it need one, and those of every other scope must have none. Any else is
	// verify.ErrUnsupported. Defaults to leaving it to Capabilities.
	Binds func(scope string) bool

	NewSend func(Send) (Call, error)
	// ReadSend reads an answer of class 2xx to a send. Vendor, Requests and
	// PossibleDuplicate of the receipt are filled in; so are Channel and Digits as
	// they were asked for, if left out. A [Failure] as its error is what it says: the
	// vendor's no in such an answer.
	ReadSend func(Send, Reply) (verify.Receipt, error)

	NewCheck func(Check) (Call, error)
	// ReadCheck reads an answer of class 2xx to a check.
	ReadCheck func(Check, Reply) (Verdict, error)
	// CheckOnce keeps a check from being repeated after its answer was lost, for a
	// vendor to whom the second one is a second attempt.
	CheckOnce bool
	// NamesSubject says that an approval names the recipient: one that does not is
	// verify.ErrOutcomeUnknown.
	NamesSubject bool
	// IsSubject compares the recipient that an approval names with the one that was
	// asked about. Defaults to [IsSubject].
	IsSubject func(subject, to string) bool
	// OnApproved runs after an approval and before Check returns nil, for what comes
	// with it, or for a second call that confirms it where the first answer names
	// nobody. Its error becomes verify.ErrOutcomeUnknown, and its text is dropped.
	// Defaults to nothing.
	OnApproved func(context.Context, Check, Reply) error

	// NewCancel makes the call that invalidates a pending code. Without it Cancel is
	// verify.ErrUnsupported. Its Repeatable is set.
	NewCancel func(Check) (Call, error)
	// ReadCancel reads an answer of class 2xx to a cancellation. Defaults to taking
	// any for done.
	ReadCancel func(Check, Reply) error

	// References remember what a check needs of its send. Defaults to none: the
	// vendor checks by the recipient.
	References *References
}

// A Send is one send, resolved.
type Send struct{ verify.SendRequest }

// A Check is one check or cancellation, resolved.
type Check struct {
	verify.CheckRequest
	// Reference is what the send left in API.References; empty without them.
	Reference string
}

// Send is [verify.Sender].Send.
func (a *API) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	request, err := a.Capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	send := Send{request}
	if a.Locale != nil {
		send.Locale = a.Locale(request)
	}
	if a.References != nil {
		return a.sendWithReference(ctx, send)
	}
	return a.send(ctx, send)
}

// bound says what is wrong with a transaction, or that none is given.
func (a *API) bound(scope string, t verify.Transaction) error {
	if a.Binds == nil {
		return nil
	}
	given := t != verify.Transaction{}
	switch binds := a.Binds(scope); {
	case binds && !given:
		return errors.New("the codes of this scope are bound to a transaction: it needs WithTransaction")
	case given && !binds:
		return errors.New("the codes of this scope cannot be bound to a transaction")
	}
	return nil
}

func (a *API) send(ctx context.Context, send Send) (verify.Receipt, error) {
	if err := a.bound(send.Scope, send.Transaction); err != nil {
		return verify.Receipt{}, a.refused("send", err)
	}
	if a.Digits != nil {
		fixed := a.Digits(send.Scope)
		if send.Digits != 0 && send.Digits != fixed {
			return verify.Receipt{}, a.refused("send", errors.New("the codes of this scope have another length"))
		}
		send.Digits = fixed
	}
	began := time.Now()
	receipt, err := a.sendOnce(ctx, send, 0)
	if err != nil && send.Locale != "" && a.refusesLocale(err) {
		return a.sendWithoutLocale(ctx, send, err, began)
	}
	return receipt, err
}

// sendWithoutLocale is the rest of a send that was refused for its language: it has the
// time that is left of the send, and counts the requests of before.
func (a *API) sendWithoutLocale(ctx context.Context, send Send, refused error, began time.Time) (verify.Receipt, error) {
	var before, after *verify.Error
	_ = errors.As(refused, &before) // it is one: see refusesLocale
	send.Locale = ""
	receipt, err := a.sendOnce(ctx, send, max(a.Client.timeoutOf(Call{})-time.Since(began), 1))
	if errors.As(err, &after) {
		after.Requests += before.Requests
	} else if err == nil {
		receipt.Requests += before.Requests
	}
	return receipt, err
}

// refusesLocale believes no answer by which a message may have left.
func (a *API) refusesLocale(err error) bool {
	var e *verify.Error
	return a.RefusesLocale != nil && errors.As(err, &e) && e.Outcome != verify.ErrOutcomeUnknown && a.RefusesLocale(e)
}

// sendOnce makes one call, within a time unless that is zero.
func (a *API) sendOnce(ctx context.Context, send Send, within time.Duration) (verify.Receipt, error) {
	call, err := a.NewSend(send)
	if err != nil {
		return verify.Receipt{}, a.refused("send", err)
	}
	call.Op = "send"
	if within > 0 {
		call.Timeout = within
	}
	reply, err := a.Client.Do(ctx, call)
	if err != nil {
		return verify.Receipt{}, err
	}
	receipt, err := a.ReadSend(send, reply)
	if err != nil {
		var f Failure
		if errors.As(err, &f) && slices.Contains(denials[:], f.Outcome) && !reply.Repeated {
			return verify.Receipt{}, a.Client.Failed("send", reply, f)
		}
		return verify.Receipt{}, a.Client.Unknown("send", reply, err.Error())
	}
	receipt.Vendor, receipt.Requests = a.Capabilities.Vendor, reply.Requests
	receipt.PossibleDuplicate = receipt.PossibleDuplicate || reply.Repeated
	if receipt.Channel == "" {
		receipt.Channel = send.Channel
	}
	if receipt.Digits == 0 {
		receipt.Digits = send.Digits
	}
	return receipt, nil
}

// Check is [verify.Checker].Check.
func (a *API) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	request, err := a.Capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	check := Check{CheckRequest: request}
	if a.References != nil {
		return a.checkWithReference(ctx, check)
	}
	return a.check(ctx, check)
}

func (a *API) check(ctx context.Context, check Check) error {
	if err := a.bound(check.Scope, check.Transaction); err != nil {
		return a.refused("check", err)
	}
	call, err := a.NewCheck(check)
	if err != nil {
		return a.refused("check", err)
	}
	call.Op, call.Repeatable = "check", !a.CheckOnce
	if call.Timeout == 0 {
		call.Timeout = checkTimeout
	}
	reply, err := a.Client.Do(ctx, call)
	if err != nil {
		return err
	}
	verdict, err := a.ReadCheck(check, reply)
	if err := a.judge(check, reply, verdict, err); err != nil {
		return err
	}
	if a.OnApproved != nil && a.OnApproved(ctx, check, reply) != nil {
		return a.Client.Unknown("check", reply, "the code was right, but what came with the approval could not be handed on")
	}
	return nil
}

// Cancel is [verify.Canceler].Cancel.
func (a *API) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	request, err := a.Capabilities.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	if a.NewCancel == nil {
		return unsupported(a.Capabilities.Vendor, "cancel", "this vendor cannot cancel")
	}
	check := Check{CheckRequest: request}
	if a.References != nil {
		return a.cancelWithReference(ctx, check)
	}
	return a.cancel(ctx, check)
}

func (a *API) cancel(ctx context.Context, check Check) error {
	err := a.ask(ctx, "cancel", check, a.NewCancel, a.ReadCancel)
	if verify.OutcomeOf(err) == verify.ErrNotPending {
		return nil
	}
	return err
}

func (a *API) ask(ctx context.Context, op string, check Check, newCall func(Check) (Call, error), read func(Check, Reply) error) error {
	call, err := newCall(check)
	if err != nil {
		return a.refused(op, err)
	}
	call.Op, call.Repeatable = op, true
	reply, err := a.Client.Do(ctx, call)
	if err != nil || read == nil {
		return err
	}
	if err := read(check, reply); err != nil {
		return a.Client.Unknown(op, reply, err.Error())
	}
	return nil
}

// Ask makes a call of the vendor's own about a recipient in a scope, such as one that
// reads what is pending, and returns what is read of its answer. Its Repeatable is set.
// The two functions are like NewCheck and ReadSend; op names the call in errors.
func Ask[T any](ctx context.Context, a *API, op, to string, opts []verify.CheckOption, newCall func(Check) (Call, error), read func(Check, Reply) (T, error)) (T, error) {
	var found, none T
	request, err := a.Capabilities.SubjectRequest(op, to, opts...)
	if err != nil {
		return none, err
	}
	err = a.ask(ctx, op, Check{CheckRequest: request}, newCall, func(check Check, reply Reply) (err error) {
		found, err = read(check, reply)
		return err
	})
	if err != nil {
		return none, err
	}
	return found, nil
}

// Probe makes a call that reaches nobody. A vendor without a call of that kind
// makes one that only good credentials have refused in a certain way: wanted knows
// it. The text answered explains an answer that is not expected; with "" an
// answer of class 2xx is what is hoped for.
func (a *API) Probe(ctx context.Context, call Call, wanted func(*verify.Error) bool, answered string) error {
	call.Op, call.Repeatable = "probe", true
	reply, err := a.Client.Do(ctx, call)
	var e *verify.Error
	switch {
	case err == nil && answered != "":
		return a.Client.Unknown("probe", reply, answered)
	case wanted != nil && errors.As(err, &e) && wanted(e):
		return nil
	}
	return err
}

// Close closes what the API's client opened, and nothing that was handed in.
func (a *API) Close() error { return a.Client.Close() }

// A refusal is an error with an outcome, before any request.
type refusal struct {
	outcome verify.Outcome
	detail  string
}

func (r refusal) Error() string { return r.detail }

// Refuse is the error of a function that makes or signs a call and finds that the
// request has an outcome already, such as verify.ErrInvalidRecipient.
func Refuse(outcome verify.Outcome, detail string) error { return refusal{outcome, detail} }

// refused is the error of a call that was not made.
func (a *API) refused(op string, err error) error {
	outcome := verify.ErrUnsupported
	var r refusal
	if errors.As(err, &r) {
		outcome = r.outcome
	}
	return &verify.Error{Vendor: a.Capabilities.Vendor, Op: op, Outcome: outcome, Detail: err.Error()}
}

// storeTimeout bounds each question to a store of references.
const storeTimeout = 2 * time.Second
