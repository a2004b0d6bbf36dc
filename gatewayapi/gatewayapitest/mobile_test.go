package gatewayapitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

func TestMobileSendsOneMessage(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	got := a.post(single, hello)
	assert.Equal(t, http.StatusAccepted, got.status)
	assert.Regexp(t, `^01[0-9A-F]{24}$`, got.body["msg_id"])
	assert.Contains(t, got.text, `"recipient":`+number+`,"reference":null`)
	assert.Equal(t, []gatewayapitest.Message{{
		Vendor: "gatewayapi", ID: got.body["msg_id"].(string), To: to, Channel: "sms", Code: "123456",
		Text: "Acme: 123456 is your code.", At: start,
	}}, a.Messages())
	assert.Equal(t, "123456", a.Code(to))
	assert.Equal(t, 1, a.Effects())
}

func TestMobileTakesEveryField(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]string{
		"a reference":        `"reference":"a1"`,
		"no reference":       `"reference":null`,
		"a duration":         `"expiration":"P3DT4H33M17S"`,
		"minutes":            `"expiration":"PT10M"`,
		"seconds":            `"expiration":600`,
		"a time":             `"expiration":"2026-01-02T03:14:05Z"`,
		"a priority":         `"priority":"urgent"`,
		"a label":            `"label":"` + strings.Repeat("ø", 128) + `"`,
		"an unknown field":   `"sandbox":true`,
		"digits as a sender": `"sender":"123456789012345"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.post(single, `{"sender":"Acme","message":"Hi","recipient":`+number+`,`+fields+`}`)
			assert.Equal(t, http.StatusAccepted, got.status, got.text)
		})
	}
}

func TestMobileSaysWhichFieldIsAtFault(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, field, kind string }{
		"no sender":                  {`{"message":"Hi","recipient":` + number + `}`, "sender", "missing"},
		"a sender of letters":        {`{"sender":"AcmeAcmeAcme","message":"Hi","recipient":` + number + `}`, "sender", "value_error"},
		"a sender of two letters":    {`{"sender":"Ac","message":"Hi","recipient":` + number + `}`, "sender", "value_error"},
		"a sender that is a number":  {`{"sender":1204,"message":"Hi","recipient":` + number + `}`, "sender", "string_type"},
		"no recipient":               {`{"sender":"Acme","message":"Hi"}`, "recipient", "missing"},
		"a recipient in quotes":      {`{"sender":"Acme","message":"Hi","recipient":"` + number + `"}`, "recipient", "int_type"},
		"a recipient with a point":   {`{"sender":"Acme","message":"Hi","recipient":1.5}`, "recipient", "int_type"},
		"a recipient that is small":  {`{"sender":"Acme","message":"Hi","recipient":1000}`, "recipient", "greater_than"},
		"a recipient that is large":  {`{"sender":"Acme","message":"Hi","recipient":1000000000000000}`, "recipient", "less_than_equal"},
		"no message":                 {`{"sender":"Acme","recipient":` + number + `}`, "message", "missing"},
		"a message that is too long": {`{"sender":"Acme","recipient":` + number + `,"message":"` + strings.Repeat("x", 39016) + `"}`, "message", "string_too_long"},
		"a label that is too long":   {strings.Replace(hello, "{", `{"label":"`+strings.Repeat("x", 129)+`",`, 1), "label", "string_too_long"},
		"a priority of its own":      {strings.Replace(hello, "{", `{"priority":"URGENT",`, 1), "priority", "enum"},
		"six days":                   {strings.Replace(hello, "{", `{"expiration":"P6D",`, 1), "expiration", "value_error"},
		"six days in seconds":        {strings.Replace(hello, "{", `{"expiration":518400,`, 1), "expiration", "value_error"},
		"no time at all":             {strings.Replace(hello, "{", `{"expiration":"PT",`, 1), "expiration", "value_error"},
		"a duration cut short":       {strings.Replace(hello, "{", `{"expiration":"P1DT",`, 1), "expiration", "value_error"},
		"a duration without its P":   {strings.Replace(hello, "{", `{"expiration":"1DT10M",`, 1), "expiration", "value_error"},
		"a time without a form":      {strings.Replace(hello, "{", `{"expiration":"soon",`, 1), "expiration", "value_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.post(single, tc.body)
			assert.Equal(t, http.StatusUnprocessableEntity, got.status)
			assert.Contains(t, got.text, `"loc":["body","`+tc.field+`"]`)
			assert.Contains(t, got.text, `"type":"`+tc.kind+`"`)
			assert.Zero(t, a.Effects())
		})
	}
}

func TestMobileWantsAnObject(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	for _, body := range []string{`[]`, `{`, `{} {}`, ``} {
		got := a.post(single, body)
		assert.Equal(t, http.StatusUnprocessableEntity, got.status, body)
		assert.Contains(t, got.text, `"type":"json_invalid"`, body)
	}
}

func TestMobileSendsManyMessages(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	got := a.post(multi, `{"messages":[`+hello+`,`+strings.Replace(hello, number, other, 1)+`]}`)
	assert.Equal(t, http.StatusAccepted, got.status)
	responses, _ := got.body["responses"].([]any)
	require.Len(t, responses, 2)
	assert.Equal(t, 2, a.Effects())
	assert.Equal(t, "+"+other, a.Messages()[1].To)

	got = a.post(multi, `{"messages":[`+hello+`,{"sender":"Acme","message":"Hi"}]}`)
	assert.Equal(t, http.StatusUnprocessableEntity, got.status)
	assert.Contains(t, got.text, `"loc":["body","messages",1,"recipient"]`)
	for _, body := range []string{`{"messages":[]}`, `{}`, `[]`} {
		assert.Equal(t, http.StatusUnprocessableEntity, a.post(multi, body).status, body)
	}
	assert.Equal(t, 2, a.Effects(), "all are sent, or none")
}

func TestMobileTellsAMissingTokenFromAWrongOne(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit   func(*http.Request)
		status int
		text   string
	}{
		"no header":          {func(r *http.Request) { r.Header.Del("Authorization") }, 401, "Unauthorized"},
		"another scheme":     {header("Authorization", "Bearer "+gatewayapitest.Token), 401, "Unauthorized"},
		"no token":           {header("Authorization", "Token "), 401, "Unauthorized"},
		"a wrong token":      {header("Authorization", "Token x"), 403, "Forbidden"},
		"the other region":   {host("messaging.gatewayapi.eu"), 403, "Forbidden"},
		"the REST API":       {host("gatewayapi.com"), 404, "Not Found"},
		"its own host":       {host("messaging.gatewayapi.com"), 202, ""},
		"its host in shouts": {host("MESSAGING.GATEWAYAPI.COM:443"), 202, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.post(single, hello, tc.edit)
			assert.Equal(t, tc.status, got.status)
			if tc.text != "" {
				assert.JSONEq(t, `{"description":"`+tc.text+`","detail":[]}`, got.text)
			}
		})
	}
}

func TestRegionOfTheAccount(t *testing.T) {
	t.Parallel()
	a := account{gatewayapitest.NewServer(t, gatewayapitest.Options{Region: "eu"}), t}
	assert.Equal(t, 403, a.post(classic, helloThere, host("gatewayapi.com")).status)
	assert.Equal(t, 200, a.post(classic, helloThere, host("gatewayapi.eu")).status)
	assert.Equal(t, 202, a.post(single, hello).status, "any other name serves all")
	assert.Equal(t, 404, a.post(classic, helloThere, host("messaging.gatewayapi.eu")).status)
	assert.Equal(t, 404, a.post("/rest/other", helloThere).status)
	assert.Equal(t, 405, a.do(http.MethodGet, single, "").status)
}
