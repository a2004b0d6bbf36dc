package interop_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	verify "github.com/twilio/twilio-go/rest/verify/v2"

	"github.com/go2fa/verify/twilio/twiliotest"
)

const to = "+15005550006"

// elsewhere sends every request to another origin, and nothing else.
type elsewhere struct{ origin *url.URL }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = e.origin.Scheme, e.origin.Host, ""
	return http.DefaultTransport.RoundTrip(r)
}

// twilioGo is twilio-go as an application has it, but for the address.
func twilioGo(t *testing.T, srv *twiliotest.Server, user, password string) *verify.ApiService {
	origin, err := url.Parse(srv.URL)
	require.NoError(t, err)
	c := &client.Client{
		Credentials: client.NewCredentials(user, password),
		HTTPClient:  &http.Client{Transport: elsewhere{origin}},
	}
	c.SetAccountSid(twiliotest.AccountSID)
	return verify.NewApiService(&client.RequestHandler{Client: c})
}

func send(t *testing.T, api *verify.ApiService, channel string) *verify.VerifyV2Verification {
	t.Helper()
	v, err := create(api, to, channel)
	require.NoError(t, err)
	return v
}

func create(api *verify.ApiService, to, channel string) (*verify.VerifyV2Verification, error) {
	params := (&verify.CreateVerificationParams{}).SetTo(to).SetChannel(channel)
	return api.CreateVerification(twiliotest.ServiceSID, params)
}

func check(api *verify.ApiService, code string) (string, error) {
	params := (&verify.CreateVerificationCheckParams{}).SetTo(to).SetCode(code)
	c, err := api.CreateVerificationCheck(twiliotest.ServiceSID, params)
	if err != nil {
		return "", err
	}
	return *c.Status, nil
}

// refused asserts that twilio-go understood the error.
func refused(t *testing.T, err error, status, code int) {
	t.Helper()
	var e *client.TwilioRestError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, status, e.Status)
	assert.Equal(t, code, e.Code)
	assert.NotEmpty(t, e.Message)
}

func TestTwilioGoSendsAndChecks(t *testing.T) {
	for name, credentials := range map[string][2]string{
		"with the account's token": {twiliotest.AccountSID, twiliotest.AuthToken},
		"with an API key":          {twiliotest.APIKeySID, twiliotest.APIKeySecret},
	} {
		t.Run(name, func(t *testing.T) {
			srv := twiliotest.NewServer(t)
			api := twilioGo(t, srv, credentials[0], credentials[1])
			v := send(t, api, "sms")
			assert.Equal(t, "pending", *v.Status)
			assert.Equal(t, to, *v.To)
			assert.Equal(t, srv.Messages()[0].At.Unix(), v.DateCreated.Unix())

			code := srv.Code(to, "")
			status, err := check(api, wrong(code))
			require.NoError(t, err)
			assert.Equal(t, "pending", status)

			status, err = check(api, code)
			require.NoError(t, err)
			assert.Equal(t, "approved", status)

			_, err = check(api, code)
			refused(t, err, http.StatusNotFound, 20404)
		})
	}
}

func TestTwilioGoSendsAgainWithinTheSameVerification(t *testing.T) {
	srv := twiliotest.NewServer(t)
	api := twilioGo(t, srv, twiliotest.AccountSID, twiliotest.AuthToken)
	first, second := send(t, api, "sms"), send(t, api, "call")
	assert.Equal(t, *first.Sid, *second.Sid)
	assert.Len(t, *second.SendCodeAttempts, 2)
	assert.Equal(t, "call", *second.Channel)

	messages := srv.Messages()
	require.Len(t, messages, 2)
	assert.Equal(t, messages[0].Code, messages[1].Code)
}

func TestTwilioGoFetchesAndCancels(t *testing.T) {
	for name, by := range map[string]func(*verify.VerifyV2Verification) string{
		"by SID":       func(v *verify.VerifyV2Verification) string { return *v.Sid },
		"by recipient": func(v *verify.VerifyV2Verification) string { return *v.To },
	} {
		t.Run(name, func(t *testing.T) {
			srv := twiliotest.NewServer(t)
			api := twilioGo(t, srv, twiliotest.AccountSID, twiliotest.AuthToken)
			v := send(t, api, "sms")

			got, err := api.FetchVerification(twiliotest.ServiceSID, by(v))
			require.NoError(t, err)
			assert.Equal(t, *v.Sid, *got.Sid)

			cancel := (&verify.UpdateVerificationParams{}).SetStatus("canceled")
			got, err = api.UpdateVerification(twiliotest.ServiceSID, by(v), cancel)
			require.NoError(t, err)
			assert.Equal(t, "canceled", *got.Status)

			got, err = api.FetchVerification(twiliotest.ServiceSID, by(v))
			require.NoError(t, err)
			assert.Equal(t, "canceled", *got.Status)
			assert.NotEqual(t, *v.Sid, *send(t, api, "sms").Sid)
		})
	}
}

func TestTwilioGoReadsTheService(t *testing.T) {
	srv := twiliotest.NewServer(t)
	api := twilioGo(t, srv, twiliotest.AccountSID, twiliotest.AuthToken)
	s, err := api.FetchService(twiliotest.ServiceSID)
	require.NoError(t, err)
	assert.Equal(t, 6, s.CodeLength)
	assert.False(t, *s.Psd2Enabled)
}

func TestTwilioGoUnderstandsRefusals(t *testing.T) {
	srv := twiliotest.NewServer(t)
	api := twilioGo(t, srv, twiliotest.AccountSID, twiliotest.AuthToken)
	_, err := create(api, "123", "sms")
	refused(t, err, http.StatusBadRequest, 60200)

	for range 5 {
		send(t, api, "sms")
	}
	_, err = create(api, to, "sms")
	refused(t, err, http.StatusTooManyRequests, 60203)

	for range 5 {
		_, err = check(api, wrong(srv.Code(to, "")))
		require.NoError(t, err)
	}
	_, err = check(api, "000000")
	refused(t, err, http.StatusTooManyRequests, 60202)

	_, err = twilioGo(t, srv, twiliotest.AccountSID, "wrong").FetchService(twiliotest.ServiceSID)
	refused(t, err, http.StatusUnauthorized, 20003)
}

// wrong is a code that is not the one given.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}
