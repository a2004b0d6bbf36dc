package bandwidthtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

func TestSendIsAccepted(t *testing.T) {
	for name, body := range map[string]object{
		"as documented":           oneEach(),
		"a scope":                 oneEach().with("scope", "login"),
		"the longest scope":       oneEach().with("scope", strings.Repeat("é", 25)),
		"the shortest number":     oneEach().with("to", "+12"),
		"four digits":             oneEach().with("digits", 4),
		"eight digits":            oneEach().with("digits", 8),
		"digits as a fraction":    oneEach().with("digits", 6.0),
		"the code twice":          oneEach().with("message", "{CODE} {CODE}"),
		"the longest message":     oneEach().with("message", "{CODE}"+strings.Repeat("é", 2042)),
		"a callback":              oneEach().with("callbackUrl", "https://app.example.com/status"),
		"a parameter of old":      oneEach().with("expirationTimeInMinutes", 3),
		"a parameter not of ours": oneEach().with("tag", []any{1, "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.send(body)
			require.Equal(t, 200, got.status, "%v", got.body)
			assert.Equal(t, 1, a.Effects())
		})
	}
}

func TestSendIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		body any
		text string
	}{
		"no body":                    {"", "body is not a JSON object"},
		"a form":                     {"to=1", "body is not a JSON object"},
		"a list":                     {"[]", "body is not a JSON object"},
		"null":                       {"null", "body is not a JSON object"},
		"two objects":                {"{}{}", "body is not a JSON object"},
		"an empty object":            {"{}", "to number is required"},
		"an empty recipient":         {oneEach().with("to", ""), "to number is required"},
		"no plus":                    {oneEach().with("to", "15005550006"), "to number is invalid"},
		"a recipient with a zero":    {oneEach().with("to", "+05005550006"), "to number is invalid"},
		"too long a recipient":       {oneEach().with("to", "+1234567890123456"), "to number is invalid"},
		"a recipient as a number":    {oneEach().with("to", 15005550006), "to is invalid"},
		"another case of the key":    {oneEach().with("to", nil).with("To", to), "to number is required"},
		"no sender":                  {oneEach().with("from", nil), "from number is required"},
		"somebody else's sender":     {oneEach().with("from", "+15005550001"), "from number does not belong to the application"},
		"no application":             {oneEach().with("applicationId", nil), "applicationId is required"},
		"an unknown application":     {oneEach().with("applicationId", "x"), "applicationId is invalid"},
		"too long an application":    {oneEach().with("applicationId", strings.Repeat("x", 51)), "applicationId is invalid"},
		"the calls' application":     {oneEach().with("applicationId", bandwidthtest.VoiceApplicationID), "applicationId is invalid"},
		"too long a scope":           {oneEach().with("scope", strings.Repeat("s", 26)), "scope is invalid"},
		"a scope as a number":        {oneEach().with("scope", 1), "scope is invalid"},
		"no message":                 {oneEach().with("message", nil), "message must contain {CODE}"},
		"a message without the code": {oneEach().with("message", "{code}"), "message must contain {CODE}"},
		"too long a message":         {oneEach().with("message", "{CODE}"+strings.Repeat("x", 2043)), "message is invalid"},
		"no digits":                  {oneEach().with("digits", nil), "digits is required"},
		"three digits":               {oneEach().with("digits", 3), "digits is invalid"},
		"nine digits":                {oneEach().with("digits", 9), "digits is invalid"},
		"half a digit":               {oneEach().with("digits", 6.5), "digits is invalid"},
		"digits as a string":         {oneEach().with("digits", "6"), "digits is invalid"},
		"a callback as a list":       {oneEach().with("callbackUrl", []string{}), "callbackUrl is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.send(tt.body).refused(t, 400, tt.text)
			assert.Zero(t, a.Effects())
			assert.Empty(t, a.Messages())
		})
	}
}

func TestCallWantsItsOwnApplication(t *testing.T) {
	a := newAccount(t)
	a.call(oneEach()).refused(t, 400, "applicationId is invalid")
	got := a.call(oneEach().with("applicationId", bandwidthtest.VoiceApplicationID))
	require.Equal(t, 200, got.status)
	assert.Regexp(t, `^c-[0-9a-f]{8}-[0-9a-f-]{36}$`, got.body["callId"])
}

func TestCheckIsRefused(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	code := a.Code(to, "")
	for name, tt := range map[string]struct {
		body object
		text string
	}{
		"of nobody":               {anAttempt(code).with("to", nil), "to number is required"},
		"of a malformed number":   {anAttempt(code).with("to", "123"), "to number is invalid"},
		"in too long a scope":     {anAttempt(code).with("scope", strings.Repeat("s", 26)), "scope is invalid"},
		"without an age":          {anAttempt(code).with("expirationTimeInMinutes", nil), "expirationTimeInMinutes is required"},
		"of no age":               {anAttempt(code).with("expirationTimeInMinutes", 0), "expirationTimeInMinutes is invalid"},
		"older than a quarter":    {anAttempt(code).with("expirationTimeInMinutes", 16), "expirationTimeInMinutes is invalid"},
		"of an age as a string":   {anAttempt(code).with("expirationTimeInMinutes", "3"), "expirationTimeInMinutes is invalid"},
		"without a code":          {anAttempt(code).with("code", nil), "code is invalid"},
		"of too short a code":     {anAttempt("123"), "code is invalid"},
		"of too long a code":      {anAttempt("123456789"), "code is invalid"},
		"of a code as a number":   {anAttempt(code).with("code", 123456), "code is invalid"},
		"of a code as an object":  {anAttempt(code).with("code", object{"$ne": ""}), "code is invalid"},
		"of a number as a number": {anAttempt(code).with("to", 15005550006), "to is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 6 {
				a.check(tt.body).refused(t, 400, tt.text)
			}
		})
	}
	assert.Equal(t, true, a.attempt(code), "none of these was an attempt")
}

func TestFieldsOfOldAreIgnored(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	old := anAttempt(a.Code(to, "")).with("applicationId", "x").with("from", "x").with("digits", 6)
	got := a.do(http.MethodPost, check, old, func(r *http.Request) {
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8") // as in Bandwidth's own examples
	})
	assert.Equal(t, map[string]any{"valid": true}, got.body)
}

func TestBodyThatIsTooLarge(t *testing.T) {
	a := newAccount(t)
	a.send(`{"to":"`+strings.Repeat("x", 1<<20)+`"}`).refused(t, 400, "body is too large")
}
