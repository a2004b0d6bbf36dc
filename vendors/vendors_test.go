package vendors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

const (
	to = "+15005550006"
	ac = "AC00000000000000000000000000000000"
	sk = "SK00000000000000000000000000000000"
	va = "VA00000000000000000000000000000000"
	vb = "VA00000000000000000000000000000001"
	vc = "VA00000000000000000000000000000002"

	plain = "twilio://" + ac + ":token@" + va
)

// written writes a file and returns a reference to it.
func written(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return "file:" + path
}

func TestOpen(t *testing.T) {
	t.Setenv("VENDORS_TEST_TOKEN", "to/k#n é")
	t.Setenv("VENDORS_TEST_SID", ac)
	for name, tc := range map[string]struct {
		dsn  string
		want verify.Capabilities // as far as a DSN decides
	}{
		"user, pass and host":         {plain, verify.Capabilities{}},
		"keys instead":                {"twilio://?account_sid=" + ac + "&auth_token=t&service_sid=" + va, verify.Capabilities{}},
		"some of each":                {"twilio://" + ac + "@" + va + "?auth_token=t", verify.Capabilities{}},
		"a host alone":                {"twilio://" + va + "?account_sid=" + ac + "&auth_token=t", verify.Capabilities{}},
		"an API key":                  {"twilio://" + va + "?api_key_sid=" + sk + "&api_key_secret=s", verify.Capabilities{}},
		"an API key and its account":  {"twilio://" + ac + "@" + va + "?api_key_sid=" + sk + "&api_key_secret=s", verify.Capabilities{}},
		"an escaped token":            {"twilio://" + ac + ":a%2Fb%3Fc%23d%40e%3Af%25@" + va, verify.Capabilities{}},
		"a token with a slash, a key": {"twilio://" + ac + "@" + va + "?auth_token=a/b?c@d:e=f+g", verify.Capabilities{}},
		"from the environment":        {"twilio://" + va + "?account_sid=env:VENDORS_TEST_SID&auth_token=env:VENDORS_TEST_TOKEN", verify.Capabilities{}},
		"an escaped reference":        {"twilio://" + va + "?account_sid=env%3AVENDORS_TEST_SID&auth_token=t", verify.Capabilities{}},
		"from a file":                 {"twilio://" + ac + "@" + va + "?auth_token=" + written(t, "t\n"), verify.Capabilities{}},
		"from a file of Windows":      {"twilio://" + ac + "@" + va + "?auth_token=" + written(t, "t\r\n"), verify.Capabilities{}},
		"from a file without newline": {"twilio://" + ac + "@" + va + "?auth_token=" + written(t, "t"), verify.Capabilities{}},
		"eight digits":                {plain + "?digits=8", verify.Capabilities{MinDigits: 8, MaxDigits: 8}},
		"a transaction":               {plain + "?psd2=true", verify.Capabilities{Transaction: true}},
		"no transaction":              {plain + "?psd2=false", verify.Capabilities{}},
		"a scope":                     {plain + "?scope.pay=" + vb, verify.Capabilities{Scopes: []string{"pay"}}},
		"a scope's settings":          {plain + "?scope.pay.digits=8&scope.pay=" + vb + "&scope.pay.psd2=true", verify.Capabilities{Scopes: []string{"pay"}, MaxDigits: 8, Transaction: true}},
		"scopes with dots":            {plain + "?scope.a.b=" + vb + "&scope.a.digits.sid=" + vc + "&scope.a.b.digits=4", verify.Capabilities{Scopes: []string{"a.b", "a.digits"}, MinDigits: 4}},
		"a region and an edge":        {plain + "?region=ie1&edge=dublin", verify.Capabilities{}},
		"a base":                      {plain + "?base_url=http://127.0.0.1:4010", verify.Capabilities{}},
		"a name":                      {plain + "?name=main", verify.Capabilities{}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(tc.dsn)
			require.NoError(t, err)

			got := v.Capabilities()
			assert.Equal(t, "twilio", got.Vendor)
			assert.Equal(t, tc.want.Scopes, got.Scopes)
			assert.Equal(t, tc.want.Transaction, got.Transaction)
			assert.Equal(t, either(tc.want.MinDigits), got.MinDigits)
			assert.Equal(t, either(tc.want.MaxDigits), got.MaxDigits)
		})
	}
}

// either is the digits wanted, or Twilio's six.
func either(digits int) int {
	if digits == 0 {
		return 6
	}
	return digits
}

func TestOpenRefuses(t *testing.T) {
	t.Setenv("VENDORS_TEST_EMPTY", "")
	t.Setenv("VENDORS_TEST_LINES", "a\nb")
	gone := filepath.Join(t.TempDir(), "gone")
	keys := "twilio://" + ac + "@" + va + "?auth_token="
	for name, tc := range map[string]struct{ dsn, want string }{
		"nothing":                       {"", "character 1: the line is empty: is VERIFY_DSN set?"},
		"quotes of a file":              {`"` + plain + `"`, "character 1: remove the quotes around the DSN"},
		"a vendor we do not know":       {"parrot://a:b@c", "character 1: a DSN opens with one of twilio://, bandwidth://, "},
		"only the scheme":               {"twilio://", "character 1: twilio: service_sid is missing"},
		"no credentials":                {"twilio://" + va, "character 1: twilio: give either account_sid and auth_token, or api_key_sid and api_key_secret"},
		"token and key":                 {plain + "?api_key_sid=" + sk + "&api_key_secret=s", "character 10: twilio: give either"},
		"no service":                    {"twilio://" + ac + ":token@", "character 1: twilio: service_sid is missing"},
		"half a service":                {"twilio://" + ac + ":token@VA0", "character 51: twilio: service_sid must be VA and 32"},
		"host and its key":              {plain + "?service_sid=" + vb, "character 86: twilio: service_sid is given twice"},
		"user and its key":              {plain + "?account_sid=" + ac, "character 86: twilio: account_sid is given twice"},
		"pass and its key":              {plain + "?auth_token=x", "character 86: twilio: auth_token is given twice"},
		"a scope in two spellings":      {plain + "?scope.a=" + vb + "&scope.a.sid=" + vc, "character 129: twilio: scope.NAME is given twice"},
		"an unknown key":                {plain + "?digit=6", "character 86: twilio has no such key, but account_sid, auth_token, "},
		"a key in capitals":             {plain + "?Digits=6", "twilio has no such key"},
		"a scope without a name":        {plain + "?scope.=" + vb, "twilio has no such key"},
		"a scope with a slash":          {plain + "?scope.a/b=" + vb, "scope.NAME has a NAME that is not 1 to 64 of"},
		"a scope too long":              {plain + "?scope." + strings.Repeat("a", 65) + "=" + vb, "scope.NAME has a NAME that is not"},
		"digits in words":               {plain + "?digits=six", "digits must be a whole number"},
		"digits in hexadecimal":         {plain + "?digits=0x6", "digits must be a whole number"},
		"digits with a sign":            {plain + "?digits=+6", "digits must be a whole number"},
		"digits in Arabic":              {plain + "?digits=%D9%A6", "digits must be a whole number"},
		"no digits, which means six":    {plain + "?digits=0", "digits must be a whole number"},
		"eleven digits":                 {plain + "?digits=11", "character 86: twilio: digits must be 4 to 10"},
		"digits out of all proportion":  {plain + "?digits=99999999999999999999", "digits must be a whole number"},
		"psd2 in words":                 {plain + "?psd2=yes", "psd2 must be true or false"},
		"psd2 in capitals":              {plain + "?psd2=TRUE", "psd2 must be true or false"},
		"digits of no scope":            {plain + "?scope.pay.digits=6", "character 1: twilio: scope.NAME must be VA and 32 hexadecimal digits"},
		"two scopes, one service":       {plain + "?scope.pay=" + va, "two scopes share one Service"},
		"an empty value":                {keys, "character 80: twilio: auth_token is empty"},
		"an empty name":                 {plain + "?name=", "name is empty"},
		"a name that is none":           {plain + "?name=a/b", "name must be 1 to 64 of"},
		"a control character":           {keys + "a%00b", "auth_token holds a control character"},
		"a variable that is not set":    {keys + "env:VENDORS_TEST_GONE", "auth_token names an environment variable that is not set"},
		"a variable that is empty":      {keys + "env:VENDORS_TEST_EMPTY", "auth_token is empty"},
		"a variable without a name":     {keys + "env:", "auth_token has env: without the name of a variable"},
		"a variable of two lines":       {keys + "env:VENDORS_TEST_LINES", "auth_token holds a control character"},
		"a file that is gone":           {keys + "file:" + gone, "auth_token names a file that does not exist"},
		"a file without a name":         {keys + "file:", "auth_token names a file that does not exist"},
		"a folder":                      {keys + "file:" + t.TempDir(), "auth_token names a file that cannot be read"},
		"a file of two lines":           {keys + written(t, "a\nb\n"), "auth_token holds a control character"},
		"a file of one newline":         {keys + written(t, "\n"), "auth_token is empty"},
		"a file too long":               {keys + written(t, strings.Repeat("a", 65537)), "auth_token names a file of more than 65536 bytes"},
		"a user called env":             {"twilio://env:TOKEN@" + va, "character 10: twilio: env: and file: are read behind the question mark only: account_sid=env:..."},
		"a user called file":            {"twilio://file:t@" + va, "account_sid=env:..."},
		"an escaped reference in front": {"twilio://" + ac + ":env%3ATOKEN@" + va, "auth_token=env:..."},
		"a reference for a host":        {"twilio://" + ac + ":t@env%3ASERVICE", "service_sid=env:..."},
		"a base with a password":        {plain + "?base_url=https://u:p@example.com", "character 86: twilio: base_url must be"},
		"a base over plain http":        {plain + "?base_url=http://example.com", "character 86: twilio: base_url must be"},
		"a base and a region":           {plain + "?base_url=http://127.0.0.1:1&region=ie1", "character 86: twilio: give either base_url, or region and edge"},
		"a failover":                    {"failover(" + plain + " " + plain + ")?ttl=15m", "character 1: failover: two backends of one name"},
		"a failover with a stranger":    {"failover(" + plain + " nobody://b)", "character 95: a DSN opens with one of"},
		"a stranger deep inside":        {"failover(failover(nobody://b))", "character 19: a DSN opens with one of"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(tc.dsn)
			assert.Nil(t, v)
			require.ErrorContains(t, err, tc.want)
			assert.True(t, strings.HasPrefix(err.Error(), "vendors: character "), err)
		})
	}
}

// The traps that net/url sets for these lines: each is an error that holds no
// part of the line, or read as it is written.
func TestTrapsOfURLs(t *testing.T) {
	for name, dsn := range map[string]string{
		"a slash in the token":         "twilio://" + ac + ":xyz/qwk@" + va,
		"a hash in the token":          "twilio://" + ac + ":xyz#qwk@" + va,
		"a question mark in the token": "twilio://" + ac + ":xyz?qwk@" + va,
		"a space in the token":         "twilio://" + ac + ":xyz qwk@" + va,
		"an é in the token":            "twilio://" + ac + ":xyzqwké@" + va,
		"a file in front":              "twilio://" + ac + ":file:/run/xyzqwk/t@" + va,
		"variables in front":           "twilio://env:xyzSID:env:xyzTOKEN@" + va,
		"no scheme":                    ac + ":xyzqwk@" + va,
		"a token for a scheme":         "xyzqwk://" + va,
		"a token for a key":            plain + "?xyzqwk=1",
		"a token for a scope":          plain + "?scope.xyzqwk.digits=x",
		"a token for a number":         plain + "?digits=xyzqwk",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendors.Open(dsn)
			require.Error(t, err)
			for _, part := range []string{"xyz", "qwk", ac, va} {
				assert.NotContains(t, err.Error(), part)
			}
		})
	}
}

// A bracket, a plus and capitals reach the vendor as they are written.
func TestValuesArriveAsWritten(t *testing.T) {
	for name, tc := range map[string]struct{ written, want string }{
		"a bracket":           {"a[b]", "a[b]"},
		"a plus":              {"ab+cd", "ab+cd"},
		"capitals":            {"AbCd", "AbCd"},
		"escapes":             {"a%2Fb%2fc%25%20%C3%A9", "a/b/c% é"},
		"an escape in escape": {"%2541", "%41"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dsn := range []string{
				"twilio://" + ac + ":" + tc.written + "@" + va,
				"twilio://" + ac + "@" + va + "?auth_token=" + tc.written,
			} {
				var got string
				v, err := vendors.Open(dsn, vendors.WithHTTPClient(&http.Client{Transport: spy(func(r *http.Request) {
					_, got, _ = r.BasicAuth()
				})}))
				require.NoError(t, err)
				_, err = v.Send(context.Background(), to)
				require.Error(t, err)
				assert.Equal(t, tc.want, got)
			}
		})
	}
}

// A spy sees each request and answers none.
type spy func(*http.Request)

func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s(r)
	return nil, errors.New("nobody answers")
}

func TestOpenedVendorSendsAndChecks(t *testing.T) {
	srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{
		{}, {SID: vb, CodeLength: 8},
	}})
	v, err := vendors.Open("twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
		"?scope.pay=" + vb + "&scope.pay.digits=8&base_url=" + srv.URL)
	require.NoError(t, err)

	ctx := context.Background()
	receipt, err := v.Send(ctx, to, verify.WithScope("pay"))
	require.NoError(t, err)
	assert.Equal(t, 8, receipt.Digits)
	assert.ErrorIs(t, v.Check(ctx, to, srv.Code(to, vb)), verify.ErrNotPending, "of another scope")
	assert.NoError(t, v.Check(ctx, to, srv.Code(to, vb), verify.WithScope("pay")))
}

func TestOpenedVendorCanBeClosed(t *testing.T) {
	v, err := vendors.Open(plain)
	require.NoError(t, err)
	c, ok := verify.As[io.Closer](v)
	require.True(t, ok)
	assert.NoError(t, c.Close())
}

// What was handed in stays open.
func TestCloseSparesWhatWasHandedIn(t *testing.T) {
	idle := &closing{}
	v, err := vendors.Open(plain, nil, vendors.WithHTTPClient(nil), vendors.WithHTTPClient(&http.Client{Transport: idle}))
	require.NoError(t, err)
	c, _ := verify.As[io.Closer](v)
	require.NoError(t, c.Close())
	assert.Zero(t, idle.closed)

	_, err = v.Send(context.Background(), to)
	require.Error(t, err)
	assert.Positive(t, idle.trips, "the transport that was handed in is the one in use")
}

type closing struct{ trips, closed int }

func (c *closing) RoundTrip(*http.Request) (*http.Response, error) {
	c.trips++
	return nil, errors.New("nobody answers")
}

func (c *closing) CloseIdleConnections() { c.closed++ }

func TestOptionsAreComparable(t *testing.T) {
	c := &http.Client{}
	assert.True(t, vendors.WithHTTPClient(c) == vendors.WithHTTPClient(c))
	assert.False(t, vendors.WithHTTPClient(c) == vendors.WithHTTPClient(nil))
}

// A vendor's own capabilities are found in what Open returns.
func TestOpenedVendorIsTheClient(t *testing.T) {
	v, err := vendors.Open(plain)
	require.NoError(t, err)
	_, ok := verify.As[*twilio.Client](v)
	assert.True(t, ok)
}
