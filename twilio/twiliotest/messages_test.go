package twiliotest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/twilio/twiliotest"
)

const (
	messages  = "/2010-04-01/Accounts/" + twiliotest.AccountSID + "/Messages.json"
	messaging = "MG00000000000000000000000000000000"
	oneText   = "To=" + to + "&From=" + other + "&Body=Acme: 123456 is your code."
)

func TestTextIsSent(t *testing.T) {
	for name, tt := range map[string]struct{ pairs, status string }{
		"from a number":              {oneText, "queued"},
		"from a short code":          {"To=" + to + "&From=12345&Body=Acme: 123456 is your code.", "queued"},
		"from a name":                {"To=" + to + "&From=Acme Shop&Body=Acme: 123456 is your code.", "queued"},
		"from a service":             {"To=" + to + "&MessagingServiceSid=" + messaging + "&Body=Acme: 123456 is your code.", "accepted"},
		"from a number of a service": {oneText + "&MessagingServiceSid=" + messaging, "accepted"},
		"for a while":                {oneText + "&ValidityPeriod=36000", "queued"},
		"to a magic number":          {strings.Replace(oneText, other, to, 1), "queued"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			got := a.do(http.MethodPost, messages, tt.pairs)
			assert.Equal(t, http.StatusCreated, got.status)
			assert.Regexp(t, `^SM[0-9a-f]{32}$`, got.sid())
			assert.Equal(t, tt.status, got.body["status"])
			assert.Equal(t, to, got.body["to"])
			assert.Equal(t, "1", got.body["num_segments"], "a string")
			assert.Nil(t, got.body["error_code"])
			assert.Equal(t, "Fri, 02 Jan 2026 03:04:05 +0000", got.body["date_created"])
			assert.Equal(t, "api.twilio.com", got.header.Get("X-Api-Domain"))
			assert.Equal(t, []twiliotest.Message{{
				Vendor: "twilio", ID: got.sid(), To: to, Channel: "sms", Code: "123456", Text: "Acme: 123456 is your code.", At: start,
			}}, a.Messages())
			assert.Equal(t, "123456", a.MessageCode(to))
			assert.Empty(t, a.Code(to, ""), "Verify knows nothing of it")
		})
	}
}

func TestTextIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		pairs string
		code  int
	}{
		"no recipient":             {"From=" + other + "&Body=Hi", 21604},
		"no sender":                {"To=" + to + "&Body=Hi", 21603},
		"no text":                  {"To=" + to + "&From=" + other, 21602},
		"a text too long":          {"To=" + to + "&From=" + other + "&Body=" + strings.Repeat("é", 1601), 21617},
		"a recipient of letters":   {"To=abc&From=" + other + "&Body=Hi", 21211},
		"a sender too long":        {"To=" + to + "&From=AcmeAcmeAcme&Body=Hi", 21212},
		"another service":          {"To=" + to + "&MessagingServiceSid=MG1&Body=Hi", 21705},
		"no time at all":           {oneText + "&ValidityPeriod=0", 30012},
		"a time of letters":        {oneText + "&ValidityPeriod=x", 30012},
		"too long a time":          {oneText + "&ValidityPeriod=36001", 30013},
		"magic: invalid sender":    {"To=" + to + "&From=+15005550001&Body=Hi", 21212},
		"magic: not a sender":      {"To=" + to + "&From=+15005550007&Body=Hi", 21606},
		"magic: full queue":        {"To=" + to + "&From=+15005550008&Body=Hi", 21611},
		"magic: invalid recipient": {"To=+15005550001&From=" + other + "&Body=Hi", 21211},
		"magic: not reachable":     {"To=+15005550002&From=" + other + "&Body=Hi", 21612},
		"magic: not permitted":     {"To=+15005550003&From=" + other + "&Body=Hi", 21408},
		"magic: opted out":         {"To=+15005550004&From=" + other + "&Body=Hi", 21610},
		"magic: not a mobile":      {"To=+15005550009&From=" + other + "&Body=Hi", 21614},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			a.do(http.MethodPost, messages, tt.pairs).refused(t, http.StatusBadRequest, tt.code)
			assert.Zero(t, a.Effects())
		})
	}
}

func TestTextNeedsTheAccount(t *testing.T) {
	a := newAccount(t)
	elsewhere := strings.Replace(messages, twiliotest.AccountSID, "AC11111111111111111111111111111111", 1)
	a.do(http.MethodPost, elsewhere, oneText).refused(t, http.StatusNotFound, 20404)
	a.do(http.MethodGet, messages, "").refused(t, http.StatusMethodNotAllowed, 20004)
	a.do(http.MethodPost, messages, oneText, func(r *http.Request) {
		r.SetBasicAuth(twiliotest.AccountSID, "wrong")
	}).refused(t, http.StatusUnauthorized, 20003)
	assert.Zero(t, a.Effects())

	got := a.do(http.MethodPost, messages, oneText, func(r *http.Request) {
		r.SetBasicAuth(twiliotest.APIKeySID, twiliotest.APIKeySecret)
	})
	assert.Equal(t, http.StatusCreated, got.status, "a key works, with the account in the path")
}

func TestFaultsOfTexts(t *testing.T) {
	a := newAccount(t)
	fault := twiliotest.Refusal(http.StatusBadRequest, 21610)
	fault.On = "message"
	a.Fail(fault)
	assert.Equal(t, http.StatusCreated, a.send(oneEach).status, "a fault of Messaging is none of Verify")
	a.do(http.MethodPost, messages, oneText).refused(t, http.StatusBadRequest, 21610)
	assert.Equal(t, a.Messages()[0].Code, a.Code(to, ""))
	assert.Empty(t, a.MessageCode(to), "Messaging sent nothing")
}
