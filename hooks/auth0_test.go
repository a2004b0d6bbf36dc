package hooks_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/hooks"
)

// What the Action of docs/hooks.md makes of event.notification, on values of ours.
const auth0Body = `{"recipient":"+15005550006","text":"Your Acme code is 123456","code":"123456","message_type":"otp_verify","delivery_method":"text","locale":"en","ip":"203.0.113.7"}`

// auth0Secret signs what the Action posts.
const auth0Secret = "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="

// auth0Post is a request that the Action of docs/hooks.md signs.
func auth0Post(at time.Time, body string) *http.Request {
	return supabasePost(1, at, body, keyOne) // the same signature
}

func init() {
	trials["auth0, signed"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Auth0(cfg, auth0Secret) },
		request: func(n int) *http.Request { return auth0Post(time.Now().Add(-time.Duration(n)*time.Second), auth0Body) },
		another: func() *http.Request { return auth0Post(time.Now(), strings.ReplaceAll(auth0Body, code, "654321")) },
		without: func() *http.Request { return auth0Post(time.Now(), strings.Replace(auth0Body, "+1500", "1500", 1)) },
		forged: func() []*http.Request {
			other := supabasePost(1, time.Now(), auth0Body, keyTwo)
			body := auth0Post(time.Now(), auth0Body+" ")
			body.Body = headerPost(auth0Body, "").Body
			return []*http.Request{headerPost(auth0Body, ""), headerPost(auth0Body, hooks.Bearer(auth0Secret)), other, body}
		},
		text: "Your Acme code is 123456", timed: true,
		sent: http.StatusOK, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
	secret := hooks.Bearer("placeholder-auth0-token")
	trials["auth0"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Auth0(cfg, secret) },
		request: func(int) *http.Request { return headerPost(auth0Body, secret) },
		another: func() *http.Request { return headerPost(strings.ReplaceAll(auth0Body, code, "654321"), secret) },
		without: func() *http.Request { return headerPost(strings.Replace(auth0Body, "+1500", "1500", 1), secret) },
		forged:  wrongHeaders(auth0Body, secret),
		text:    "Your Acme code is 123456",
		sent:    http.StatusOK, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
}

func TestAuth0AsksForACallAndForANoticeToo(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["auth0"], configOf(m))
	secret := hooks.Bearer("placeholder-auth0-token")
	for _, body := range []string{
		strings.Replace(auth0Body, `"text","locale"`, `"voice","locale"`, 1),
		`{"recipient":"+15005550006","text":"Your account is blocked.","message_type":"blocked_account","delivery_method":"text"}`,
	} {
		assert.Equal(t, http.StatusOK, serve(h, headerPost(body, secret)).Code)
	}
	require.Len(t, m.sent, 2)
	assert.Equal(t, verify.ChannelVoice, m.sent[0].Channel)
	assert.Equal(t, verify.ChannelSMS, m.sent[1].Channel)
	for _, body := range []string{"", "{}", strings.Replace(auth0Body, `"text","locale"`, `"fax","locale"`, 1), strings.Replace(auth0Body, person, "", 1)} {
		assert.Equal(t, http.StatusBadRequest, serve(h, headerPost(body, secret)).Code)
	}
	assert.Len(t, m.sent, 2)
}

// An Action that sends its token is exchanged for one that signs while both are good.
func TestAuth0MayHaveATokenAndASigningSecretAtOnce(t *testing.T) {
	t.Parallel()
	token := hooks.Bearer("placeholder-auth0-token")
	m := new(messenger)
	h, err := hooks.Auth0(configOf(m), token, auth0Secret)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, serve(h, headerPost(auth0Body, token)).Code)
	assert.Equal(t, http.StatusOK, serve(h, auth0Post(time.Now(), strings.ReplaceAll(auth0Body, code, "654321"))).Code)
	assert.Len(t, m.sent, 2)
	assert.Equal(t, http.StatusUnauthorized, serve(h, auth0Post(time.Now().Add(-time.Hour), strings.ReplaceAll(auth0Body, code, "111111"))).Code)
	assert.Equal(t, http.StatusUnauthorized, serve(h, headerPost(auth0Body, "Bearer another")).Code)
	assert.Len(t, m.sent, 2)
	for _, secrets := range [][]string{nil, {"short"}, {"whsec_c2hvcnQ="}, {"whsec_no base64"}, {token, "whsec_c2hvcnQ="}, {"short", auth0Secret}} {
		_, err := hooks.Auth0(configOf(m), secrets...)
		require.Error(t, err)
	}
}
