package vonage_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vonage"
	"github.com/go2fa/verify/vonage/vonagetest"
)

const (
	phone  = "+15005550006"
	sealer = "0123456789abcdef0123456789abcdef"
)

var key = sync.OnceValue(vonagetest.NewKey)

func valid() vonage.Config {
	return vonage.Config{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, Region: "eu", Brand: "Acme"}
}

func over(t *testing.T, srv *vonagetest.Server, change ...func(*vonage.Config)) *vonage.Client {
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := vonage.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

func signed(c *vonage.Config) {
	c.APIKey, c.APISecret, c.ApplicationID, c.PrivateKey = "", "", vonagetest.ApplicationID, key()
}

func TestConfig(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		change func(*vonage.Config)
		want   string
	}{
		"all is well":            {func(*vonage.Config) {}, ""},
		"tokens":                 {signed, ""},
		"both credentials":       {func(c *vonage.Config) { c.ApplicationID = vonagetest.ApplicationID }, "vonage: give either APIKey"},
		"no credentials":         {func(c *vonage.Config) { c.APIKey, c.APISecret = "", "" }, "vonage: give either APIKey"},
		"no secret":              {func(c *vonage.Config) { c.APISecret = "" }, "vonage: APIKey or APISecret is missing"},
		"a key with a colon":     {func(c *vonage.Config) { c.APIKey = "secret:x" }, "vonage: APIKey holds a colon"},
		"no private key":         {func(c *vonage.Config) { signed(c); c.PrivateKey = nil }, "vonage: ApplicationID or PrivateKey is missing"},
		"no application":         {func(c *vonage.Config) { signed(c); c.ApplicationID = "" }, "vonage: ApplicationID or PrivateKey is missing"},
		"an application's slash": {func(c *vonage.Config) { signed(c); c.ApplicationID = "secret/" }, "vonage: ApplicationID must be"},
		"a key that is a text":   {func(c *vonage.Config) { signed(c); c.PrivateKey = []byte("secret") }, "vonage: PrivateKey cannot be used"},
		"a key of another kind": {func(c *vonage.Config) {
			signed(c)
			c.PrivateKey = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		}, "vonage: PrivateKey cannot be used"},
		"no region":               {func(c *vonage.Config) { c.Region = "" }, "vonage: Region must be us, eu or ap"},
		"no region, another host": {func(c *vonage.Config) { c.Region, c.BaseURL = "", "http://localhost" }, "vonage: Region must be us, eu or ap"},
		"a region of none":        {func(c *vonage.Config) { c.Region = "secret" }, "vonage: Region must be us, eu or ap"},
		"no brand":                {func(c *vonage.Config) { c.Brand = "" }, "vonage: Brand is missing"},
		"a brand of 19":           {func(c *vonage.Config) { c.Brand = strings.Repeat("é", 19) }, "vonage: Brand must be"},
		"a brand of 18":           {func(c *vonage.Config) { c.Brand = strings.Repeat("é", 18) }, ""},
		"a brand with a slash":    {func(c *vonage.Config) { c.Brand = "secret/" }, "vonage: Brand must be"},
		"a brand of spaces":       {func(c *vonage.Config) { c.Brand = "   " }, "vonage: Brand must be"},
		"3 digits":                {func(c *vonage.Config) { c.CodeLength = 3 }, "vonage: CodeLength must be 4 to 10"},
		"11 digits":               {func(c *vonage.Config) { c.CodeLength = 11 }, "vonage: CodeLength must be 4 to 10"},
		"59 seconds":              {func(c *vonage.Config) { c.ChannelTimeout = 59 * time.Second }, "vonage: ChannelTimeout must be"},
		"a minute":                {func(c *vonage.Config) { c.ChannelTimeout = time.Minute }, ""},
		"10 minutes":              {func(c *vonage.Config) { c.ChannelTimeout = 10 * time.Minute }, ""},
		"601 seconds":             {func(c *vonage.Config) { c.ChannelTimeout = 601 * time.Second }, "vonage: ChannelTimeout must be"},
		"a broken second":         {func(c *vonage.Config) { c.ChannelTimeout = 90*time.Second + 1 }, "vonage: ChannelTimeout must be"},
		"a sender":                {func(c *vonage.Config) { c.From = "+15017122661" }, ""},
		"a long sender":           {func(c *vonage.Config) { c.From = "secretsecret" }, "vonage: From must be"},
		"WhatsApp by a name":      {func(c *vonage.Config) { c.WhatsAppFrom = "secret" }, "vonage: WhatsAppFrom must be"},
		"e-mail by a name":        {func(c *vonage.Config) { c.EmailFrom = "secret" }, "vonage: EmailFrom must be"},
		"a place without a key":   {func(c *vonage.Config) { c.References = new(references.Memory) }, "eys"},
		"a short key":             {func(c *vonage.Config) { c.Keys = [][]byte{[]byte("secret")} }, "eys"},
		"a place with a key":      {func(c *vonage.Config) { c.References, c.Keys = new(references.Memory), [][]byte{[]byte(sealer)} }, ""},
		"a base without TLS":      {func(c *vonage.Config) { c.BaseURL = "http://secret.example.com" }, "vonage: the base URL must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := vonage.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, err.Error(), "BEGIN")
			assert.NotContains(t, fmt.Sprintf("%+v", cfg), vonagetest.APIKey)
		})
	}
}

func TestMessagesConfig(t *testing.T) {
	t.Parallel()
	good := vonage.MessagesConfig{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, From: "Acme"}
	for name, tc := range map[string]struct {
		change func(*vonage.MessagesConfig)
		want   string
	}{
		"all is well":        {func(*vonage.MessagesConfig) {}, ""},
		"no sender":          {func(c *vonage.MessagesConfig) { c.From = "" }, "vonage: From is missing"},
		"a sender of signs":  {func(c *vonage.MessagesConfig) { c.From = "secret!" }, "vonage: From must be"},
		"no secret":          {func(c *vonage.MessagesConfig) { c.APISecret = "" }, "vonage: APIKey or APISecret is missing"},
		"a base without TLS": {func(c *vonage.MessagesConfig) { c.BaseURL = "http://secret.example.com" }, "vonage: the base URL must be"},
	} {
		cfg := good
		tc.change(&cfg)
		_, err := vonage.NewMessages(cfg)
		if tc.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tc.want, name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}

// A trap keeps the last request and answers nothing.
type trap struct{ last *http.Request }

func (r *trap) RoundTrip(req *http.Request) (*http.Response, error) {
	r.last = req
	return nil, errors.New("enough")
}

// A verification is not found through another region's host: each has its own.
func TestARegionIsAHost(t *testing.T) {
	t.Parallel()
	for region, host := range map[string]string{"us": "api-us.vonage.com", "eu": "api-eu.vonage.com", "ap": "api-ap.vonage.com"} {
		caught := &trap{}
		cfg := valid()
		cfg.Region, cfg.HTTPClient = region, &http.Client{Transport: caught}
		client, err := vonage.New(cfg)
		require.NoError(t, err)
		_, err = client.Send(t.Context(), phone)
		require.Error(t, err)
		assert.Equal(t, "https://"+host+"/v2/verify", caught.last.URL.String())
	}
}

// References of one region are not looked for in another: the id would not be found,
// which is no reason to forget it.
func TestRegionsThatShareAPlaceAreApart(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	shared := new(references.Memory)
	in := func(region string) func(*vonage.Config) {
		return func(c *vonage.Config) { c.Region, c.References, c.Keys = region, shared, [][]byte{[]byte(sealer)} }
	}
	_, err := over(t, srv, in("eu")).Send(t.Context(), phone)
	require.NoError(t, err)
	require.ErrorIs(t, over(t, srv, in("us")).Check(t.Context(), phone, srv.Code(phone)), verify.ErrNotPending)
	require.NoError(t, over(t, srv, in("eu")).Check(t.Context(), phone, srv.Code(phone)))
}

// A private key is a file of several lines, which a DSN names.
func TestAPrivateKeyIsReadFromAFile(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	srv.Trust(key())
	file := filepath.Join(t.TempDir(), "vonage.key")
	require.NoError(t, os.WriteFile(file, key(), 0o600))
	v, err := vendors.Open("vonage://?region=eu&brand=Acme&application_id=" + vonagetest.ApplicationID + "&private_key=file:" + file + "&base_url=" + srv.URL)
	require.NoError(t, err)
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, srv.Code(phone)))
}

// Each request has a token of its own: RS256, with the claims that Vonage documents.
func TestARequestHasATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	caught := &trap{}
	cfg := valid()
	signed(&cfg)
	cfg.HTTPClient = &http.Client{Transport: caught}
	client, err := vonage.New(cfg)
	require.NoError(t, err)
	ids := map[string]bool{}
	for range 2 {
		_, _ = client.Send(t.Context(), phone)
		token, ok := strings.CutPrefix(caught.last.Header.Get("Authorization"), "Bearer ")
		require.True(t, ok)
		part := strings.Split(token, ".")
		require.Len(t, part, 3)
		var header, claims map[string]any
		for i, to := range []*map[string]any{&header, &claims} {
			raw, err := base64.RawURLEncoding.DecodeString(part[i])
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, to))
		}
		assert.Equal(t, map[string]any{"alg": "RS256", "typ": "JWT"}, header)
		assert.Equal(t, vonagetest.ApplicationID, claims["application_id"])
		assert.InDelta(t, float64(time.Now().Unix()), claims["iat"], 5)
		assert.InDelta(t, 15*60, claims["exp"].(float64)-claims["iat"].(float64), 0)
		ids[claims["jti"].(string)] = true
		assert.Len(t, claims, 4)
	}
	assert.Len(t, ids, 2)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	srv.Trust(key())
	require.NoError(t, over(t, srv).Probe(t.Context()))
	require.NoError(t, over(t, srv, signed).Probe(t.Context()))
	assert.Zero(t, srv.Effects())
	require.ErrorIs(t, over(t, srv, func(c *vonage.Config) { c.APISecret = "wrong" }).Probe(t.Context()), verify.ErrUnauthorized)
	stranger := over(t, srv, signed, func(c *vonage.Config) { c.PrivateKey = vonagetest.NewKey() })
	require.ErrorIs(t, stranger.Probe(t.Context()), verify.ErrUnauthorized)
	other := over(t, srv, signed, func(c *vonage.Config) { c.ApplicationID = "other" })
	require.ErrorIs(t, other.Probe(t.Context()), verify.ErrUnauthorized)
	for name, fault := range map[string]vonagetest.Fault{
		"a yes":           {On: "check", Status: 200, Body: `{}`},
		"a page":          {On: "check", Status: 404, Body: `<html>`},
		"a wrong code":    vonagetest.Refusal(400, "invalid-code"),
		"no more credits": vonagetest.Refusal(402, "low-balance"),
	} {
		srv.Fail(fault)
		require.Error(t, over(t, srv).Probe(t.Context()), name)
		srv.Heal()
	}
}

func TestProbeOfMessages(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	probe := func(secret string) error {
		messages, err := vonage.NewMessages(vonage.MessagesConfig{APIKey: vonagetest.APIKey, APISecret: secret, From: "Acme", BaseURL: srv.URL})
		require.NoError(t, err)
		return messages.Probe(t.Context())
	}
	require.NoError(t, probe(vonagetest.APISecret))
	require.ErrorIs(t, probe("wrong"), verify.ErrUnauthorized)
	for name, fault := range map[string]vonagetest.Fault{
		"accepted":        {On: "message", Status: 202, Body: `{"message_uuid":"a"}`},
		"a page":          {On: "message", Status: 422, Body: `<html>`},
		"a proxy's":       {On: "message", Status: 422, Body: `{"type":"about:blank","title":"Unprocessable"}`},
		"no more credits": vonagetest.Refusal(402, "low-balance"),
	} {
		srv.Fail(fault)
		require.Error(t, probe(vonagetest.APISecret), name)
		srv.Heal()
	}
	assert.Zero(t, srv.Effects())
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t, vonagetest.Options{CancelLag: -1})
	client := over(t, srv)
	for name, tc := range map[string]struct {
		body string // ID is the request_id that the send was answered with
		want verify.Outcome
	}{
		"completed":              {`{"request_id":"ID","status":"completed"}`, ""},
		"in capitals":            {`{"request_id":"ID","status":"COMPLETED"}`, verify.ErrOutcomeUnknown},
		"complete":               {`{"request_id":"ID","status":"complete"}`, verify.ErrOutcomeUnknown},
		"failed":                 {`{"request_id":"ID","status":"failed"}`, verify.ErrOutcomeUnknown},
		"an empty status":        {`{"request_id":"ID","status":""}`, verify.ErrOutcomeUnknown},
		"no status":              {`{"request_id":"ID"}`, verify.ErrOutcomeUnknown},
		"null":                   {`{"request_id":"ID","status":null}`, verify.ErrOutcomeUnknown},
		"true":                   {`{"request_id":"ID","status":true}`, verify.ErrOutcomeUnknown},
		"of nobody":              {`{"status":"completed"}`, verify.ErrOutcomeUnknown},
		"of an empty id":         {`{"request_id":"","status":"completed"}`, verify.ErrOutcomeUnknown},
		"of another":             {`{"request_id":"c11236f4-00bf-4b89-84ba-88b25df97316","status":"completed"}`, verify.ErrOutcomeUnknown},
		"twice, the last a yes":  {`{"request_id":"ID","status":"failed","status":"completed"}`, verify.ErrOutcomeUnknown},
		"twice, the last is us":  {`{"request_id":"other","request_id":"ID","status":"completed"}`, verify.ErrOutcomeUnknown},
		"in a list":              {`[{"request_id":"ID","status":"completed"}]`, verify.ErrOutcomeUnknown},
		"an error of the API":    {`{"type":"https://developer.vonage.com/api-errors#not-found","title":"Not Found"}`, verify.ErrOutcomeUnknown},
		"nothing":                {`{}`, verify.ErrOutcomeUnknown},
		"a page":                 {`<html>completed</html>`, verify.ErrOutcomeUnknown},
		"with something behind":  {`{"request_id":"ID","status":"completed"}{}`, verify.ErrOutcomeUnknown},
		"with the number beside": {`{"request_id":"ID","status":"completed","to":"15005550006"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			srv.Fail(vonagetest.Fault{On: "check", Status: 200, Body: strings.ReplaceAll(tc.body, `"ID"`, `"`+receipt.ID+`"`)})
			err = client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			require.NoError(t, client.Cancel(t.Context(), phone))
		})
	}
}

func TestSendTrustsOnlyAnID(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	client := over(t, srv)
	for name, body := range map[string]string{
		"no id":                `{}`,
		"an empty id":          `{"request_id":""}`,
		"an id with a slash":   `{"request_id":"a/b"}`,
		"an id of a kilobyte":  `{"request_id":"` + strings.Repeat("a", 1024) + `"}`,
		"a number":             `{"request_id":1}`,
		"two":                  `{"request_id":"a","request_id":"b"}`,
		"an id of another key": `{"Request_id":"a"}`,
	} {
		srv.Fail(vonagetest.Fault{On: "send", Status: 202, Body: body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
		require.ErrorIs(t, client.Check(t.Context(), phone, "123456"), verify.ErrNotPending, name)
	}
}

// What failed may have been done, whatever kind of error it calls itself.
func TestAFailedServerIsUnknownWhateverItSays(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t, vonagetest.Options{CancelLag: -1})
	client := over(t, srv)
	for _, kind := range []string{"throttled", "concurrent", "not-found", "invalid-params", "unauthorized", "forbidden"} {
		fault := vonagetest.Refusal(503, kind)
		fault.On = "send"
		srv.Fail(fault)
		_, err := client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, kind)
	}
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	for _, kind := range []string{"throttled", "invalid-code", "not-found", "expired", "unauthorized"} {
		fault := vonagetest.Refusal(500, kind)
		fault.On, fault.Times = "check", 2
		srv.Fail(fault)
		require.ErrorIs(t, client.Check(t.Context(), phone, srv.Code(phone)), verify.ErrOutcomeUnknown, kind)
	}
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)))
}

func TestAMessageWithoutAnIDIsUnknown(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	messages, err := vonage.NewMessages(vonage.MessagesConfig{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, From: "Acme", BaseURL: srv.URL})
	require.NoError(t, err)
	for name, body := range map[string]string{
		"no id": `{}`, "an empty id": `{"message_uuid":""}`, "a text": `{"message_uuid":"sent to +15005550006"}`, "a number": `{"message_uuid":1}`,
	} {
		srv.Fail(vonagetest.Fault{On: "message", Status: 202, Body: body})
		id, err := messages.Deliver(t.Context(), otp.Message{To: phone, Channel: verify.ChannelSMS, Text: "a"})
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, name)
		assert.Empty(t, id, name)
	}
}

// The pending verification is the account's: another process says how long to wait, as
// does one after a cancellation, and nothing is canceled by a send.
func TestOneVerificationAtATimeAcrossProcesses(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t, vonagetest.Options{Start: time.Now()})
	shared := new(references.Memory)
	share := func(c *vonage.Config) {
		c.References, c.Keys, c.ChannelTimeout = shared, [][]byte{[]byte(sealer)}, 2*time.Minute
	}
	one, other, stranger := over(t, srv, share), over(t, srv, share), over(t, srv)
	_, err := one.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone)

	assert.InDelta(t, 2*time.Minute, waitOf(t, other), float64(5*time.Second))
	assert.Zero(t, waitOf(t, stranger), "it is not that one's")
	assert.Equal(t, 1, srv.Effects())
	assert.Equal(t, code, srv.Code(phone), "the first code still works")

	require.NoError(t, other.Cancel(t.Context(), phone))
	assert.Empty(t, srv.Code(phone))
	assert.Equal(t, 15*time.Second, waitOf(t, one))
	srv.Advance(15 * time.Second)
	_, err = one.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, other.Check(t.Context(), phone, srv.Code(phone)))
}

// waitOf is what a refused Send says.
func waitOf(t *testing.T, c *vonage.Client) time.Duration {
	t.Helper()
	_, err := c.Send(t.Context(), phone)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, verify.ErrTooManySends, e.Outcome)
	return e.RetryAfter
}

// One step a verification: Vonage would send the second message by itself.
func TestAVerificationHasOneStepAndALength(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	client := over(t, srv, func(c *vonage.Config) {
		c.From, c.WhatsAppFrom, c.EmailFrom, c.ChannelTimeout = "+15017122661", "+15017122661", "login@example.com", time.Minute
	})
	for to, channel := range map[string]verify.Channel{
		"+15005550001": verify.ChannelSMS, "+15005550002": verify.ChannelVoice, "+15005550003": verify.ChannelWhatsApp, "a@example.com": verify.ChannelEmail,
	} {
		receipt, err := client.Send(t.Context(), to, verify.WithChannel(channel))
		require.NoError(t, err, channel)
		assert.Equal(t, channel, receipt.Channel)
		assert.Equal(t, 6, receipt.Digits, "Vonage's own default is 4")
		assert.Len(t, srv.Code(to), 6)
		require.NoError(t, client.Check(t.Context(), to, srv.Code(to)))
	}
	for _, m := range srv.Messages() {
		assert.Len(t, m.Code, 6)
	}
}

func TestWhatsAppNeedsANumber(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	_, err := over(t, srv).Send(t.Context(), phone, verify.WithChannel(verify.ChannelWhatsApp))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = over(t, srv).Send(t.Context(), phone, verify.WithScope("pay"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	assert.Zero(t, srv.Requests())
}

func TestMessagesCarryCodesOfOurs(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	srv.Trust(key())
	for name, cfg := range map[string]vonage.MessagesConfig{
		"with the key of the account": {APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, From: "Acme"},
		"with tokens":                 {ApplicationID: vonagetest.ApplicationID, PrivateKey: key(), From: "+15017122661"},
	} {
		cfg.BaseURL = srv.URL
		messages, err := vonage.NewMessages(cfg)
		require.NoError(t, err, name)
		v, err := otp.New(otp.Config{Messenger: messages, Store: new(otp.MemoryStore), Keys: [][]byte{[]byte(sealer)}})
		require.NoError(t, err, name)
		_, err = v.Send(t.Context(), phone)
		require.NoError(t, err, name)
		require.NoError(t, v.Check(t.Context(), phone, srv.LastCode(phone, "")), name)
		_, err = messages.Deliver(t.Context(), otp.Message{To: phone, Channel: verify.ChannelSMS, Text: strings.Repeat("é", 1001)})
		require.ErrorIs(t, err, verify.ErrUnsupported, name)
		_, err = messages.Deliver(t.Context(), otp.Message{To: "a@example.com", Channel: verify.ChannelSMS, Text: "é"})
		require.ErrorIs(t, err, verify.ErrInvalidRecipient, name)
		require.NoError(t, messages.Close())
	}
}

func TestNothingPrintsACredential(t *testing.T) {
	t.Parallel()
	cfg := valid()
	cfg.Keys = [][]byte{[]byte(sealer)}
	client, err := vonage.New(cfg)
	require.NoError(t, err)
	message := vonage.MessagesConfig{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, From: "Acme"}
	messages, err := vonage.NewMessages(message)
	require.NoError(t, err)
	for _, v := range []any{cfg, client, *client, message, messages, *messages} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			printed := fmt.Sprintf(format, v)
			assert.NotContains(t, printed, vonagetest.APISecret)
			assert.NotContains(t, printed, vonagetest.APIKey)
			assert.NotContains(t, printed, sealer)
		}
	}
	encoded, err := json.Marshal(cfg)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), vonagetest.APISecret)
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c vonage.Client
	require.NoError(t, c.Close())
	require.Error(t, c.Probe(t.Context()), "nil would say that it works")
	var m vonage.Messages
	require.NoError(t, m.Close())
	_, err := m.Deliver(context.Background(), otp.Message{To: phone, Text: "a"})
	require.Error(t, err)
	require.Error(t, m.Probe(context.Background()))
}

// Whoever has the key of the account needs no application.
func TestASampleCanBeOpened(t *testing.T) {
	t.Parallel()
	for _, v := range vonagetest.Vendors() {
		_, sample := v.New(emulator.Setup{Settings: map[string]string{"application_id": "other", "region": "ap"}})
		assert.NotContains(t, sample.Settings, "application_id")
		if v.Facts.Scheme == "vonage" {
			assert.Equal(t, "ap", sample.Settings["region"])
		}
	}
}
