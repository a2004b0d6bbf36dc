package twiliotest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

const (
	to      = "+15005550006"
	other   = "+15017122661"
	mail    = "ann@example.com"
	service = "/v2/Services/" + twiliotest.ServiceSID
	send    = service + "/Verifications"
	check   = service + "/VerificationCheck"

	oneEach = "To=" + to + "&Channel=sms"
)

// start is when the emulator's clock stands, unless a test says otherwise.
var start = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// An account calls an emulator with good credentials.
type account struct {
	*twiliotest.Server
	t *testing.T
}

func newAccount(t *testing.T, services ...twiliotest.Service) account {
	t.Helper()
	opts := twiliotest.Options{Services: services, Start: start}
	return account{twiliotest.NewServer(t, opts), t}
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// form writes "To=+1&Channel=sms" as a form, so that tests read like the API.
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
	r, err := http.NewRequest(method, a.URL+path, strings.NewReader(form(pairs).Encode()))
	require.NoError(a.t, err)
	r.SetBasicAuth(twiliotest.AccountSID, twiliotest.AuthToken)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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

func (a account) send(pairs string) answer  { a.t.Helper(); return a.do(http.MethodPost, send, pairs) }
func (a account) check(pairs string) answer { a.t.Helper(); return a.do(http.MethodPost, check, pairs) }

func (a account) fetch(subject string) answer {
	a.t.Helper()
	return a.do(http.MethodGet, send+"/"+url.PathEscape(subject), "")
}

func (a account) update(subject, status string) answer {
	a.t.Helper()
	return a.do(http.MethodPost, send+"/"+url.PathEscape(subject), "Status="+status)
}

// attempt checks code for to and tells what came of it: "approved", "pending", or
// the number of the error.
func (a account) attempt(code string) any {
	a.t.Helper()
	got := a.check("To=" + to + "&Code=" + code)
	if got.status == http.StatusOK {
		return got.body["status"]
	}
	return got.code()
}

func (a answer) code() int {
	n, _ := a.body["code"].(float64)
	return int(n)
}

func (a answer) sid() string {
	sid, _ := a.body["sid"].(string)
	return sid
}

// refused asserts Twilio's shape of an error.
func (a answer) refused(t *testing.T, status, code int) {
	t.Helper()
	require.Equal(t, status, a.status, "%v", a.body)
	assert.Equal(t, code, a.code())
	assert.EqualValues(t, status, a.body["status"])
	assert.NotEmpty(t, a.body["message"])
	assert.Equal(t, fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), a.body["more_info"])
}

// wrong is a code that is not the live one.
func (a account) wrong() string {
	if a.Code(to, "") == "000000" {
		return "000001"
	}
	return "000000"
}
