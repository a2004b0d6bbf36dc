package authy

import (
	"context"
	"errors"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

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
	req, err := u.capabilities.SubjectRequest(op, to)
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

	reply, err := u.rest.Do(ctx, driver.Call{Op: op, Route: approvalsRoute, Args: []string{user}, JSON: body})
	if err != nil {
		return "", err
	}

	got, err := readApproval(reply.Body)
	switch {
	case err != nil:
		return "", u.rest.Unknown(op, reply, err.Error())
	case !got.success:
		return "", failure(op, reply)
	case !isUUID(got.uuid):
		return "", u.rest.Unknown(op, reply, errID.Error())
	}
	return got.uuid, nil
}

// FetchApproval returns what became of an approval request of the person
// registered with a phone. It refuses the answer about another person's request.
func (u *Users) FetchApproval(ctx context.Context, to, id string) (ApprovalStatus, error) {
	const op = "fetch approval"
	req, err := u.capabilities.SubjectRequest(op, to)
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

	reply, err := u.rest.Do(ctx, driver.Call{
		Op: op, Method: "GET", Route: approvalRoute, Args: []string{id}, Repeatable: true,
	})
	if err != nil {
		return "", err
	}

	got, err := readApproval(reply.Body)
	switch {
	case err != nil:
		return "", u.rest.Unknown(op, reply, err.Error())
	case !got.success:
		return "", failure(op, reply)
	case !got.status.known():
		return "", u.rest.Unknown(op, reply, "the status of the approval request is not one we know")
	case !got.isAbout(id, user):
		return "", u.rest.Unknown(op, reply, "the answer speaks of another request or person")
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
