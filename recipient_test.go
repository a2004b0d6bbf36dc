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

// Two spellings of one phone would be two budgets of codes and of attempts.
func TestAPhoneHasOneSpelling(t *testing.T) {
	tests := map[string]struct {
		to   string
		want string // the whole sentence; empty: accepted
	}{
		"a placeholder":                         {"+15005550006", ""},
		"the other placeholder":                 {"+15017122661", ""},
		"a British mobile":                      {"+447400123456", ""},
		"with the trunk 0":                      {"+4407400123456", "digit 3 of the phone number is a 0 that is dialled inside the country only: leave it out after +44"},
		"a trunk 0 behind three digits":         {"+35308501234567", "digit 4 of the phone number is a 0 that is dialled inside the country only: leave it out after +353"},
		"a trunk 0 where the length still fits": {"+49015123456789", "digit 3 of the phone number is a 0 that is dialled inside the country only: leave it out after +49"},
		"two zeros where the length fits":       {"+440012345678", "digit 3 of the phone number is a 0 that is dialled inside the country only: leave it out after +44"},
		"a Japanese freephone number, with 00":  {"+81001234567", ""},
		"a Japanese mobile with the trunk 0":    {"+810901234567", "digit 3 of the phone number is a 0 that is dialled inside the country only: leave it out after +81"},
		"an Italian number keeps its 0":         {"+390612345678", ""},
		"a Congolese number keeps its 0":        {"+242061234567", ""},
		"an Ivorian number keeps its 0":         {"+2250123456789", ""},
		"a 1 after +1":                          {"+112015550123", "digit 2 of the phone number is a 1: no number begins with it after +1"},
		"a 0 after +1":                          {"+10005550123", "digit 2 of the phone number is a 0: no number begins with it after +1"},
		"one digit too many after +1":           {"+150055500061", "the phone number is too long at digit 12: 7 or 10 digits follow +1"},
		"one digit missing after +1":            {"+1500555000", "the phone number ends too early at digit 10: 7 or 10 digits follow +1"},
		"Mexico's former 1":                     {"+5215512345678", "digit 3 of the phone number is a 1 that Mexico gave up in 2019: leave it out after +52"},
		"Mexico without it":                     {"+525512345678", ""},
		"Mexico, too long otherwise":            {"+5255123456789", "the phone number is too long at digit 13: 10 digits follow +52"},
		"Argentina's 15":                        {"+54111523456789", "the phone number is too long at digit 14: 10 or 11 digits follow +54"},
		"Argentina's mobile":                    {"+5491123456789", ""},
		"the shortest of three":                 {"+441234567", ""},
		"between two of its lengths":            {"+4474001234", "the phone number ends too early at digit 10: 7, 9 or 10 digits follow +44"},
		"a Danish number of nine":               {"+45201234567", "the phone number is too long at digit 11: 8 digits follow +45"},
		"a code without a plan":                 {"+9990123456789", ""},
		"not a phone number":                    {"07400 123456", "the recipient is not a phone number in E.164 form"},
		"an address":                            {"a@example.com", "the recipient is not a phone number in E.164 form"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.PhoneFault(tc.to))
			if !verify.IsPhone(tc.to) {
				return
			}
			_, sent := everything().SendRequest(tc.to)
			_, checked := everything().CheckRequest(tc.to, "246801")
			if tc.want == "" {
				assert.NoError(t, sent)
				assert.NoError(t, checked)
				return
			}
			assertRefused(t, sent, "send", verify.ErrInvalidRecipient, tc.want)
			assertRefused(t, checked, "check", verify.ErrInvalidRecipient, tc.want)
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
		"every mark a local part may have": {"a.b!c#d$e%f&g'h*i+j-k/l=m?n^o_p`q{r|s}t~9@example.com", true},
		"nothing but marks":                {"!#$%&'*+-/=?^_`{|}~@example.com", true},
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
		"a percent sign":                   {"a%40b@example.com", true},
		"a slash":                          {"a/b@example.com", true},
		"a path upwards":                   {"a/../b@example.com", false},
		"parentheses":                      {"a(b)@example.com", false},
		"a comma":                          {"a,b@example.com", false},
		"a semicolon":                      {"a;b@example.com", false},
		"a colon":                          {"a:b@example.com", false},
		"angle brackets":                   {"a<b>@example.com", false},
		"square brackets":                  {"a[b]@example.com", false},
		"a backslash":                      {"a\\b@example.com", false},
		"a double quote":                   {"a\"b@example.com", false},
		"a space inside":                   {"a b@example.com", false},
		"a DEL":                            {"a\x7fb@example.com", false},
		"dots outside the rule, of old":    {"x..y@docomo.ne.jp", false},
		"a dot before the at, of old":      {"x.@docomo.ne.jp", false},
		"a mark in the domain":             {"a@ex&ample.com", false},
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
		"a phone":                    {"+15005550006", "+1…06"},
		"a phone with a longer code": {"+4515555555", "+45…55"},
		"fewer than 8 digits":        {"+6907290", "+690…"},
		"7 digits after +1":          {"+15005550", "+1…"},
		"8 digits":                   {"+37721234567", "+377…67"},
		"7 digits of a long code":    {"+3545555555", "+354…"},
		"one that its plan refuses":  {"+4407400123456", "+44…56"},
		"an address":                 {"ann@example.com", "a…@example.com"},
		"an address of one letter":   {"a@example.com", "…@example.com"},
		"anything else":              {"5550006", "…"},
		"a phone with spaces":        {"+1 500 555 0006", "…"},
		"nothing":                    {"", "…"},
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
		"Jamaica, within the same":   {"+18765550006", "1"},
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
	emailPattern = regexp.MustCompile(`\A[A-Za-z0-9!#$%&'*+/=?^_\x60{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_\x60{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z`)
)

func FuzzRecipient(f *testing.F) {
	for _, seed := range []string{
		"+15005550006", "+150055", "+1500555000612345", "+1 (500) 555-0006", "tel:+1-500-555-0006;ext=12", "15005550006",
		"+1500555OOO6", "\uff0b15005550006", "+1500\u200b5550006", "+15005550006\n", "+15005550006\x00", "../sms",
		"+4407400123456", "+112015550123", "+5215512345678", "+54111523456789", "a&b@example.com", "a/./b@example.com",
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
		if fault := verify.PhoneFault(to); phone && fault != "" {
			require.ErrorIs(t, err, verify.ErrInvalidRecipient)
			require.Equal(t, "all: send: invalid recipient: "+fault, err.Error())
			require.NotContains(t, fault, to[1:], "the sentence does not quote")
			return
		}
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
