package authy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Limits of an approval request: its message in characters, as
// https://www.twilio.com/docs/authy/api/push-authentications has it, and its
// life, as NIST SP 800-63B-4 section 3.1.3.2 has it.
const (
	maxMessage    = 144
	maxLife       = 10 * time.Minute
	defaultExpiry = 2 * time.Minute
)

// An Approval is a question that the Authy app puts to a person.
type Approval struct {
	// Message is the question, 1 to 144 characters of printable text: "Log in to
	// Acme?". Required.
	Message string
	// Details are shown below the question, by name. Defaults to none.
	Details map[string]string
	// Hidden is not shown, and comes back in callbacks. Defaults to none.
	Hidden map[string]string
	// Logos are https URLs by resolution: "default", "low", "med" and "high". With
	// any of them "default" is required. Defaults to the application's logo.
	Logos map[string]string
	// Expiry is how long the person has to answer: whole seconds, at most 10
	// minutes. Defaults to 2 minutes.
	Expiry time.Duration
}

// Format keeps an Approval, which may name a person, out of every print.
func (Approval) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("authy.Approval{[hidden]}")) }

// An ApprovalStatus says what became of an approval request. Its zero value is
// none of them.
type ApprovalStatus string

// What may become of an approval request. Only Approved is a yes.
const (
	Pending  ApprovalStatus = "pending"
	Approved ApprovalStatus = "approved"
	Denied   ApprovalStatus = "denied"
	Expired  ApprovalStatus = "expired"
)

func (s ApprovalStatus) known() bool {
	return s == Pending || s == Approved || s == Denied || s == Expired
}

// body writes an approval request, or says why it cannot.
func (a Approval) body() (body []byte, refusal string) {
	seconds := int(a.Expiry / time.Second)
	switch {
	case !isPrintable(a.Message, 4*maxMessage) || utf8.RuneCountInString(a.Message) > maxMessage:
		return nil, "the message must be 1 to 144 characters of printable text"
	case a.Expiry == 0:
		seconds = int(defaultExpiry / time.Second)
	case a.Expiry < time.Second || a.Expiry > maxLife || a.Expiry%time.Second != 0:
		return nil, "the expiry must be whole seconds, at most 10 minutes"
	}
	logos, ok := logoList(a.Logos)
	if !ok {
		return nil, "a logo is an https URL named default, low, med or high, and default is required"
	}
	body, _ = json.Marshal(struct { // strings always marshal
		Message string            `json:"message"`
		Details map[string]string `json:"details,omitempty"`
		Hidden  map[string]string `json:"hidden_details,omitempty"`
		Logos   []logo            `json:"logos,omitempty"`
		Seconds int               `json:"seconds_to_expire"` // zero would mean forever
	}{a.Message, a.Details, a.Hidden, logos, seconds})
	return body, ""
}

type logo struct {
	Res string `json:"res"`
	URL string `json:"url"`
}

func logoList(urls map[string]string) (list []logo, ok bool) {
	if len(urls) > 0 && urls["default"] == "" {
		return nil, false
	}
	for _, res := range [...]string{"default", "low", "med", "high"} {
		address, given := urls[res]
		if !given {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, false
		}
		list = append(list, logo{res, address})
	}
	return list, len(list) == len(urls)
}

// Polls of AwaitApproval.
const (
	firstPoll  = time.Second
	mostPoll   = 10 * time.Second
	mostFailed = 3 // polls in a row
)

// RequestApproval pushes a question to the Authy app of the person registered
// with a phone, and returns the id under which to wait for the answer: keep it
// with the session that asks, and never take it back from a browser.
//
// It is not repeated once it was written: after ErrOutcomeUnknown the person may
// see the question. Somebody without the app is ErrInvalidRecipient.
func (u *Users) RequestApproval(ctx context.Context, to string, a Approval) (id string, err error) {
	const op = "request approval"
	req, err := u.api.Capabilities.SubjectRequest(op, to)
	if err != nil {
		return "", err
	}
	body, refusal := a.body()
	if refusal != "" {
		return "", unsupported(op, refusal)
	}
	user, err := u.authyID(ctx, op, req.To, verify.ErrInvalidRecipient)
	if err != nil {
		return "", err
	}

	reply, err := u.api.Client.Do(ctx, driver.Call{Op: op, Route: approvalsRoute, Args: []string{user}, JSON: body})
	if err != nil {
		return "", err
	}

	got, err := readApproval(reply.Body)
	switch {
	case err != nil:
		return "", u.api.Client.Unknown(op, reply, err.Error())
	case !got.success:
		return "", u.api.Client.Failed(op, reply, noIn(op, reply))
	case !isUUID(got.uuid):
		return "", u.api.Client.Unknown(op, reply, errID.Error())
	}
	return got.uuid, nil
}

// FetchApproval returns what became of an approval request of the person
// registered with a phone. It refuses the answer about another person's request.
func (u *Users) FetchApproval(ctx context.Context, to, id string) (ApprovalStatus, error) {
	const op = "fetch approval"
	req, err := u.api.Capabilities.SubjectRequest(op, to)
	if err != nil {
		return "", err
	}
	if !isUUID(id) {
		return "", refuse(op, verify.ErrNotPending, "this is no id that RequestApproval returned")
	}
	user, err := u.authyID(ctx, op, req.To, verify.ErrNotPending)
	if err != nil {
		return "", err
	}

	reply, err := u.api.Client.Do(ctx, driver.Call{
		Op: op, Method: "GET", Route: approvalRoute, Args: []string{id}, Repeatable: true,
	})
	if err != nil {
		return "", err
	}

	got, err := readApproval(reply.Body)
	switch {
	case err != nil:
		return "", u.api.Client.Unknown(op, reply, err.Error())
	case !got.success:
		return "", u.api.Client.Failed(op, reply, noIn(op, reply))
	case !got.status.known():
		return "", u.api.Client.Unknown(op, reply, "the status of the approval request is not one we know")
	case !got.isAbout(id, user):
		return "", u.api.Client.Unknown(op, reply, "the answer speaks of another request or person")
	}
	return got.status, nil
}

// AwaitApproval waits until the person has answered and returns nil if the
// answer is yes, the only yes. No is ErrRejected, and silence ErrNotPending. It
// asks Authy every 1 to 10 seconds, for 10 minutes at most and as long as ctx
// lasts; after that the error matches ErrOutcomeUnknown, since the person may yet
// say yes.
func (u *Users) AwaitApproval(ctx context.Context, to, id string) error {
	ctx, cancel := context.WithTimeout(ctx, maxLife)
	defer cancel()
	failed := 0
	for wait := firstPoll; ; wait = min(wait*3/2, mostPoll) {
		status, err := u.FetchApproval(ctx, to, id)
		switch {
		case err == nil && status != Pending:
			return answered(status)
		case ctx.Err() != nil:
			return awaited(verify.ErrOutcomeUnknown, "the wait is over, and the person may yet answer", ctx.Err())
		case err == nil:
			failed = 0
		case failed+1 == mostFailed || !isPassing(err):
			return err
		default:
			failed++
			wait = max(wait, retryAfter(err))
		}
		sleep(ctx, wait)
	}
}

// answered turns a status that is not pending into yes or no.
func answered(s ApprovalStatus) error {
	switch s {
	case Approved:
		return nil
	case Denied:
		return awaited(verify.ErrRejected, "the person said no", nil)
	}
	return awaited(verify.ErrNotPending, "the person did not answer in time", nil)
}

func awaited(kind verify.Outcome, detail string, cause error) error {
	return &verify.Error{Vendor: vendor, Op: "await approval", Outcome: kind, Detail: detail, Err: cause}
}

// isPassing knows an error that another poll may not meet.
func isPassing(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrOutcomeUnknown:
		return true
	}
	return false
}

func retryAfter(err error) time.Duration {
	var e *verify.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// sleep ends early with ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
