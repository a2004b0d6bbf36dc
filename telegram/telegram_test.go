package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telegram"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone  = "+15005550006"
	other  = "+15017122661"
	secret = "canary-secret"
)

func emulated(t *testing.T, opts ...telegramtest.Options) (*telegram.Client, *telegramtest.Server) {
	srv := telegramtest.NewServer(t, opts...)
	client, err := telegram.New(telegram.Config{Token: telegramtest.Token, BaseURL: srv.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func engine(t *testing.T, messenger otp.Courier) *otp.Engine {
	e, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme", Digits: 8,
	})
	require.NoError(t, err)
	return e
}

func code(s string) otp.CodeMessage {
	return otp.CodeMessage{
		To: phone, Channel: verify.ChannelTelegram, Code: s, TTL: 10 * time.Minute, Ref: "00000000000000000000000000000001",
	}
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
	receipt, err := verifier.Send(t.Context(), phone, verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, "telegram", receipt.Vendor)
	assert.Equal(t, verify.ChannelTelegram, receipt.Channel)
	assert.Equal(t, 8, receipt.Digits)
	assert.NotEmpty(t, receipt.ID)
	assert.Equal(t, 2, srv.Requests(), "the question, and the message")
	assert.InDelta(t, 0.01, srv.Spent(), 1e-9, "one fee for both")

	login := verify.WithScope("login")
	require.ErrorIs(t, verifier.Check(t.Context(), phone, "00000000", login), verify.ErrMismatch)
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone), login))
	require.ErrorIs(t, verifier.Check(t.Context(), phone, srv.Code(phone), login), verify.ErrNotPending, "R06: a code is accepted once")
}

func TestNobodyOnTelegramIsReachedByTheNextCourier(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, telegramtest.Options{Absent: []string{other}})
	_, err := engine(t, client).Send(t.Context(), other)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Elsewhere, "another vendor may reach this person")

	sms := &texts{}
	verifier := engine(t, otp.Fallback(client, sms))
	receipt, err := verifier.Send(t.Context(), other)
	require.NoError(t, err)
	assert.Equal(t, "texts", receipt.Vendor)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel)
	require.Len(t, sms.sent, 1)
	assert.Zero(t, srv.Effects(), "nothing was sent by Telegram")
	assert.Zero(t, srv.Spent(), "and nothing was paid")

	receipt, err = verifier.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelTelegram, receipt.Channel, "who is on Telegram is reached there")
	assert.Len(t, sms.sent, 1)
}

// Whatever becomes of the question, no message has gone, so the next courier may send.
func TestAQuestionWithoutAnAnswerMovesOn(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]telegramtest.Fault{
		"lost after the fee":  {Break: telegramtest.Close, Effect: true},
		"garbage":             {Break: telegramtest.Garbage},
		"a page":              {Status: 200, Body: "<html>"},
		"a failure":           {Status: 500, Body: "<html>"},
		"a redirect":          {Status: 307, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
		"no funds":            telegramtest.Refusal("BALANCE_NOT_ENOUGH"),
		"throttled":           telegramtest.Refusal("FLOOD_WAIT_3600"),
		"the token withdrawn": telegramtest.Refusal("ACCESS_TOKEN_INVALID"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			fault.On, fault.Times = "ability", -1
			srv.Fail(fault)
			sms := &texts{}
			receipt, err := engine(t, otp.Fallback(client, sms)).Send(t.Context(), phone)
			require.NoError(t, err)
			assert.Equal(t, "texts", receipt.Vendor)
			assert.Len(t, sms.sent, 1)
			assert.Zero(t, srv.Effects())
			assert.Equal(t, 1, srv.Requests(), "a question may be paid, so it is asked once")
		})
	}
}

func TestSendWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	sms := &texts{}
	verifier := engine(t, otp.Fallback(client, sms))
	srv.Fail(telegramtest.Fault{On: "send", Break: telegramtest.Close, Effect: true, Times: -1})
	_, err := verifier.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	assert.Equal(t, 2, srv.Requests())
	assert.Empty(t, sms.sent, "nobody else sends")
	require.NoError(t, verifier.Check(t.Context(), phone, srv.Code(phone)), "the message arrived and its code is good")
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
		"a code of nine digits":  {func(m *otp.CodeMessage) { m.Code = "123456789" }, verify.ErrUnsupported},
		"a code with a letter":   {func(m *otp.CodeMessage) { m.Code = "12345a" }, verify.ErrUnsupported},
		"a reference too long":   {func(m *otp.CodeMessage) { m.Ref = strings.Repeat("x", 129) }, verify.ErrUnsupported},
	} {
		m := code("123456")
		tc.change(&m)
		_, err := client.DeliverCode(t.Context(), m)
		assert.ErrorIs(t, err, tc.want, name)
	}
	assert.Zero(t, srv.Requests())
}

func TestCodesOfFourToEightDigitsArrive(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for n := 4; n <= 8; n++ {
		digits := "12345678"[:n]
		_, err := client.DeliverCode(t.Context(), code(digits))
		require.NoError(t, err)
		assert.Equal(t, digits, srv.Code(phone))
	}
	_, err := otp.New(otp.Config{
		Messenger: client, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Digits: 9,
	})
	require.ErrorContains(t, err, "Digits is none that Messenger takes")
}

// still is a server that never answers some of the calls.
type still struct{ at string }

func (s still) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, s.at) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	const body = `{"ok":true,"result":{"request_id":"987650abcdef"}}`
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestBothCallsTogetherHave15Seconds(t *testing.T) {
	for at, want := range map[string]struct {
		outcome verify.Outcome
		within  time.Duration
	}{
		"checkSendAbility":        {verify.ErrUnavailable, 5 * time.Second},
		"sendVerificationMessage": {verify.ErrOutcomeUnknown, 10 * time.Second},
	} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, err := telegram.New(telegram.Config{Token: "placeholder", HTTPClient: &http.Client{Transport: still{at}}})
				require.NoError(t, err)
				start := time.Now()
				_, err = client.DeliverCode(t.Context(), code("123456"))
				assert.Equal(t, want.outcome, verify.OutcomeOf(err))
				assert.Equal(t, want.within, time.Since(start))
			})
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*telegram.Config)
		says   string
	}{
		"no token":                   {func(c *telegram.Config) { c.Token = "" }, "Token is missing"},
		"a token with a newline":     {func(c *telegram.Config) { c.Token = secret + "\n" }, "Token opens or ends"},
		"a token with a control":     {func(c *telegram.Config) { c.Token = secret + "\x00x" }, "control character"},
		"a sender with its @":        {func(c *telegram.Config) { c.Sender = "@acme" }, "Sender must"},
		"a sender of three letters":  {func(c *telegram.Config) { c.Sender = "abc" }, "Sender must"},
		"a sender of 33 letters":     {func(c *telegram.Config) { c.Sender = strings.Repeat("a", 33) }, "Sender must"},
		"a base URL of another kind": {func(c *telegram.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"plain http":                 {func(c *telegram.Config) { c.BaseURL = "http://gatewayapi.telegram.org" }, "base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := telegram.Config{Token: secret, Sender: "acme_codes"}
			_, err := telegram.New(cfg)
			require.NoError(t, err)
			tc.change(&cfg)
			_, err = telegram.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "telegram: "), err.Error())
			assert.NotContains(t, err.Error(), secret, "an error names the field, never its value")
		})
	}
}

func TestNothingPrintsTheToken(t *testing.T) {
	t.Parallel()
	cfg := telegram.Config{Token: secret}
	client, err := telegram.New(cfg)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg, "client", client)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "config", cfg)
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %v", cfg, cfg, cfg, cfg, client), string(text), log.String()} {
		assert.NotContains(t, s, secret)
	}
}

func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for _, on := range []string{"ability", "send"} {
		for _, fault := range []telegramtest.Fault{
			{Status: 200, Body: `{"ok":false,"error":"15005550006"}`},
			{Status: 400, Body: `{"ok":false,"error":"123456 to +15005550006"}`},
			{Status: 200, Body: `{"ok":false,"error":"FLOOD_WAIT_123456"}`},
			{Status: 200, Body: `{"ok":true,"result":{"request_id":"15005550006","phone_number":"+15005550006"}}`},
			{Status: 200, Body: `{"ok":true,"result":{"request_id":"123456 +15005550006"}}`},
			{Status: 500, Body: `123456 to 15005550006`},
			{Break: telegramtest.Reset},
		} {
			fault.On = on
			srv.Fail(fault)
			_, err := client.DeliverCode(t.Context(), code("123456"))
			require.Error(t, err)
			all := fmt.Sprintf("%v %+v %#v", err, err, err)
			for _, private := range []string{"5005550006", "123456", srv.URL, telegramtest.Token} {
				assert.NotContains(t, all, private)
			}
		}
	}
}

func TestOnlyAnAnswerOfThisMessageIsAYes(t *testing.T) {
	t.Parallel()
	const id = "987650abcdef"
	for name, body := range map[string]string{
		"no ok":                     `{"result":{"request_id":"` + id + `"}}`,
		"ok as a text":              `{"ok":"true","result":{"request_id":"` + id + `"}}`,
		"ok twice":                  `{"ok":true,"ok":true,"result":{"request_id":"` + id + `"}}`,
		"another case":              `{"OK":true,"result":{"request_id":"` + id + `"}}`,
		"no result":                 `{"ok":true}`,
		"a result that is true":     `{"ok":true,"result":true}`,
		"another request":           `{"ok":true,"result":{"request_id":"1` + id + `"}}`,
		"a request that is a list":  `{"ok":true,"result":{"request_id":["` + id + `"]}}`,
		"another number":            `{"ok":true,"result":{"request_id":"` + id + `","phone_number":"+15017122661"}}`,
		"another payload":           `{"ok":true,"result":{"request_id":"` + id + `","payload":"x"}}`,
		"a message that is revoked": `{"ok":true,"result":{"request_id":"` + id + `","delivery_status":{"status":"revoked"}}}`,
		"a second document":         `{"ok":true,"result":{"request_id":"` + id + `"}}{}`,
		"a page":                    `<html>`,
		"nothing":                   ` `,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(
				telegramtest.Fault{On: "ability", Status: 200, Body: `{"ok":true,"result":{"request_id":"` + id + `"}}`},
				telegramtest.Fault{On: "send", Status: 200, Body: body},
			)
			_, err := client.DeliverCode(t.Context(), code("123456"))
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		})
	}
}

func TestProbeCostsNothing(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	require.NoError(t, client.Probe(t.Context()))
	assert.Zero(t, srv.Spent())
	assert.Zero(t, srv.Effects())
	stranger, err := telegram.New(telegram.Config{Token: "another", BaseURL: srv.URL})
	require.NoError(t, err)
	require.ErrorIs(t, stranger.Probe(t.Context()), verify.ErrUnauthorized)
}

// A client that New did not make closes, and finds fault with itself.
func TestZeroClient(t *testing.T) {
	c := new(telegram.Client)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
	_, err := c.DeliverCode(t.Context(), code("123456"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}
