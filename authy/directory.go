package authy

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A Directory remembers which Authy id belongs to which phone number: Authy
// speaks of its users by an id only. It is a table of the application's own
// database, and must be safe for concurrent use.
//
// A phone comes in E.164 form. An id is 1 to 20 decimal digits. An error is told
// to the caller as ErrUnavailable without its text, which may name a person: log
// it where it arises.
type Directory interface {
	// AuthyID returns the id of a phone, or false if nobody is registered with it.
	AuthyID(ctx context.Context, phone string) (id string, ok bool, err error)
	// SetAuthyID keeps the id of a phone, in place of one that was there.
	SetAuthyID(ctx context.Context, phone, id string) error
	// DeleteAuthyID forgets a phone. It returns nil if there is nothing to forget.
	DeleteAuthyID(ctx context.Context, phone string) error
}

// A MemoryDirectory is a Directory for tests and demonstrations: it ends with
// the process. Its zero value is empty and ready.
type MemoryDirectory struct {
	mu  sync.Mutex
	ids map[string]string
}

var _ Directory = (*MemoryDirectory)(nil)

// AuthyID implements [Directory].
func (d *MemoryDirectory) AuthyID(_ context.Context, phone string) (string, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok := d.ids[phone]
	return id, ok, nil
}

// SetAuthyID implements [Directory].
func (d *MemoryDirectory) SetAuthyID(_ context.Context, phone, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ids == nil {
		d.ids = map[string]string{}
	}
	d.ids[phone] = id
	return nil
}

// DeleteAuthyID implements [Directory].
func (d *MemoryDirectory) DeleteAuthyID(_ context.Context, phone string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ids, phone)
	return nil
}

// authyID looks a phone up. missing is what it means to the call that nobody is
// registered with it.
func (u *Users) authyID(ctx context.Context, op, phone string, missing verify.Outcome) (string, error) {
	if ctx.Err() != nil {
		return "", directoryFailed(ctx, op, verify.ErrUnavailable, "the call was over before it began")
	}
	id, ok, err := u.directory.AuthyID(ctx, phone)
	switch {
	case err != nil:
		return "", directoryFailed(ctx, op, verify.ErrUnavailable, "the directory of Authy ids failed")
	case !ok:
		return "", refuse(op, missing, "nobody is registered with this phone: call Register first")
	case !isID(id):
		return "", refuse(op, verify.ErrUnavailable, "the directory holds something that is no Authy id of 1 to 20 digits")
	}
	return id, nil
}

// directoryFailed leaves the application's own error out: it may name a person.
func directoryFailed(ctx context.Context, op string, kind verify.Outcome, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Detail: detail, Err: ctx.Err()}
}

// isID knows what can neither change a path nor name anything but a user.
func isID(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 20
}

// Register makes a person known to Authy and keeps the id in the Directory. No
// message is sent. Whether Authy has one id or two for a phone that is registered
// twice is not documented; the Directory keeps the last one.
//
// After ErrOutcomeUnknown, too, Register may be called again.
func (u *Users) Register(ctx context.Context, email, phone string) error {
	req, err := u.api.Capabilities.SubjectRequest("register", phone)
	if err != nil {
		return err
	}
	if !verify.IsEmail(email) {
		return refuse("register", verify.ErrInvalidRecipient, "the e-mail address is malformed")
	}

	reply, err := u.api.Client.Do(ctx, driver.Call{Op: "register", Route: newRoute, Form: newForm(email, req.To)})
	if err != nil {
		return err
	}

	a, err := readRegistered(reply.Body)
	switch {
	case err != nil:
		return u.api.Client.Unknown("register", reply, err.Error())
	case !a.success:
		return u.api.Client.Failed("register", reply, noIn("register", reply))
	case u.directory.SetAuthyID(ctx, req.To, a.id) != nil:
		return directoryFailed(ctx, "register", verify.ErrOutcomeUnknown,
			"Authy knows the person now, but the directory failed to keep the id: call Register again")
	}
	return nil
}

func newForm(email, phone string) driver.Form {
	country, number := split(phone)
	var form driver.Form
	form.Add("user[email]", email)
	form.Add("user[cellphone]", number)
	form.Add("user[country_code]", country)
	form.Add("send_install_link_via_sms", "false")
	return form
}

// Delete has Authy forget a person, which it does within a day or so, and then
// the Directory. It returns nil if nobody is registered with the phone.
func (u *Users) Delete(ctx context.Context, phone string) error {
	req, err := u.api.Capabilities.SubjectRequest("delete", phone)
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

	reply, err := u.api.Client.Do(ctx, driver.Call{
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
		return u.api.Client.Unknown("delete", reply, err.Error())
	case !success:
		return u.api.Client.Failed("delete", reply, noIn("delete", reply))
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
	req, err := u.api.Capabilities.SubjectRequest("status", phone)
	if err != nil {
		return Status{}, err
	}
	id, err := u.authyID(ctx, "status", req.To, verify.ErrInvalidRecipient)
	if err != nil {
		return Status{}, err
	}

	reply, err := u.api.Client.Do(ctx, driver.Call{
		Op: "status", Method: "GET", Route: statusRoute, Args: []string{id}, Repeatable: true,
	})
	if err != nil {
		return Status{}, err
	}

	s, success, err := readStatus(reply.Body)
	switch {
	case err != nil:
		return Status{}, u.api.Client.Unknown("status", reply, err.Error())
	case !success:
		return Status{}, u.api.Client.Failed("status", reply, noIn("status", reply))
	}
	return s, nil
}
