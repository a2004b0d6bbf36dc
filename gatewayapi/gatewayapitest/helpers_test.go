package gatewayapitest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

const (
	to     = "+15005550006"
	number = "15005550006"
	other  = "15017122661"

	single  = "/mobile/single"
	multi   = "/mobile/multi"
	classic = "/rest/mtsms"
	me      = "/rest/me"

	hello      = `{"sender":"Acme","message":"Acme: 123456 is your code.","recipient":` + number + `}`
	helloThere = `{"sender":"Acme","message":"Acme: 123456 is your code.","recipients":[{"msisdn":` + number + `}]}`
)

// start is when the emulator's clock stands, unless a test says otherwise.
var start = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// An account calls an emulator with good credentials.
type account struct {
	*gatewayapitest.Server
	t *testing.T
}

func newAccount(t *testing.T) account {
	return account{gatewayapitest.NewServer(t, gatewayapitest.Options{Start: start}), t}
}

// An answer is what came back.
type answer struct {
	status int
	text   string
	body   map[string]any
}

func (a account) do(method, path, body string, edit ...func(*http.Request)) answer {
	a.t.Helper()
	r, err := http.NewRequest(method, a.URL+path, strings.NewReader(body))
	require.NoError(a.t, err)
	r.Header.Set("Authorization", "Token "+gatewayapitest.Token)
	r.Header.Set("Content-Type", "application/json")
	for _, f := range edit {
		f(r)
	}

	res, err := http.DefaultClient.Do(r)
	require.NoError(a.t, err)
	defer func() { _ = res.Body.Close() }()
	var raw json.RawMessage
	require.NoError(a.t, json.NewDecoder(res.Body).Decode(&raw))
	got := answer{status: res.StatusCode, text: string(raw)}
	require.NoError(a.t, json.Unmarshal(raw, &got.body))
	return got
}

func (a account) post(path, body string, edit ...func(*http.Request)) answer {
	a.t.Helper()
	return a.do(http.MethodPost, path, body, edit...)
}

func (a answer) code() string {
	code, _ := a.body["code"].(string)
	return code
}

// refused asserts the REST API's shape of an error.
func (a answer) refused(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.text)
	assert.Equal(t, code, a.code())
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, a.body["incident_uuid"])
	assert.NotEmpty(t, a.body["message"])
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) {
	return func(r *http.Request) { r.Host = name }
}
