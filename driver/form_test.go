package driver_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

func TestForm(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pairs []string
		want  string
	}{
		"nothing":             {nil, ""},
		"one pair":            {[]string{"Channel", "sms"}, "Channel=sms"},
		"in the order given":  {[]string{"b", "1", "a", "2", "b", "3"}, "b=1&a=2&b=3"},
		"a phone number":      {[]string{"To", recipient}, "To=%2B15005550006"},
		"separators":          {[]string{"a&b=c", "d&e=f"}, "a%26b%3Dc=d%26e%3Df"},
		"a plus and a space":  {[]string{"a", "+ "}, "a=%2B%20"},
		"a percent sign":      {[]string{"a", "100%"}, "a=100%25"},
		"lines":               {[]string{"a", "x\r\ny"}, "a=x%0D%0Ay"},
		"another script":      {[]string{"payee", "Ü€"}, "payee=%C3%9C%E2%82%AC"},
		"bytes that are none": {[]string{"a", "\xff\x00"}, "a=%FF%00"},
		"unreserved":          {[]string{"-._~", "AZaz09"}, "-._~=AZaz09"},
		"empty":               {[]string{"", ""}, "="},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var form driver.Form
			for i := 0; i < len(test.pairs); i += 2 {
				form.Add(test.pairs[i], test.pairs[i+1])
			}
			assert.Equal(t, test.want, string(form))
		})
	}
}

func TestWhatIsEmptyIsNotAdded(t *testing.T) {
	t.Parallel()
	var form driver.Form
	form.AddGiven("Locale", "")
	form.AddGiven("To", recipient)
	form.AddGiven("Payee", "")
	assert.Equal(t, "To=%2B15005550006", string(form))
}

// A Form means what url.Values would mean, and cannot break out of a line, a
// query or a path.
func FuzzForm(f *testing.F) {
	f.Add("To", recipient, "Code", code)
	f.Add("a&b", "c=d", "a+b", "%zz")
	f.Add("", "\r\n", "\xff", "/../?#;")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		var form driver.Form
		form.Add(k1, v1)
		form.Add(k2, v2)

		want := url.Values{}
		want.Add(k1, v1)
		want.Add(k2, v2)
		got, err := url.ParseQuery(string(form))
		require.NoError(t, err)
		assert.Equal(t, want, got)

		const plain = "-._~%&=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		assert.Empty(t, strings.Trim(string(form), plain))
	})
}
