package hooks_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// ory/kratos @b86338d courier/http_channel.go, courier/template/sms, through our body
// template, on values of ours.
const kratosBody = `{"data":{"expires_in_minutes":60,"identity":{"id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"},"login_code":"123456","request_url":"https://example.com/login","request_url_domain":"example.com","to":"+15005550006","transient_payload":{}},"text":"Your login code is: 123456\n\nIt expires in 60 minutes.\n\n@example.com #123456\n","to":"+15005550006","type":"login_code_valid"}`

const kratosPassword = "placeholder-password"

// headerPost is a request of a server that proves itself by a header.
func headerPost(body, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	return r
}

// wrongHeaders are requests without the secret, or with one like it.
func wrongHeaders(body, right string) func() []*http.Request {
	return func() []*http.Request {
		missing := headerPost(body, "")
		missing.Header.Del("Authorization")
		all := []*http.Request{missing}
		for _, wrong := range []string{"", right + "x", right[:len(right)-1], strings.ToUpper(right), hooks.Bearer("another-placeholder")} {
			all = append(all, headerPost(body, wrong))
		}
		return all
	}
}

func init() {
	secret := hooks.Basic("kratos", kratosPassword)
	trials["kratos"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Kratos(cfg, secret) },
		request: func(int) *http.Request { return headerPost(kratosBody, secret) },
		another: func() *http.Request { return headerPost(strings.ReplaceAll(kratosBody, code, "654321"), secret) },
		without: func() *http.Request { return headerPost(strings.ReplaceAll(kratosBody, "+1500", "1500"), secret) },
		forged:  wrongHeaders(kratosBody, secret),
		text:    "Your login code is: 123456\n\nIt expires in 60 minutes.\n\n@example.com #123456\n", repeats: true,
		sent: http.StatusNoContent, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
}

func TestKratosIsKnownByItsCodeWhateverTheCodeIsCalled(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["kratos"], configOf(m))
	for i, name := range []string{"login_code", "registration_code", "verification_code"} {
		body := strings.NewReplacer(`"login_code"`, `"`+name+`"`, "login_code_valid", name+"_valid").Replace(kratosBody)
		for range 6 {
			w := serve(h, headerPost(strings.Replace(body, "60 minutes", "59 minutes", 1), hooks.Basic("kratos", kratosPassword)))
			assert.Equal(t, http.StatusNoContent, w.Code)
		}
		require.Len(t, m.sent, i+1)
		assert.Equal(t, time.Hour, m.sent[i].TTL)
	}
}

func TestKratosSendsANoticeWithoutACodeOnce(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["kratos"], configOf(m))
	for _, notice := range []string{"Your number was changed.", "Your number was changed.", "A key was added."} {
		body := `{"data":{"to":"+15005550006"},"text":"` + notice + `","to":"+15005550006","type":"verifiable_address_changed"}`
		assert.Equal(t, http.StatusNoContent, serve(h, headerPost(body, hooks.Basic("kratos", kratosPassword))).Code)
	}
	assert.Len(t, m.sent, 2)
}

func TestKratosHasEightSecondsForItsDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &messenger{takes: 7 * time.Second}
		cfg := configOf(m)
		h := opened(t, trials["kratos"], cfg)
		assert.Equal(t, http.StatusNoContent, serve(h, trials["kratos"].request(0)).Code)
		m.err, m.takes = nil, time.Hour
		began := time.Now()
		serve(h, trials["kratos"].another())
		assert.Equal(t, 8*time.Second, time.Since(began))
	})
}

func TestKratosWithItsDefaultBodyIsUnreadable(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["kratos"], configOf(m))
	for _, body := range []string{
		"", "[]", `{"to":"+15005550006"}`,
		`{"recipient":"+15005550006","template_type":"login_code_valid","to":"+15005550006","recovery_code":null,"recovery_url":null,"verification_url":null,"verification_code":null,"subject":"","body":"Your login code is: 123456"}`,
	} {
		assert.Equal(t, http.StatusBadRequest, serve(h, headerPost(body, hooks.Basic("kratos", kratosPassword))).Code)
	}
	assert.Empty(t, m.sent)
}

func TestASecretOfAHeaderIsNeitherMissingNorShort(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"short"}, {hooks.Basic("kratos", kratosPassword), ""}} {
		_, err := hooks.Kratos(configOf(new(messenger)), secrets...)
		require.ErrorContains(t, err, "secret")
	}
	h, err := hooks.Kratos(configOf(new(messenger)), hooks.Bearer("placeholder-token-one"), hooks.Bearer("placeholder-token-two"))
	require.NoError(t, err)
	for _, token := range []string{"placeholder-token-one", "placeholder-token-two"} {
		assert.Equal(t, http.StatusNoContent, serve(h, headerPost(kratosBody, hooks.Bearer(token))).Code)
	}
}
