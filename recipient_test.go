package verify_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// R32, R33, R35: one subscriber, one key. Each of the refused spellings is one
// that a lenient parser turns into +15005550006, and so into a second counter
// for one person, or into another person.
func TestIsPhone(t *testing.T) {
	tests := map[string]struct {
		to   string
		want bool
	}{
		"E.164":                           {"+15005550006", true},
		"seven digits":                    {"+1500555", true},
		"fifteen digits":                  {"+150055500061234", true},
		"an Italian number keeps its 0":   {"+39055555555", true},
		"nothing":                         {"", false},
		"a plus":                          {"+", false},
		"six digits":                      {"+150055", false},
		"sixteen digits":                  {"+1500555000612345", false},
		"more than 250":                   {"+1" + strings.Repeat("0", 260), false},
		"no plus":                         {"15005550006", false},
		"a leading zero":                  {"+0150055500", false},
		"two pluses":                      {"+1+15005550006", false},
		"plus plus":                       {"++15005550006", false},
		"spaces, hyphen, parentheses":     {"+1 (500) 555-0006", false},
		"a trunk zero in parentheses":     {"+44 (0)2079460958", false},
		"dots and an exponent":            {"+1.5005550006e1", false},
		"an extension":                    {"+15005550006x9", false},
		"an extension behind commas":      {"+15005550006,,9", false},
		"a tel URI":                       {"tel:+1-500-555-0006;ext=12", false},
		"a tel URI with a phone context":  {"tel:5550006;phone-context=+1500", false},
		"a tel URI of another host":       {"tel:5550006;phone-context=evil.example", false},
		"an international prefix":         {"011 1 5005550006", false},
		"another international prefix":    {"0015005550006", false},
		"vanity letters":                  {"+1500555OOO6", false},
		"a letter at the end":             {"+1500555000O", false},
		"fullwidth digits":                {"+1500555000\uff16", false},
		"a fullwidth plus":                {"\uff0b15005550006", false},
		"Arabic-Indic digits":             {"+\u0661\u0665\u0660\u0660\u0665\u0665\u0665\u0660\u0660\u0660\u0666", false},
		"a zero-width space inside":       {"+1500\u200b5550006", false},
		"a no-break space inside":         {"+1\u00a05005550006", false},
		"a no-break hyphen inside":        {"+1500\u20115550006", false},
		"an embedding mark in front":      {"\u202a+15005550006", false},
		"a space in front":                {" +15005550006", false},
		"a space behind":                  {"+15005550006 ", false},
		"a newline behind":                {"+15005550006\n", false},
		"CR LF behind":                    {"+15005550006\r\n", false},
		"a NUL behind":                    {"+15005550006\x00", false},
		"a percent escape":                {"+1500555000%30", false},
		"a path":                          {"../sms", false},
		"a colon, which is next to the 9": {"+1500555000:", false},
		"a slash, which is next to the 0": {"+1500555000/", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.IsPhone(tc.to))
			assert.False(t, verify.IsEmail(tc.to))
		})
	}
}

func TestIsEmail(t *testing.T) {
	label := strings.Repeat("b", 63)
	long := strings.Repeat("a", 64) + "@" + label + "." + label + "." + strings.Repeat("c", 61) // 254 bytes
	tests := map[string]struct {
		to   string
		want bool
	}{
		"plain":                            {"a@example.com", true},
		"upper case":                       {"A@EXAMPLE.COM", true},
		"every mark a local part may have": {"a.b_c+d'e-f9@example.com", true},
		"a mark at either end":             {"-a_@example.com", true},
		"a subdomain":                      {"a@mail.example.com", true},
		"a hyphen inside a label":          {"a@ex-ample.com", true},
		"a punycode label":                 {"a@xn--bcher-kva.example", true},
		"254 bytes":                        {long, true},
		"255 bytes":                        {long + "c", false},
		"a local part of 65":               {strings.Repeat("a", 65) + "@example.com", false},
		"a label of 64":                    {"a@" + strings.Repeat("b", 64) + ".com", false},
		"nothing":                          {"", false},
		"no at":                            {"a.example.com", false},
		"no local part":                    {"@example.com", false},
		"no domain":                        {"a@", false},
		"one label":                        {"a@localhost", false},
		"two ats":                          {"a@b@example.com", false},
		"a leading dot":                    {".a@example.com", false},
		"a trailing dot":                   {"a.@example.com", false},
		"a double dot":                     {"a..b@example.com", false},
		"a dot behind the domain":          {"a@example.com.", false},
		"an empty label":                   {"a@example..com", false},
		"a hyphen in front of a label":     {"a@-example.com", false},
		"a hyphen behind a label":          {"a@example-.com", false},
		"an underscore in the domain":      {"a@ex_ample.com", false},
		"a domain literal":                 {"a@[127.0.0.1]", false},
		"a quoted local part":              {`"a b"@example.com`, false},
		"a name in front":                  {"A <a@example.com>", false},
		"a second recipient":               {"a@example.com,b@example.com", false},
		"a header":                         {"a@example.com\r\nBcc: b@example.com", false},
		"a newline behind":                 {"a@example.com\n", false},
		"a space in front":                 {" a@example.com", false},
		"a NUL":                            {"a\x00@example.com", false},
		"an umlaut":                        {"\u00e4@example.com", false},
		"an umlaut in the domain":          {"a@b\u00fccher.example", false},
		"a Kelvin sign, a K when folded":   {"\u212a@example.com", false},
		"a percent escape":                 {"a%40b@example.com", false},
		"a slash":                          {"a/b@example.com", false},
		"the bytes next to the letters":    {"a`{@example.com", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.IsEmail(tc.to))
			assert.False(t, verify.IsPhone(tc.to))
		})
	}
}

func TestMask(t *testing.T) {
	tests := map[string]struct{ to, want string }{
		"a phone":                       {"+15005550006", "+1…06"},
		"a phone with a longer code":    {"+4515555555", "+45…55"},
		"the shortest, of three digits": {"+3545555", "+354…55"},
		"an address":                    {"ann@example.com", "a…@example.com"},
		"an address of one letter":      {"a@example.com", "…@example.com"},
		"anything else":                 {"5550006", "…"},
		"a phone with spaces":           {"+1 500 555 0006", "…"},
		"nothing":                       {"", "…"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.Mask(tc.to))
		})
	}
}

// The codes of two digits are those assigned in the list of ITU-T E.164; every
// other one has three digits, but for 1 and 7.
func TestCallingCode(t *testing.T) {
	two := map[string]bool{}
	for _, code := range strings.Fields(`20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49
		51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98`) {
		two[code] = true
	}
	for first := '1'; first <= '9'; first++ {
		for next := '0'; next <= '9'; next++ {
			prefix := string(first) + string(next)
			want := prefix + "5"
			switch {
			case first == '1' || first == '7':
				want = string(first)
			case two[prefix]:
				want = prefix
			}
			assert.Equal(t, want, verify.CallingCode("+"+prefix+"55555555"), prefix)
		}
	}
}

func TestCallingCodeOf(t *testing.T) {
	tests := map[string]struct{ to, want string }{
		"the United States":          {"+15005550006", "1"},
		"Grenada, within the same":   {"+14735550006", "1"},
		"Kazakhstan, within another": {"+77015550006", "7"},
		"Morocco":                    {"+212555555555", "212"},
		"Nigeria":                    {"+2345555555555", "234"},
		"Greenland":                  {"+299555555", "299"},
		"Portugal":                   {"+351555555555", "351"},
		"Ireland":                    {"+353555555555", "353"},
		"Czechia":                    {"+420555555555", "420"},
		"Guatemala":                  {"+50255555555", "502"},
		"Guadeloupe":                 {"+590555555555", "590"},
		"East Timor":                 {"+67055555555", "670"},
		"a satellite":                {"+870555555555", "870"},
		"Bangladesh":                 {"+8805555555555", "880"},
		"premium":                    {"+9795555555", "979"},
		"Uzbekistan":                 {"+998555555555", "998"},
		"an address":                 {"a@example.com", ""},
		"no plus":                    {"15005550006", ""},
		"nothing":                    {"", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.CallingCode(tc.to))
		})
	}
}

var (
	phonePattern = regexp.MustCompile(`\A\+[1-9][0-9]{6,14}\z`)
	emailPattern = regexp.MustCompile(`\A[A-Za-z0-9_+'-]+(\.[A-Za-z0-9_+'-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z`)
)

func FuzzRecipient(f *testing.F) {
	for _, seed := range []string{
		"+15005550006", "+150055", "+1500555000612345", "+1 (500) 555-0006", "tel:+1-500-555-0006;ext=12", "15005550006",
		"+1500555OOO6", "\uff0b15005550006", "+1500\u200b5550006", "+15005550006\n", "+15005550006\x00", "../sms",
		"a@example.com", "a..b@example.com", "a@localhost", "a@b@example.com", "a@example.com\r\nBcc: b@example.com", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, to string) {
		phone := phonePattern.MatchString(to)
		local, _, _ := strings.Cut(to, "@")
		email := emailPattern.MatchString(to) && len(to) <= 254 && len(local) <= 64
		require.Equal(t, phone, verify.IsPhone(to))
		require.Equal(t, email, verify.IsEmail(to))

		_, err := everything().SendRequest(to)
		if phone || email {
			require.NoError(t, err)
			require.NotEqual(t, to, verify.Mask(to))
			return
		}
		require.ErrorIs(t, err, verify.ErrInvalidRecipient)
		require.Equal(t, "all: send: invalid recipient: the recipient is neither a phone number in E.164 form nor an e-mail address",
			err.Error(), "whatever was given")
		require.Equal(t, "…", verify.Mask(to))
		require.Empty(t, verify.CallingCode(to))
	})
}
