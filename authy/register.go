package authy

import (
	"context"
	"errors"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Register makes a person known to Authy and keeps the id in the Directory. No
// message is sent. Whether Authy has one id or two for a phone that is registered
// twice is not documented; the Directory keeps the last one.
//
// After ErrOutcomeUnknown, too, Register may be called again.
func (u *Users) Register(ctx context.Context, email, phone string) error {
	req, err := u.capabilities.SubjectRequest("register", phone)
	if err != nil {
		return err
	}
	if !verify.IsEmail(email) {
		return refuse("register", verify.ErrInvalidRecipient, "the e-mail address is malformed")
	}

	reply, err := u.rest.Do(ctx, driver.Call{Op: "register", Route: newRoute, Form: newForm(email, req.To)})
	if err != nil {
		return err
	}

	a, err := readRegistered(reply.Body)
	switch {
	case err != nil:
		return u.rest.Unknown("register", reply, err.Error())
	case !a.success:
		return failure("register", reply)
	case u.directory.SetAuthyID(ctx, req.To, a.id) != nil:
		return directoryFailed(ctx, "register", verify.ErrOutcomeUnknown,
			"Authy knows the person now, but the directory failed to keep the id: call Register again")
	}
	return nil
}

// Delete has Authy forget a person, which it does within a day or so, and then
// the Directory. It returns nil if nobody is registered with the phone.
func (u *Users) Delete(ctx context.Context, phone string) error {
	req, err := u.capabilities.SubjectRequest("delete", phone)
	if err != nil {
		return err
	}
	id, err := u.authyID(ctx, "delete", req.To, verify.ErrNotPending)
	if errors.Is(err, verify.ErrNotPending) {
		return nil
	}
	if err != nil {
		return err
	}

	reply, err := u.rest.Do(ctx, driver.Call{
		Op: "delete", Route: removeRoute, Args: []string{id}, Repeatable: true,
	})
	if err == nil {
		err = u.removed(reply)
	}
	if err != nil && !isGone(err) {
		return err
	}

	if u.directory.DeleteAuthyID(ctx, req.To) != nil {
		return directoryFailed(ctx, "delete", verify.ErrOutcomeUnknown,
			"Authy has deleted the person, but the directory failed to: call Delete again")
	}
	return nil
}

func (u *Users) removed(reply driver.Reply) error {
	success, err := readSuccess(reply.Body)
	switch {
	case err != nil:
		return u.rest.Unknown("delete", reply, err.Error())
	case !success:
		return failure("delete", reply)
	}
	return nil
}

// isGone knows the answers that a user is deleted, or about to be, after an
// ambiguous try too.
func isGone(err error) bool {
	var e *verify.Error
	return errors.As(err, &e) && slices.Contains(goneCodes[:], e.VendorCode)
}

// A Status is what Authy knows of a person.
type Status struct {
	Confirmed  bool     // has typed a right code once
	Registered bool     // has the Authy app
	Disabled   bool     // is locked out by Authy
	HardToken  bool     // has a device of its own that makes codes
	Devices    []string // kinds of devices with the app: "android", "iphone"; may be empty
}

// Status returns what Authy knows of the person registered with a phone, or an
// error matching ErrInvalidRecipient if nobody is.
func (u *Users) Status(ctx context.Context, phone string) (Status, error) {
	req, err := u.capabilities.SubjectRequest("status", phone)
	if err != nil {
		return Status{}, err
	}
	id, err := u.authyID(ctx, "status", req.To, verify.ErrInvalidRecipient)
	if err != nil {
		return Status{}, err
	}

	reply, err := u.rest.Do(ctx, driver.Call{
		Op: "status", Method: "GET", Route: statusRoute, Args: []string{id}, Repeatable: true,
	})
	if err != nil {
		return Status{}, err
	}

	s, success, err := readStatus(reply.Body)
	switch {
	case err != nil:
		return Status{}, u.rest.Unknown("status", reply, err.Error())
	case !success:
		return Status{}, failure("status", reply)
	}
	return s, nil
}
