package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/whatsapp"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone  = "+15005550006"
	other  = "+15017122661"
	secret = "canary-secret"
)

func config(url string) whatsapp.Config {
	return whatsapp.Config{
		Token: whatsapptest.Token, PhoneNumberID: whatsapptest.PhoneNumberID, Template: whatsapptest.Template, BaseURL: url,
	}
}

func emulated(t *testing.T, opts ...whatsapptest.Options) (*whatsapp.Client, *whatsapptest.Server) {
	srv := whatsapptest.NewServer(t, opts...)
	client, err := whatsapp.New(config(srv.URL))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func engine(t *testing.T, messenger otp.Courier) *otp.Engine {
	e, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme",
	})
	require.NoError(t, err)
	return e
}

func code(s string) otp.CodeMessage {
	return otp.CodeMessage{To: phone, Channel: verify.ChannelWhatsApp, Code: s, TTL: 10 * time.Minute}
}

// texts is a messenger of text messages that always delivers.
type texts struct{ sent []otp.Message }

func (*texts) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "texts", Channels: []verify.Channel{verify.ChannelSMS}}
}

func (x *texts) Deliver(_ context.Context, m otp.Message) (string, error) {
	x.sent = append(x.sent, m)
	return "t-1", nil
}

func TestSendAndCheck(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	verifier := engine(t, client)
	login := verify.WithScope("login")
	receipt, err := verifier.Send(t.Context(), phone, login)
	require.NoError(t, err)
	assert.Equal(t, "whatsapp", receipt.Vendor)
	assert.Equal(t, verify.ChannelWhatsApp, receipt.Channel)
	assert.Equal(t, 6, receipt.Digits)
	assert.Equal(t, srv.Messages()[0].ID, receipt.ID)
	assert.Equal(t, 1, srv.Requests())

	require.ErrorIs(t, verifier.Check(t.Context(), phone, "0000000", login), verify.ErrMismatch)
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone), login))
	require.ErrorIs(t, verifier.Check(t.Context(), phone, srv.Code(phone), login), verify.ErrNotPending, "R06: a code is accepted once")
}

// Meta's id of a message holds the recipient: 0x1c 0x18, a length and the number.
func TestNoReceiptHoldsTheNumberThatMetasIDHolds(t *testing.T) {
	t.Parallel()
	answers := make(chan []byte, 1)
	e := whatsapptest.New(whatsapptest.Options{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, r)
		answers <- recorder.Body.Bytes()
		_, _ = w.Write(recorder.Body.Bytes())
	}))
	defer srv.Close()
	client, err := whatsapp.New(config(srv.URL))
	require.NoError(t, err)
	id, err := client.DeliverCode(t.Context(), code("123456"))
	require.NoError(t, err)

	var said struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	require.NoError(t, json.Unmarshal(<-answers, &said))
	wamid := said.Messages[0].ID
	inside, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(wamid, "wamid."))
	require.NoError(t, err)
	require.Contains(t, string(inside), phone[1:], "as Meta's does")
	assert.Equal(t, whatsapp.ID(wamid), id)
	assert.Regexp(t, `^wa_[0-9a-f]{32}$`, id)
	assert.NotContains(t, id, phone[1:])
}

func TestWhoIsNotOnWhatsAppIsReachedByTheNextCourier(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, whatsapptest.Options{Absent: []string{other}})
	_, err := engine(t, client).Send(t.Context(), other)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Elsewhere, "another vendor may reach this person")
	assert.Equal(t, "131026", e.VendorCode)

	sms := &texts{}
	verifier := engine(t, otp.Fallback(client, sms))
	receipt, err := verifier.Send(t.Context(), other)
	require.NoError(t, err)
	assert.Equal(t, "texts", receipt.Vendor)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel)
	require.Len(t, sms.sent, 1)
	assert.Zero(t, srv.Effects(), "nothing was sent by WhatsApp")

	receipt, err = verifier.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelWhatsApp, receipt.Channel, "who is on WhatsApp is reached there")
	assert.Len(t, sms.sent, 1)
}

// Of what fails at once, the next courier takes over where Meta refused the account.
func TestWhoTakesOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault whatsapptest.Fault
		texts int
	}{
		"the token withdrawn":    {whatsapptest.Refusal(190), 1},
		"the account locked":     {whatsapptest.Refusal(131031), 1},
		"no payment":             {whatsapptest.Refusal(131042), 1},
		"the template paused":    {whatsapptest.Refusal(132015), 1},
		"throttled":              {whatsapptest.Refusal(130429), 1},
		"in maintenance":         {whatsapptest.Refusal(131057), 1},
		"a country not allowed":  {whatsapptest.Refusal(130497), 1},
		"too many to one person": {whatsapptest.Refusal(131056), 0},
		"opted out":              {whatsapptest.Refusal(131050), 0},
		"no such template":       {whatsapptest.Refusal(132001), 0},
		"a server that failed":   {whatsapptest.Refusal(131000), 0},
		"held back":              {whatsapptest.Held("held_for_quality_assessment"), 0},
		"a delivery paused":      {whatsapptest.Held("paused"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			tc.fault.Times = -1
			srv.Fail(tc.fault)
			sms := &texts{}
			_, err := engine(t, otp.Fallback(client, sms)).Send(t.Context(), phone)
			assert.Equal(t, tc.texts == 1, err == nil, "%v", err)
			assert.Len(t, sms.sent, tc.texts)
			assert.Zero(t, srv.Effects())
		})
	}
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	sms := &texts{}
	verifier := engine(t, otp.Fallback(client, sms))
	srv.Fail(whatsapptest.Fault{On: "send", Break: whatsapptest.Close, Effect: true, Times: -1})
	_, err := verifier.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, 1, srv.Requests())
	assert.Empty(t, sms.sent, "nobody else sends")
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone)), "the message arrived and its code is good")
}

// transport takes every message, without a network. It says to whom.
type transport func() string

func (to transport) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	body := `{"messaging_product":"whatsapp","contacts":[{"input":"` + to() + `"}],"messages":[{"id":"wamid.placeholder"}]}`
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

var header = http.Header{"Content-Type": {"application/json"}}

// asked keeps the languages of the templates that were asked for.
type asked struct {
	t         *testing.T
	languages []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	object, err := emulator.ReadObject(r)
	require.NoError(a.t, err)
	a.languages = append(a.languages, object.Object("template").Object("language").String("code"))
	return transport(func() string { return phone }).RoundTrip(r)
}

func TestTheLanguageNearestToTheLocale(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		languages []string
		locales   map[string]string
	}{
		"none": {nil, map[string]string{"": "en_US", "da": "en_US", "en-GB": "en_US"}},
		"some": {[]string{"da", "en_GB", "pt_BR", "zh_TW", "fil", "nb"}, map[string]string{
			"": "da", "da-DK": "da", "da_DK.UTF-8": "da", "en": "en_GB", "en-US": "en_GB", "pt": "pt_BR", "pt-PT": "pt_BR",
			"pt_BR": "pt_BR", "zh-Hant-HK": "zh_TW", "tl": "fil", "no": "nb", "nn-NO": "nb", "de-AT,en;q=0.5": "da", "x": "da",
		}},
		"of a region first": {[]string{"es", "es_MX"}, map[string]string{"es-MX": "es_MX", "es-AR": "es", "fr": "es"}},
	} {
		for locale, want := range tc.locales {
			transport := &asked{t: t}
			cfg := config("")
			cfg.Languages, cfg.HTTPClient = tc.languages, &http.Client{Transport: transport}
			client, err := whatsapp.New(cfg)
			require.NoError(t, err)
			_, err = engine(t, client).Send(t.Context(), phone, verify.WithLocale(locale))
			require.NoError(t, err)
			assert.Equal(t, []string{want}, transport.languages, "%s: %q", name, locale)
		}
	}
}

// A language in which the template is not approved is told by the vendor.
func TestALanguageThatIsNotApproved(t *testing.T) {
	t.Parallel()
	srv := whatsapptest.NewServer(t, whatsapptest.Options{Languages: []string{"da"}})
	cfg := config(srv.URL)
	cfg.Languages = []string{"da", "en_US"}
	client, err := whatsapp.New(cfg)
	require.NoError(t, err)
	_, err = client.DeliverCode(t.Context(), code("123456"))
	require.NoError(t, err)
	m := code("123456")
	m.Request.Locale = "en"
	_, err = client.DeliverCode(t.Context(), m)
	require.ErrorIs(t, err, verify.ErrRejected)
	assert.ErrorContains(t, err, "check Template and Languages")
}

func TestDeliverChecksWhatNoEngineHasChecked(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range map[string]struct {
		change func(*otp.CodeMessage)
		want   verify.Outcome
	}{
		"nobody":                 {func(m *otp.CodeMessage) { m.To = "" }, verify.ErrInvalidRecipient},
		"a number without plus":  {func(m *otp.CodeMessage) { m.To = "15005550006" }, verify.ErrInvalidRecipient},
		"an address":             {func(m *otp.CodeMessage) { m.To = "a@example.com" }, verify.ErrInvalidRecipient},
		"no channel":             {func(m *otp.CodeMessage) { m.Channel = "" }, verify.ErrUnsupported},
		"another channel":        {func(m *otp.CodeMessage) { m.Channel = verify.ChannelSMS }, verify.ErrUnsupported},
		"no code":                {func(m *otp.CodeMessage) { m.Code = "" }, verify.ErrUnsupported},
		"a code of three digits": {func(m *otp.CodeMessage) { m.Code = "123" }, verify.ErrUnsupported},
		"a code of eleven":       {func(m *otp.CodeMessage) { m.Code = "12345678901" }, verify.ErrUnsupported},
		"a code with a letter":   {func(m *otp.CodeMessage) { m.Code = "12345a" }, verify.ErrUnsupported},
	} {
		m := code("123456")
		tc.change(&m)
		_, err := client.DeliverCode(t.Context(), m)
		assert.ErrorIs(t, err, tc.want, name)
	}
	assert.Zero(t, srv.Requests())
}

func TestCodesOfFourToTenDigitsArrive(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for n := 4; n <= 10; n++ {
		digits := "1234567890"[:n]
		_, err := client.DeliverCode(t.Context(), code(digits))
		require.NoError(t, err)
		assert.Equal(t, digits, srv.Code(phone))
	}
}

// still is a server that never answers.
type still struct{}

func (still) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAMessageHas15Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config("")
		cfg.HTTPClient = &http.Client{Transport: still{}}
		client, err := whatsapp.New(cfg)
		require.NoError(t, err)
		start := time.Now()
		_, err = client.DeliverCode(t.Context(), code("123456"))
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		assert.Equal(t, 15*time.Second, time.Since(start))
	})
}
