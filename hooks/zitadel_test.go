package hooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// zitadel/zitadel internal/notification/types/user_phone.go @602b40a and
// pkg/actions/signing.go @0e7a14e, on values of ours.
const (
	zitadelBody = `{"contextInfo":{"eventType":"session.otp.sms.challenged","provider":{"id":"100000000000000001","description":"our sender"},"recipientPhoneNumber":"+15005550006"},"templateData":{"text":"123456 is your code for example.com."},"args":{"code":"123456"}}`
	zitadelKey  = "placeholder-signing-key"
)

func zitadelPost(at time.Time, body string, keys ...string) *http.Request {
	signature := fmt.Sprintf("t=%d", at.Unix())
	for _, key := range keys {
		h := hmac.New(sha256.New, []byte(key))
		_, _ = fmt.Fprintf(h, "%d.%s", at.Unix(), body)
		signature += ",v1=" + hex.EncodeToString(h.Sum(nil))
	}
	r := headerPost(body, "")
	r.Header.Set("ZITADEL-Signature", signature)
	return r
}

func init() {
	trials["zitadel"] = trial{
		open: func(cfg hooks.Config) (http.Handler, error) { return hooks.Zitadel(cfg, zitadelKey) },
		request: func(n int) *http.Request {
			body := strings.Replace(zitadelBody, `"args":{`, fmt.Sprintf(`"args":{"expiry":"%ds",`, 300-n), 1)
			return zitadelPost(time.Now().Add(-time.Duration(n)*time.Second), body, zitadelKey)
		},
		another: func() *http.Request {
			return zitadelPost(time.Now(), strings.ReplaceAll(zitadelBody, code, "654321"), zitadelKey)
		},
		without: func() *http.Request {
			return zitadelPost(time.Now(), strings.Replace(zitadelBody, "+1500", "1500", 1), zitadelKey)
		},
		forged: func() []*http.Request {
			missing, body, at := zitadelPost(time.Now(), zitadelBody, zitadelKey), zitadelPost(time.Now(), zitadelBody+" ", zitadelKey), zitadelPost(time.Now(), zitadelBody, zitadelKey)
			missing.Header.Del("ZITADEL-Signature")
			body.Body = headerPost(zitadelBody, "").Body
			at.Header.Set("ZITADEL-Signature", strings.Replace(at.Header.Get("ZITADEL-Signature"), "t=1", "t=2", 1)+",t=1")
			return []*http.Request{missing, body, at, zitadelPost(time.Now(), zitadelBody), zitadelPost(time.Now(), zitadelBody, "another-placeholder-key")}
		},
		text: "123456 is your code for example.com.", repeats: true, timed: true,
		sent: http.StatusNoContent, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
}

func TestAVectorOfZitadel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(1790000000, 0)))
		r := headerPost(zitadelBody, "")
		r.Header.Set("ZITADEL-Signature", "t=1790000000,v1=1d249760dd8d70244c0f6efb06de4fbc9e228e5c194be9999fd881725472d2b4")
		assert.Equal(t, http.StatusNoContent, serve(opened(t, trials["zitadel"], configOf(new(messenger))), r).Code)
	})
}

func TestASignatureOfZitadelIsGoodForFiveMinutes(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]int{299 * time.Second: http.StatusNoContent, 300 * time.Second: http.StatusUnauthorized, -300 * time.Second: http.StatusUnauthorized} {
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			assert.Equal(t, want, serve(opened(t, trials["zitadel"], configOf(m)), zitadelPost(time.Now().Add(-age), zitadelBody, zitadelKey)).Code)
			assert.Equal(t, want == http.StatusNoContent, len(m.sent) == 1)
		})
	}
}

func TestZitadelMayHaveTwoKeys(t *testing.T) {
	t.Parallel()
	const next = "placeholder-signing-key-two"
	both, err := hooks.Zitadel(configOf(new(messenger)), zitadelKey, next)
	require.NoError(t, err)
	assert.Equal(t, http.StatusNoContent, serve(both, zitadelPost(time.Now(), zitadelBody, next)).Code)
	one := opened(t, trials["zitadel"], configOf(new(messenger)))
	assert.Equal(t, http.StatusNoContent, serve(one, zitadelPost(time.Now(), zitadelBody, next, zitadelKey)).Code)
	for _, keys := range [][]string{nil, {""}, {"short"}} {
		_, err := hooks.Zitadel(configOf(new(messenger)), keys...)
		require.ErrorContains(t, err, "secret")
	}
}

func TestZitadelWithoutANumberOrATextIsUnreadable(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["zitadel"], configOf(m))
	for _, body := range []string{"", "[]", strings.Replace(zitadelBody, person, "", 1), strings.Replace(zitadelBody, `"text"`, `"words"`, 1)} {
		assert.Equal(t, http.StatusBadRequest, serve(h, zitadelPost(time.Now(), body, zitadelKey)).Code)
	}
	assert.Empty(t, m.sent)
}
