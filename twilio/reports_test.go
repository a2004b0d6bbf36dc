package twilio_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	hashes "hash"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/verifytest"
)

const (
	reportURL   = "https://login.example.com/hooks/twilio?tenant=7"
	reportToken = "12345"
	reportSID   = "SM00000000000000000000000000000001"
)

// signReport signs as Twilio's page says: by names, each with its values.
func signReport(address, token string, form url.Values) string {
	var b strings.Builder
	b.WriteString(address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			b.WriteString(name + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func report(address, token string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://10.0.0.7:8080/hooks/twilio", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set("X-Twilio-Signature", signReport(address, token, form))
	return r
}

func statusOf(status, code string) func() *http.Request {
	form := url.Values{
		"MessageSid": {reportSID}, "SmsSid": {reportSID}, "MessageStatus": {status}, "SmsStatus": {status}, "To": {"+15005550006"},
		"From": {"+15017122661"}, "AccountSid": {"AC00000000000000000000000000000000"}, "ApiVersion": {"2010-04-01"}, "Body": {"482913 is your code"},
	}
	if code != "" {
		form.Set("ErrorCode", code)
	}
	return func() *http.Request { return report(reportURL, reportToken, form) }
}

func TestReports(t *testing.T) {
	t.Parallel()
	event := func(s delivery.Status, code string) delivery.Event {
		return delivery.Event{Vendor: "twilio", ID: reportSID, Status: s, VendorCode: code}
	}
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return twilio.NewReports(twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{"older", reportToken}, Delivery: cfg}, handle)
		},
		Genuine: map[string]func() *http.Request{
			"sent": statusOf("sent", ""), "delivered": statusOf("delivered", ""), "undelivered": statusOf("undelivered", "30003"), "failed": statusOf("failed", "30007"),
		},
		Want: map[string]delivery.Event{
			"sent": event(delivery.Sent, ""), "delivered": event(delivery.Delivered, ""),
			"undelivered": event(delivery.Undelivered, "30003"), "failed": event(delivery.Failed, "30007"),
		},
		Signature: "X-Twilio-Signature", Unsigned: map[string]func(string, string, int) bool{"the case of an escape": isCaseOfEscape},
		Secret: []string{"+15005550006", "482913"},
		Message: func(i int) *http.Request {
			sid := fmt.Sprintf("SM%032x", i+1)
			return report(reportURL, reportToken, url.Values{"MessageSid": {sid}, "MessageStatus": {"delivered"}, "To": {"+15005550006"}, "SmsSid": {sid}})
		},
	})
}

// isCaseOfEscape knows the bit that makes "%2B" "%2b", which is the same character.
func isCaseOfEscape(part, value string, bit int) bool {
	at := bit / 8
	isHex := strings.ContainsRune("ABCDEFabcdef", rune(value[at]))
	return part == "body" && bit%8 == 5 && isHex && (at >= 1 && value[at-1] == '%' || at >= 2 && value[at-2] == '%')
}

// emulatedReports runs the suite by reports that the emulator makes.
func emulatedReports(t *testing.T, shared string, settings ...string) {
	t.Helper()
	srv := twiliotest.NewServer(t, twiliotest.Options{SharedKey: shared})
	verifier, err := twilio.New(twilio.Config{AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, Service: twilio.Service{SID: twiliotest.ServiceSID}, BaseURL: srv.URL})
	require.NoError(t, err)
	messenger, err := twilio.NewMessaging(twilio.MessagingConfig{AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, From: "+15017122661", BaseURL: srv.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, verifier.Close()); assert.NoError(t, messenger.Close()) })
	want := map[string]delivery.Event{
		emulator.Sent: {Vendor: "twilio", Status: delivery.Sent}, emulator.Delivered: {Vendor: "twilio", Status: delivery.Delivered},
		emulator.Undelivered: {Vendor: "twilio", Status: delivery.Undelivered, VendorCode: "30003"}, emulator.Failed: {Vendor: "twilio", Status: delivery.Failed, VendorCode: "30007"},
	}
	for name, tc := range map[string]struct {
		open func(twilio.ReportsConfig, delivery.Handle) (http.Handler, error)
		send func() string
	}{
		"messaging": {twilio.NewReports, func() string {
			id, err := messenger.Deliver(t.Context(), otp.Message{To: "+15005550006", Channel: verify.ChannelSMS, Text: "482913"})
			require.NoError(t, err)
			return id
		}},
		"verify": {twilio.NewVerifyReports, func() string {
			srv.Advance(11 * time.Minute)
			receipt, err := verifier.Send(t.Context(), "+15005550006")
			require.NoError(t, err)
			return receipt.ID
		}},
	} {
		t.Run(name, func(t *testing.T) {
			verifytest.RunReports(t, verifytest.ReportsSuite{
				New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
					c := twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{"older", twiliotest.AuthToken}, Delivery: cfg}
					if shared != "" {
						c.SharedKeys = []string{"older", shared}
					}
					return tc.open(c, handle)
				},
				Signature: "X-Twilio-Signature", Signed: settings, Secret: []string{"+15005550006", "482913"},
				Unsigned: map[string]func(string, string, int) bool{
					"the case of an escape": isCaseOfEscape,
					"the id of a shared key": func(part, value string, bit int) bool {
						return len(settings) > 0 && part == settings[0] && bit/8 >= len("key=") && bit/8 < strings.Index(value, ",")
					},
				},
			}.Emulated(t, srv, reportURL, want, tc.send))
		})
	}
}

func TestReportsByTokensOfTheAccount(t *testing.T) { t.Parallel(); emulatedReports(t, "") }

func TestReportsBySharedKeys(t *testing.T) {
	t.Parallel()
	emulatedReports(t, "a shared key", "X-Twilio-Webhooks-Signature-Settings")
}

// Nobody signs the header that names the algorithm: it opens no other way in.
func TestTheSettingsOfASignatureChooseAmongWhatIsConfigured(t *testing.T) {
	t.Parallel()
	form := url.Values{"MessageSid": {reportSID}, "MessageStatus": {"sent"}}
	text := reportURL + "MessageSid" + reportSID + "MessageStatussent"
	sign := func(h func() hashes.Hash, key string) string {
		return base64.StdEncoding.EncodeToString(emulator.MAC(h, key, text))
	}
	const settings = "X-Twilio-Webhooks-Signature-Settings"
	for name, tc := range map[string]struct {
		signature string
		settings  []string
		code      int
	}{
		"SHA-1 by a token":                   {sign(sha1.New, "token"), nil, 200},
		"SHA-256 by a shared key":            {sign(sha256.New, "shared"), []string{"key=a,algorithm=HMAC_SHA256"}, 200},
		"SHA-1 by a shared key":              {sign(sha1.New, "shared"), []string{"key=a,algorithm=HMAC_SHA1"}, 200},
		"SHA-256 by a token":                 {sign(sha256.New, "token"), []string{"key=a,algorithm=HMAC_SHA256"}, 403},
		"SHA-1 by a token, named":            {sign(sha1.New, "token"), []string{"key=a,algorithm=HMAC_SHA1"}, 403},
		"SHA-1 by a shared key, not named":   {sign(sha1.New, "shared"), nil, 403},
		"SHA-256 by a shared key, not named": {sign(sha256.New, "shared"), nil, 403},
		"another algorithm":                  {sign(sha256.New, "shared"), []string{"key=a,algorithm=HMAC_MD5"}, 403},
		"no algorithm":                       {sign(sha256.New, "shared"), []string{"key=a"}, 403},
		"an empty header":                    {sign(sha1.New, "token"), []string{""}, 403},
		"two headers":                        {sign(sha256.New, "shared"), []string{"key=a,algorithm=HMAC_SHA256", "key=a,algorithm=HMAC_SHA256"}, 403},
		"an empty key":                       {sign(sha256.New, ""), []string{"key=a,algorithm=HMAC_SHA256"}, 403},
	} {
		r := report("", "", form)
		r.Header.Set("X-Twilio-Signature", tc.signature)
		r.Header[settings] = tc.settings
		if tc.settings == nil {
			r.Header.Del(settings)
		}
		code, _ := postReport(t, twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{"token"}, SharedKeys: []string{"shared"}}, r)
		assert.Equal(t, tc.code, code, name)
		if tc.settings != nil {
			code, _ = postReport(t, twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{"token"}}, r)
			assert.Equal(t, http.StatusForbidden, code, "without shared keys: %s", name)
		}
	}
}

func TestEventsOfVerify(t *testing.T) {
	t.Parallel()
	const sid = "VE00000000000000000000000000000001"
	event := func(kind, data string) string {
		return `{"specversion":"1.0","type":"com.twilio.accountsecurity.verify.` + kind + `","time":"2026-01-01T00:00:00Z","data":` + data + `}`
	}
	delivered := event("message.delivered", `{"verification_sid":"`+sid+`","error_code":"","to":"+15005550006"}`)
	for body, want := range map[string]struct{ code, acts int }{
		delivered:             {200, 1},
		"[" + delivered + "]": {200, 1},
		"[" + delivered + "," + strings.ReplaceAll(delivered, "delivered", "read") + "," + event("verification.approved", "{}") + "]": {200, 1}, // both are "delivered"
		event("verification.approved", `{"verification_sid":"`+sid+`"}`):                                                              {200, 0},
		event("message.482913", `{"verification_sid":"`+sid+`"}`):                                                                     {200, 0},
		event("message.sent", `{"verification_sid":"+15005550006"}`):                                                                  {400, 0},
		event("message.sent", `{"verification_sid":"`+sid+`","error_code":"482913"}`):                                                 {400, 0},
		event("message.sent", `null`):            {400, 0},
		"[" + delivered + `,{"type":1}]`:         {400, 1}, // what can be read has its effect
		"[]":                                     {200, 0},
		`[{"type":1},` + delivered + "]":         {400, 1},
		"[1]":                                    {400, 0},
		"[":                                      {400, 0},
		"[" + strings.Repeat("{},", 100) + "{}]": {400, 0},
		"":                                       {400, 0},
	} {
		sum := sha256.Sum256([]byte(body))
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(emulator.MAC(sha1.New, "token", reportURL+"&bodySHA256="+hex.EncodeToString(sum[:]))))
		var events []delivery.Event
		h, err := twilio.NewVerifyReports(twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{"token"}}, func(_ context.Context, e delivery.Event) error {
			events = append(events, e)
			return nil
		})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, want.code, w.Code, body)
		require.Len(t, events, want.acts, body)
		if want.acts > 0 {
			assert.Equal(t, 2026, events[0].At.Year())
		}
	}
}

func postReport(t *testing.T, cfg twilio.ReportsConfig, r *http.Request) (int, []delivery.Event) {
	t.Helper()
	var events []delivery.Event
	h, err := twilio.NewReports(cfg, func(_ context.Context, e delivery.Event) error { events = append(events, e); return nil })
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, events
}

func TestAReportsURLIsTriedWithAndWithoutItsPort(t *testing.T) {
	t.Parallel()
	form := url.Values{"MessageSid": {reportSID}, "MessageStatus": {"sent"}}
	for _, tc := range []struct {
		configured, signed string
		code               int
	}{
		{"https://a.example/x", "https://a.example/x", 200},
		{"https://a.example/x", "https://a.example:443/x", 200},
		{"https://a.example:443/x", "https://a.example/x", 200},
		{"http://a.example/x", "http://a.example:80/x", 200},
		{"https://a.example:8443/x", "https://a.example:8443/x", 200},
		{"https://a.example:8443/x", "https://a.example/x", 403},
		{"https://a.example/x?q=a%20b", "https://a.example/x?q=a%20b", 200},
		{"https://a.example/x?q=a%20b", "https://a.example/x?q=a+b", 403},
		{"https://a.example/x", "https://b.example/x", 403},
	} {
		code, _ := postReport(t, twilio.ReportsConfig{URL: tc.configured, AuthTokens: []string{reportToken}}, report(tc.signed, reportToken, form))
		assert.Equal(t, tc.code, code, "%s by %s", tc.configured, tc.signed)
	}
}

// The worked example of Twilio's security page, whose message is no status.
func TestTheExampleOfTwiliosPageIsSigned(t *testing.T) {
	t.Parallel()
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
	}
	r := report("", "", form)
	r.Header.Set("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
	cfg := twilio.ReportsConfig{URL: "https://mycompany.com/myapp.php?foo=1&bar=2", AuthTokens: []string{"12345"}}
	code, events := postReport(t, cfg, r)
	assert.Equal(t, http.StatusOK, code, "it is signed, and reports no delivery")
	assert.Empty(t, events)
}

func TestReportsRefuseWhatIsSignedAndOdd(t *testing.T) {
	t.Parallel()
	cfg := twilio.ReportsConfig{URL: reportURL, AuthTokens: []string{reportToken}}
	for name, tc := range map[string]struct {
		form url.Values
		code int
	}{
		"a repeated status":         {url.Values{"MessageSid": {reportSID}, "MessageStatus": {"sent", "delivered"}}, 400},
		"a repeated id":             {url.Values{"MessageSid": {reportSID, "SM00000000000000000000000000000002"}, "MessageStatus": {"sent"}}, 400},
		"an id that is none":        {url.Values{"MessageSid": {"+15005550006"}, "MessageStatus": {"sent"}}, 400},
		"a code for an error":       {url.Values{"MessageSid": {reportSID}, "MessageStatus": {"failed"}, "ErrorCode": {"482913"}}, 400},
		"a status that is unknown":  {url.Values{"MessageSid": {reportSID}, "MessageStatus": {"482913"}}, 200},
		"a message that came in":    {url.Values{"MessageSid": {reportSID}, "Body": {"482913"}}, 200},
		"a value repeated, no role": {url.Values{"MessageSid": {reportSID}, "MessageStatus": {"sent"}, "X": {"b", "a", "b"}}, 200},
	} {
		code, events := postReport(t, cfg, report(reportURL, reportToken, tc.form))
		assert.Equal(t, tc.code, code, name)
		assert.Equal(t, name == "a value repeated, no role", len(events) == 1, name)
	}
	code, _ := postReport(t, cfg, report(reportURL, "another", url.Values{"MessageSid": {reportSID}, "MessageStatus": {"sent"}}))
	assert.Equal(t, http.StatusForbidden, code)
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, delivery.Event) error { return nil }
	for want, cfg := range map[string]twilio.ReportsConfig{
		"URL must be":                       {AuthTokens: []string{"t"}},
		"twilio: URL must be the address":   {URL: "/hooks", AuthTokens: []string{"t"}},
		"AuthTokens must be":                {URL: reportURL},
		"AuthTokens must be one or two":     {URL: reportURL, AuthTokens: []string{""}},
		"one or two, or SharedKeys":         {URL: reportURL, SharedKeys: []string{""}},
		"or SharedKeys":                     {URL: reportURL, SharedKeys: []string{"a", "b", "c"}},
		"twilio: AuthTokens must be one or": {URL: reportURL, AuthTokens: []string{"a", "b", "c"}},
	} {
		_, err := twilio.NewReports(cfg, handle)
		require.ErrorContains(t, err, want)
	}
	assert.NotContains(t, fmt.Sprintf("%v %+v", twilio.ReportsConfig{AuthTokens: []string{"secret-token"}}, twilio.ReportsConfig{AuthTokens: []string{"secret-token"}}), "secret-token")
}
