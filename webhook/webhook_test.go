package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/webhook"
	"github.com/go2fa/verify/webhook/webhooktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone    = "+15005550006"
	other    = "+15017122661"
	endpoint = "https://messages.example.com/otp"
	first    = "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="
	second   = "whsec_cGxhY2Vob2xkZXIta2V5LXR3by0yNGJ5dGVzLi4uLi4="
)

func emulated(t *testing.T, opts ...webhooktest.Options) (*webhook.Client, *webhooktest.Server) {
	srv := webhooktest.NewServer(t, opts...)
	client, err := webhook.New(webhook.Config{URL: srv.URL, Secrets: []string{webhooktest.Secret}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func engine(t *testing.T, messenger otp.Messenger) *otp.Engine {
	e, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme",
	})
	require.NoError(t, err)
	return e
}

func text(s string) otp.Message {
	return otp.Message{To: phone, Channel: verify.ChannelSMS, Text: s, TTL: 10 * time.Minute, Ref: "00000000000000000000000000000001"}
}

// posted keeps what is posted, and answers 204.
type posted struct {
	mu     sync.Mutex
	url    string
	header http.Header
	body   []byte
}

func (p *posted) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.url, p.header, p.body = r.URL.String(), r.Header.Clone(), body
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, err
}

func posting(t *testing.T, cfg webhook.Config) (*webhook.Client, *posted) {
	p := new(posted)
	cfg.HTTPClient = &http.Client{Transport: p}
	client, err := webhook.New(cfg)
	require.NoError(t, err)
	return client, p
}

func TestSendAndCheck(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	verifier := engine(t, client)
	receipt, err := verifier.Send(t.Context(), phone, verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, "webhook", receipt.Vendor)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel)
	assert.Equal(t, srv.Messages()[0].ID, receipt.ID, "the endpoint knows the message by the same id")

	login := verify.WithScope("login")
	require.ErrorIs(t, verifier.Check(t.Context(), phone, "000000x", login), verify.ErrMismatch)
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone), login))
	require.ErrorIs(t, verifier.Check(t.Context(), phone, srv.Code(phone), login), verify.ErrNotPending, "R06: a code is accepted once")
	assert.Equal(t, 1, srv.Effects())
}

func TestASendWhoseAnswerWasLostIsOneMessageAndOnePost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	verifier := engine(t, client)
	srv.Fail(webhooktest.Fault{On: "send", Break: webhooktest.Close, Effect: true, Times: -1})
	_, err := verifier.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, 1, srv.Requests())
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone)), "the message arrived and its code is good")
}

func TestAnAnswerThatNoEndpointGivesIsUnknown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"nothing":                {"", ""},
		"a word":                 {"OK\n", ""},
		"an object":              {`{"id":"m-1","error":null}`, ""},
		"a list":                 {`[{"error":"blocked"}]`, ""},
		"an error without words": {`{"error":""}`, ""},
		"an error deeper down":   {`{"data":{"error":"blocked"}}`, ""},
		"a page":                 {"\n <!doctype html>", verify.ErrOutcomeUnknown},
		"no text":                {"\x1f\x8b\x08", verify.ErrOutcomeUnknown},
		"half an object":         {`{"id":`, verify.ErrOutcomeUnknown},
		"two objects":            {`{}{}`, verify.ErrOutcomeUnknown},
		"another kind of error":  {`{"error":{"code":1}}`, verify.ErrOutcomeUnknown},
		"two errors":             {`{"error":"blocked","error":"rejected"}`, verify.ErrOutcomeUnknown},
		"a word that is none":    {`{"error":"Blocked"}`, verify.ErrOutcomeUnknown},
		"a word of the table":    {`{"error":"rate_limited"}`, verify.ErrRateLimited},
		"a word behind a mark":   {"\ufeff{\"error\":\"blocked\"}", verify.ErrBlocked},
		"a page behind a mark":   {"\ufeff<html>", verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(webhooktest.Fault{Status: http.StatusOK, Body: tc.body})
			_, err := client.Deliver(t.Context(), text("123456"))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.want)
			assert.Equal(t, 1, srv.Requests())
		})
	}
}

// What surely was not taken is posted again, under the same id.
func TestEveryTryOfAMessageHasItsID(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(webhooktest.Refusal(http.StatusServiceUnavailable, "unavailable"), webhooktest.Refusal(http.StatusServiceUnavailable, "unavailable"))
	id, err := client.Deliver(t.Context(), text("123456"))
	require.NoError(t, err)
	assert.Equal(t, 3, srv.Requests())
	require.Len(t, srv.Messages(), 1)
	assert.Equal(t, "00000000000000000000000000000001", id)
	assert.Equal(t, id, srv.Messages()[0].ID)

	m := text("123456")
	again, err := client.Deliver(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, id, again)
	assert.Len(t, srv.Messages(), 1, "the endpoint drops an id that it has seen")

	m.Ref = ""
	one, err := client.Deliver(t.Context(), m)
	require.NoError(t, err)
	two, err := client.Deliver(t.Context(), m)
	require.NoError(t, err)
	assert.NotEqual(t, one, two, "without a reference each message has an id of its own")
	assert.Len(t, srv.Messages(), 3)
}

func TestWhatIsPosted(t *testing.T) {
	t.Parallel()
	client, p := posting(t, webhook.Config{URL: endpoint, Secrets: []string{first}, Channels: []string{"voice", "sms"}})
	m := text("Your code is <123456> & no other")
	m.Request.Locale = "da-DK"
	_, err := client.Deliver(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, endpoint, p.url)
	assert.Equal(t, "application/json", p.header.Get("Content-Type"))
	var got map[string]any
	require.NoError(t, json.Unmarshal(p.body, &got))
	assert.Equal(t, map[string]any{"type": "verify.message", "data": map[string]any{
		"to": phone, "channel": "sms", "text": m.Text, "locale": "da-DK", "expires_in": 600.0,
	}}, got)
	at, err := strconv.ParseInt(p.header.Get("webhook-timestamp"), 10, 64)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), time.Unix(at, 0), 5*time.Second)
	assert.NotContains(t, fmt.Sprint(p.header), phone, "nobody is named in a header")
}

// The vector was computed with Python's hmac. The official libraries judge the same in
// tests/interop.
func TestSignatureVector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(1790000000, 0)))
		client, p := posting(t, webhook.Config{URL: endpoint, Secrets: []string{first, second}})
		_, err := client.Deliver(t.Context(), text("123456"))
		require.NoError(t, err)
		assert.Equal(t, "1790000000", p.header.Get("webhook-timestamp"))
		assert.Equal(t, `{"type":"verify.message","data":{"to":"+15005550006","channel":"sms","text":"123456","expires_in":600}}`, string(p.body))
		assert.Equal(t, "v1,H6faH0y8T6i3QQ//vyCNB/tGTYx2JlgbgLiOz6TedGI= v1,FKB+3e24J6+z4X4mpIqsJCxaWjCpFmUcex4vX/HzEQ4=", p.header.Get("webhook-signature"))
	})
}

// Either of two secrets is enough for an endpoint, and no third one.
func TestBothSecretsSign(t *testing.T) {
	t.Parallel()
	client, p := posting(t, webhook.Config{URL: endpoint, Secrets: []string{first, second}})
	_, err := client.Deliver(t.Context(), text("123456"))
	require.NoError(t, err)
	for secret, want := range map[string]bool{first: true, second: true, webhooktest.Secret: false} {
		keys, err := delivery.WebhookKeys([]string{secret})
		require.NoError(t, err)
		r := &http.Request{Header: p.header}
		assert.Equal(t, want, delivery.IsWebhook(r, p.body, keys))
		assert.False(t, delivery.IsWebhook(r, append([]byte(" "), p.body...), keys), "another body")
	}
}

func TestASlashAtTheEndOfTheAddressStays(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://a.example":              "https://a.example/",
		"https://a.example/":             "https://a.example/",
		"https://a.example/hooks/otp":    "https://a.example/hooks/otp",
		"https://a.example/hooks/otp/":   "https://a.example/hooks/otp/",
		"https://a.example:8443/_otp/v1": "https://a.example:8443/_otp/v1",
	} {
		client, p := posting(t, webhook.Config{URL: url, Secrets: []string{first}})
		_, err := client.Deliver(t.Context(), text("123456"))
		require.NoError(t, err)
		assert.Equal(t, want, p.url)
		replaced, q := posting(t, webhook.Config{URL: endpoint, BaseURL: url, Secrets: []string{first}})
		_, err = replaced.Deliver(t.Context(), text("123456"))
		require.NoError(t, err)
		assert.Equal(t, want, q.url)
	}
}

func TestDeliverChecksWhatNoEngineHasChecked(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range map[string]struct {
		change func(*otp.Message)
		want   verify.Outcome
	}{
		"nobody":                  {func(m *otp.Message) { m.To = "" }, verify.ErrInvalidRecipient},
		"a number without plus":   {func(m *otp.Message) { m.To = "15005550006" }, verify.ErrInvalidRecipient},
		"no channel":              {func(m *otp.Message) { m.Channel = "" }, verify.ErrUnsupported},
		"another channel":         {func(m *otp.Message) { m.Channel = verify.ChannelVoice }, verify.ErrUnsupported},
		"no text":                 {func(m *otp.Message) { m.Text = "" }, verify.ErrUnsupported},
		"a reference with a dot":  {func(m *otp.Message) { m.Ref = "a.b" }, verify.ErrUnsupported},
		"a reference too long":    {func(m *otp.Message) { m.Ref = strings.Repeat("x", 65) }, verify.ErrUnsupported},
		"a reference of two rows": {func(m *otp.Message) { m.Ref = "a\r\nb" }, verify.ErrUnsupported},
	} {
		m := text("123456")
		tc.change(&m)
		_, err := client.Deliver(t.Context(), m)
		assert.ErrorIs(t, err, tc.want, name)
	}
	assert.Zero(t, srv.Requests())
}

func TestAnEndpointServesTheChannelsOfItsSettings(t *testing.T) {
	t.Parallel()
	srv := webhooktest.NewServer(t)
	client, err := webhook.New(webhook.Config{URL: srv.URL, Secrets: []string{webhooktest.Secret}, Channels: []string{"voice", "sms", "email"}})
	require.NoError(t, err)
	verifier := engine(t, client)
	receipt, err := verifier.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelVoice, receipt.Channel, "the first one")
	receipt, err = verifier.Send(t.Context(), "a@example.com")
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelEmail, receipt.Channel)
	require.NoError(t, verifier.Check(t.Context(), "a@example.com", srv.Code("a@example.com")))
	_, err = verifier.Send(t.Context(), other, verify.WithChannel(verify.ChannelWhatsApp))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}

// A recipient whom the endpoint does not reach is left to the next messenger.
func TestWhomTheEndpointDoesNotReachTheNextMessengerServes(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, webhooktest.Options{Absent: []string{other}})
	next, nextSrv := emulated(t)
	verifier := engine(t, otp.Fallback(client, next))
	_, err := verifier.Send(t.Context(), other)
	require.NoError(t, err)
	assert.Zero(t, srv.Effects())
	assert.Equal(t, 1, nextSrv.Effects())
}

func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for _, fault := range []webhooktest.Fault{
		{Status: 200, Body: `{"error":"15005550006"}`},
		{Status: 400, Body: `{"error":"123456 to +15005550006"}`},
		{Status: 422, Body: `{"error":{"to":"+15005550006"}}`},
		{Status: 500, Body: `123456 to 15005550006`},
		{Break: webhooktest.Reset},
	} {
		srv.Fail(fault)
		_, err := client.Deliver(t.Context(), text("123456"))
		require.Error(t, err)
		all := fmt.Sprintf("%v %+v %#v", err, err, err)
		for _, private := range []string{"5005550006", "123456", srv.URL, webhooktest.Secret} {
			assert.NotContains(t, all, private)
		}
	}
}

func TestProbeSendsNothing(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	require.NoError(t, client.Probe(t.Context()))
	assert.Equal(t, 1, srv.Requests())
	assert.Zero(t, srv.Effects())
	stranger, err := webhook.New(webhook.Config{URL: srv.URL, Secrets: []string{first}})
	require.NoError(t, err)
	require.ErrorIs(t, stranger.Probe(t.Context()), verify.ErrUnauthorized)
}

// A client that New did not make closes, and finds fault with itself.
func TestZeroClient(t *testing.T) {
	c := new(webhook.Client)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
	_, err := c.Deliver(t.Context(), text("123456"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}
