package authytest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

func TestRegister(t *testing.T) {
	a := newAccount(t)
	got := a.post(users+"/new", person)
	assert.Equal(t, map[string]any{
		"message": "User created successfully.", "user": map[string]any{"id": 1000.0}, "success": true,
	}, got.body)
	assert.Equal(t, "application/json;charset=utf-8", got.header.Get("Content-Type"))
	assert.Equal(t, "1000", a.register(), "one phone, one id")
	assert.Equal(t, 1001.0, a.post(users+"/new", strings.Replace(person, "5005550006", "501-712-2661", 1)).body["user"].(map[string]any)["id"])
}

func TestRegisterAsJSON(t *testing.T) {
	a := newAccount(t)
	got := a.do(http.MethodPost, users+"/new", "", func(r *http.Request) {
		body := `{"user":{"email":"a@example.com","cellphone":"500-555-0006","country_code":1}}`
		r.Body, r.ContentLength = nopCloser(body), int64(len(body))
		r.Header.Set("Content-Type", "application/json")
	})
	require.Equal(t, 200, got.status, "%v", got.body)
	assert.Equal(t, "+1-XXX-XXX-XX06", a.get("/protected/json/sms/1000", "").body["cellphone"])
}

func TestRegisterRefuses(t *testing.T) {
	a := newAccount(t)
	got := a.post(users+"/new", "user[email]=a@example.com&user[cellphone]=abc-12&user[country_code]=1")
	got.refused(t, 400, 60027)
	assert.Equal(t, "is invalid", got.body["cellphone"], "beside")
	assert.Equal(t, map[string]any{"cellphone": "is invalid", "message": "User was not valid"}, got.body["errors"], "and inside")
	got = a.post(users+"/new", "user[cellphone]=5005550006")
	got.refused(t, 400, 60027)
	assert.Contains(t, got.body, "email")
	assert.NotContains(t, got.body, "cellphone", "without a country it is 1")
}

func TestEverySpellingOfADeletion(t *testing.T) {
	a := newAccount(t)
	for _, path := range []string{"/%s/remove", "/%s/delete", "/delete/%s"} {
		id := a.register()
		path = users + strings.Replace(path, "%s", id, 1)
		assert.Equal(t, true, a.post(path, "").body["success"], path)
		a.post(path, "").refused(t, 404, 60026)
		a.get(users+"/"+id+"/status", "").refused(t, 404, 60026)
		a.get("/protected/json/sms/"+id, "").refused(t, 404, 60026)
		a.verify("1234567", id, "force=true").refused(t, 404, 60026)
	}
}

func TestStatus(t *testing.T) {
	a := newAccount(t)
	a.InstallApp(to)
	got := a.get(users+"/"+a.register()+"/status", "")
	assert.Equal(t, map[string]any{
		"message": "User status.", "success": true, "status": map[string]any{
			"authy_id": 1000.0, "confirmed": false, "registered": true, "country_code": 1.0, "email": mail,
			"phone_number": "XXX-XXX-0006", "devices": []any{"android"}, "has_hard_token": false,
			"account_disabled": false, "detailed_devices": []any{}, "deleted_devices": []any{},
		},
	}, got.body)
}

func TestSendAndVerify(t *testing.T) {
	for path, want := range map[string][2]string{
		"sms": {"sms", "SMS token was sent"}, "call": {"voice", "Call started..."},
	} {
		t.Run(path, func(t *testing.T) {
			a := newAccount(t)
			id := a.register()
			got := a.get("/protected/json/"+path+"/"+id, "")
			assert.Equal(t, map[string]any{"message": want[1], "cellphone": "+1-XXX-XXX-XX06", "success": true}, got.body)
			require.Len(t, a.Messages(), 1)
			m := a.Messages()[0]
			assert.Equal(t, authytest.Message{
				Vendor: "authy", To: to, Channel: want[0], Code: m.Code, Text: "Your Acme verification code is: " + m.Code, At: begin,
			}, m)
			assert.Len(t, m.Code, 7)
			assert.Equal(t, m.Code, a.Code(to, ""))

			bad := a.verify(wrong(m.Code), id, "force=true")
			bad.refused(t, 401, 60020)
			assert.Equal(t, "is invalid", bad.body["token"])
			good := a.verify(m.Code, id, "force=true")
			require.Equal(t, 200, good.status)
			assert.Equal(t, "true", good.body["success"], "a string, as recorded")
			assert.Equal(t, "is valid", good.body["token"])
			assert.Equal(t, "Token is valid.", good.body["message"])
			assert.Empty(t, a.Code(to, ""))
			a.verify(m.Code, id, "force=true").refused(t, 401, 60019)
		})
	}
}

func TestVerifyWithoutForceApprovesTheUnconfirmed(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	assert.Equal(t, 200, a.verify("0000000", id, "").status, "whatever the code")
	a.verify("0000000", id, "force=true").refused(t, 401, 60020)

	a.get("/protected/json/sms/"+id, "")
	require.Equal(t, 200, a.verify(a.Code(to, ""), id, "force=true").status)
	a.verify("0000000", id, "").refused(t, 401, 60020)
}

func TestActionsAreApart(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	a.get("/protected/json/sms/"+id, "action=login&action_message=Log in to Acme")
	m := a.Messages()[0]
	assert.Equal(t, "login", m.Scope)
	assert.True(t, strings.HasPrefix(m.Text, "Log in to Acme: "), m.Text)
	assert.Empty(t, a.Code(to, ""))
	code := a.Code(to, "login")
	a.verify(code, id, "force=true").refused(t, 401, 60020)
	a.verify(code, id, "force=true&action=payment").refused(t, 401, 60020)
	assert.Equal(t, 200, a.verify(code, id, "force=true&action=login").status)
}

func TestAppIsPreferred(t *testing.T) {
	for path, words := range map[string]string{"sms": "Ignored: SMS is not needed", "call": "Call ignored."} {
		t.Run(path, func(t *testing.T) {
			a := newAccount(t)
			id := a.register()
			a.InstallApp(to)
			got := a.get("/protected/json/"+path+"/"+id, "")
			assert.Equal(t, true, got.body["ignored"])
			assert.Equal(t, true, got.body["success"])
			assert.Equal(t, "android", got.body["device"])
			assert.Contains(t, got.body["message"], words)
			assert.Zero(t, a.Effects())

			shown := a.Code(to, "")
			a.get("/protected/json/"+path+"/"+id, "")
			assert.Equal(t, shown, a.Code(to, ""), "the app shows it until it was used")
			assert.Equal(t, shown, a.Code(to, "login"), "and knows no action")
			assert.Equal(t, 200, a.verify(shown, id, "force=true&action=login").status)
			a.verify(shown, id, "force=true").refused(t, 401, 60019)

			got = a.get("/protected/json/"+path+"/"+id, "force=true")
			assert.NotContains(t, got.body, "ignored")
			assert.Equal(t, 1, a.Effects())
			assert.Equal(t, a.Messages()[0].Code, a.Code(to, ""))
		})
	}
}

func TestCodeDiesAfterTenMinutes(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		want  int
	}{"a moment before": {10*time.Minute - 1, 200}, "on the dot": {10 * time.Minute, 401}} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			id := a.register()
			a.get("/protected/json/sms/"+id, "")
			code := a.Code(to, "")
			a.Advance(tt.after)
			assert.Equal(t, tt.want == 200, a.Code(to, "") == code)
			assert.Equal(t, tt.want, a.verify(code, id, "force=true").status)
		})
	}
}

func TestNewCodeEndsTheOneBefore(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	a.get("/protected/json/sms/"+id, "")
	first := a.Code(to, "")
	a.get("/protected/json/sms/"+id, "")
	a.verify(first, id, "force=true").refused(t, 401, 60020)
	assert.Equal(t, 200, a.verify(a.Code(to, ""), id, "force=true").status)
}

func TestPersonIsShielded(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	for range 10 {
		require.Equal(t, 200, a.get("/protected/json/sms/"+id, "").status)
	}
	a.get("/protected/json/sms/"+id, "").refused(t, 429, 60003)
	code := a.Code(to, "")
	for range 10 {
		a.verify(wrong(code), id, "force=true").refused(t, 401, 60020)
	}
	assert.Empty(t, a.Code(to, ""), "even the right one is refused")
	a.verify(code, id, "force=true").refused(t, 429, 60003)
	a.Advance(time.Hour)
	assert.Equal(t, 200, a.get("/protected/json/sms/"+id, "").status)
	assert.Equal(t, 200, a.verify(a.Code(to, ""), id, "force=true").status)
}

func TestARightCodeForgetsTheWrongOnes(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	for range 3 {
		a.get("/protected/json/sms/"+id, "")
		code := a.Code(to, "")
		for range 9 {
			a.verify(wrong(code), id, "force=true").refused(t, 401, 60020)
		}
		require.Equal(t, 200, a.verify(code, id, "force=true").status)
	}
}
