package bandwidth_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone   = "+15005550006"
	other   = "+15017122661"
	address = "a@example.com"
)

// emulated returns a client and the emulator it talks to.
func emulated(t *testing.T, change ...func(*bandwidth.Config)) (*bandwidth.Client, *bandwidthtest.Server) {
	srv := bandwidthtest.NewServer(t)
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, f := range change {
		f(&cfg)
	}
	client, err := bandwidth.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func wrong(code string) string {
	return strings.Repeat(string('0'+(code[0]-'0'+1)%10), len(code))
}

func TestSendAndCheckOnEveryChannel(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for channel, to := range map[verify.Channel]string{verify.ChannelSMS: phone, verify.ChannelVoice: other} {
		receipt, err := client.Send(t.Context(), to, verify.WithChannel(channel))
		require.NoError(t, err, channel)
		assert.Equal(t, "bandwidth", receipt.Vendor)
		assert.Equal(t, channel, receipt.Channel)
		assert.Equal(t, 6, receipt.Digits)
		assert.Equal(t, 1, receipt.Requests)
		assert.NotEmpty(t, receipt.ID)
		assert.WithinDuration(t, time.Now().Add(10*time.Minute), receipt.ExpiresAt, time.Minute, "a check will say so")

		messages := srv.Messages()
		assert.Equal(t, string(channel), messages[len(messages)-1].Channel)
		code := srv.Code(to, "")
		require.ErrorIs(t, client.Check(t.Context(), to, wrong(code)), verify.ErrMismatch, channel)
		require.NoError(t, client.Check(t.Context(), to, code), channel)
		require.ErrorIs(t, client.Check(t.Context(), to, code), verify.ErrMismatch, "R06: a code is accepted once")
	}
	assert.Equal(t, 2, srv.Effects())
}

func TestEveryLengthIsSentAndChecked(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for n := 4; n <= 8; n++ {
		receipt, err := client.Send(t.Context(), phone, verify.WithDigits(n))
		require.NoError(t, err)
		assert.Equal(t, n, receipt.Digits)
		code := srv.Code(phone, "")
		require.Len(t, code, n)
		require.NoError(t, client.Check(t.Context(), phone, code))
	}
}

func TestScopesAreApart(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	longest := strings.Repeat("s", 25)
	for _, scope := range []string{"", "login", longest} {
		_, err := client.Send(t.Context(), phone, verify.WithScope(scope))
		require.NoError(t, err)
	}
	login := srv.Code(phone, "login")
	require.ErrorIs(t, client.Check(t.Context(), phone, login), verify.ErrMismatch)
	require.ErrorIs(t, client.Check(t.Context(), phone, login, verify.WithScope(longest)), verify.ErrMismatch,
		"a code for login must not approve anything else")
	require.NoError(t, client.Check(t.Context(), phone, login, verify.WithScope("login")))
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, longest), verify.WithScope(longest)))
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "2FA")), "the empty scope is 2FA to Bandwidth")
}

func TestCodeAsOldAsTheExpiryIsNoLongerGood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ expiry, lives time.Duration }{
		"by default": {0, 10 * time.Minute},
		"a minute":   {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, func(c *bandwidth.Config) { c.Expiry = tc.expiry })
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now().Add(tc.lives), receipt.ExpiresAt, 30*time.Second)
			first := srv.Code(phone, "")
			srv.Advance(tc.lives - 30*time.Second)
			require.NoError(t, client.Check(t.Context(), phone, first))

			_, err = client.Send(t.Context(), phone)
			require.NoError(t, err)
			second := srv.Code(phone, "")
			srv.Advance(tc.lives)
			require.ErrorIs(t, client.Check(t.Context(), phone, second), verify.ErrMismatch)
		})
	}
}

func TestRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	sms, noCalls := emulated(t, func(c *bandwidth.Config) { c.VoiceApplicationID = "" })
	for name, opts := range map[string][]verify.SendOption{
		"too short a code":            {verify.WithDigits(3)},
		"too long a code":             {verify.WithDigits(9)},
		"too long a scope":            {verify.WithScope(strings.Repeat("s", 26))},
		"the empty scope's name":      {verify.WithScope("2FA")},
		"the same in small letters":   {verify.WithScope("2fa")},
		"a transaction":               {verify.WithTransaction("EUR 39.99", "Acme")},
		"WhatsApp":                    {verify.WithChannel(verify.ChannelWhatsApp)},
		"the app":                     {verify.WithChannel(verify.ChannelApp)},
		"a message without a code":    {bandwidth.WithMessage("hello")},
		"a message with two codes":    {bandwidth.WithMessage("{CODE}{CODE}")},
		"an empty message":            {bandwidth.WithMessage("")},
		"two messages":                {bandwidth.WithMessage("{CODE}"), bandwidth.WithMessage("{CODE}")},
		"a message with another name": {bandwidth.WithMessage("{CODE} {AMOUNT}")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Send(t.Context(), phone, opts...)
			require.ErrorIs(t, err, verify.ErrUnsupported)
		})
	}
	require.ErrorIs(t, client.Check(t.Context(), phone, "123456", verify.WithScope("2FA")), verify.ErrUnsupported)
	require.ErrorIs(t, client.Check(t.Context(), phone, "123"), verify.ErrMismatch)
	require.ErrorIs(t, client.Check(t.Context(), phone, "123456789"), verify.ErrMismatch)
	_, err := client.Send(t.Context(), address)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Zero(t, srv.Requests(), "an option that cannot be honored is refused before the network, token and all")

	_, err = sms.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.ErrorIs(t, err, verify.ErrUnsupported, "a channel without its application is not offered")
	assert.Zero(t, noCalls.Requests())
}

func TestMessageIsWhatThePersonReads(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		message string
		opts    []verify.SendOption
		want    string
	}{
		"by default":        {"", nil, "Your Acme code is CODE"},
		"as configured":     {"{NAME} <{SCOPE}>: {CODE}", nil, "Acme <2FA>: CODE"},
		"with a scope":      {"{SCOPE} {CODE}", []verify.SendOption{verify.WithScope("login")}, "login CODE"},
		"of one send":       {"{CODE} {SCOPE}", []verify.SendOption{bandwidth.WithMessage("Din kode: {CODE} & tak")}, "Din kode: CODE & tak"},
		"with all hints":    {"", []verify.SendOption{verify.WithLocale("da"), verify.WithClientIP(netip.MustParseAddr("192.0.2.1"))}, "Your Acme code is CODE"},
		"spoken":            {"", []verify.SendOption{verify.WithChannel(verify.ChannelVoice)}, "Your Acme code is CODE"},
		"of another vendor": {"", []verify.SendOption{verify.VendorOption("twilio", "x")}, "Your Acme code is CODE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, func(c *bandwidth.Config) { c.Message = tc.message })
			_, err := client.Send(t.Context(), phone, tc.opts...)
			require.NoError(t, err)
			require.Len(t, srv.Messages(), 1)
			m := srv.Messages()[0]
			assert.Equal(t, strings.ReplaceAll(tc.want, "CODE", m.Code), m.Text)
		})
	}
}

func TestTooManyWrongCodes(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone, "")
	for range 5 {
		require.ErrorIs(t, client.Check(t.Context(), phone, wrong(code)), verify.ErrMismatch)
	}
	before := srv.Requests()
	err = client.Check(t.Context(), phone, code)
	require.ErrorIs(t, err, verify.ErrTooManyAttempts, "R22: even the right code")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 2*time.Minute, e.RetryAfter)
	assert.Equal(t, 1, srv.Requests()-before, "the number's limit is not tried again")
	assert.NotEmpty(t, e.RequestID)

	srv.Advance(2 * time.Minute)
	require.NoError(t, client.Check(t.Context(), phone, code))
}

func TestApprovalWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(bandwidthtest.Fault{On: "check", Break: bandwidthtest.Reset, Effect: true})
	err = client.Check(t.Context(), phone, srv.Code(phone, ""))
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "a no after an ambiguous try may follow an approval")
	require.NotErrorIs(t, err, verify.ErrMismatch)
}

func TestCheckWhoseRequestWasLostIsAskedAgain(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(bandwidthtest.Fault{On: "check", Break: bandwidthtest.Reset})
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), other)
	require.NoError(t, err)
	requests := srv.Requests()
	srv.Fail(bandwidthtest.Fault{On: "send", Break: bandwidthtest.Close, Effect: true})
	_, err = client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 2, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, 1, srv.Requests()-requests)
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")), "the message arrived and its code is good")
}
