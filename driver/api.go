package driver

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	if a.References != nil {
		return a.sendWithReference(ctx, send)
	}
	return a.send(ctx, send)
}

func (a *API) send(ctx context.Context, send Send) (verify.Receipt, error) {
	call, err := a.NewSend(send)
	if err != nil {
		return verify.Receipt{}, a.refused("send", err)
	}
	call.Op = "send"
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
	call, err := a.NewCancel(check)
	if err != nil {
		return a.refused("cancel", err)
	}
	call.Op, call.Repeatable = "cancel", true
	reply, err := a.Client.Do(ctx, call)
	switch {
	case verify.OutcomeOf(err) == verify.ErrNotPending:
		return nil
	case err != nil || a.ReadCancel == nil:
		return err
	}
	if err := a.ReadCancel(check, reply); err != nil {
		return a.Client.Unknown("cancel", reply, err.Error())
	}
	return nil
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

// ProbeScopes probes what serves each scope, a vendor's "profile" or whatever it is
// called, in the order of the scopes' names. The function says in words what is
// wrong with the one of a scope, such as "was not found"; its error ends the probe,
// since the others would meet it as well. Without scopes the client was not made
// by its vendor's New.
func (a *API) ProbeScopes(ctx context.Context, noun string, scopes []string, differences func(scope string) (string, error)) error {
	outcome, faults := verify.ErrRejected, []string(nil)
	if len(scopes) == 0 {
		outcome, faults = verify.ErrUnsupported, []string{"the client was not made by New"}
	}
	slices.Sort(scopes)
	for _, scope := range scopes {
		fault, err := differences(scope)
		switch {
		case err != nil:
			return err
		case fault != "" && scope == "":
			faults = append(faults, "the "+noun+" of the empty scope "+fault)
		case fault != "":
			faults = append(faults, "the "+noun+" of scope "+scope+" "+fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &verify.Error{Vendor: a.Capabilities.Vendor, Op: "probe", Outcome: outcome, Detail: strings.Join(faults, "; ")}
}

// Close closes what the API's client opened, and nothing that was handed in.
func (a *API) Close() error { return a.Client.Close() }

// A refusal is an error with an outcome, before any request.
type refusal struct {
	outcome verify.Outcome
	detail  string
}

func (r refusal) Error() string { return r.detail }

// Refuse is the error of a function that makes a call and finds that the request
// has an outcome already, such as verify.ErrInvalidRecipient.
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
