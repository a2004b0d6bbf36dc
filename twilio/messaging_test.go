package twilio_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const messagingSID = "MG00000000000000000000000000000000"

func messaging() twilio.MessagingConfig {
	return twilio.MessagingConfig{
		AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, From: other,
	}
}

func messagingKey() twilio.MessagingConfig {
	return twilio.MessagingConfig{
		AccountSID: twiliotest.AccountSID, APIKeySID: twiliotest.APIKeySID, APIKeySecret: twiliotest.APIKeySecret,
		MessagingServiceSID: messagingSID,
	}
}

// carrying returns a messenger and the emulator it talks to.
func carrying(t *testing.T, cfg twilio.MessagingConfig) (*twilio.Messaging, *twiliotest.Server) {
	srv := twiliotest.NewServer(t)
	cfg.BaseURL = srv.URL
	messenger, err := twilio.NewMessaging(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, messenger.Close()) })
	return messenger, srv
}

func local(t *testing.T, messenger otp.Messenger) *otp.Engine {
	engine, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme",
	})
	require.NoError(t, err)
	return engine
}

func text(s string) otp.Message {
	return otp.Message{To: phone, Channel: verify.ChannelSMS, Text: s, TTL: 10 * time.Minute, Ref: "00000000000000000000000000000001"}
}

func TestNewMessagingRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*twilio.MessagingConfig)
		says   string
	}{
		"nothing at all":             {func(c *twilio.MessagingConfig) { *c = twilio.MessagingConfig{} }, "AccountSID"},
		"no account":                 {func(c *twilio.MessagingConfig) { c.AccountSID = "" }, "AccountSID"},
		"a key without its account":  {func(c *twilio.MessagingConfig) { *c = messagingKey(); c.AccountSID = "" }, "AccountSID"},
		"a token and a key":          {func(c *twilio.MessagingConfig) { c.APIKeySID = twiliotest.APIKeySID }, "either AccountSID"},
		"a key without its secret":   {func(c *twilio.MessagingConfig) { *c = messagingKey(); c.APIKeySecret = "" }, "APIKeySecret"},
		"nobody who sends":           {func(c *twilio.MessagingConfig) { c.From = "" }, "From, MessagingServiceSID or both"},
		"a service of another kind":  {func(c *twilio.MessagingConfig) { c.MessagingServiceSID = twiliotest.ServiceSID }, "MessagingServiceSID must"},
		"a number without its plus":  {func(c *twilio.MessagingConfig) { c.From = "15017122661" }, "From must"},
		"two digits":                 {func(c *twilio.MessagingConfig) { c.From = "12" }, "From must"},
		"a name too long":            {func(c *twilio.MessagingConfig) { c.From = "AcmeAcmeAcme" }, "From must"},
		"a name without a letter":    {func(c *twilio.MessagingConfig) { c.From = "123-456" }, "From must"},
		"a name with an accent":      {func(c *twilio.MessagingConfig) { c.From = "Café" }, "From must"},
		"a name that opens in space": {func(c *twilio.MessagingConfig) { c.From = " Acme" }, "From must"},
		"a name with a newline":      {func(c *twilio.MessagingConfig) { c.From = "Ac\nme" }, "From must"},
		"another channel's address":  {func(c *twilio.MessagingConfig) { c.From = "whatsapp:" + other }, "From must"},
		"a region and a base URL":    {func(c *twilio.MessagingConfig) { c.Region, c.BaseURL = "ie1", "https://a.example" }, "either BaseURL"},
		"plain http":                 {func(c *twilio.MessagingConfig) { c.BaseURL = "http://api.twilio.com" }, "base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := messaging()
			tc.change(&cfg)
			_, err := twilio.NewMessaging(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "twilio: "), err.Error())
			for _, value := range []string{secret, twiliotest.AccountSID, twiliotest.AuthToken, other} {
				assert.NotContains(t, err.Error(), value, "an error names the field, never its value")
			}
		})
	}
}

func TestNewMessagingAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*twilio.MessagingConfig){
		"a number":               func(*twilio.MessagingConfig) {},
		"an API key":             func(c *twilio.MessagingConfig) { *c = messagingKey() },
		"a service and a number": func(c *twilio.MessagingConfig) { c.MessagingServiceSID = messagingSID },
		"a short code":           func(c *twilio.MessagingConfig) { c.From = "12345" },
		"a name":                 func(c *twilio.MessagingConfig) { c.From = "A&B +shop_1" },
		"a region":               func(c *twilio.MessagingConfig) { c.Region, c.Edge = "ie1", "dublin" },
		"a container's name":     func(c *twilio.MessagingConfig) { c.BaseURL = "http://emulator:4010" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := messaging()
			change(&cfg)
			messenger, err := twilio.NewMessaging(cfg)
			require.NoError(t, err)
			assert.Equal(t, verify.Capabilities{
				Vendor: "twilio", Channels: []verify.Channel{verify.ChannelSMS},
			}, messenger.Capabilities())
		})
	}
}

func TestMessagingConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := twilio.MessagingConfig{AuthToken: secret, APIKeySecret: secret}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg)
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg), string(text), log.String()} {
		assert.NotContains(t, s, secret)
	}
}

func TestMessagingSendsAndChecks(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]twilio.MessagingConfig{
		"from a number": messaging(), "from a service, by a key": messagingKey(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messenger, srv := carrying(t, cfg)
			verifier := local(t, messenger)
			receipt, err := verifier.Send(t.Context(), phone)
			require.NoError(t, err)
			assert.Equal(t, "twilio", receipt.Vendor)
			assert.Regexp(t, `^SM[0-9a-f]{32}$`, receipt.ID)

			code := srv.MessageCode(phone)
			require.ErrorIs(t, verifier.Check(t.Context(), phone, wrong(code)), verify.ErrMismatch)
			require.NoError(t, verifier.Check(t.Context(), phone, code))
			require.ErrorIs(t, verifier.Check(t.Context(), phone, code), verify.ErrNotPending, "R06: a code is accepted once")
			assert.Equal(t, 1, srv.Effects())
		})
	}
}

func TestMessagingRefusesBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	messenger, srv := carrying(t, messaging())
	for name, tc := range map[string]struct {
		change func(*otp.Message)
		want   verify.Outcome
	}{
		"no recipient":        {func(m *otp.Message) { m.To = "" }, verify.ErrInvalidRecipient},
		"an address":          {func(m *otp.Message) { m.To = address }, verify.ErrInvalidRecipient},
		"a call":              {func(m *otp.Message) { m.Channel = verify.ChannelVoice }, verify.ErrUnsupported},
		"no channel":          {func(m *otp.Message) { m.Channel = "" }, verify.ErrUnsupported},
		"a text that is long": {func(m *otp.Message) { m.Text = strings.Repeat("é", 1601) }, verify.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			m := text("Hi")
			tc.change(&m)
			_, err := messenger.Deliver(t.Context(), m)
			require.ErrorIs(t, err, tc.want)
		})
	}
	assert.Zero(t, srv.Requests())
	_, err := messenger.Deliver(t.Context(), text(strings.Repeat("é", 1600)))
	require.NoError(t, err)
}

func TestMagicNumbersFailAsTwilioSays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from, to string
		want     verify.Outcome
		code     string
		tries    int
	}{
		"an invalid sender":        {"+15005550001", phone, verify.ErrRejected, "21212", 1},
		"not a sender":             {"+15005550007", phone, verify.ErrRejected, "21606", 1},
		"a full queue":             {"+15005550008", phone, verify.ErrRateLimited, "21611", 3},
		"an invalid recipient":     {other, "+15005550001", verify.ErrInvalidRecipient, "21211", 1},
		"a recipient out of reach": {other, "+15005550002", verify.ErrInvalidRecipient, "21612", 1},
		"a country not permitted":  {other, "+15005550003", verify.ErrBlocked, "21408", 1},
		"an opt-out":               {other, "+15005550004", verify.ErrBlocked, "21610", 1},
		"a landline":               {other, "+15005550009", verify.ErrInvalidRecipient, "21614", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := messaging()
			cfg.From = tc.from
			messenger, srv := carrying(t, cfg)
			m := text("Hi")
			m.To = tc.to
			_, err := messenger.Deliver(t.Context(), m)
			require.ErrorIs(t, err, tc.want)
			assertFacts(t, err, http.StatusBadRequest, atoi(tc.code))
			assert.Equal(t, tc.tries, srv.Requests())
			assert.Zero(t, srv.Effects())
		})
	}
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}

func TestMessagingRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status, code int
		want         verify.Outcome
	}{
		"wrong credentials":            {401, 20003, verify.ErrUnauthorized},
		"a suspended account":          {403, 20005, verify.ErrUnauthorized},
		"an account that is not there": {404, 20404, verify.ErrUnauthorized},
		"a trial account":              {400, 21608, verify.ErrUnauthorized},
		"a sender of another account":  {400, 21660, verify.ErrUnauthorized},
		"a landline":                   {400, 21635, verify.ErrInvalidRecipient},
		"a text that is too long":      {400, 21617, verify.ErrRejected},
		"a service without senders":    {400, 21703, verify.ErrRejected},
		"failed":                       {500, 20500, verify.ErrOutcomeUnknown},
		"an unlisted code":             {400, 99999, verify.ErrRejected},
		"an unlisted code with 503":    {503, 99999, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messenger, srv := carrying(t, messaging())
			srv.Fail(twiliotest.Refusal(tc.status, tc.code))
			_, err := messenger.Deliver(t.Context(), text("Hi"))
			require.ErrorIs(t, err, tc.want)
			assertFacts(t, err, tc.status, tc.code)
			assert.NotContains(t, err.Error(), "Verify", "another product")
			assert.Equal(t, 1, srv.Requests())
		})
	}
	messenger, srv := carrying(t, messaging())
	srv.Fail(twiliotest.Refusal(503, 20503))
	_, err := messenger.Deliver(t.Context(), text("Hi"))
	require.NoError(t, err, "declared unprocessed, and tried again")
	srv.Fail(twiliotest.Fault{Status: 403, Body: `<html>`})
	_, err = messenger.Deliver(t.Context(), text("Hi"))
	require.ErrorIs(t, err, verify.ErrRejected)
	assert.Equal(t, 1, srv.Effects())
}

// textAnswers to a new message that look like an acceptance and are none, and some
// that are.
var textAnswers = map[string]struct {
	body string
	want verify.Outcome
}{
	"queued":                  {`{"sid":"SM00000000000000000000000000000000","status":"queued"}`, ""},
	"accepted, of a service":  {`{"sid":"MM00000000000000000000000000000000","status":"accepted"}`, ""},
	"sent, of this subject":   {`{"sid":"SM00000000000000000000000000000000","status":"sent","to":"+15005550006","account_sid":"AC00000000000000000000000000000000","error_code":null}`, ""},
	"a second spelling":       {`{"sid":"SM00000000000000000000000000000000","status":"queued","to":"+115005550006"}`, ""},
	"failed":                  {`{"sid":"SM00000000000000000000000000000000","status":"failed","error_code":30001}`, verify.ErrRejected},
	"canceled":                {`{"sid":"SM00000000000000000000000000000000","status":"canceled"}`, verify.ErrRejected},
	"undelivered":             {`{"sid":"SM00000000000000000000000000000000","status":"undelivered"}`, verify.ErrOutcomeUnknown},
	"undelivered, so it left": {`{"sid":"SM00000000000000000000000000000000","status":"undelivered","error_code":30003}`, verify.ErrOutcomeUnknown},
	"scheduled, for when?":    {`{"sid":"SM00000000000000000000000000000000","status":"scheduled"}`, verify.ErrOutcomeUnknown},
	"received":                {`{"sid":"SM00000000000000000000000000000000","status":"received"}`, verify.ErrOutcomeUnknown},
	"queued with an error":    {`{"sid":"SM00000000000000000000000000000000","status":"queued","error_code":30001}`, verify.ErrOutcomeUnknown},
	"no status":               {`{"sid":"SM00000000000000000000000000000000"}`, verify.ErrOutcomeUnknown},
	"a status in capitals":    {`{"sid":"SM00000000000000000000000000000000","status":"QUEUED"}`, verify.ErrOutcomeUnknown},
	"a status that is true":   {`{"sid":"SM00000000000000000000000000000000","status":true}`, verify.ErrOutcomeUnknown},
	"a status twice":          {`{"sid":"SM00000000000000000000000000000000","status":"failed","status":"queued"}`, verify.ErrOutcomeUnknown},
	"no sid":                  {`{"status":"queued"}`, verify.ErrOutcomeUnknown},
	"a sid that is null":      {`{"sid":null,"status":"queued"}`, verify.ErrOutcomeUnknown},
	"a sid of another kind":   {`{"sid":"VE00000000000000000000000000000000","status":"queued"}`, verify.ErrOutcomeUnknown},
	"a sid that is a number":  {`{"sid":15005550006,"status":"queued"}`, verify.ErrOutcomeUnknown},
	"a sid in another case":   {`{"SID":"SM00000000000000000000000000000000","status":"queued"}`, verify.ErrOutcomeUnknown},
	"another recipient":       {`{"sid":"SM00000000000000000000000000000000","status":"queued","to":"+15017122661"}`, verify.ErrOutcomeUnknown},
	"another account":         {`{"sid":"SM00000000000000000000000000000000","status":"queued","account_sid":"AC11111111111111111111111111111111"}`, verify.ErrOutcomeUnknown},
	"an array":                {`[{"sid":"SM00000000000000000000000000000000","status":"queued"}]`, verify.ErrOutcomeUnknown},
	"half a document":         {`{"sid":"SM00000000000000000000000000000000","status":"queued"`, verify.ErrOutcomeUnknown},
	"a page":                  {`<html>queued</html>`, verify.ErrOutcomeUnknown},
	"an error with 200":       {`{"code":21610,"message":"x","status":400}`, verify.ErrOutcomeUnknown},
}

func TestOnlyANewMessageIsAccepted(t *testing.T) {
	t.Parallel()
	messenger, srv := carrying(t, messaging())
	for name, tc := range textAnswers {
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			t.Run(name, func(t *testing.T) {
				srv.Fail(twiliotest.Fault{On: "message", Status: status, Body: tc.body})
				id, err := messenger.Deliver(t.Context(), text("Hi"))
				assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
				assert.Equal(t, tc.want == "", id != "", "an id goes with an acceptance")
			})
		}
	}
}

func TestMessagingFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	canary := twiliotest.NewServer(t)
	messenger, srv := carrying(t, messaging())
	for i, status := range []int{301, 302, 303, 307, 308} {
		fault := twiliotest.Fault{Status: status}
		fault.Header = http.Header{"Location": {canary.URL + "/2010-04-01/Accounts/" + twiliotest.AccountSID + "/Messages.json"}}
		srv.Fail(fault)
		_, err := messenger.Deliver(t.Context(), text("Hi"))
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
		assert.Equal(t, i+1, srv.Requests())
	}
	assert.Zero(t, canary.Requests(), "F11: neither the text nor the credentials go where a redirect says")
}

func TestMessageWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	messenger, srv := carrying(t, messaging())
	verifier := local(t, messenger)
	srv.Fail(twiliotest.Fault{On: "message", Break: twiliotest.Close, Effect: true})
	_, err := verifier.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "R74: one message for one Send")
	require.NoError(t, verifier.Check(t.Context(), phone, srv.MessageCode(phone)), "the message arrived and its code is good")
}

func TestMessagingErrorsNameNobody(t *testing.T) {
	t.Parallel()
	messenger, srv := carrying(t, messaging())
	for _, fault := range []twiliotest.Fault{
		{Status: 400, Body: `{"code":21211,"message":"Invalid 'To' Phone Number: +15005550006","status":400}`},
		{Status: 400, Body: `{"code":15005550006,"message":"+15005550006"}`},
		{Status: 500, Body: `Acme: 123456 to +15005550006`},
		{Status: 201, Body: `{"sid":"SM00000000000000000000000000000000","status":"failed","error_code":123456,"to":"+15005550006"}`},
		{Status: 201, Body: `{"sid":"+15005550006","status":"Acme: 123456"}`},
		{Break: twiliotest.Reset},
	} {
		srv.Fail(fault)
		_, err := messenger.Deliver(t.Context(), text("Acme: 123456"))
		require.Error(t, err)
		all := fmt.Sprintf("%v %+v %#v", err, err, err)
		for _, private := range []string{"5005550006", "123456", srv.URL, twiliotest.AuthToken, twiliotest.AccountSID, other} {
			assert.NotContains(t, all, private)
		}
	}
}
