package driver_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// located returns where a call goes, or why it goes nowhere.
func located(t *testing.T, base string, call driver.Call) (*url.URL, error) {
	t.Helper()
	var at *url.URL
	c := newClient(t, base, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		at = r.URL
		return &http.Response{StatusCode: 200}, nil
	})})
	_, err := c.Do(t.Context(), call)
	return at, err
}

func TestPath(t *testing.T) {
	t.Parallel()
	const base = "https://api.example"
	id := strings.Repeat("x", 128)
	tests := map[string]struct {
		base, route string
		args        []string
		want        string
	}{
		"no argument":         {base, "/v2/me", nil, base + "/v2/me"},
		"no route":            {base + "/v2", "", nil, base + "/v2"},
		"an id":               {base, "/v2/{sid}/x", []string{"VA00"}, base + "/v2/VA00/x"},
		"an id with a bar":    {base, "/{id}", []string{"sms|dev_1"}, base + "/sms%7Cdev_1"},
		"two ids":             {base, "/{a}/{b}", []string{"a-1", "b_2"}, base + "/a-1/b_2"},
		"a phone number":      {base, "/{to}", []string{recipient}, base + "/%2B15005550006"},
		"an address":          {base, "/{to}/x", []string{"a.b+c@example.com"}, base + "/a.b%2Bc%40example.com/x"},
		"a quote":             {base, "/{to}", []string{"o'hara@example.com"}, base + "/o%27hara%40example.com"},
		"a base with a path":  {base + "/v2/eu", "/{sid}", []string{"VA00"}, base + "/v2/eu/VA00"},
		"a base with a slash": {base + "/v2/", "/{sid}", []string{"VA00"}, base + "/v2/VA00"},
		"a port":              {base + ":8443", "/x", nil, base + ":8443/x"},
		"loopback":            {"http://127.0.0.1:4010", "/x", nil, "http://127.0.0.1:4010/x"},
		"an id of 128":        {base, "/{sid}", []string{id}, base + "/" + id},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := located(t, test.base, driver.Call{Route: test.route, Args: test.args})
			require.NoError(t, err)
			assert.Equal(t, test.want, at.String())

			query := driver.Form("To=%2B15005550006")
			at, err = located(t, test.base, driver.Call{Route: test.route, Args: test.args, Query: query})
			require.NoError(t, err)
			assert.Equal(t, test.want+"?"+string(query), at.String())
		})
	}
}

// The nine attacks, and others: a segment that could change the path is no
// segment, and there is no request.
func TestPathAttacks(t *testing.T) {
	t.Parallel()
	attacks := map[string]string{
		"dots":                     "../sms",
		"dots and a coded slash":   "..%2fsms",
		"coded dots":               "%2e%2e%2f",
		"a slash and a fragment":   "1/2#",
		"a query":                  "1?x=",
		"a parameter":              "1;",
		"a line feed":              "1\n",
		"nothing":                  "",
		"digits of another script": "١٢٣٤٥٦",
		"two dots":                 "..",
		"one dot":                  ".",
		"a tilde":                  "~root",
		"a backslash":              `..\sms`,
		"a zero byte":              "1\x00",
		"a space":                  "1 2",
		"a percent sign":           "%",
		"a wide slash":             "1／2",
		"a brace":                  "{id}",
		"an id of 129":             strings.Repeat("1", 129),
		"almost a phone number":    "+150",
		"almost an address":        "a@b",
		"an address with a slash":  "a/b@example.com",
		"an address with dots":     "../x@example.com",
		"a scheme":                 "http://canary.example",
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := located(t, "https://api.example", driver.Call{Op: "check", Route: "/verify/{code}/{id}", Args: []string{attack, "42"}})
			assert.Nil(t, at, "no request")
			e := assertOutcome(t, err, verify.ErrUnsupported)
			assert.Equal(t, "an argument is neither an id of [A-Za-z0-9_|-] nor a recipient", e.Detail)
			assert.Zero(t, e.Requests)
			if len(attack) > 2 {
				assert.NotContains(t, err.Error(), attack)
			}
		})
	}
	t.Run("an argument is missing", func(t *testing.T) {
		t.Parallel()
		_, err := located(t, "https://api.example", driver.Call{Route: "/{a}/{b}", Args: []string{"a"}})
		assertOutcome(t, err, verify.ErrUnsupported)
	})
}

const escapedPath = "the path of the base URL must be of [A-Za-z0-9._~-] and slashes, with no percent-escape and no segment of dots"

// A path that is written with escapes would be asked for under another name.
func TestBaseURLWithEscapesIsRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/a%2Fb", "/%7Ex", "/caf%C3%A9", "/a%20b", "/caf\u00e9", "/a/../b", "/./a", "/..", "/a/%2e%2e/b"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			_, err := driver.New(driver.Config{Vendor: "acme", BaseURL: "https://api.example" + path})
			require.EqualError(t, err, escapedPath)
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	const good, bad = true, false
	tests := map[string]bool{
		"https://api.example":             good,
		"https://api.example:8443/v2/eu_": good,
		"https://10.0.0.1":                good,
		"https://[2001:db8::1]:443":       good,
		"HTTPS://api.example":             good,
		"http://127.0.0.1:4010":           good,
		"http://127.8.8.8":                good,
		"http://[::1]:4010":               good,
		"http://localhost:4010":           good,
		"http://emulator:4010":            good,
		"http://my-emulator_2":            good,

		"":                                    bad,
		"api.example":                         bad,
		"//api.example":                       bad,
		"https://":                            bad,
		"https://:443":                        bad, // would be this host
		"https:api.example":                   bad,
		"ftp://api.example":                   bad,
		"http://api.example":                  bad,
		"http://localhost.":                   bad,
		"http://localhost.canary":             bad,
		"http://10.0.0.1":                     bad,
		"http://169.254.169.254":              bad,
		"http://0.0.0.0":                      bad,
		"http://[2001:db8::1]":                bad,
		"http://[::ffff:10.0.0.1]":            bad,
		"http://[fe80::1%25lo]":               bad,
		"http://2130706433":                   bad, // a resolver may read it as 127.0.0.1, or as any other
		"http://0x0a000001":                   bad,
		"http://1e100":                        bad,
		"http://-emulator":                    bad,
		"http://_emulator":                    bad,
		"http://user@localhost":               bad,
		"https://user:canary-pass@api.test":   bad,
		"https://api.example?key=canary":      bad,
		"https://api.example/?":               bad,
		"https://api.example#canary":          bad,
		"https://api.example/a b":             bad,
		"https://api.example/%2f%23":          bad,
		"https://api.example/a;canary":        bad,
		"https://api.example\n.canary":        bad,
		"https://api.example:canary":          bad,
		"https://exa mple.canary":             bad,
		"http://localhost:4010/" + recipient:  bad,
		"https://user:%zzcanary@api.example":  bad,
		"javascript://localhost/%0Aalert(1)":  bad,
		"https://api.example/canary\x7f/path": bad,
	}
	for base, want := range tests {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			_, err := driver.New(driver.Config{Vendor: "acme", BaseURL: base})
			if want == good {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Contains(t, []string{
				"the base URL must be https://host[/path], or http:// to a loopback or dotless host",
				escapedPath,
			}, err.Error(), "an error never quotes a URL, which may hold a password")
		})
	}
}

// Whatever is put into a path stays within its segment.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"VA00", recipient, "a.b+c@example.com", "../sms", "%2e%2e", "1/2", ".", "", "a'b@example.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		at, err := located(t, "https://api.example/v2", driver.Call{Route: "/a/{x}/b", Args: []string{arg}})
		if err != nil {
			assertOutcome(t, err, verify.ErrUnsupported)
			return
		}
		segments := strings.Split(at.EscapedPath(), "/")
		require.Len(t, segments, 5)
		plain, err := url.PathUnescape(segments[3])
		require.NoError(t, err)
		assert.Equal(t, arg, plain)
		assert.Equal(t, "/v2/a/"+arg+"/b", path.Clean(at.Path))
		assert.Empty(t, at.RawQuery+at.Fragment)

		sent, err := url.Parse(at.String())
		require.NoError(t, err)
		assert.Equal(t, at.Path, sent.Path)
	})
}
