package gatewayapi_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/verifytest"
)

const (
	reportID     = "01JQRJWK259Y1YEECJZB50908V"
	reportSecret = "signature-key"
)

func hmacOf(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func postOf(body, header, value string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(header, value)
	return r
}

func messagingReport(status, why string) func() *http.Request {
	body := `{"event_id":"09c829a2-a77b-422d-8562-2f88e784dfb5","timestamp":"2025-04-01T11:50:12.003029+00:00","event_type":"message.status.sms",` +
		`"event":{"msg_id":"` + reportID + `","recipient":4512345678,"reference":"482913","status":"` + status + `","status_at":"2025-04-01T11:49:12.005021+00:00","error":` + why + `}}`
	return func() *http.Request {
		return postOf(body, "Signature", "v1="+hex.EncodeToString(hmacOf(reportSecret, body)))
	}
}

func token(secret, head, claims string) string {
	e := base64.RawURLEncoding
	text := e.EncodeToString([]byte(head)) + "." + e.EncodeToString([]byte(claims))
	return text + "." + e.EncodeToString(hmacOf(secret, text))
}

const hs256 = `{"typ":"JWT","alg":"HS256"}`

func claims(status, code string) string {
	return `{"id":2381703,"msisdn":4512345678,"time":1522764062,"status":"` + status + `","error":null,"code":` + code + `,"userref":"482913","api":4}`
}

func classicReport(status, code string) func() *http.Request {
	return func() *http.Request {
		return postOf(`{"id":1,"status":"REJECTED"}`, "X-Gwapi-Signature", token(reportSecret, hs256, claims(status, code)))
	}
}

func suiteOf(classic bool, id, header string, genuine func(status, why string) func() *http.Request, none, why string) verifytest.ReportsSuite {
	event := func(s delivery.Status, code string) delivery.Event {
		return delivery.Event{Vendor: "gatewayapi", ID: id, Status: s, VendorCode: code}
	}
	return verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: []string{"older", reportSecret}, Classic: classic, Delivery: cfg}, handle)
		},
		Genuine: map[string]func() *http.Request{
			"on its way": genuine("ENROUTE", none), "delivered": genuine("DELIVERED", none), "rejected": genuine("REJECTED", why),
			"expired": genuine("EXPIRED", none), "undeliverable": genuine("UNDELIVERABLE", none),
		},
		Want: map[string]delivery.Event{
			"on its way": event(delivery.Sent, ""), "delivered": event(delivery.Delivered, ""), "rejected": event(delivery.Failed, "0x1905"),
			"expired": event(delivery.Expired, ""), "undeliverable": event(delivery.Undelivered, ""),
		},
		Signature: header, Secret: []string{"4512345678", "482913"},
	}
}

func TestReportsOfTheMessagingAPI(t *testing.T) {
	t.Parallel()
	suite := suiteOf(false, reportID, "Signature", messagingReport, "null", `{"hex_code":"0x1905","details":"Unsupported sender"}`)
	suite.Message = func(i int) *http.Request {
		body := `{"event_type":"message.status.sms","event":{"msg_id":"` + fmt.Sprintf("01JQRJWK259Y1YEECJZB%06d", i) + `","recipient":4512345678,"status":"DELIVERED","status_at":"2025-04-01T11:49:12Z","error":null}}`
		return postOf(body, "Signature", "v1="+hex.EncodeToString(hmacOf(reportSecret, body)))
	}
	verifytest.RunReports(t, suite)
}

func TestReportsOfTheRESTAPI(t *testing.T) {
	t.Parallel()
	suite := suiteOf(true, "2381703", "X-Gwapi-Signature", classicReport, "null", `"0x1905"`)
	suite.Unsigned = map[string]func(string, string, int) bool{"the body": func(part, _ string, _ int) bool { return part == "body" }}
	suite.Message = func(i int) *http.Request {
		c := strings.Replace(claims("DELIVERED", "null"), "2381703", strconv.Itoa(2381703+i), 1)
		return postOf(`{"id":1,"status":"REJECTED"}`, "X-Gwapi-Signature", token(reportSecret, hs256, c))
	}
	verifytest.RunReports(t, suite)
}

func postReport(t *testing.T, classic bool, r *http.Request) (int, []delivery.Event) {
	t.Helper()
	var events []delivery.Event
	h, err := gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: []string{reportSecret}, Classic: classic}, func(_ context.Context, e delivery.Event) error {
		events = append(events, e)
		return nil
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, events
}

// The only token is one of three parts that HS256 signs.
func TestATokenOfAnotherKindIsForged(t *testing.T) {
	t.Parallel()
	good := claims("DELIVERED", "null")
	future := strings.TrimSuffix(good, "}") + fmt.Sprintf(`,"exp":%d}`, time.Now().Add(time.Hour).Unix())
	past := strings.TrimSuffix(good, "}") + `,"exp":1522764063}`
	right := token(reportSecret, hs256, good)
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(right, ".")[1] + "."
	for name, tc := range map[string]struct {
		token string
		code  int
	}{
		"as it should be":        {right, 200},
		"not yet ended":          {token(reportSecret, hs256, future), 200},
		"ended":                  {token(reportSecret, hs256, past), 403},
		"an end that is no time": {token(reportSecret, hs256, strings.Replace(past, "1522764063", `"never"`, 1)), 403},
		"another secret":         {token("secret", hs256, good), 403},
		"an empty secret":        {token("", hs256, good), 403},
		"none":                   {unsigned, 403},
		"HS512 by its name":      {token(reportSecret, `{"alg":"HS512"}`, good), 403},
		"RS256 by its name":      {token(reportSecret, `{"alg":"RS256"}`, good), 403},
		"in small letters":       {token(reportSecret, `{"alg":"hs256"}`, good), 403},
		"the algorithm twice":    {token(reportSecret, `{"alg":"HS256","alg":"HS256"}`, good), 403},
		"no algorithm":           {token(reportSecret, `{}`, good), 403},
		"critical extensions":    {token(reportSecret, `{"alg":"HS256","crit":["exp"]}`, good), 403},
		"a key of its own":       {token(reportSecret, `{"alg":"HS256","jwk":{"kty":"oct"},"kid":"x"}`, good), 200},
		"two parts":              {strings.Join(strings.Split(right, ".")[:2], "."), 403},
		"four parts":             {right + ".AA", 403},
		"padding":                {right + "=", 403},
		"nothing":                {"", 403},
		"claims that are a list": {token(reportSecret, hs256, `[]`), 400},
	} {
		code, events := postReport(t, true, postOf("{}", "X-Gwapi-Signature", tc.token))
		assert.Equal(t, tc.code, code, name)
		assert.Equal(t, tc.code == 200, len(events) == 1, name)
	}
}

// What the vendor's documentation prints as an example.
func TestTheExamplesOfGatewayAPIsPagesAreSigned(t *testing.T) {
	t.Parallel()
	body := `{"event_id":"09c829a2-a77b-422d-8562-2f88e784dfb5","timestamp":"2025-04-01T11:50:12.003029+00:00","event_type":"message.status.sms",` +
		`"event":{"msg_id":"01JQRJWK259Y1YEECJZB50908V","recipient":4512345678,"reference":"<client provided reference>","status":"DELIVERED","status_at":"2025-04-01T11:49:12.005021+00:00","error":null}}`
	code, events := postReport(t, false, postOf(body, "Signature", "v1=98fd492d1393f1f84ac7935abf2106793ddd058c5f18f2df95d1cc4c3fc81c8c"))
	assert.Equal(t, http.StatusOK, code)
	require.Len(t, events, 1)
	assert.Equal(t, 2025, events[0].At.Year())
}

func TestReportsThatAreNone(t *testing.T) {
	t.Parallel()
	sign := func(body string) *http.Request {
		return postOf(body, "Signature", "v1="+hex.EncodeToString(hmacOf(reportSecret, body)))
	}
	for body, code := range map[string]int{
		`{"event_type":"user-message.text.sms","event":{"text":"482913"}}`:                                          200,
		`{"event_type":"message.status.sms","event":{"msg_id":"` + reportID + `","status":"UNKNOWN","error":null}}`: 200,
		`{"event_type":"message.status.sms","event":{"msg_id":"+4512345678","status":"DELIVERED","error":null}}`:    400,
		`{"event_type":"message.status.sms"}`:                                                                       400,
		`[]`:                                                                                                        400,
	} {
		got, events := postReport(t, false, sign(body))
		assert.Equal(t, code, got, body)
		assert.Empty(t, events, body)
	}
	upper := messagingReport("DELIVERED", "null")()
	upper.Header.Set("Signature", strings.ToUpper(upper.Header.Get("Signature")))
	code, _ := postReport(t, false, upper)
	assert.Equal(t, http.StatusForbidden, code)
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"a", ""}, {"a", "b", "c"}} {
		_, err := gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: secrets}, func(context.Context, delivery.Event) error { return nil })
		require.EqualError(t, err, "gatewayapi: Secrets must be one or two")
	}
	assert.NotContains(t, fmt.Sprintf("%v", gatewayapi.ReportsConfig{Secrets: []string{"hidden-one"}}), "hidden-one")
}
