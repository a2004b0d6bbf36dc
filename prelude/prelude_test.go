package prelude_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/prelude"
	"github.com/go2fa/verify/prelude/preludetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const phone = "+15005550006"

func valid() prelude.Config { return prelude.Config{APIKey: preludetest.APIKey} }

func emulated(t *testing.T, opts preludetest.Options, change ...func(*prelude.Config)) (*prelude.Client, *preludetest.Server) {
	srv := preludetest.NewServer(t, opts)
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := prelude.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*prelude.Config)
		want   string
	}{
		"all is well":                {func(*prelude.Config) {}, ""},
		"all is given":               {func(c *prelude.Config) { c.CodeLength, c.TemplateID, c.SenderID = 8, "prelude:psd2", "Acme 2" }, ""},
		"no key":                     {func(c *prelude.Config) { c.APIKey = "" }, "prelude: APIKey is missing"},
		"digits of none":             {func(c *prelude.Config) { c.CodeLength = 3 }, "prelude: CodeLength must be 4 to 8"},
		"more digits than there are": {func(c *prelude.Config) { c.CodeLength = 9 }, "prelude: CodeLength must be 4 to 8"},
		"a template of a path":       {func(c *prelude.Config) { c.TemplateID = "secret/.." }, "prelude: TemplateID must be"},
		"a sender of 21 letters":     {func(c *prelude.Config) { c.SenderID = "secret" + strings.Repeat("a", 15) }, "prelude: SenderID must be"},
		"a base without TLS":         {func(c *prelude.Config) { c.BaseURL = "http://secret.example.com" }, "prelude: the base URL must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := prelude.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// sent is a transport that keeps the body of the last request.
type sent struct {
	http.RoundTripper
	body string
}

func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.body = string(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.RoundTripper.RoundTrip(r)
}

func TestWhatASendSays(t *testing.T) {
	t.Parallel()
	kept := &sent{RoundTripper: http.DefaultTransport}
	client, _ := emulated(t, preludetest.Options{}, func(c *prelude.Config) {
		c.HTTPClient, c.TemplateID, c.SenderID = &http.Client{Transport: kept}, "prelude:psd2", "Acme"
	})
	const target = `{"target":{"type":"phone_number","value":"+15005550006"},"options":{`
	const account = `"sender_id":"Acme","template_id":"prelude:psd2"`
	for want, opts := range map[string][]verify.SendOption{
		target + `"code_size":6,"method":"message",` + account + `}}`:                                nil,
		target + `"code_size":6,"method":"message","preferred_channel":"sms",` + account + `}}`:      {verify.WithChannel(verify.ChannelSMS)},
		target + `"code_size":6,"method":"message","preferred_channel":"telegram",` + account + `}}`: {verify.WithChannel(verify.ChannelTelegram)},
		target + `"code_size":8,"locale":"da-DK","method":"voice",` + account + `}}`: {
			verify.WithChannel(verify.ChannelVoice), verify.WithDigits(8), verify.WithLocale("da-DK"),
		},
		target + `"code_size":6,"method":"message",` + account + `,"variables":{"amount":"12 EUR"}},"signals":{"ip":"203.0.113.7",` +
			`"device_id":"8F0B","device_platform":"ios","device_model":"iPhone17,2","os_version":"18.0.1","app_version":"1.2.34",` +
			`"user_agent":"Mozilla/5.0","ja4_fingerprint":"t13d","is_trusted_user":true},"dispatch_id":"123e4567"}`: {
			verify.WithClientIP(netip.MustParseAddr("::ffff:203.0.113.7")), prelude.WithDispatchID("123e4567"), prelude.WithVariable("amount", "12 EUR"),
			prelude.WithSignals(prelude.Signals{
				DeviceID: "8F0B", DevicePlatform: "ios", DeviceModel: "iPhone17,2", OSVersion: "18.0.1", AppVersion: "1.2.34",
				UserAgent: "Mozilla/5.0", JA4: "t13d", TrustedUser: true,
			}),
		},
	} {
		_, err := client.Send(t.Context(), phone, opts...)
		require.NoError(t, err)
		assert.Equal(t, want, kept.body)
	}
}

// What Prelude could not read is refused before a request.
func TestOptionsThatAreNone(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	for name, option := range map[string]verify.SendOption{
		"a platform of none":           prelude.WithSignals(prelude.Signals{DevicePlatform: "pigeon"}),
		"a signal of 513 bytes":        prelude.WithSignals(prelude.Signals{UserAgent: strings.Repeat("a", 513)}),
		"a dispatch id with a slash":   prelude.WithDispatchID("a/b"),
		"a dispatch id of none":        prelude.WithDispatchID(""),
		"a variable without a name":    prelude.WithVariable("", "a"),
		"a variable of a long name":    prelude.WithVariable(strings.Repeat("a", 65), "a"),
		"a variable with 257 bytes":    prelude.WithVariable("a", strings.Repeat("a", 257)),
		"a code of nine digits":        verify.WithDigits(9),
		"an address that is a phone's": verify.WithChannel(verify.ChannelEmail),
	} {
		_, err := client.Send(t.Context(), phone, option)
		require.ErrorIs(t, err, verify.ErrUnsupported, name)
	}
	assert.Zero(t, srv.Requests())
}

// The receipt tells the channel that Prelude used, not the one that was preferred.
func TestTheReceiptSaysTheChannelThatWasUsed(t *testing.T) {
	t.Parallel()
	for route, want := range map[string]verify.Channel{
		"": verify.ChannelWhatsApp, "sms": verify.ChannelSMS, "rcs": verify.ChannelRCS, "telegram": verify.ChannelTelegram, "viber": verify.ChannelApp, "zalo": verify.ChannelApp,
	} {
		client, srv := emulated(t, preludetest.Options{Route: route})
		receipt, err := client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelWhatsApp))
		require.NoError(t, err)
		assert.Equal(t, want, receipt.Channel)
		assert.Equal(t, string(want), srv.Messages()[0].Channel)
	}
	client, srv := emulated(t, preludetest.Options{})
	for body, want := range map[string]verify.Channel{
		`{"id":"vrf_x","status":"success","method":"message","channels":["pigeon"]}`:   verify.ChannelApp,
		`{"id":"vrf_x","status":"success","method":"message"}`:                         verify.ChannelWhatsApp,
		`{"id":"vrf_x","status":"success","method":"message","channels":[]}`:           verify.ChannelWhatsApp,
		`{"id":"vrf_x","status":"success","method":"voice"}`:                           verify.ChannelVoice,
		`{"id":"vrf_x","status":"retry","channels":["voice","sms"],"reason":"unread"}`: verify.ChannelVoice,
	} {
		srv.Fail(preludetest.Fault{On: "send", Status: 200, Body: body})
		receipt, err := client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelWhatsApp))
		require.NoError(t, err)
		assert.Equal(t, want, receipt.Channel, body)
	}
}

func TestASendWithinTheWindowIsAnotherAttempt(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{Attempts: 2, Window: 5 * time.Minute})
	first, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	second, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, first.ID, second.ID)
	_, err = client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrTooManySends)
	assert.Equal(t, 2, srv.Effects())
	srv.Advance(5 * time.Minute)
	third, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, third.ID)
}

func TestWrongCodesRunOut(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone, "")
	for range 5 {
		require.ErrorIs(t, client.Check(t.Context(), phone, "1"+code), verify.ErrMismatch)
	}
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"a yes":                      {`{"id":"vrf_x","status":"success"}`, ""},
		"a yes without an id":        {`{"status":"success"}`, ""},
		"in capitals":                {`{"id":"vrf_x","status":"SUCCESS"}`, verify.ErrOutcomeUnknown},
		"of a send":                  {`{"id":"vrf_x","status":"retry"}`, verify.ErrOutcomeUnknown},
		"twice":                      {`{"status":"failure","status":"success"}`, verify.ErrOutcomeUnknown},
		"another key":                {`{"Status":"success"}`, verify.ErrOutcomeUnknown},
		"true":                       {`{"status":true}`, verify.ErrOutcomeUnknown},
		"a list":                     {`[{"status":"success"}]`, verify.ErrOutcomeUnknown},
		"null":                       {`{"status":null}`, verify.ErrOutcomeUnknown},
		"more after it":              {`{"status":"success"}{}`, verify.ErrOutcomeUnknown},
		"an error with a status 200": {`{"code":"internal","message":"success"}`, verify.ErrOutcomeUnknown},
		"nothing":                    {` `, verify.ErrOutcomeUnknown},
	} {
		srv.Fail(preludetest.Fault{On: "check", Status: 200, Body: tc.body})
		err := client.Check(t.Context(), phone, "123456")
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestSendTrustsOnlyWhatItKnows(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"no id":                    {`{"status":"success","method":"message"}`, verify.ErrOutcomeUnknown},
		"an empty one":             {`{"id":"","status":"success","method":"message"}`, verify.ErrOutcomeUnknown},
		"no status":                {`{"id":"vrf_x","method":"message"}`, verify.ErrOutcomeUnknown},
		"a status of none":         {`{"id":"vrf_x","status":"done","method":"message"}`, verify.ErrOutcomeUnknown},
		"a silent verification":    {`{"id":"vrf_x","status":"success","method":"silent"}`, verify.ErrOutcomeUnknown},
		"an e-mail":                {`{"id":"vrf_x","status":"success","method":"email"}`, verify.ErrOutcomeUnknown},
		"channels that are a text": {`{"id":"vrf_x","status":"success","channels":"sms"}`, verify.ErrOutcomeUnknown},
		"a block of a new reason":  {`{"id":"vrf_x","status":"blocked","reason":"tired"}`, verify.ErrBlocked},
		"a block of no reason":     {`{"id":"vrf_x","status":"blocked"}`, verify.ErrBlocked},
	} {
		srv.Fail(preludetest.Fault{On: "send", Status: 200, Body: tc.body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestErrorsByTheirCode(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	for name, tc := range map[string]struct {
		status int
		body   string
		want   verify.Outcome
	}{
		"a code that is not listed":         {403, `{"code":"tired"}`, verify.ErrRejected},
		"a failure that is not listed":      {503, `{"code":"tired"}`, verify.ErrOutcomeUnknown},
		"a refusal with a failure's status": {502, `{"code":"invalid_phone_number"}`, verify.ErrOutcomeUnknown},
		"an error of another shape":         {403, `{"error":"no"}`, verify.ErrRejected},
		"the channel of another country":    {400, `{"code":"channel_not_enabled_in_region"}`, verify.ErrRejected},
	} {
		srv.Fail(preludetest.Fault{On: "send", Status: tc.status, Body: tc.body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, preludetest.Options{})
	require.NoError(t, client.Probe(t.Context()))
	srv.Fail(preludetest.Fault{On: "check", Status: 200, Body: `{"status":"success"}`})
	require.ErrorContains(t, client.Probe(t.Context()), "check BaseURL")
	srv.Fail(preludetest.Fault{On: "check", Status: 403, Body: `{"code":"invalid_request"}`})
	require.ErrorIs(t, client.Probe(t.Context()), verify.ErrRejected)
	assert.Zero(t, srv.Effects())

	wrong, _ := emulated(t, preludetest.Options{}, func(c *prelude.Config) { c.APIKey = "wrong" })
	require.ErrorIs(t, wrong.Probe(t.Context()), verify.ErrUnauthorized)
}

func TestNothingPrintsTheKeyOrTheDevice(t *testing.T) {
	t.Parallel()
	client, _ := emulated(t, preludetest.Options{})
	device := prelude.Signals{DeviceID: "8F0B52D4"}
	for _, v := range []any{valid(), client, *client, device, prelude.WithSignals(device)} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			text := fmt.Sprintf(format, v)
			assert.NotContains(t, text, preludetest.APIKey)
			assert.NotContains(t, text, device.DeviceID)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c prelude.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}
