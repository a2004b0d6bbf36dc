package authy

import (
	"context"
	"sync"

	"github.com/go2fa/verify"
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
