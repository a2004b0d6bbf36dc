package driver_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const optionsText = `
# a comment
Hash sms [a-z]{3} a hash is given once
Name * bytes:4 a name is given once
Tags * pairs:2:3 tags are two
Limits sms,voice pairs:*:3 limits are many
`

func TestOptionsAreAddedOrRefused(t *testing.T) {
	t.Parallel()
	o := driver.Options{Vendor: "example", Text: optionsText}
	other := driver.Options{Vendor: "other", Text: optionsText}
	for name, tt := range map[string]struct {
		channel verify.Channel
		given   []verify.SendOption
		want    url.Values
		fault   string
	}{
		"none":                    {want: url.Values{}},
		"another vendor's":        {given: []verify.SendOption{other.Value("Hash", "1")}, want: url.Values{}},
		"a value":                 {given: []verify.SendOption{o.Value("Hash", "abc")}, want: url.Values{"Hash": {"abc"}}},
		"a value with more":       {given: []verify.SendOption{o.Value("Hash", "abcd")}, fault: "a hash is given once"},
		"a value twice":           {given: []verify.SendOption{o.Value("Hash", "abc"), o.Value("Hash", "abc")}, fault: "a hash is given once"},
		"on another channel":      {verify.ChannelVoice, []verify.SendOption{o.Value("Hash", "abc")}, nil, "a hash is given once"},
		"bytes":                   {given: []verify.SendOption{o.Value("Name", "a&øa")}, fault: "a name is given once"},
		"pairs":                   {given: []verify.SendOption{o.Pair("Tags", "b", "2"), o.Pair("Tags", "a", "1")}, want: url.Values{"Tags": {`{"a":"1","b":"2"}`}}},
		"too many pairs":          {given: []verify.SendOption{o.Pair("Tags", "a", "1"), o.Pair("Tags", "b", "1"), o.Pair("Tags", "c", "1")}, fault: "tags are two"},
		"a name twice":            {given: []verify.SendOption{o.Pair("Tags", "a", "1"), o.Pair("Tags", "a", "2")}, fault: "tags are two"},
		"an empty name":           {given: []verify.SendOption{o.Pair("Tags", "", "1")}, fault: "tags are two"},
		"an empty value":          {given: []verify.SendOption{o.Pair("Tags", "a", "")}, fault: "tags are two"},
		"a long value":            {given: []verify.SendOption{o.Pair("Tags", "a", "1234")}, fault: "tags are two"},
		"pairs without a limit":   {verify.ChannelVoice, []verify.SendOption{o.Pair("Limits", "a", "1"), o.Pair("Limits", "b", "1"), o.Pair("Limits", "c", "1")}, url.Values{"Limits": {`{"a":"1","b":"1","c":"1"}`}}, ""},
		"pairs on another":        {verify.ChannelEmail, []verify.SendOption{o.Pair("Limits", "a", "1")}, nil, "limits are many"},
		"several, and their text": {given: []verify.SendOption{o.Value("Name", "a&b"), o.Value("Hash", "abc")}, want: url.Values{"Name": {"a&b"}, "Hash": {"abc"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := verify.Capabilities{Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail}}
			to := "+15005550006"
			if tt.channel == verify.ChannelEmail {
				to = "a@example.com"
			}
			r, err := c.SendRequest(to, append(tt.given, verify.WithChannel(tt.channel))...)
			require.NoError(t, err)
			var form driver.Form
			err = o.AddTo(&form, r)
			if tt.fault != "" {
				require.EqualError(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			got, err := url.ParseQuery(string(form))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			for _, parameter := range []string{"Hash", "Name", "Tags", "Limits"} {
				assert.Equal(t, tt.want.Has(parameter), o.Has(r, parameter), parameter)
			}
		})
	}
}

func TestATableOfOptionsWithALineThatIsNonePanics(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Hash sms", "Hash sms [a a sentence", "Tags * pairs:x:3 a sentence", "Name * bytes:x a sentence"} {
		o := driver.Options{Vendor: "example", Text: text}
		c := verify.Capabilities{Channels: []verify.Channel{verify.ChannelSMS}}
		r, err := c.SendRequest("+15005550006", o.Value("Hash", "a"))
		require.NoError(t, err)
		assert.Panics(t, func() { _ = o.AddTo(new(driver.Form), r) }, text)
	}
}
