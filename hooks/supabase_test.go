package hooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp/text"
)

// supabase/auth @bc32168 internal/hooks/v0hooks, internal/hooks/hookshttp, on values
// of ours.
const (
	keyOne       = "placeholder-key-one-24bytes....."
	keyTwo       = "placeholder-key-two-24bytes....."
	supabaseBody = `{"metadata":{"uuid":"66666666-7777-4888-8999-000000000000","time":"2026-09-21T14:13:20Z","name":"send-sms","ip_address":"203.0.113.7"},"user":{"id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","aud":"authenticated","role":"authenticated","email":"","phone":"15005550006","app_metadata":{"provider":"phone","providers":["phone"]},"user_metadata":{},"identities":[],"created_at":"2026-09-21T14:13:20Z","updated_at":"2026-09-21T14:13:20Z","is_anonymous":false},"sms":{"otp":"123456","phone":"15005550006"}}`
)

func supabaseSecret(key string) string {
	return "v1,whsec_" + base64.StdEncoding.EncodeToString([]byte(key))
}

func webhookMAC(key, id, at, body string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = fmt.Fprintf(h, "%s.%s.%s", id, at, body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// supabasePost signs a body as Supabase does, with a new id each time.
func supabasePost(n int, at time.Time, body string, keys ...string) *http.Request {
	id, stamp := fmt.Sprintf("11111111-2222-4333-8444-%012d", n), strconv.FormatInt(at.Unix(), 10)
	var macs []string
	for _, key := range keys {
		macs = append(macs, webhookMAC(key, id, stamp, body))
	}
	r := httptest.NewRequest(http.MethodPost, "/supabase", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", stamp)
	r.Header.Set("webhook-signature", strings.Join(macs, ", "))
	r.Header.Set("Accept-Encoding", "identity")
	return r
}

func openSupabase(cfg hooks.Config) (http.Handler, error) {
	return hooks.Supabase(cfg, supabaseSecret(keyOne))
}

func init() {
	trials["supabase"] = trial{
		open:    openSupabase,
		request: func(n int) *http.Request { return supabasePost(n, time.Now(), supabaseBody, keyOne) },
		another: func() *http.Request {
			return supabasePost(0, time.Now(), strings.NewReplacer("66666666", "77777777", "123456", "654321").Replace(supabaseBody), keyOne)
		},
		forged: func() []*http.Request {
			missing, other, id, stamp, version := supabasePost(0, time.Now(), supabaseBody, keyOne), supabasePost(0, time.Now(), supabaseBody, keyOne), supabasePost(0, time.Now(), supabaseBody, keyOne), supabasePost(0, time.Now(), supabaseBody, keyOne), supabasePost(0, time.Now(), supabaseBody, keyOne)
			missing.Header.Del("webhook-signature")
			other.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Replace(supabaseBody, `"phone":"15005550006"}}`, `"phone":"15005550001"}}`, 1))).Body
			id.Header.Set("webhook-id", "another")
			stamp.Header.Set("webhook-timestamp", strconv.FormatInt(time.Now().Unix()+1, 10))
			version.Header.Set("webhook-signature", strings.Replace(version.Header.Get("webhook-signature"), "v1,", "v1a,", 1))
			return []*http.Request{missing, other, id, stamp, version, supabasePost(0, time.Now(), supabaseBody, keyTwo)}
		},
		text: "Acme: 123456 is your code. Never share it.", repeats: true, timed: true,
		sent: http.StatusOK, body: "{}\n",
		status: http.StatusOK, refused: `{"error":{"http_code":429,"message":"Too many codes were sent. Try again later."}}` + "\n",
	}
}

func TestSupabaseWantsAnAnswerOfJSON(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, verify.ErrBlocked} {
		h := opened(t, trials["supabase"], configOf(&messenger{err: err}))
		w := serve(h, trials["supabase"].request(0))
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	}
}

func TestSupabaseSendsToTheNewNumberAndFromTheSecondFactorToo(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a number that changes": strings.NewReplacer(`"email":"","phone":"15005550006"`, `"email":"","phone":"15005550001"`, `"is_anonymous":false`, `"is_anonymous":false,"new_phone":"15005550006"`).Replace(supabaseBody),
		"second factor":         strings.Replace(supabaseBody, `"otp":"123456",`, `"otp":"123456","sms_type":"mfa",`, 1),
		"a number with a plus":  strings.Replace(supabaseBody, `"phone":"15005550006"}}`, `"phone":"+15005550006"}}`, 1),
	} {
		m := new(messenger)
		h := opened(t, trials["supabase"], configOf(m))
		assert.Equal(t, "{}\n", serve(h, supabasePost(0, time.Now(), body, keyOne)).Body.String(), name)
		require.Len(t, m.sent, 1)
		assert.Equal(t, person, m.sent[0].To, name)
		assert.Equal(t, "203.0.113.7", m.sent[0].Request.ClientIP.String())
	}
}

func TestSupabaseBeforeMetadataIsRepeatedByUserNumberAndCode(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(supabaseBody, `"user":`)
	body, m := `{"user":`+rest, new(messenger)
	h := opened(t, trials["supabase"], configOf(m))
	serve(h, supabasePost(0, time.Now(), body, keyOne))
	serve(h, supabasePost(1, time.Now(), body, keyOne))
	assert.Len(t, m.sent, 1)
	serve(h, supabasePost(2, time.Now(), strings.Replace(body, code, "654321", 1), keyOne))
	assert.Len(t, m.sent, 2)
}

func TestSupabaseWithoutACodeOrANumberIsUnreadable(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["supabase"], configOf(m))
	for name, body := range map[string]string{
		"no JSON":        "123456",
		"broken":         supabaseBody[:100],
		"no number":      strings.Replace(supabaseBody, `,"phone":"15005550006"}}`, `}}`, 1),
		"no code":        strings.Replace(supabaseBody, `"otp":"123456"`, `"otp":""`, 1),
		"not a code":     strings.Replace(supabaseBody, `"otp":"123456"`, `"otp":"see https://example.com"`, 1),
		"a long code":    strings.Replace(supabaseBody, code, "12345678901", 1),
		"a line for all": strings.Replace(supabaseBody, code, `1234\n56`, 1),
	} {
		assert.Equal(t, http.StatusBadRequest, serve(h, supabasePost(0, time.Now(), body, keyOne)).Code, name)
	}
	assert.Empty(t, m.sent)
}

func TestAWebhookSignatureIsGoodForFiveMinutesEitherWay(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]int{
		299 * time.Second: http.StatusOK, 300 * time.Second: http.StatusUnauthorized, time.Hour: http.StatusUnauthorized,
		-299 * time.Second: http.StatusOK, -300 * time.Second: http.StatusUnauthorized,
	} {
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			h := opened(t, trials["supabase"], configOf(m))
			assert.Equal(t, want, serve(h, supabasePost(0, time.Now().Add(-age), supabaseBody, keyOne)).Code, age)
			assert.Equal(t, want == http.StatusOK, len(m.sent) == 1)
		})
	}
}

// A signature from the future is good for the longest.
func TestAReplaySendsNothingAsLongAsItsSignatureIsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(messenger)
		h := opened(t, trials["supabase"], configOf(m))
		signed := time.Now().Add(299 * time.Second)
		for range 700 {
			serve(h, supabasePost(0, signed, supabaseBody, keyOne))
			time.Sleep(time.Second)
		}
		assert.Len(t, m.sent, 1)
	})
}

func TestTwoSecretsServeWhileTheyAreExchanged(t *testing.T) {
	t.Parallel()
	both := supabaseSecret(keyOne) + "|" + supabaseSecret(keyTwo)
	for name, tc := range map[string]struct{ secrets, keys []string }{
		"ours are two, theirs the second": {[]string{supabaseSecret(keyOne), supabaseSecret(keyTwo)}, []string{keyTwo}},
		"ours in one line":                {[]string{both}, []string{keyTwo}},
		"theirs are two, ours the first":  {[]string{supabaseSecret(keyOne)}, []string{keyOne, keyTwo}},
		"theirs are two, ours the second": {[]string{supabaseSecret(keyTwo)}, []string{keyOne, keyTwo}},
	} {
		h, err := hooks.Supabase(configOf(new(messenger)), tc.secrets...)
		require.NoError(t, err)
		assert.Equal(t, "{}\n", serve(h, supabasePost(0, time.Now(), supabaseBody, tc.keys...)).Body.String(), name)
		spaced := supabasePost(1, time.Now(), supabaseBody, tc.keys...)
		spaced.Header.Set("webhook-signature", strings.ReplaceAll(spaced.Header.Get("webhook-signature"), ", ", " "))
		assert.Equal(t, http.StatusOK, serve(h, spaced).Code, "%s, as the specification joins them", name)
	}
}

func TestSupabaseRefusesASecretThatIsNone(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"v1,whsec_"}, {"v1,whsec_c2hvcnQ="}, {"v1a,whpk_abc"}, {supabaseSecret(keyOne) + "|"}} {
		_, err := hooks.Supabase(configOf(new(messenger)), secrets...)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "c2hvcnQ")
	}
	_, err := hooks.Supabase(hooks.Config{Messenger: new(messenger), Text: text.Config{Templates: map[string]text.Template{"en": {Code: "no code"}}}}, supabaseSecret(keyOne))
	require.ErrorContains(t, err, "Text")
}

// A vector of the official libraries in Go and JavaScript.
func TestAVectorOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(1790000000, 0)))
		r := supabasePost(0, time.Now(), supabaseBody, keyOne)
		r.Header.Set("webhook-id", "11111111-2222-4333-8444-555555555555")
		r.Header.Set("webhook-signature", "v1,6L/2qICk9usj/2Ru/N0Lp1BL1p1lTAPKUdPmIgAeeuI=, v1,pDFgFPjtTzdTnXUX27ahs7F0kyl2kqhDy4UtZt1ySZc=")
		h, err := hooks.Supabase(configOf(new(messenger)), "v1,whsec_cGxhY2Vob2xkZXIta2V5LXR3by0yNGJ5dGVzLi4uLi4=")
		require.NoError(t, err)
		assert.Equal(t, "{}\n", serve(h, r).Body.String())
	})
}
