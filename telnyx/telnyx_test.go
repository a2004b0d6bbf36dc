package telnyx_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/telnyx"
	"github.com/go2fa/verify/telnyx/telnyxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone   = "+15005550006"
	otherID = "00000000-0000-4000-8000-000000000002"
)

func valid() telnyx.Config {
	return telnyx.Config{APIKey: telnyxtest.APIKey, Profile: telnyx.Profile{ID: telnyxtest.ProfileID, CodeLength: 6}}
}

// emulated returns a client of an emulator with a profile of 6 digits and one of 8.
func emulated(t *testing.T, change ...func(*telnyx.Config)) (*telnyx.Client, *telnyxtest.Server) {
	srv := telnyxtest.NewServer(t, telnyxtest.Options{Profiles: []telnyxtest.Profile{{ID: otherID, CodeLength: 8}}})
	cfg := valid()
	cfg.BaseURL = srv.URL + "/v2"
	for _, c := range change {
		c(&cfg)
	}
	client, err := telnyx.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*telnyx.Config)
		want   string
	}{
		"all is well":                   {func(*telnyx.Config) {}, ""},
		"no key":                        {func(c *telnyx.Config) { c.APIKey = "" }, "telnyx: APIKey is missing"},
		"no profile":                    {func(c *telnyx.Config) { c.Profile.ID = "" }, "telnyx: Profile.ID must be"},
		"a profile with a slash":        {func(c *telnyx.Config) { c.Profile.ID = "secret/.." }, "telnyx: Profile.ID must be"},
		"digits of none":                {func(c *telnyx.Config) { c.Profile.CodeLength = 3 }, "telnyx: Profile.CodeLength must be 4 to 10"},
		"more digits than there are":    {func(c *telnyx.Config) { c.Profile.CodeLength = 11 }, "telnyx: Profile.CodeLength must be 4 to 10"},
		"a scope that is none":          {scope("a b", telnyx.Profile{ID: otherID}), "telnyx: a name in Scopes"},
		"the empty scope twice":         {scope("", telnyx.Profile{ID: otherID}), "telnyx: a name in Scopes"},
		"a scope without a profile":     {scope("pay", telnyx.Profile{}), "telnyx: Scopes.ID must be"},
		"two scopes of one profile":     {scope("pay", telnyx.Profile{ID: telnyxtest.ProfileID}), "two scopes share one profile"},
		"one profile in two spellings":  {twice("abcdef00-0000-4000-8000-000000000001"), "two scopes share one profile"},
		"an expiry of half a minute":    {func(c *telnyx.Config) { c.Expiry = 30 * time.Second }, "telnyx: Expiry must be"},
		"an expiry of 11 minutes":       {func(c *telnyx.Config) { c.Expiry = 11 * time.Minute }, "telnyx: Expiry must be"},
		"an expiry of broken seconds":   {func(c *telnyx.Config) { c.Expiry = time.Minute + time.Millisecond }, "telnyx: Expiry must be"},
		"a base without TLS":            {func(c *telnyx.Config) { c.BaseURL = "http://secret.example.com" }, "telnyx: the base URL must be"},
		"an expiry of the most minutes": {func(c *telnyx.Config) { c.Expiry = 10 * time.Minute }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := telnyx.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func scope(name string, p telnyx.Profile) func(*telnyx.Config) {
	return func(c *telnyx.Config) { c.Scopes = map[string]telnyx.Profile{name: p} }
}

func twice(id string) func(*telnyx.Config) {
	return func(c *telnyx.Config) {
		c.Profile.ID = id
		scope("pay", telnyx.Profile{ID: strings.ToUpper(id)})(c)
	}
}

func TestCapabilitiesAreThoseOfAllProfiles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first, second      int
		least, most, usual int
	}{
		"of one length":          {6, 6, 6, 6, 6},
		"of two lengths":         {6, 8, 6, 8, 0},
		"one of unknown length":  {6, 0, 0, 0, 0},
		"both of unknown length": {0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := emulated(t, func(c *telnyx.Config) { c.Profile.CodeLength = tc.first }, scope("pay", telnyx.Profile{ID: otherID, CodeLength: tc.second}))
			c := client.Capabilities()
			assert.Equal(t, [3]int{tc.least, tc.most, tc.usual}, [3]int{c.MinDigits, c.MaxDigits, c.DefaultDigits})
			assert.Equal(t, []string{"pay"}, c.Scopes)
		})
	}
}

// A profile's code is never good in another scope, and no length is sent but the
// profile's own.
func TestScopesAreProfiles(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, scope("pay", telnyx.Profile{ID: otherID, CodeLength: 8}))
	_, err := client.Send(t.Context(), phone, verify.WithScope("pay"), verify.WithDigits(6))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	assert.Zero(t, srv.Requests())
	receipt, err := client.Send(t.Context(), phone, verify.WithScope("pay"), verify.WithDigits(8))
	require.NoError(t, err)
	assert.Equal(t, 8, receipt.Digits)
	code := srv.Code(phone, otherID)
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
	require.NoError(t, client.Check(t.Context(), phone, code, verify.WithScope("pay")))
}

func TestACodeOfUnknownLengthIsAskedAbout(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, func(c *telnyx.Config) { c.Profile = telnyx.Profile{ID: otherID} })
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Zero(t, receipt.Digits)
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, otherID)))
}

func TestExpiryIsTheCodesLife(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, func(c *telnyx.Config) { c.Expiry = 2 * time.Minute })
	began := time.Now()
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.WithinDuration(t, began.Add(2*time.Minute), receipt.ExpiresAt, time.Second)
	code := srv.Code(phone, "")
	srv.Advance(2*time.Minute + time.Second)
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"accepted":                   {`{"data":{"phone_number":"+15005550006","response_code":"accepted"}}`, ""},
		"without its plus":           {`{"data":{"phone_number":"15005550006","response_code":"accepted"}}`, ""},
		"a word in capitals":         {`{"data":{"phone_number":"+15005550006","response_code":"ACCEPTED"}}`, verify.ErrOutcomeUnknown},
		"a word of another page":     {`{"data":{"phone_number":"+15005550006","response_code":"approved"}}`, verify.ErrOutcomeUnknown},
		"the status of a record":     {`{"data":{"phone_number":"+15005550006","status":"accepted"}}`, verify.ErrOutcomeUnknown},
		"nobody's":                   {`{"data":{"response_code":"accepted"}}`, verify.ErrOutcomeUnknown},
		"an empty number's":          {`{"data":{"phone_number":"","response_code":"accepted"}}`, verify.ErrOutcomeUnknown},
		"somebody else's":            {`{"data":{"phone_number":"+15005550007","response_code":"accepted"}}`, verify.ErrOutcomeUnknown},
		"somebody else's no":         {`{"data":{"phone_number":"+15005550007","response_code":"rejected"}}`, verify.ErrOutcomeUnknown},
		"twice, the last a yes":      {`{"data":{"phone_number":"+15005550006","response_code":"rejected","response_code":"accepted"}}`, verify.ErrOutcomeUnknown},
		"two data":                   {`{"data":{},"data":{"phone_number":"+15005550006","response_code":"accepted"}}`, verify.ErrOutcomeUnknown},
		"a list":                     {`{"data":[{"phone_number":"+15005550006","response_code":"accepted"}]}`, verify.ErrOutcomeUnknown},
		"not under data":             {`{"phone_number":"+15005550006","response_code":"accepted"}`, verify.ErrOutcomeUnknown},
		"true":                       {`{"data":{"phone_number":"+15005550006","response_code":true}}`, verify.ErrOutcomeUnknown},
		"nothing":                    {` `, verify.ErrOutcomeUnknown},
		"an error with a status 200": {`{"errors":[{"code":"10009"}]}`, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			srv.Fail(telnyxtest.Fault{On: "check", Status: 200, Body: tc.body})
			err := client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestSendTrustsOnlyItsOwnVerification(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, data := range map[string]string{
		"no reference":     `"status":"pending","phone_number":"+15005550006"`,
		"an empty one":     `"id":"","status":"pending","phone_number":"+15005550006"`,
		"no number":        `"id":"a","status":"pending"`,
		"another number":   `"id":"a","status":"pending","phone_number":"+15005550007"`,
		"another profile":  `"id":"a","status":"pending","phone_number":"+15005550006","verify_profile_id":"b"`,
		"it has failed":    `"id":"a","status":"error","phone_number":"+15005550006"`,
		"it is over":       `"id":"a","status":"expired","phone_number":"+15005550006"`,
		"a status of none": `"id":"a","status":"","phone_number":"+15005550006"`,
	} {
		srv.Fail(telnyxtest.Fault{On: "send", Status: 200, Body: `{"data":{` + data + `}}`})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
	}
}

func TestErrorsByTheirCode(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range map[string]struct {
		status int
		body   string
		want   verify.Outcome
	}{
		"a key that was taken back":       {401, `{"errors":[{"code":"20006"}]}`, verify.ErrUnauthorized},
		"an account that is not active":   {403, `{"errors":[{"code":20012}]}`, verify.ErrUnauthorized},
		"a code beyond those of accounts": {403, `{"errors":[{"code":"20018"}]}`, verify.ErrRejected},
		"a code that is not listed":       {422, `{"errors":[{"code":"99999"}]}`, verify.ErrRejected},
		"an error of another shape":       {403, `{"error":"no"}`, verify.ErrRejected},
		"no error in the list":            {503, `{"errors":[]}`, verify.ErrOutcomeUnknown},
		"no funds":                        {403, `{"errors":[{"code":"20100"}]}`, verify.ErrUnauthorized},
	} {
		srv.Fail(telnyxtest.Fault{On: "send", Status: tc.status, Body: tc.body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	both := scope("pay", telnyx.Profile{ID: otherID, CodeLength: 8})
	for name, tc := range map[string]struct {
		change func(*telnyx.Config)
		body   string
		want   verify.Outcome
		says   string
	}{
		"all is well":         {both, "", "", ""},
		"another length":      {scope("pay", telnyx.Profile{ID: otherID, CodeLength: 6}), "", verify.ErrRejected, "the profile of scope pay sends 8 digits by sms, not 6: set its CodeLength to 8"},
		"a wrong key":         {func(c *telnyx.Config) { c.APIKey = "placeholder" }, "", verify.ErrUnauthorized, "the API key is wrong"},
		"no such profile":     {func(c *telnyx.Config) { c.Profile.ID = "nobody" }, "", verify.ErrRejected, "the profile of the empty scope was not found: check its ID"},
		"a length left out":   {both, `{"data":{"id":"` + telnyxtest.ProfileID + `","sms":{"app_name":"Acme"}}}`, verify.ErrRejected, "leaves the code length of sms to Telnyx"},
		"another profile":     {both, `{"data":{"id":"x"}}`, verify.ErrOutcomeUnknown, "another profile"},
		"a length in words":   {both, `{"data":{"id":"` + telnyxtest.ProfileID + `","sms":{"code_length":"six"}}}`, verify.ErrOutcomeUnknown, "code length is none"},
		"a length of no code": {both, `{"data":{"id":"` + telnyxtest.ProfileID + `","sms":{"code_length":60}}}`, verify.ErrOutcomeUnknown, "code length is none"},
		"settings of a list":  {both, `{"data":{"id":"` + telnyxtest.ProfileID + `","sms":[]}}`, verify.ErrOutcomeUnknown, ""},
		"a page":              {both, `<html>`, verify.ErrOutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, tc.change)
			if tc.body != "" {
				srv.Fail(telnyxtest.Fault{On: "profile", Status: 200, Body: tc.body})
			}
			err := client.Probe(t.Context())
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			if tc.want != "" {
				assert.ErrorContains(t, err, tc.says)
			}
			assert.Zero(t, srv.Effects())
		})
	}
}

func TestNothingPrintsTheKey(t *testing.T) {
	t.Parallel()
	client, _ := emulated(t)
	for _, v := range []any{valid(), client, *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.NotContains(t, fmt.Sprintf(format, v), telnyxtest.APIKey)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c telnyx.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}
