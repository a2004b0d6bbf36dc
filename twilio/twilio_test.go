package twilio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone   = "+15005550006"
	other   = "+15017122661"
	address = "a@example.com"
)

// emulated returns a client and the emulator it talks to, with two Services.
func emulated(t *testing.T) (*twilio.Client, *twiliotest.Server) {
	srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{
		{SID: twiliotest.ServiceSID},
		{SID: otherSID, CodeLength: 8, PSD2: true},
	}})
	cfg := valid()
	cfg.BaseURL = srv.URL
	cfg.Scopes = map[string]twilio.Service{"payment": {SID: otherSID, CodeLength: 8, PSD2: true}}
	client, err := twilio.New(cfg)
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
	for channel, to := range map[verify.Channel]string{
		verify.ChannelSMS:      phone,
		verify.ChannelVoice:    other,
		verify.ChannelWhatsApp: "+15005550009",
		verify.ChannelEmail:    address,
	} {
		receipt, err := client.Send(t.Context(), to, verify.WithChannel(channel))
		require.NoError(t, err, channel)
		assert.Equal(t, channel, receipt.Channel)
		assert.Equal(t, 6, receipt.Digits)
		assert.Equal(t, 1, receipt.Requests)
		assert.Regexp(t, `^VE[0-9a-f]{32}$`, receipt.ID)
		assert.Zero(t, receipt.ExpiresAt, "Twilio does not say when a code dies")

		code := srv.Code(to, "")
		require.ErrorIs(t, client.Check(t.Context(), to, wrong(code)), verify.ErrMismatch, channel)
		require.NoError(t, client.Check(t.Context(), to, code), channel)
		require.ErrorIs(t, client.Check(t.Context(), to, code), verify.ErrNotPending, "R06: a code is accepted once")
	}
	assert.Equal(t, 4, srv.Effects())
}

func TestAddressIsSentMailWithoutBeingTold(t *testing.T) {
	t.Parallel()
	client, _ := emulated(t)
	receipt, err := client.Send(t.Context(), address)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelEmail, receipt.Channel)
}

func TestScopesAreApart(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	receipt, err := client.Send(t.Context(), phone, verify.WithScope("payment"), verify.WithTransaction("EUR 39.99", "Acme"))
	require.NoError(t, err)
	assert.Equal(t, 8, receipt.Digits)

	login, payment := srv.Code(phone, twiliotest.ServiceSID), srv.Code(phone, otherSID)
	require.Error(t, client.Check(t.Context(), phone, login, verify.WithScope("payment"), verify.WithTransaction("EUR 39.99", "Acme")),
		"a code for login must not approve a payment")
	require.ErrorIs(t, client.Check(t.Context(), phone, payment), verify.ErrMismatch)
	require.NoError(t, client.Check(t.Context(), phone, login))
}

func TestTransactionIsBoundToTheCode(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	scope := verify.WithScope("payment")
	_, err := client.Send(t.Context(), phone, scope, verify.WithTransaction("EUR 39.99", "Acme"))
	require.NoError(t, err)
	code := srv.Code(phone, otherSID)

	require.ErrorIs(t, client.Check(t.Context(), phone, code, scope, verify.WithTransaction("EUR 39.98", "Acme")), verify.ErrMismatch)
	require.ErrorIs(t, client.Check(t.Context(), phone, code, scope), verify.ErrUnsupported)
	require.NoError(t, client.Check(t.Context(), phone, code, scope, verify.WithTransaction("EUR 39.99", "Acme")))
}

func TestRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	payment := verify.WithScope("payment")
	acme := verify.WithTransaction("EUR 39.99", "Acme")
	many := make([]verify.SendOption, 11)
	for i := range many {
		many[i] = twilio.WithTag(string(rune('a'+i)), "v")
	}
	for name, opts := range map[string][]verify.SendOption{
		"a length the Service does not send": {verify.WithDigits(7)},
		"a length of another scope":          {verify.WithDigits(8)},
		"a scope without a Service":          {verify.WithScope("admin")},
		"a transaction without PSD2":         {acme},
		"PSD2 without a transaction":         {payment},
		"a call for PSD2":                    {payment, acme, verify.WithChannel(verify.ChannelVoice)},
		"a channel without a code":           {verify.WithChannel("sna")},
		"a channel that may have no code":    {verify.WithChannel("auto")},
		"a template that is no SID":          {twilio.WithTemplate("HJ1")},
		"two templates":                      {twilio.WithTemplate(template), twilio.WithTemplate(template)},
		"a template on WhatsApp":             {verify.WithChannel(verify.ChannelWhatsApp), twilio.WithTemplate(template)},
		"an app hash that is too short":      {twilio.WithAppHash("short")},
		"an app hash that breaks the line":   {twilio.WithAppHash("AAAAAAAAAA\n")},
		"two app hashes":                     {twilio.WithAppHash(hash), twilio.WithAppHash(hash)},
		"an app hash on a call":              {verify.WithChannel(verify.ChannelVoice), twilio.WithAppHash(hash)},
		"a tag given twice":                  {twilio.WithTag("a", "1"), twilio.WithTag("a", "2")},
		"a tag without a name":               {twilio.WithTag("", "1")},
		"a tag that is too long":             {twilio.WithTag("a", strings.Repeat("x", 129))},
		"eleven tags":                        many,
		"a rate limit without a value":       {twilio.WithRateLimit("ip", "")},
		"a substitution given twice":         {twilio.WithSubstitution("a", "1"), twilio.WithSubstitution("a", "1")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Send(t.Context(), phone, opts...)
			require.ErrorIs(t, err, verify.ErrUnsupported)
			assert.Zero(t, srv.Requests(), "an option that cannot be honored is refused before the network")
		})
	}
}

const (
	template = "HJ00000000000000000000000000000000"
	hash     = "AAAAAAAAAA+"
)

func TestEveryOptionReachesTwilio(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone,
		verify.WithLocale("pt-BR"), verify.WithClientIP(netip.MustParseAddr("192.0.2.1")), verify.WithDigits(6),
		twilio.WithTemplate(template), twilio.WithSubstitution("name", "Ann"), twilio.WithSubstitution("greeting", "Olá"),
		twilio.WithTag("tenant", "7"), twilio.WithRateLimit("end_user_ip", "192.0.2.1"), twilio.WithAppHash(hash),
	)
	require.NoError(t, err)
	require.Len(t, srv.Messages(), 1)
	assert.Contains(t, srv.Messages()[0].Text, hash)
}

func TestRateLimitOfOnesOwn(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Fault{On: "send", Times: 3, Status: 429, Header: http.Header{"Retry-After": {"3600"}}, Body: `{"code":20429,"status":429}`})
	_, err := client.Send(t.Context(), phone, twilio.WithRateLimit("end_user_ip", "192.0.2.1"))
	require.ErrorIs(t, err, verify.ErrTooManySends, "another vendor would defeat the limit")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, time.Hour, e.RetryAfter)
	assert.Equal(t, 1, e.Requests)
}

// To a send that carries a limit of the application's own, a throttle is that limit:
// it is asked once, and no other vendor takes over.
func TestARateLimitOfTheApplicationsOwnIsAskedOnceAndNeverPassedOn(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Fault{On: "send", Times: -1, Status: 429, Body: `{"code":20429,"status":429}`})
	_, err := client.Send(t.Context(), phone, twilio.WithRateLimit("end_user_ip", "192.0.2.1"))
	require.ErrorIs(t, err, verify.ErrTooManySends)
	assert.Equal(t, 1, srv.Requests())
	_, err = client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrRateLimited, "without a limit it is the account's throttle")
}

// Only a fault of To is the recipient's: the name of any other parameter says that
// the call is wrong.
func TestAnInvalidParameterIsTheRecipientsOnlyWhereItIsTo(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]verify.Outcome{
		"Invalid parameter `To`: +15005550006": verify.ErrInvalidRecipient,
		"Invalid parameter `To`":               verify.ErrInvalidRecipient,
		"Invalid parameter: To":                verify.ErrInvalidRecipient,
		"Invalid parameter: Channel":           verify.ErrRejected,
		"Invalid parameter `Tomorrow`":         verify.ErrRejected,
		"Invalid parameter":                    verify.ErrRejected,
		"+15005550006":                         verify.ErrRejected,
	} {
		client, srv := emulated(t)
		body, err := json.Marshal(map[string]any{"code": 60200, "message": message, "status": 400})
		require.NoError(t, err)
		srv.Fail(twiliotest.Fault{On: "send", Times: -1, Status: 400, Body: string(body)})
		_, err = client.Send(t.Context(), phone)
		require.ErrorIs(t, err, want, message)
		assert.NotContains(t, err.Error(), "15005550006")
	}
}

// A language that a template or a voice lacks costs one more request, and no Send.
func TestALanguageThatIsRefusedIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"not found":       `{"code":20404,"status":404}`,
		"no translation":  `{"code":60229,"status":400}`,
		"no voice":        `{"code":60331,"status":400}`,
		"a bad parameter": `{"code":60200,"message":"Invalid parameter: Locale","status":400}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(twiliotest.Fault{On: "send", Times: 1, Status: 400, Body: body})
			_, err := client.Send(t.Context(), phone, verify.WithLocale("de"), verify.WithChannel(verify.ChannelVoice))
			require.NoError(t, err)
			assert.Equal(t, 2, srv.Requests())
			assert.Equal(t, 1, srv.Effects())

			srv.Fail(twiliotest.Fault{On: "send", Times: -1, Status: 400, Body: body})
			_, err = client.Send(t.Context(), phone)
			require.Error(t, err)
			assert.Equal(t, 3, srv.Requests(), "without a language nothing is left out")
		})
	}
}

// Six digits may be a vendor code, unless they are the person's code or part of the
// number.
func TestAVendorCodeOfSixDigitsReachesAnOperator(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Refusal(403, 575001))
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	assertFacts(t, err, 403, 575001)
	for _, code := range []int{391113, 555000} { // typed, and a part of the number
		srv.Fail(twiliotest.Refusal(400, code))
		err := client.Check(t.Context(), phone, "391113")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), fmt.Sprint(code))
	}
}

// A yes that names another amount or payee is none.
func TestAnApprovalOfAnotherAmountOrPayeeIsNone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"the same":       {`{"status":"approved","valid":true,"amount":"EUR 1","payee":"Acme"}`, ""},
		"says nothing":   {`{"status":"approved","valid":true,"amount":null,"payee":null}`, ""},
		"another amount": {`{"status":"approved","valid":true,"amount":"EUR 900","payee":"Acme"}`, verify.ErrOutcomeUnknown},
		"another payee":  {`{"status":"approved","valid":true,"amount":"EUR 1","payee":"Mallory"}`, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := twiliotest.NewServer(t)
			client, err := twilio.New(twilio.Config{
				AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, BaseURL: srv.URL,
				Service: twilio.Service{SID: twiliotest.ServiceSID, PSD2: true},
			})
			require.NoError(t, err)
			srv.Fail(twiliotest.Fault{On: "check", Status: 200, Body: tc.body})
			err = client.Check(t.Context(), phone, "123456", verify.WithTransaction("EUR 1", "Acme"))
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestOptionsOfTheMessage(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone, twilio.WithFriendlyName("Acme"), twilio.WithoutRiskCheck())
	require.NoError(t, err)
	_, err = client.Send(t.Context(), phone, twilio.WithSendDigits("ww42#"), verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	requests := srv.Requests()
	for _, opts := range [][]verify.SendOption{
		{twilio.WithSendDigits("42")}, {twilio.WithFriendlyName("")}, {twilio.WithFriendlyName("a"), twilio.WithFriendlyName("b")},
		{twilio.WithSendDigits("4x"), verify.WithChannel(verify.ChannelVoice)},
	} {
		_, err := client.Send(t.Context(), phone, opts...)
		require.ErrorIs(t, err, verify.ErrUnsupported)
	}
	assert.Equal(t, requests, srv.Requests())
}

func TestCancelAndFetch(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for _, to := range []string{phone, address} {
		require.NoError(t, client.Cancel(t.Context(), to), "nothing is pending")
		_, err := client.Fetch(t.Context(), to)
		require.ErrorIs(t, err, verify.ErrNotPending)

		receipt, err := client.Send(t.Context(), to)
		require.NoError(t, err)
		_, err = client.Send(t.Context(), to)
		require.NoError(t, err)
		pending, err := client.Fetch(t.Context(), to)
		require.NoError(t, err)
		assert.Equal(t, receipt.ID, pending.SID)
		assert.Equal(t, receipt.Channel, pending.Channel)
		assert.Equal(t, "pending", pending.Status)
		assert.Equal(t, 2, pending.Sends)
		assert.WithinDuration(t, time.Now(), pending.CreatedAt, time.Minute)
		assert.False(t, pending.UpdatedAt.Before(pending.CreatedAt))

		code := srv.Code(to, "")
		require.NoError(t, client.Cancel(t.Context(), to))
		require.ErrorIs(t, client.Check(t.Context(), to, code), verify.ErrNotPending, "a canceled code is worthless")
	}
	require.ErrorIs(t, client.Cancel(t.Context(), "12345"), verify.ErrInvalidRecipient)
	_, err := client.Fetch(t.Context(), phone, verify.WithScope("admin"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}

func TestCancelAfterALostReplyIsDone(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(twiliotest.Fault{On: "update", Break: twiliotest.Reset, Effect: true})
	require.NoError(t, client.Cancel(t.Context(), phone), "gone is gone, whichever try did it")
	srv.Fail(twiliotest.Fault{On: "update", Times: 2, Status: 500})
	require.ErrorIs(t, client.Cancel(t.Context(), phone), verify.ErrOutcomeUnknown)
}

func TestLimitsOfTheVendor(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for range 5 {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
	}
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrTooManySends)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "60203", e.VendorCode)
	assert.Equal(t, 1, e.Requests, "the recipient's limit is not tried again")
	assert.LessOrEqual(t, e.RetryAfter, 10*time.Minute)
	assert.Positive(t, e.RetryAfter)
	assert.NotEmpty(t, e.RequestID)

	code := srv.Code(phone, "")
	for range 5 {
		require.ErrorIs(t, client.Check(t.Context(), phone, wrong(code)), verify.ErrMismatch)
	}
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrTooManyAttempts)
	srv.Advance(10 * time.Minute)
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

func TestApprovalWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(twiliotest.Fault{On: "check", Break: twiliotest.Reset, Effect: true})
	err = client.Check(t.Context(), phone, srv.Code(phone, ""))
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "a 404 after an ambiguous try may follow an approval")
	require.NotErrorIs(t, err, verify.ErrNotPending)
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Fault{On: "send", Break: twiliotest.Close, Effect: true})
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, 1, srv.Requests())
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")), "the message arrived and its code is good")
}
