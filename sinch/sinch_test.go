package sinch_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/sinch"
	"github.com/go2fa/verify/sinch/sinchtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const phone = "+15005550006"

func valid() sinch.Config {
	return sinch.Config{ApplicationKey: sinchtest.ApplicationKey, ApplicationSecret: sinchtest.ApplicationSecret}
}

func emulated(t *testing.T, opts sinchtest.Options, change ...func(*sinch.Config)) (*sinch.Client, *sinchtest.Server) {
	srv := sinchtest.NewServer(t, opts)
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := sinch.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*sinch.Config)
		want   string
	}{
		"all is well":                 {func(*sinch.Config) {}, ""},
		"no key":                      {func(c *sinch.Config) { c.ApplicationKey = "" }, "sinch: ApplicationKey is missing"},
		"a key with a colon":          {func(c *sinch.Config) { c.ApplicationKey = "secret:a" }, "sinch: ApplicationKey must hold"},
		"no secret":                   {func(c *sinch.Config) { c.ApplicationSecret = "" }, "sinch: ApplicationSecret is missing"},
		"a secret that is no base64":  {func(c *sinch.Config) { c.ApplicationSecret = "secret!" }, "sinch: ApplicationSecret must be base64"},
		"the same for Basic":          {func(c *sinch.Config) { c.ApplicationSecret, c.Basic = "secret!", true }, "sinch: ApplicationSecret must be base64"},
		"an expiry of half a minute":  {func(c *sinch.Config) { c.Expiry = 30 * time.Second }, "sinch: Expiry must be"},
		"an expiry of 11 minutes":     {func(c *sinch.Config) { c.Expiry = 11 * time.Minute }, "sinch: Expiry must be"},
		"an expiry of broken seconds": {func(c *sinch.Config) { c.Expiry = time.Minute + time.Millisecond }, "sinch: Expiry must be"},
		"a base without TLS":          {func(c *sinch.Config) { c.BaseURL = "http://secret.example.com" }, "sinch: the base URL must be"},
		"a place without a key":       {func(c *sinch.Config) { c.References = new(references.Memory) }, "sinch: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := sinch.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret.")
			assert.NotContains(t, err.Error(), "secret!")
			assert.NotContains(t, err.Error(), "secret:")
		})
	}
}

// A used code is approved once, even if the application says yes again, and by whatever
// client shares the place of references.
func TestACodeIsApprovedOnce(t *testing.T) {
	t.Parallel()
	place := func(c *sinch.Config) {
		c.References, c.Keys = new(references.Memory), [][]byte{[]byte("0123456789abcdef0123456789abcdef")}
	}
	client, srv := emulated(t, sinchtest.Options{Again: true}, place)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone, "")
	require.NoError(t, client.Check(t.Context(), phone, code))
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

// Whether Sinch takes a second code is not documented: where it does not, the right one
// is refused and a new code helps.
func TestTheRightCodeAfterAWrongOneMayBeRefused(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{OneTry: true})
	for range 2 {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		code := srv.Code(phone, "")
		err = client.Check(t.Context(), phone, "12345678")
		require.ErrorIs(t, err, verify.ErrMismatch)
		require.ErrorContains(t, err, "send a new one")
		require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
	}
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestASecondSendEndsTheFirstCode(t *testing.T) {
	t.Parallel()
	next := 0
	client, srv := emulated(t, sinchtest.Options{NewCode: func(int) string { next++; return fmt.Sprint(1110 + next) }})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	_, err = client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	require.ErrorIs(t, client.Check(t.Context(), phone, "1111"), verify.ErrMismatch)
	require.NoError(t, client.Check(t.Context(), phone, "1112"))
	assert.Equal(t, 2, srv.Effects())
}

// Only of a text message is Sinch told how long its code works: the client ends the
// others by itself.
func TestExpiryIsTheCodesLife(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{}, func(c *sinch.Config) { c.Expiry = 90 * time.Second })
	began := time.Now()
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.WithinDuration(t, began.Add(90*time.Second), receipt.ExpiresAt, time.Second)
	code := srv.Code(phone, "")
	srv.Advance(89 * time.Second)
	assert.Equal(t, code, srv.Code(phone, ""))
	srv.Advance(2 * time.Second)
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

// hints is a transport that keeps what a send was asked for.
type hints struct {
	http.RoundTripper
	language, body string
}

func (h *hints) RoundTrip(r *http.Request) (*http.Response, error) {
	h.language = r.Header.Get("Accept-Language")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.body = string(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return h.RoundTripper.RoundTrip(r)
}

func TestTheLocaleIsAHint(t *testing.T) {
	t.Parallel()
	kept := &hints{RoundTripper: http.DefaultTransport}
	client, _ := emulated(t, sinchtest.Options{}, func(c *sinch.Config) { c.HTTPClient = &http.Client{Transport: kept} })
	for channel, want := range map[verify.Channel][2]string{
		verify.ChannelSMS:      {"da-DK", `{"identity":{"type":"number","endpoint":"+15005550006"},"method":"sms","smsOptions":{"codeType":"Numeric","expiry":"00:05:00"}}`},
		verify.ChannelVoice:    {"", `{"identity":{"type":"number","endpoint":"+15005550006"},"method":"callout","calloutOptions":{"speech":{"locale":"da-DK"}}}`},
		verify.ChannelWhatsApp: {"", `{"identity":{"type":"number","endpoint":"+15005550006"},"method":"whatsapp"}`},
	} {
		_, err := client.Send(t.Context(), phone, verify.WithChannel(channel), verify.WithLocale("da-DK"))
		require.NoError(t, err)
		assert.Equal(t, want, [2]string{kept.language, kept.body}, channel)
	}
	_, err := client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	assert.NotContains(t, kept.body, "calloutOptions")
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{})
	for name, tc := range map[string]struct {
		body string // %s is the id
		want verify.Outcome
	}{
		"a yes":                    {`{"id":"%s","method":"sms","status":"SUCCESSFUL"}`, ""},
		"in lower case":            {`{"id":"%s","method":"sms","status":"successful"}`, verify.ErrOutcomeUnknown},
		"a yes with a reason":      {`{"id":"%s","method":"sms","status":"SUCCESSFUL","reason":"Fraud"}`, verify.ErrOutcomeUnknown},
		"of another method":        {`{"id":"%s","method":"callout","status":"SUCCESSFUL"}`, verify.ErrOutcomeUnknown},
		"of another id":            {`{"id":"%s1","method":"sms","status":"SUCCESSFUL"}`, verify.ErrOutcomeUnknown},
		"of no id":                 {`{"method":"sms","status":"SUCCESSFUL"}`, verify.ErrOutcomeUnknown},
		"of no method":             {`{"id":"%s","status":"SUCCESSFUL"}`, verify.ErrOutcomeUnknown},
		"twice":                    {`{"id":"%s","method":"sms","status":"FAIL","status":"SUCCESSFUL"}`, verify.ErrOutcomeUnknown},
		"true":                     {`{"id":"%s","method":"sms","status":true}`, verify.ErrOutcomeUnknown},
		"a list":                   {`[{"id":"%s","method":"sms","status":"SUCCESSFUL"}]`, verify.ErrOutcomeUnknown},
		"a status of none":         {`{"id":"%s","method":"sms","status":"DONE"}`, verify.ErrOutcomeUnknown},
		"a no without a reason":    {`{"id":"%s","method":"sms","status":"FAIL"}`, verify.ErrMismatch},
		"a no of a new reason":     {`{"id":"%s","method":"sms","status":"FAIL","reason":"Tired"}`, verify.ErrOutcomeUnknown},
		"a denial of no reason":    {`{"id":"%s","method":"sms","status":"DENIED"}`, verify.ErrOutcomeUnknown},
		"a block":                  {`{"id":"%s","method":"sms","status":"DENIED","reason":"Blocked"}`, verify.ErrBlocked},
		"an error with status 200": {`{"errorCode":40400,"message":"x"}`, verify.ErrOutcomeUnknown},
		"nothing":                  {` `, verify.ErrOutcomeUnknown},
	} {
		receipt, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		body := tc.body
		if name != "of no id" && name != "nothing" && name != "an error with status 200" {
			body = fmt.Sprintf(tc.body, receipt.ID)
		}
		srv.Fail(sinchtest.Fault{On: "check", Status: 200, Body: body})
		err = client.Check(t.Context(), phone, "1234")
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestSendTrustsOnlyItsOwnVerification(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{})
	for name, body := range map[string]string{
		"no id":             `{"method":"sms"}`,
		"an empty one":      `{"id":"","method":"sms"}`,
		"an id of a path":   `{"id":"a/b","method":"sms"}`,
		"no method":         `{"id":"a"}`,
		"of another method": `{"id":"a","method":"callout"}`,
	} {
		srv.Fail(sinchtest.Fault{On: "send", Status: 200, Body: body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
	}
}

func TestErrorsByTheirCode(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{})
	for name, tc := range map[string]struct {
		on     string
		status int
		body   string
		want   verify.Outcome
	}{
		"a code as text":                 {"send", 429, `{"errorCode":"42901"}`, verify.ErrTooManySends},
		"the limit of a number, checked": {"check", 429, `{"errorCode":42901}`, verify.ErrRateLimited},
		"not found, to a send":           {"send", 404, `{"errorCode":40400}`, verify.ErrRejected},
		"a code that is not listed":      {"send", 403, `{"errorCode":40399}`, verify.ErrRejected},
		"a failure that is not listed":   {"send", 503, `{"errorCode":50300}`, verify.ErrOutcomeUnknown},
		"an error of another shape":      {"send", 503, `{"error":"no"}`, verify.ErrOutcomeUnknown},
	} {
		srv.Heal()
		if tc.on == "check" {
			_, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
		}
		srv.Fail(sinchtest.Fault{On: tc.on, Status: tc.status, Body: tc.body, Times: -1, Header: http.Header{"Retry-After": {"3600"}}})
		var err error
		if tc.on == "check" {
			err = client.Check(t.Context(), phone, "1234")
		} else {
			_, err = client.Send(t.Context(), phone)
		}
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{SignedOnly: true})
	require.NoError(t, client.Probe(t.Context()))
	srv.Fail(sinchtest.Fault{On: "fetch", Status: 200, Body: `{"status":"PENDING"}`})
	require.ErrorContains(t, client.Probe(t.Context()), "check BaseURL")
	srv.Fail(sinchtest.Fault{On: "fetch", Status: 404, Body: `<html>`})
	require.Error(t, client.Probe(t.Context()))
	assert.Zero(t, srv.Effects())

	wrong, _ := emulated(t, sinchtest.Options{}, func(c *sinch.Config) { c.ApplicationSecret = "d3Jvbmc=" })
	require.ErrorIs(t, wrong.Probe(t.Context()), verify.ErrUnauthorized)
	basic, _ := emulated(t, sinchtest.Options{SignedOnly: true}, func(c *sinch.Config) { c.Basic = true })
	require.ErrorContains(t, basic.Probe(t.Context()), "check Basic")
}

func TestWarm(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, sinchtest.Options{})
	require.NoError(t, client.Warm(t.Context()))
	assert.Zero(t, srv.Requests())
}

func TestNothingPrintsTheSecret(t *testing.T) {
	t.Parallel()
	client, _ := emulated(t, sinchtest.Options{})
	for _, v := range []any{valid(), client, *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.NotContains(t, fmt.Sprintf(format, v), sinchtest.ApplicationSecret)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c sinch.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}
