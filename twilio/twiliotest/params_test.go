package twiliotest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

const template = "HJ0000000000000000000000000000000a"

func TestSendIsAccepted(t *testing.T) {
	long := strings.Repeat("k", 128)
	for name, pairs := range map[string]string{
		"by text message":           "To=" + to + "&Channel=sms",
		"by call":                   "To=" + to + "&Channel=call",
		"by call to an extension":   "To=" + to + "&Channel=call&SendDigits=1w2",
		"by WhatsApp":               "To=" + to + "&Channel=whatsapp",
		"by e-mail":                 "To=" + mail + "&Channel=email",
		"the shortest number":       "To=+1234567&Channel=sms",
		"a plain locale":            oneEach + "&Locale=en",
		"a locale with a region":    oneEach + "&Locale=pt-BR",
		"a template":                oneEach + "&TemplateSid=" + template,
		"a template in a call":      "To=" + to + "&Channel=call&TemplateSid=" + template,
		"substitutions":             oneEach + `&TemplateCustomSubstitutions={"app":"x"}`,
		"tags at their limit":       oneEach + `&Tags={"` + long + `":"` + long + `"}`,
		"an old address":            oneEach + "&DeviceIp=192.0.2.1",
		"a new address":             oneEach + "&DeviceIp=2001:db8::1",
		"risk check switched off":   oneEach + "&RiskCheck=disable",
		"an e-mail configuration":   "To=" + mail + `&Channel=email&ChannelConfiguration={"from":"a@example.com"}`,
		"amount and payee unasked":  oneEach + "&Amount=EUR1&Payee=Acme",
		"a parameter of tomorrow":   oneEach + "&Risk.TelemetryId=x",
		"an app hash":               oneEach + "&AppHash=AAAAAAAAAAA",
		"a client token for no SNA": oneEach + "&EnableSnaClientToken=true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.send(pairs)
			require.Equal(t, 201, got.status, "%v", got.body)
			assert.Nil(t, got.body["amount"])
			assert.Equal(t, 1, a.Effects())
		})
	}
}

func TestSendIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		pairs        string
		status, code int
	}{
		"nothing given":                {"", 400, 60200},
		"no recipient":                 {"Channel=sms", 400, 60200},
		"no channel":                   {"To=" + to, 400, 60200},
		"no plus":                      {"To=15005550006&Channel=sms", 400, 60200},
		"too short a number":           {"To=123&Channel=sms", 400, 60200},
		"too long a number":            {"To=+1234567890123456&Channel=sms", 400, 60200},
		"an address by text message":   {"To=" + mail + "&Channel=sms", 400, 60200},
		"a number by e-mail":           {"To=" + to + "&Channel=email", 400, 60200},
		"half an address":              {"To=ann@&Channel=email", 400, 60200},
		"unknown channel":              {"To=" + to + "&Channel=pigeon", 400, 60200},
		"silent network":               {"To=" + to + "&Channel=sna", 400, 60200},
		"a channel of Twilio's choice": {"To=" + to + "&Channel=auto", 400, 60200},
		"a channel in capitals":        {"To=" + to + "&Channel=SMS", 400, 60200},
		"custom code":                  {oneEach + "&CustomCode=123456", 403, 60204},
		"app hash in a call":           {"To=" + to + "&Channel=call&AppHash=AAAAAAAAAAA", 400, 60602},
		"template by WhatsApp":         {"To=" + to + "&Channel=whatsapp&TemplateSid=" + template, 400, 60408},
		"template of another kind":     {oneEach + "&TemplateSid=XX0000000000000000000000000000000a", 400, 60200},
		"locale with a space":          {oneEach + "&Locale=en GB", 400, 60200},
		"address of no device":         {oneEach + "&DeviceIp=0.000.00.000", 400, 60200},
		"risk check undecided":         {oneEach + "&RiskCheck=maybe", 400, 60200},
		"digits that cannot be dialed": {"To=" + to + "&Channel=call&SendDigits=x", 400, 60200},
		"rate limits in no object":     {oneEach + "&RateLimits=[]", 400, 60200},
		"rate limits null":             {oneEach + "&RateLimits=null", 400, 60200},
		"configuration in no JSON":     {oneEach + "&ChannelConfiguration={", 400, 60200},
		"substitutions in no object":   {oneEach + "&TemplateCustomSubstitutions=1", 400, 60200},
		"tags in no object":            {oneEach + "&Tags=null", 400, 60200},
		"tags with numbers":            {oneEach + `&Tags={"a":1}`, 400, 60200},
		"tag with too long a key":      {oneEach + `&Tags={"` + strings.Repeat("k", 129) + `":""}`, 400, 60200},
		"tag with too long a value":    {oneEach + `&Tags={"k":"` + strings.Repeat("v", 129) + `"}`, 400, 60200},
		"eleven tags": {oneEach + `&Tags={"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":"","10":"","11":""}`,
			400, 60200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.send(tt.pairs).refused(t, tt.status, tt.code)
			assert.Zero(t, a.Effects())
			assert.Empty(t, a.Messages())
		})
	}
}

func TestLocaleThatTheChannelLacksIsNotFound(t *testing.T) {
	mine := "&TemplateSid=" + template
	for name, tt := range map[string]struct {
		pairs string
		found bool
	}{
		"sms, a language of the list":      {"Channel=sms&Locale=hu", true},
		"sms, a region of the list":        {"Channel=sms&Locale=zh-HK", true},
		"sms, Bulgarian":                   {"Channel=sms&Locale=bg", false},
		"sms, American English by region":  {"Channel=sms&Locale=en-US", false},
		"sms, a region of a listed tag":    {"Channel=sms&Locale=de-DE", false},
		"sms, British English":             {"Channel=sms&Locale=en-GB", false},
		"sms, another case":                {"Channel=sms&Locale=EN", false},
		"sms, whatever a template has":     {"Channel=sms&Locale=bg" + mine, true},
		"a call in British English":        {"Channel=call&Locale=en-GB", true},
		"a call in French":                 {"Channel=call&Locale=fr", true},
		"a call in Canadian French":        {"Channel=call&Locale=fr-CA", false},
		"a call in Hungarian":              {"Channel=call&Locale=hu", false},
		"WhatsApp in a language of no one": {"Channel=whatsapp&Locale=tlh", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			got := a.send("To=" + to + "&" + tt.pairs)
			if tt.found {
				assert.Equal(t, 201, got.status, "%v", got.body)
				return
			}
			got.refused(t, 404, 20404)
			assert.Zero(t, a.Effects())
		})
	}
}

func TestRefusalQuotesTheValueAsTwilioDoes(t *testing.T) {
	a := newAccount(t)
	assert.Equal(t, "Invalid parameter `To`: 123", a.send("To=123&Channel=sms").body["message"])
}

func TestChannelThatIsSwitchedOff(t *testing.T) {
	a := newAccount(t, twiliotest.Service{Channels: []string{"sms"}})
	a.send("To="+to+"&Channel=call").refused(t, 400, 60223)
	assert.Equal(t, 201, a.send(oneEach).status)
}

func TestCheckIsRefused(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach)
	for name, tt := range map[string]struct {
		pairs string
		code  int
	}{
		"of nobody":              {"Code=123456", 60221},
		"without a code":         {"To=" + to, 60200},
		"too short a code":       {"To=" + to + "&Code=123", 60200},
		"too long a code":        {"To=" + to + "&Code=12345678901", 60200},
		"malformed recipient":    {"To=123&Code=123456", 60200},
		"SID of another kind":    {"VerificationSid=VL00000000000000000000000000000000&Code=123456", 60200},
		"SID of too few letters": {"VerificationSid=VE00&Code=123456", 60200},
	} {
		t.Run(name, func(t *testing.T) {
			for range 6 {
				a.check(tt.pairs).refused(t, 400, tt.code)
			}
		})
	}
	assert.Equal(t, "approved", a.attempt(a.Code(to, "")), "none of these was an attempt")
}

func TestBodyThatIsNoFormHasNoParameters(t *testing.T) {
	a := newAccount(t)
	json := func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
	a.do("POST", send, oneEach, json).refused(t, 400, 60200)
	a.do("POST", check, "To="+to+"&Code=123456", json).refused(t, 400, 60221)
	a.do("POST", send+"?To=%2B15005550006&Channel=sms", "").refused(t, 400, 60200)
	assert.Zero(t, a.Effects())
}
