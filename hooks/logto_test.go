package hooks_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// logto-io/logto @1fbc554 packages/connectors/connector-http-sms,
// packages/core/src/libraries/passcode.ts, on values of ours.
const (
	logtoBody   = `{"to":"15005550006","type":"SignIn","payload":{"code":"123456","locale":"en"},"ip":"203.0.113.7"}`
	logtoSecret = "placeholder-authorization"
)

func init() {
	trials["logto"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Logto(cfg, logtoSecret) },
		request: func(int) *http.Request { return headerPost(logtoBody, logtoSecret) },
		another: func() *http.Request { return headerPost(strings.Replace(logtoBody, code, "654321", 1), logtoSecret) },
		forged:  wrongHeaders(logtoBody, logtoSecret),
		text:    "Acme: 123456 is your code. Never share it.",
		sent:    http.StatusNoContent, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
}

func TestLogtoIsAnsweredInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["logto"], configOf(m))
	for _, hints := range []string{`"locale":"de"`, `"locale":"en","uiLocales":"de-AT fr"`} {
		body := strings.Replace(logtoBody, `"locale":"en"`, hints, 1)
		body = strings.Replace(body, "SignIn", "Register", len(m.sent))
		assert.Equal(t, http.StatusNoContent, serve(h, headerPost(body, logtoSecret)).Code)
	}
	require.Len(t, m.sent, 2)
	for _, sent := range m.sent {
		assert.NotContains(t, sent.Text, "Never share it")
		assert.Contains(t, sent.Text, code)
		assert.Equal(t, "203.0.113.7", sent.Request.ClientIP.String())
	}
}

func TestLogtoTakesThePlusThatItsPagesShow(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["logto"], configOf(m))
	assert.Equal(t, http.StatusNoContent, serve(h, headerPost(strings.Replace(logtoBody, "1500", "+1500", 1), logtoSecret)).Code)
	require.Len(t, m.sent, 1)
	assert.Equal(t, person, m.sent[0].To)
}

func TestLogtoWithALinkOrWithoutANumberIsUnreadable(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["logto"], configOf(m))
	for _, body := range []string{
		"", `{"to":"15005550006","type":"OrganizationInvitation","payload":{"link":"https://example.com"}}`,
		`{"type":"SignIn","payload":{"code":"123456"}}`, strings.Replace(logtoBody, code, "hello there", 1),
	} {
		assert.Equal(t, http.StatusBadRequest, serve(h, headerPost(body, logtoSecret)).Code)
	}
	assert.Empty(t, m.sent)
}
