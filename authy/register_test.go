package authy_test

import (
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	srv := authytest.NewServer(t)
	users := usersOf(t, srv)
	for name, tc := range map[string]struct{ email, phone string }{
		"an address without a domain": {"a@", phone},
		"a phone without a plus":      {address, "15005550006"},
		"an address for a phone":      {address, address},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, users.Register(t.Context(), tc.email, tc.phone), verify.ErrInvalidRecipient)
			assert.Zero(t, srv.Requests())
		})
	}
}

func TestRegisterAgain(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	require.NoError(t, users.Register(t.Context(), address, phone))
	srv.Fail(authytest.Refusal(400, 60027))
	require.ErrorIs(t, users.Register(t.Context(), address, phone), verify.ErrInvalidRecipient)
	for name, body := range map[string]string{
		"no user":            `{"success":true}`,
		"no id":              `{"success":true,"user":{}}`,
		"a path for an id":   `{"success":true,"user":{"id":"../1"}}`,
		"an id too long":     `{"success":true,"user":{"id":123456789012345678901}}`,
		"a negative id":      `{"success":true,"user":{"id":-1}}`,
		"no success at all":  `{"user":{"id":1}}`,
		"success that is no": `{"success":"yes","user":{"id":1}}`,
	} {
		srv.Fail(authytest.Fault{Status: 200, Body: body})
		require.ErrorIs(t, users.Register(t.Context(), address, phone), verify.ErrOutcomeUnknown, name)
	}
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":false}`})
	require.ErrorIs(t, users.Register(t.Context(), address, phone), verify.ErrRejected)
	_, err := users.Send(t.Context(), phone)
	require.NoError(t, err, "the id of before is still there")
}

func TestRegisteredIDMayBeText(t *testing.T) {
	t.Parallel()
	directory := new(authy.MemoryDirectory)
	users, srv := emulated(t, func(c *authy.Config) { c.Directory = directory })
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":"true","user":{"id":"12345678901234567890"}}`})
	require.NoError(t, users.Register(t.Context(), address, other))
	id, ok, err := directory.AuthyID(t.Context(), other)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "12345678901234567890", id)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	status, err := users.Status(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, authy.Status{Devices: []string{}}, status)

	srv.InstallApp(phone)
	_, err = users.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, users.Check(t.Context(), phone, srv.Code(phone, "")))
	status, err = users.Status(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, authy.Status{Confirmed: true, Registered: true, Devices: []string{"android"}}, status)

	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":true,"status":{"confirmed":true}}`})
	_, err = users.Status(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":false,"error_code":"60026"}`})
	_, err = users.Status(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	srv.Fail(authytest.Refusal(404, 60026))
	_, err = users.Status(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	_, err = users.Status(t.Context(), "12345")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	require.ErrorIs(t, users.Delete(t.Context(), "12345"), verify.ErrInvalidRecipient)
	srv.Fail(authytest.Refusal(401, 60001))
	require.ErrorIs(t, users.Delete(t.Context(), phone), verify.ErrUnauthorized)
	for _, body := range []string{`{"success":false}`, `{"success":false,"error_code":"60028"}`} {
		srv.Fail(authytest.Fault{Status: 200, Body: body})
		require.ErrorIs(t, users.Delete(t.Context(), phone), verify.ErrRejected)
	}
	srv.Fail(authytest.Fault{Status: 200, Body: `{}`})
	require.ErrorIs(t, users.Delete(t.Context(), phone), verify.ErrOutcomeUnknown)
	_, err := users.Send(t.Context(), phone)
	require.NoError(t, err, "until Authy has deleted the person, the directory keeps the id")

	require.NoError(t, users.Delete(t.Context(), phone))
	_, err = users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Contains(t, detail(err), "call Register first")
}

func TestDeleteIsDoneWhicheverTryDidIt(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]authytest.Fault{
		"whose reply was lost": {On: "delete", Break: authytest.Reset, Effect: true},
		"already under way":    authytest.Refusal(400, 60127),
		"told in a 200":        {Status: 200, Body: `{"success":false,"error_code":"60128"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := new(authy.MemoryDirectory)
			users, srv := emulated(t, func(c *authy.Config) { c.Directory = directory })
			srv.Fail(fault)
			require.NoError(t, users.Delete(t.Context(), phone))
			_, ok, _ := directory.AuthyID(t.Context(), phone)
			assert.False(t, ok)
		})
	}
}

// A person whom Authy forgot is as one who was never registered.
func TestUserThatAuthyDoesNotKnow(t *testing.T) {
	t.Parallel()
	directory := new(authy.MemoryDirectory)
	require.NoError(t, directory.SetAuthyID(t.Context(), other, "999"))
	users, _ := emulated(t, func(c *authy.Config) { c.Directory = directory })
	require.NoError(t, directory.SetAuthyID(t.Context(), phone, "999"))
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Contains(t, detail(err), "call Register again")
	require.ErrorIs(t, users.Check(t.Context(), phone, "1234567"), verify.ErrNotPending)
}
