package gatewayapitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

func TestClassicSendsOneMessage(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	got := a.post(classic, helloThere)
	assert.Equal(t, http.StatusOK, got.status)
	assert.JSONEq(t, `{"ids":[421332671],"usage":{"countries":{"US":1},"currency":"DKK","total_cost":0.12}}`, got.text)
	assert.Equal(t, "123456", a.Code(to))
	assert.Equal(t, "sms", a.Messages()[0].Channel)
}

func TestClassicSendsAListToMany(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	got := a.post(classic, `[`+helloThere+`,{"message":"Hi","recipients":[{"msisdn":"4555555555"},{"msisdn":`+other+`},{"msisdn":299555555}]}]`)
	assert.JSONEq(t, `{"ids":[421332671,421332672],
		"usage":{"countries":{"US":2,"DK":1,"ZZ":1},"currency":"DKK","total_cost":0.48}}`, got.text)
	assert.Equal(t, 4, a.Effects())
	assert.Empty(t, a.Code("+"+other), "a text without a code")
	assert.Empty(t, a.Code("+15005550001"), "nobody")
}

func TestClassicDeliversWhatTheEncodingHolds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, encoding, arrives string
		cost                    float64
	}{
		"GSM-7":                         {"Kode: [1] er din, 1 € ç", "UTF8", "Kode: [1] er din, 1 € ?", 0.12},
		"UCS-2":                         {"代码 ç", "UCS2", "代码 ç", 0.12},
		"not in GSM-7":                  {"代码", "UTF8", "??", 0.12},
		"two parts of GSM-7":            {strings.Repeat("x", 161), "UTF8", strings.Repeat("x", 161), 0.24},
		"two parts for two-sept. chars": {strings.Repeat("€", 81), "UTF8", strings.Repeat("€", 81), 0.24},
		"two parts of UCS-2":            {strings.Repeat("代", 71), "UCS2", strings.Repeat("代", 71), 0.24},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.post(classic, `{"message":"`+tc.text+`","encoding":"`+tc.encoding+`","recipients":[{"msisdn":`+number+`}]}`)
			assert.Equal(t, tc.arrives, a.Messages()[0].Text)
			usage, _ := got.body["usage"].(map[string]any)
			assert.InDelta(t, tc.cost, usage["total_cost"], 1e-9)
		})
	}
}

func TestClassicRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no message":             {`{"recipients":[{"msisdn":` + number + `}]}`, 400, "0x0222"},
		"no recipients":          {`{"message":"Hi"}`, 400, "0x0222"},
		"a recipient twice":      {`{"message":"Hi","recipients":[{"msisdn":` + number + `},{"msisdn":"` + number + `"}]}`, 422, "0x0310"},
		"a recipient in letters": {`{"message":"Hi","recipients":[{"msisdn":"abc"}]}`, 422, "0x0308"},
		"a recipient with plus":  {`{"message":"Hi","recipients":[{"msisdn":"` + to + `"}]}`, 422, "0x0308"},
		"an unknown class":       {strings.Replace(helloThere, "{", `{"class":"gold",`, 1), 422, "0x0218"},
		"an unknown priority":    {strings.Replace(helloThere, "{", `{"priority":"urgent",`, 1), 422, "0x0311"},
		"an unknown encoding":    {strings.Replace(helloThere, "{", `{"encoding":"GSM",`, 1), 422, "0x0308"},
		"no JSON":                {`{`, 422, ""},
		"an empty list":          {`[]`, 400, ""},
		"a list of numbers":      {`[1]`, 422, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.post(classic, tc.body).refused(t, tc.status, tc.code)
			assert.Zero(t, a.Effects())
		})
	}
}

func TestBalanceEndsWithTheCredit(t *testing.T) {
	t.Parallel()
	a := account{gatewayapitest.NewServer(t, gatewayapitest.Options{Credit: 0.30}), t}
	assert.JSONEq(t, `{"credit":0.3,"currency":"DKK","id":1}`, a.do(http.MethodGet, me, "").text)
	assert.Equal(t, 200, a.post(classic, helloThere).status)
	assert.Equal(t, 202, a.post(single, hello).status)
	a.post(classic, helloThere).refused(t, 403, "0x0216")
	a.post(single, hello).refused(t, 403, "0x0216")
	a.post(multi, `{"messages":[`+hello+`]}`).refused(t, 403, "0x0216")
	assert.JSONEq(t, `{"credit":0.06,"currency":"DKK","id":1}`, a.do(http.MethodGet, me, "").text)

	a = account{gatewayapitest.NewServer(t, gatewayapitest.Options{Credit: -1}), t}
	a.post(classic, helloThere).refused(t, 403, "0x0216")
	a = account{gatewayapitest.NewServer(t), t}
	assert.JSONEq(t, `{"credit":1000,"currency":"DKK","id":1}`, a.do(http.MethodGet, me, "").text)
}

func TestClassicReadsAFormAndAQuery(t *testing.T) {
	t.Parallel()
	const fields = "message=Acme%3A+123456+is+your+code.&sender=Acme&recipients.0.msisdn=" + number + "&recipients.1.msisdn=" + other
	form := header("Content-Type", "application/x-www-form-urlencoded")
	anonymous := func(r *http.Request) { r.Header.Del("Authorization") }
	for name, tc := range map[string]struct {
		method, path, body string
		edit               []func(*http.Request)
	}{
		"a form":                              {"POST", classic, fields, []func(*http.Request){form}},
		"a form with a charset":               {"POST", classic, fields, []func(*http.Request){header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")}},
		"a form with the token in the query":  {"POST", classic + "?token=" + gatewayapitest.Token, fields, []func(*http.Request){form, anonymous}},
		"a form with the token":               {"POST", classic, fields + "&token=" + gatewayapitest.Token, []func(*http.Request){form, anonymous}},
		"a query":                             {"GET", classic + "?" + fields, "", nil},
		"a query with the token":              {"GET", classic + "?" + fields + "&token=" + gatewayapitest.Token, "", []func(*http.Request){anonymous}},
		"a query with the token as a user":    {"GET", classic + "?" + fields, "", []func(*http.Request){func(r *http.Request) { r.SetBasicAuth(gatewayapitest.Token, "") }}},
		"a query whatever its type is called": {"GET", classic + "?" + fields, "", []func(*http.Request){form}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.do(tc.method, tc.path, tc.body, tc.edit...)
			assert.Equal(t, http.StatusOK, got.status, got.text)
			assert.Equal(t, 2, a.Effects())
			assert.Equal(t, "123456", a.Code(to))
			assert.Equal(t, "123456", a.Code("+"+other))
		})
	}
}

func TestClassicRefusesAFormAsItRefusesJSON(t *testing.T) {
	t.Parallel()
	form := header("Content-Type", "application/x-www-form-urlencoded")
	a := newAccount(t)
	a.post(classic, "message=Hi", form).refused(t, 400, "0x0222")
	a.post(classic, "recipients.0.msisdn="+number, form).refused(t, 400, "0x0222")
	a.post(classic, "message=Hi&recipients.0.msisdn=abc", form).refused(t, 422, "0x0308")
	a.do(http.MethodGet, classic, "").refused(t, 400, "0x0222")
	a.do(http.MethodDelete, classic, "")
	assert.Zero(t, a.Effects())
}

func TestClassicCallsBrokenJSONInvalid(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	for _, body := range []string{`{`, `{"message":`, ``, `{}{}`, `message=Hi`} {
		got := a.post(classic, body)
		got.refused(t, 422, "")
		assert.Equal(t, "invalid json", got.body["message"], body)
	}
}
