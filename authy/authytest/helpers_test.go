package authytest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

const (
	to    = "+15005550006"
	other = "+15017122661"
	mail  = "a@example.com"

	users  = "/protected/json/users"
	phones = "/protected/json/phones/verification"
	phone  = "country_code=1&phone_number=5005550006"
	person = "user[email]=" + mail + "&user[cellphone]=5005550006&user[country_code]=1"
)

// begin is when the emulator's clock stands.
var begin = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// An account calls an emulator with a good key.
type account struct {
	*authytest.Server
	t *testing.T
}

func newAccount(t *testing.T) account {
	t.Helper()
	return account{authytest.NewServer(t, authytest.Options{Start: begin}), t}
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

// form writes "a=1&b=2" as a form, so that tests read like the API.
func form(pairs string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(pairs, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			values.Add(key, value)
		}
	}
	return values
}

func (a account) do(method, path, pairs string, edit ...func(*http.Request)) answer {
	a.t.Helper()
	address, body := a.URL+path, form(pairs).Encode()
	if method == http.MethodGet && body != "" {
		address, body = address+"?"+body, ""
	}
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	require.NoError(a.t, err)
	r.Header.Set("X-Authy-API-Key", authytest.APIKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range edit {
		f(r)
	}

	res, err := http.DefaultClient.Do(r)
	require.NoError(a.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	out := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	_ = json.Unmarshal(text, &out.body) // a path that is not emulated answers in words
	return out
}

func (a account) get(path, pairs string) answer {
	a.t.Helper()
	return a.do(http.MethodGet, path, pairs)
}

func (a account) post(path, pairs string) answer {
	a.t.Helper()
	return a.do(http.MethodPost, path, pairs)
}

// register makes a user and returns the id.
func (a account) register() string {
	a.t.Helper()
	got := a.post(users+"/new", person)
	require.Equal(a.t, 200, got.status, "%v", got.body)
	return strconv.Itoa(int(got.body["user"].(map[string]any)["id"].(float64)))
}

// verify checks a code with force, unless the pairs say otherwise.
func (a account) verify(code, id, pairs string) answer {
	a.t.Helper()
	return a.get("/protected/json/verify/"+code+"/"+id, pairs)
}

// refused asserts Authy's shape of an error.
func (a answer) refused(t *testing.T, status, code int) {
	t.Helper()
	require.Equal(t, status, a.status, "%v", a.body)
	assert.Equal(t, strconv.Itoa(code), a.body["error_code"], "a string")
	assert.Equal(t, false, a.body["success"])
	assert.NotEmpty(t, a.body["message"])
	assert.IsType(t, map[string]any{}, a.body["errors"])
}

// wrong is a code that is not the one given.
func wrong(code string) string {
	return strings.Repeat(string('0'+(code[0]-'0'+1)%10), len(code))
}
