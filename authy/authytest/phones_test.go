package authytest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (a account) attempt(code string) answer {
	a.t.Helper()
	return a.get(phones+"/check", phone+"&verification_code="+code)
}

func TestStartAndCheck(t *testing.T) {
	for via, want := range map[string][2]string{"sms": {"sms", "Text message sent to"}, "call": {"voice", "Call to"}} {
		t.Run(via, func(t *testing.T) {
			a := newAccount(t)
			got := a.post(phones+"/start", phone+"&code_length=6&via="+via)
			require.Equal(t, 200, got.status, "%v", got.body)
			uuid := got.body["uuid"].(string)
			assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, uuid)
			assert.Equal(t, map[string]any{
				"carrier": "Example", "is_cellphone": true, "message": want[1] + " +1 5005550006.",
				"seconds_to_expire": 599.0, "uuid": uuid, "success": true,
			}, got.body)
			assert.Equal(t, want[0], a.Messages()[0].Channel)

			code := a.Code(to, "")
			assert.Len(t, code, 6)
			a.attempt(wrong(code)).refused(t, 401, 60022)
			assert.Equal(t, map[string]any{"message": "Verification code is correct.", "success": true}, a.attempt(code).body)
			a.attempt(code).refused(t, 404, 60023)
			assert.Empty(t, a.Code(to, ""))
			assert.Equal(t, "verified", a.get(phones+"/status", phone).body["status"])
		})
	}
}

func TestStartRepeatsTheCode(t *testing.T) {
	a := newAccount(t)
	first := a.post(phones+"/start", phone+"&via=sms")
	code := a.Code(to, "")
	assert.Len(t, code, 4, "without a length")
	a.Advance(9 * time.Minute)
	second := a.post(phones+"/start", phone+"&via=call&code_length=8")
	assert.Equal(t, first.body["uuid"], second.body["uuid"])
	assert.Equal(t, code, a.Code(to, ""))
	assert.Equal(t, 59.0, second.body["seconds_to_expire"])
	assert.Equal(t, 2, a.Effects())

	a.Advance(time.Minute)
	assert.Empty(t, a.Code(to, ""))
	a.attempt(code).refused(t, 404, 60023)
	status := a.get(phones+"/status", "uuid="+first.body["uuid"].(string))
	assert.Equal(t, "expired", status.body["status"])
	assert.Equal(t, 0.0, status.body["seconds_to_expire"])
	third := a.post(phones+"/start", phone+"&via=sms")
	assert.NotEqual(t, first.body["uuid"], third.body["uuid"])
	assert.Equal(t, "pending", a.get(phones+"/status", phone).body["status"])
}

func TestPhoneRefusals(t *testing.T) {
	a := newAccount(t)
	for name, tt := range map[string]struct {
		method, path, pairs string
		status, code        int
	}{
		"start, no country":          {"POST", "/start", "via=sms&phone_number=5005550006", 400, 60004},
		"start, no number":           {"POST", "/start", "via=sms&country_code=1", 400, 60004},
		"start, no channel":          {"POST", "/start", phone, 400, 60004},
		"start, another channel":     {"POST", "/start", phone + "&via=fax", 400, 60004},
		"start, a code of one's own": {"POST", "/start", phone + "&via=sms&custom_code=1234", 400, 60004},
		"start, a short number":      {"POST", "/start", "via=sms&country_code=1&phone_number=123", 400, 60033},
		"start, three digits":        {"POST", "/start", phone + "&via=sms&code_length=3", 400, 60004},
		"start, eleven digits":       {"POST", "/start", phone + "&via=sms&code_length=11", 400, 60004},
		"start, digits in words":     {"POST", "/start", phone + "&via=sms&code_length=six", 400, 60004},
		"check, no number":           {"GET", "/check", "country_code=1&verification_code=1234", 400, 60004},
		"check, no code":             {"GET", "/check", phone, 400, 60004},
		"check, nothing pending":     {"GET", "/check", phone + "&verification_code=1234", 404, 60023},
		"status, nothing":            {"GET", "/status", "", 400, 60042},
		"status, nothing pending":    {"GET", "/status", phone, 404, 60023},
		"status, another id":         {"GET", "/status", "uuid=1", 404, 60023},
	} {
		t.Run(name, func(t *testing.T) {
			a.do(tt.method, phones+tt.path, tt.pairs).refused(t, tt.status, tt.code)
		})
	}
	assert.Zero(t, a.Effects())
	missing := a.post(phones+"/start", "via=sms&phone_number=5005550006")
	assert.Equal(t, "Invalid parameter: country_code - Parameter is required", missing.body["message"])
}

func TestPhoneIsShielded(t *testing.T) {
	a := newAccount(t)
	for range 10 {
		require.Equal(t, 200, a.post(phones+"/start", phone+"&via=sms").status)
	}
	a.post(phones+"/start", phone+"&via=sms").refused(t, 429, 60003)
	code := a.Code(to, "")
	for range 10 {
		a.attempt(wrong(code)).refused(t, 401, 60022)
	}
	assert.Empty(t, a.Code(to, ""))
	a.attempt(code).refused(t, 429, 60003)
}

// One of Authy's clients gives its GETs a body.
func TestParametersMayBeInTheBodyOfAGET(t *testing.T) {
	a := newAccount(t)
	a.post(phones+"/start", "country_code=%2B1&phone_number=(500) 555-0006&via=sms&api_key=x")
	a.post(phones+"/start", "country_code=1&phone_number=(500) 555-0006&via=sms")
	body := strings.ReplaceAll(phone, "5005550006", "500-555-0006") + "&verification_code=" + a.Code(to, "")
	got := a.do(http.MethodGet, phones+"/check", "", func(r *http.Request) {
		r.Body, r.ContentLength = nopCloser(body), int64(len(body))
	})
	assert.Equal(t, 200, got.status, "%v", got.body)
}
