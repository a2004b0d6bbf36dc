package bandwidthtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

const (
	to    = "+15005550006"
	other = "+15017122661"

	accounts  = "/accounts/" + bandwidthtest.AccountID
	messaging = accounts + "/code/messaging"
	voice     = accounts + "/code/voice"
	check     = accounts + "/code/verify"
	oauth     = "/api/v1/oauth2/token"
)

// start is when the emulator's clock stands, unless a test says otherwise.
var start = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// An account calls an emulator with good credentials.
type account struct {
	*bandwidthtest.Server
	t     *testing.T
	token string
}

func newAccount(t *testing.T) account {
	t.Helper()
	return open(t, bandwidthtest.Options{Start: start})
}

func open(t *testing.T, opts ...bandwidthtest.Options) account {
	t.Helper()
	s := bandwidthtest.NewServer(t, opts...)
	return account{s, t, s.NewToken()}
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// object is a body to be sent; a value of nil leaves the key out.
type object map[string]any

func oneEach() object {
	return object{
		"to": to, "from": bandwidthtest.From, "applicationId": bandwidthtest.SMSApplicationID,
		"message": "Your {NAME} {SCOPE} code is {CODE}", "digits": 6,
	}
}

func anAttempt(code string) object {
	return object{"to": to, "expirationTimeInMinutes": 3, "code": code}
}

// with returns o with some values changed.
func (o object) with(key string, value any) object {
	c := object{}
	for k, v := range o {
		c[k] = v
	}
	c[key] = value
	if value == nil {
		delete(c, key)
	}
	return c
}

func (a account) do(method, path string, body any, edit ...func(*http.Request)) answer {
	a.t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		require.NoError(a.t, err)
		text = string(b)
	}
	r, err := http.NewRequest(method, a.URL+path, strings.NewReader(text))
	require.NoError(a.t, err)
	r.Header.Set("Authorization", "Bearer "+a.token)
	r.Header.Set("Content-Type", "application/json")
	for _, f := range edit {
		f(r)
	}

	res, err := http.DefaultClient.Do(r)
	require.NoError(a.t, err)
	defer func() { _ = res.Body.Close() }()
	out := answer{status: res.StatusCode, header: res.Header}
	require.NoError(a.t, json.NewDecoder(res.Body).Decode(&out.body))
	return out
}

func (a account) send(body any) answer  { a.t.Helper(); return a.do(http.MethodPost, messaging, body) }
func (a account) call(body any) answer  { a.t.Helper(); return a.do(http.MethodPost, voice, body) }
func (a account) check(body any) answer { a.t.Helper(); return a.do(http.MethodPost, check, body) }

// attempt checks code for to and tells what came of it: true, false, or a status.
func (a account) attempt(code string) any {
	a.t.Helper()
	got := a.check(anAttempt(code))
	if got.status == http.StatusOK {
		return got.body["valid"]
	}
	return got.status
}

// refused asserts the shape of a refusal that names its reason under "error".
func (a answer) refused(t *testing.T, status int, text string) {
	t.Helper()
	require.Equal(t, status, a.status, "%v", a.body)
	assert.Equal(t, text, a.body["error"])
	assert.Equal(t, a.header.Get("X-Amzn-Requestid"), a.body["requestId"])
	assert.Len(t, a.body, 2)
}

// wrong is a code that is not the live one.
func (a account) wrong() string {
	if a.Code(to, "") == "000000" {
		return "000001"
	}
	return "000000"
}

// lost sends and returns why no whole answer came.
func (a account) lost() error {
	a.t.Helper()
	body, err := json.Marshal(oneEach())
	require.NoError(a.t, err)
	r, err := http.NewRequest(http.MethodPost, a.URL+messaging, strings.NewReader(string(body)))
	require.NoError(a.t, err)
	r.Header.Set("Authorization", "Bearer "+a.token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
