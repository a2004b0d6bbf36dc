package input_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/input"
)

func TestPhone(t *testing.T) {
	tests := map[string]struct{ typed, want string }{
		"as Send takes it":               {"+15005550006", "+15005550006"},
		"spaces":                         {" +1 500 555 0006\n", "+15005550006"},
		"brackets and a dash":            {"+1 (500) 555-0006", "+15005550006"},
		"the code in brackets":           {"(+1) 500 555 0006", "+15005550006"},
		"dots":                           {"+1.500.555.0006", "+15005550006"},
		"slashes":                        {"+49/151/23456789", "+4915123456789"},
		"two zeros":                      {"001 500 555 0006", "+15005550006"},
		"a full-width plus":              {"\uff0b1 500 555 0006", "+15005550006"},
		"full-width throughout":          {"\uff0b\uff11\uff08\uff15\uff10\uff10\uff09\uff15\uff15\uff15\uff0d\uff10\uff10\uff10\uff16", "+15005550006"},
		"Arabic-Indic digits":            {"+\u0661 \u0665\u0660\u0660 \u0665\u0665\u0665 \u0660\u0660\u0660\u0666", "+15005550006"},
		"Persian digits behind zeros":    {"\u06f0\u06f0\u06f1\u06f5\u06f0\u06f0\u06f5\u06f5\u06f5\u06f0\u06f0\u06f0\u06f6", "+15005550006"},
		"no-break spaces and hyphens":    {"+1\u00a0500\u202f555\u20110006", "+15005550006"},
		"pasted from a list of people":   {"\u202a+15005550006\u202c", "+15005550006"},
		"a zero-width space":             {"+1500\u200b5550006", "+15005550006"},
		"a dot at the end":               {"+15005550006.", "+15005550006"},
		"a trunk 0 in brackets":          {"+44 (0)7400 123456", "+447400123456"},
		"a trunk 0 in square brackets":   {"+44 [0] 7400 123456", "+447400123456"},
		"a trunk 0 that was typed":       {"+44 07400 123456", "+447400123456"},
		"a trunk 0 behind two zeros":     {"0044 07400 123456", "+447400123456"},
		"a 0 that belongs to it":         {"+39 06 1234 5678", "+390612345678"},
		"Mexico's former 1":              {"+52 1 55 1234 5678", "+525512345678"},
		"Mexico as it is":                {"+52 55 1234 5678", "+525512345678"},
		"Benin as it is":                 {"+229 01 95 12 34 56", "+2290195123456"},
		"Benin, a number that stayed":    {"+229 85 12 34 56", "+22985123456"},
		"Argentina as it is":             {"+54 9 11 2345 6789", "+5491123456789"},
		"a 0 in brackets elsewhere":      {"+44 74(0)0 123456", "+447400123456"},
		"a number whose 0 was bracketed": {"+49 (0) 151 23456789", "+4915123456789"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := input.Phone(tc.typed)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
			assert.Empty(t, verify.PhoneFault(got))
		})
	}
}

func TestPhoneRefuses(t *testing.T) {
	tests := map[string]struct {
		typed string
		want  error  // or
		text  string // a part of the sentence
	}{
		"a national number":              {"07400 123456", input.ErrNational, ""},
		"another":                        {"(415) 555-0100", input.ErrNational, ""},
		"digits without a plus":          {"15005550006", input.ErrNational, ""},
		"nothing":                        {"", input.ErrNational, ""},
		"vanity letters":                 {"+1 500 555 OOO6", input.ErrLetters, ""},
		"vanity letters, national":       {"1-800-FLOWERS", input.ErrLetters, ""},
		"full-width letters":             {"+1500555\uff2f\uff2f\uff2f6", input.ErrLetters, ""},
		"an extension":                   {"+1 500 555 0006 x9", input.ErrLetters, ""},
		"a pause":                        {"+15005550006,,9", input.ErrLetters, ""},
		"a tel URI":                      {"tel:+15005550006", input.ErrLetters, ""},
		"two numbers":                    {"+15005550006 / +15017122661", input.ErrLetters, ""},
		"what stands for a trunk 0":      {"+44T7400123456", input.ErrLetters, ""},
		"a 0 in brackets, Italian":       {"+39 (0) 333 123456", input.ErrAmbiguous, ""},
		"a 0 too many in brackets":       {"+44 7400 (0) 123456", nil, "too long at digit 13"},
		"two trunk zeros in brackets":    {"+44 (0)(0) 7400 123456", nil, "digit 3 of the phone number is a 0"},
		"Benin, of old":                  {"+229 95 12 34 56", input.ErrBenin, ""},
		"two zeros behind a plus":        {"+0044 7400 123456", nil, "E.164"},
		"a plus alone":                   {"+", nil, "E.164"},
		"a number of another length":     {"+45 2012 345", nil, "8 digits follow +45"},
		"Argentina's 15, in two places":  {"+54 11 15 2345 6789", nil, "too long at digit 14"},
		"North America's prefix as well": {"+1 1 201 555 0123", nil, "digit 2 of the phone number is a 1"},
		"a trunk 0 and too long":         {"+44 07400 1234567", nil, "digit 3 of the phone number is a 0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := input.Phone(tc.typed)
			require.Error(t, err)
			assert.Empty(t, got)
			if tc.want != nil {
				assert.ErrorIs(t, err, tc.want)
			}
			assert.Contains(t, err.Error(), tc.text)
		})
	}
}

// mueller converts one domain, in place of a library.
func mueller(domain string) (string, error) {
	if domain == "m\u00fcller.example" {
		return "xn--mller-kva.example", nil
	}
	return "", errors.New("canary " + domain)
}

func TestEmail(t *testing.T) {
	tests := map[string]struct{ typed, want string }{
		"as Send takes it":         {"a@example.com", "a@example.com"},
		"spaces around it":         {" a@example.com\r\n", "a@example.com"},
		"no-break spaces":          {"\u00a0a@example.com\u3000", "a@example.com"},
		"invisible characters":     {"\ufeffa\u200b@example.com\u2060", "a@example.com"},
		"full-width characters":    {"\uff41\uff20\uff45xample\uff0ecom", "a@example.com"},
		"a dot at the end":         {"a@example.com.", "a@example.com"},
		"marks in the local part":  {"a&b/c=d@example.com", "a&b/c=d@example.com"},
		"an international domain":  {"a@m\u00fcller.example", "a@xn--mller-kva.example"},
		"the same with a dot more": {"a@m\u00fcller.example\u3002", "a@xn--mller-kva.example"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := input.Email(tc.typed, mueller)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestEmailRefuses(t *testing.T) {
	tests := map[string]struct {
		typed string
		want  error
	}{
		"nothing":                     {"", input.ErrEmail},
		"no at":                       {"example.com", input.ErrEmail},
		"no domain":                   {"a@.", input.ErrEmail},
		"no local part":               {"@example.com", input.ErrEmail},
		"two ats":                     {"a@b@example.com", input.ErrEmail},
		"one label":                   {"a@localhost", input.ErrEmail},
		"a space inside":              {"a b@example.com", input.ErrEmail},
		"a name in front":             {"Ann <a@example.com>", input.ErrEmail},
		"a header":                    {"a@example.com\r\nBcc: b@example.com", input.ErrEmail},
		"two dots":                    {"x..y@docomo.ne.jp", input.ErrDots},
		"a dot before the at":         {"x.@docomo.ne.jp", input.ErrDots},
		"a dot in front":              {".x@docomo.ne.jp", input.ErrDots},
		"an umlaut before the at":     {"\u00e4@example.com", input.ErrLocalPart},
		"a domain that has no form":   {"a@\u2603\u2603.example", input.ErrEmail},
		"an ideographic stop between": {"a@example\u3002com", input.ErrEmail},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := input.Email(tc.typed, mueller)
			assert.Equal(t, tc.want, err, "the error itself: a library's would quote the address")
			assert.Empty(t, got)
		})
	}
	_, err := input.Email("a@m\u00fcller.example", nil)
	assert.Equal(t, input.ErrInternational, err)
	lying := func(string) (string, error) { return "example.com,b@example.com", nil }
	_, err = input.Email("a@m\u00fcller.example", lying)
	assert.Equal(t, input.ErrEmail, err, "what a library returns is looked at")
}

func FuzzPhone(f *testing.F) {
	for _, seed := range []string{"+1 (500) 555-0006", "0044 (0)7400 123456", "+52 1 55 1234 5678", "+39 (0) 333 123456", "\uff0b\uff11", "(0)(0)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		to, err := input.Phone(typed)
		if err == nil {
			require.Empty(t, verify.PhoneFault(to), "what is returned is accepted")
			return
		}
		require.Empty(t, to)
	})
}
