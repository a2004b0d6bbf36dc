package authy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNobodyIsRegistered(t *testing.T) {
	t.Parallel()
	srv := authytest.NewServer(t)
	users := usersOf(t, srv)
	_, err := users.Send(t.Context(), other)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Contains(t, detail(err), "call Register first")

	err = users.Check(t.Context(), other, "1234567")
	require.ErrorIs(t, err, verify.ErrNotPending)
	assert.Contains(t, detail(err), "call Register first")

	_, err = users.Status(t.Context(), other)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	require.NoError(t, users.Delete(t.Context(), other), "nothing to delete")
	assert.Zero(t, srv.Requests(), "nothing to ask Authy about")
}

// A broken directory fails on demand.
type broken struct {
	authy.MemoryDirectory
	get, set, del error
}

func (b *broken) AuthyID(ctx context.Context, phone string) (string, bool, error) {
	if b.get != nil {
		return "", false, b.get
	}
	return b.MemoryDirectory.AuthyID(ctx, phone)
}

func (b *broken) SetAuthyID(ctx context.Context, phone, id string) error {
	if b.set != nil {
		return b.set
	}
	return b.MemoryDirectory.SetAuthyID(ctx, phone, id)
}

func (b *broken) DeleteAuthyID(ctx context.Context, phone string) error {
	if b.del != nil {
		return b.del
	}
	return b.MemoryDirectory.DeleteAuthyID(ctx, phone)
}

func TestDirectoryThatFails(t *testing.T) {
	t.Parallel()
	directory := &broken{}
	users, srv := emulated(t, func(c *authy.Config) { c.Directory = directory })
	failed := errors.New("no row for " + phone)
	before := srv.Requests()

	directory.get = failed
	for name, call := range map[string]func() error{
		"send":   func() error { _, err := users.Send(t.Context(), phone); return err },
		"check":  func() error { return users.Check(t.Context(), phone, "1234567") },
		"status": func() error { _, err := users.Status(t.Context(), phone); return err },
		"delete": func() error { return users.Delete(t.Context(), phone) },
		"request approval": func() error {
			_, err := users.RequestApproval(t.Context(), phone, authy.Approval{Message: "?"})
			return err
		},
		"fetch approval": func() error { _, err := users.FetchApproval(t.Context(), phone, "1"); return err },
	} {
		err := call()
		require.ErrorIs(t, err, verify.ErrUnavailable, name)
		require.NotErrorIs(t, err, failed, "what a directory says may name a person")
		assert.Contains(t, detail(err), "directory", name)
	}
	assert.Equal(t, before, srv.Requests())

	directory.get, directory.set = nil, failed
	err := users.Register(t.Context(), address, phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "Authy knows the person, the directory does not")
	assert.Contains(t, detail(err), "call Register again")

	directory.set, directory.del = nil, failed
	err = users.Delete(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Contains(t, detail(err), "call Delete again")
	directory.del = nil
	require.NoError(t, users.Delete(t.Context(), phone), "Authy says that the person is gone: that is what Delete wants")
}

func TestDirectoryIsNotAskedForACallThatIsOver(t *testing.T) {
	t.Parallel()
	directory := &broken{}
	users, _ := emulated(t, func(c *authy.Config) { c.Directory = directory })
	directory.get = errors.New("must not be asked")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := users.Send(ctx, phone)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Contains(t, detail(err), "over before it began")
}
