package hooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/hooks"
)

// authgear/authgear-server @fa7a7d5 pkg/lib/infra/sms/custom and pkg/lib/hook, on
// values of ours.
const (
	authgearBody = `{"to":"+15005550006","body":"123456 is your Example code","app_id":"example","template_name":"authenticate_primary_oob_sms.txt","language_tag":"en","template_variables":{"app_name":"Example","code":"123456"}}`
	authgearKey  = "placeholder-webhook-key"
)

func authgearPost(body, key string) *http.Request {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(body))
	r := headerPost(body, "")
	r.Header.Set("x-authgear-body-signature", hex.EncodeToString(h.Sum(nil)))
	return r
}

func init() {
	trials["authgear"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Authgear(cfg, []byte(authgearKey)) },
		request: func(int) *http.Request { return authgearPost(authgearBody, authgearKey) },
		another: func() *http.Request {
			return authgearPost(strings.ReplaceAll(authgearBody, code, "654321"), authgearKey)
		},
		without: func() *http.Request {
			return authgearPost(strings.Replace(authgearBody, "+1500", "1500", 1), authgearKey)
		},
		forged: func() []*http.Request {
			missing, body, short := authgearPost(authgearBody, authgearKey), authgearPost(authgearBody+" ", authgearKey), authgearPost(authgearBody, authgearKey)
			missing.Header.Del("x-authgear-body-signature")
			body.Body = headerPost(authgearBody, "").Body
			short.Header.Set("x-authgear-body-signature", short.Header.Get("x-authgear-body-signature")[:32])
			return []*http.Request{missing, body, short, authgearPost(authgearBody, "another-placeholder-key")}
		},
		text: "123456 is your Example code",
		sent: http.StatusOK, body: `{"code":"ok"}` + "\n",
		status: http.StatusOK, refused: `{"code":"rate_limited","description":"Too many codes were sent. Try again later."}` + "\n",
	}
}

func TestAVectorOfAuthgear(t *testing.T) {
	t.Parallel()
	r := headerPost(authgearBody, "")
	r.Header.Set("x-authgear-body-signature", "0a45a496d5ff9c050783f579248c60fb3047a8c8cf860785295f29fae8739d98")
	assert.Equal(t, http.StatusOK, serve(opened(t, trials["authgear"], configOf(new(messenger))), r).Code)
}

// Authgear takes an answer without a code for a failure, or for a success if it is no
// JSON, so that each answer names one.
func TestEachOutcomeHasACodeOfAuthgear(t *testing.T) {
	t.Parallel()
	for failure, want := range map[error]string{
		verify.ErrInvalidRecipient: "invalid_phone_number", verify.ErrTooManySends: "rate_limited", verify.ErrRateLimited: "rate_limited",
		verify.ErrUnauthorized: "authentication_failed", verify.ErrUnsupported: "unsupported_request", verify.ErrBlocked: "delivery_rejected",
		verify.ErrRejected: "delivery_rejected", verify.ErrUnavailable: "timeout", verify.ErrOutcomeUnknown: "unknown_error",
		errors.New("a stranger's"): "unknown_error",
	} {
		w := serve(opened(t, trials["authgear"], configOf(&messenger{err: failure})), trials["authgear"].request(0))
		var answer struct{ Code, Description string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		assert.Equal(t, want, answer.Code, failure)
		assert.NotEmpty(t, answer.Description)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	}
}

func TestAuthgearSendsALinkToo(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	body := strings.NewReplacer("123456 is your Example code", "Reset it at https://example.com/r", `"code":"123456"`, `"link":"https://example.com/r"`).Replace(authgearBody)
	serve(opened(t, trials["authgear"], configOf(m)), authgearPost(body, authgearKey))
	require.Len(t, m.sent, 1)
	assert.Equal(t, "Reset it at https://example.com/r", m.sent[0].Text)
}

func TestAKeyOfAuthgearIsNeitherMissingNorShortNorShared(t *testing.T) {
	t.Parallel()
	for _, keys := range [][][]byte{nil, {nil}, {[]byte("short")}} {
		_, err := hooks.Authgear(configOf(new(messenger)), keys...)
		require.ErrorContains(t, err, "secret")
	}
	key := []byte(authgearKey)
	h, err := hooks.Authgear(configOf(new(messenger)), key)
	require.NoError(t, err)
	clear(key)
	assert.Equal(t, http.StatusOK, serve(h, trials["authgear"].request(0)).Code)
	for _, body := range []string{"", "{}", `{"to":"+15005550006"}`, `{"body":"a"}`} {
		assert.Equal(t, http.StatusBadRequest, serve(h, authgearPost(body, authgearKey)).Code)
	}
}
