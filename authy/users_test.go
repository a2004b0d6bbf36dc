package authy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone   = "+15005550006"
	other   = "+15017122661"
	address = "a@example.com"
)

// emulated returns a client and the emulator it talks to, with one person
// registered.
func emulated(t *testing.T, changes ...func(*authy.Config)) (*authy.Users, *authytest.Server) {
	srv := authytest.NewServer(t)
	users := usersOf(t, srv, changes...)
	require.NoError(t, users.Register(t.Context(), address, phone))
	return users, srv
}

func usersOf(t *testing.T, srv *authytest.Server, changes ...func(*authy.Config)) *authy.Users {
	cfg := authy.Config{APIKey: authytest.APIKey, BaseURL: srv.URL}
	for _, change := range changes {
		change(&cfg)
	}
	users, err := authy.NewUsers(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, users.Close()) })
	return users
}

// wrong is a code that is not the one given.
func wrong(code string) string {
	return strings.Repeat(string('0'+(code[0]-'0'+1)%10), len(code))
}

func detail(err error) string {
	var e *verify.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}

func TestSendAndCheckOnEveryChannel(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
		receipt, err := users.Send(t.Context(), phone, verify.WithChannel(channel))
		require.NoError(t, err, channel)
		assert.Equal(t, verify.Receipt{Vendor: "authy", Channel: channel, Digits: 7, Requests: 1}, receipt)
		messages := srv.Messages()
		assert.Equal(t, string(channel), messages[len(messages)-1].Channel)

		code := srv.Code(phone, "")
		require.ErrorIs(t, users.Check(t.Context(), phone, wrong(code)), verify.ErrMismatch, channel)
		require.NoError(t, users.Check(t.Context(), phone, code), channel)
		require.ErrorIs(t, users.Check(t.Context(), phone, code), verify.ErrNotPending, "R06: a code is accepted once")
	}
	assert.Equal(t, 2, srv.Effects())
}

func TestPersonWithTheAppIsToldSo(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	srv.InstallApp(phone)
	for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
		receipt, err := users.Send(t.Context(), phone, verify.WithChannel(channel))
		require.NoError(t, err)
		assert.Equal(t, verify.ChannelApp, receipt.Channel, "F7: ignored is not sent")
		assert.Zero(t, srv.Effects())
	}
	require.NoError(t, users.Check(t.Context(), phone, srv.Code(phone, "")), "the code that the app shows")

	_, err := users.Send(t.Context(), phone, verify.WithChannel(verify.ChannelApp))
	require.ErrorIs(t, err, verify.ErrUnsupported, "only the vendor chooses the app")
}

func TestForcedMessageIsNeverTheApp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*authy.Config)
		opts   []verify.SendOption
		scope  string
	}{
		"by Config.ForceSMS": {func(c *authy.Config) { c.ForceSMS = true }, nil, ""},
		"by a scope":         {func(*authy.Config) {}, []verify.SendOption{verify.WithScope("payment")}, "payment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t, tc.change)
			srv.InstallApp(phone)
			receipt, err := users.Send(t.Context(), phone, tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, verify.ChannelSMS, receipt.Channel)
			assert.Equal(t, 1, srv.Effects())
			require.NoError(t, users.Check(t.Context(), phone, srv.Code(phone, tc.scope), verify.WithScope(tc.scope)))

			srv.Fail(authytest.Fault{Status: 200, Body: `{"success":true,"ignored":true,"cellphone":"+1-XXX-XXX-XX06"}`})
			_, err = users.Send(t.Context(), phone, tc.opts...)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "forced and ignored all the same")
		})
	}
}

func TestScopesAreApart(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t, func(c *authy.Config) {
		c.ActionMessages = map[string]string{"payment": "Pay 40 EUR to Acme"}
	})
	for _, scope := range []string{"", "login", "payment"} {
		_, err := users.Send(t.Context(), phone, verify.WithScope(scope))
		require.NoError(t, err)
	}
	messages := srv.Messages()
	require.Len(t, messages, 3)
	assert.NotContains(t, messages[1].Text, "Pay")
	assert.Contains(t, messages[2].Text, "Pay 40 EUR to Acme")
	assert.Equal(t, "payment", messages[2].Scope)

	login := srv.Code(phone, "login")
	for _, scope := range []string{"", "payment", "admin"} {
		require.ErrorIs(t, users.Check(t.Context(), phone, login, verify.WithScope(scope)), verify.ErrMismatch,
			"a code for login in scope %q", scope)
	}
	require.NoError(t, users.Check(t.Context(), phone, login, verify.WithScope("login")))
}

// F7: without force=true Authy approves any code of a person who never typed a
// right one.
func TestCheckInsists(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	_, err := users.Send(t.Context(), phone)
	require.NoError(t, err)
	require.ErrorIs(t, users.Check(t.Context(), phone, wrong(srv.Code(phone, ""))), verify.ErrMismatch)
	require.ErrorIs(t, users.Check(t.Context(), phone, "0000000", verify.WithScope("never.sent")), verify.ErrMismatch)
}

// Known from its prose only, so neither a yes nor a promise that nothing left.
func TestSilentFailureIsUnknown(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	srv.Fail(authytest.Unsent())
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Contains(t, detail(err), "most likely nothing was sent")
	assert.Zero(t, srv.Effects())
}

func TestApprovalWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	for name, second := range map[string][]authytest.Fault{
		"and the code is now used":       nil,
		"and the next says no in a 200":  {{On: "check", Status: 200, Body: `{"success":false,"token":"is invalid","error_code":"60020"}`}},
		"and the next says wrong":        {authytest.Refusal(401, 60020)},
		"and the next says never heard":  {authytest.Refusal(404, 60026)},
		"and the next says older things": {{On: "check", Status: 401, Body: `{"errors":{"token":"is invalid"},"success":false}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t)
			_, err := users.Send(t.Context(), phone)
			require.NoError(t, err)
			code := srv.Code(phone, "")
			srv.Fail(authytest.Fault{On: "check", Break: authytest.Reset, Effect: true})
			srv.Fail(second...)
			err = users.Check(t.Context(), phone, code)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "a no after a lost reply may follow an approval")
			assert.Contains(t, detail(err), "may have been an approval")
		})
	}
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	before := srv.Requests()
	srv.Fail(authytest.Fault{On: "send", Break: authytest.Close, Effect: true})
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, before+1, srv.Requests())
	require.NoError(t, users.Check(t.Context(), phone, srv.Code(phone, "")), "the message arrived and its code is good")
}

// F1: net/http would send a GET again on a connection that died.
func TestSendIsNotRepeatedOnAStaleConnection(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]authytest.Fault{
		"closed": {On: "send", Break: authytest.Close, Effect: true},
		"reset":  {On: "send", Break: authytest.Reset, Effect: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t)
			for range 3 { // warm
				_, err := users.Status(t.Context(), phone)
				require.NoError(t, err)
			}
			srv.Fail(end)
			_, err := users.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
			assert.Equal(t, 1, srv.Effects())
		})
	}
}

func TestDigitsAreTheApplications(t *testing.T) {
	t.Parallel()
	srv := authytest.NewServer(t, authytest.Options{Digits: 8})
	users := usersOf(t, srv, func(c *authy.Config) { c.Digits = 8 })
	require.NoError(t, users.Register(t.Context(), address, phone))
	receipt, err := users.Send(t.Context(), phone, verify.WithDigits(8))
	require.NoError(t, err)
	assert.Equal(t, 8, receipt.Digits)
	_, err = users.Send(t.Context(), phone, verify.WithDigits(7))
	require.ErrorIs(t, err, verify.ErrUnsupported)

	before := srv.Requests()
	require.ErrorIs(t, users.Check(t.Context(), phone, "1234567"), verify.ErrMismatch)
	assert.Equal(t, before, srv.Requests(), "R14: a malformed code never reaches the vendor")
	require.NoError(t, users.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestLimitsOfTheVendor(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	for range 10 {
		_, err := users.Send(t.Context(), phone)
		require.NoError(t, err)
	}
	before := srv.Requests()
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrTooManySends, "the person's own limit")
	assert.Equal(t, before+1, srv.Requests(), "which is not tried again")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, time.Hour, e.RetryAfter)
	assert.Equal(t, "60003", e.VendorCode)

	code := srv.Code(phone, "")
	for range 10 {
		require.ErrorIs(t, users.Check(t.Context(), phone, wrong(code)), verify.ErrMismatch)
	}
	require.ErrorIs(t, users.Check(t.Context(), phone, code), verify.ErrTooManyAttempts)
}
