package verify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A locale is a hint: whatever a device, a browser or an operating system says,
// the code goes out, and a vendor is given a clean tag or none.
func TestALocaleNeverFailsASend(t *testing.T) {
	tests := map[string]struct{ hint, want string }{
		"none":                          {"", ""},
		"a language":                    {"da", "da"},
		"a language and a region":       {"pt-BR", "pt-BR"},
		"a script":                      {"zh-Hant-TW", "zh-Hant-TW"},
		"a variant":                     {"de-1996", "de-1996"},
		"a variant of letters":          {"ca-valencia", "ca-valencia"},
		"a region by number":            {"es-419", "es-419"},
		"three letters":                 {"fil-PH", "fil-PH"},
		"an underscore":                 {"en_US", "en-US"},
		"a script behind underscores":   {"zh_Hant_TW", "zh-Hant-TW"},
		"an encoding":                   {"de_DE.UTF-8", "de-DE"},
		"a modifier":                    {"sr_RS@latin", "sr-RS"},
		"an encoding and a modifier":    {"de_DE.ISO-8859-15@euro", "de-DE"},
		"the case does not matter":      {"ZH-hANT-tw", "zh-Hant-TW"},
		"a header":                      {"en-US,en;q=0.9", "en-US"},
		"a header, best one last":       {"en;q=0.5, fr;q=0.75,da", "da"},
		"a header, best one in between": {"en;q=0.1, fr;q=0.75,da;q=0.7", "fr"},
		"a header, the first of equals": {"en;q=0.8, fr;q=0.8", "en"},
		"a header that wants anything":  {"*", ""},
		"a header, anything or German":  {"*, de;q=0.5", "de"},
		"a header that wants no German": {"de;q=0", ""},
		"a header, badly written":       {"de;level=1, , ;", "de"},
		"C":                             {"C", ""},
		"C with an encoding":            {"C.UTF-8", ""},
		"POSIX":                         {"POSIX", ""},
		"a private tag":                 {"x-pirate", ""},
		"a grandfathered tag":           {"i-klingon", ""},
		"not known":                     {"und", ""},
		"not known, with a region":      {"und-US", ""},
		"several":                       {"mul", ""},
		"an extension":                  {"de-DE-u-co-phonebk", "de-DE"},
		"a private subtag":              {"en-US-x-twain", "en-US"},
		"a transformation":              {"und-t-it-m0-xxx", ""},
		"an extended language":          {"zh-yue-HK", "zh-HK"},
		"a deprecated language":         {"iw-IL", "he-IL"},
		"another":                       {"in", "id"},
		"and another":                   {"ji", "yi"},
		"subtags out of order":          {"en-US-Latn", "en-US"},
		"a second region":               {"en-US-GB", "en-US"},
		"a second script":               {"zh-Hant-Hans-TW", "zh-Hant"},
		"one letter":                    {"d", ""},
		"a digit in front":              {"1a", ""},
		"a reserved length":             {"abcd", ""},
		"36 letters":                    {strings.Repeat("a", 36), ""},
		"a word in place of a tag":      {"Deutsch", ""},
		"spaces around it":              {" da ", "da"},
		"a header of another kind":      {"da\r\nX: y", ""},
		"a path":                        {"../da", ""},
		"a path behind a language":      {"da/../x", ""},
		"not ASCII":                     {"d\u00e4", ""},
		"cut within what is too long":   {"de-" + strings.Repeat("abcde-", 20) + "fghij", "de-abcde-abcde-abcde-abcde-abcde"},
		"60 characters": {
			"zh-cmn-Hans-CN-pinyin-u-co-pinyin-x-private-subtags-of-a-tag", "zh-Hans-CN-pinyin",
		},
		"a header of a megabyte": {strings.Repeat("en-US,", 1<<17), "en-US"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := everything().SendRequest(phone, verify.WithLocale(tc.hint))
			require.NoError(t, err)
			assert.Equal(t, tc.want, got.Locale)

			again, err := everything().SendRequest(phone, verify.WithLocale(got.Locale))
			require.NoError(t, err)
			assert.Equal(t, got.Locale, again.Locale, "a clean tag stays as it is")
		})
	}
}

func TestLocaleFallbacks(t *testing.T) {
	tests := map[string]struct {
		hint string
		want []string
	}{
		"a language":                   {"da", []string{"da"}},
		"a region":                     {"pt_BR", []string{"pt-BR", "pt"}},
		"a header":                     {"en-GB,en;q=0.9", []string{"en-GB", "en"}},
		"a Chinese script and region":  {"zh-Hant-TW", []string{"zh-Hant-TW", "zh-Hant", "zh-TW", "zh-HK", "zh"}},
		"a Chinese region":             {"zh-TW", []string{"zh-TW", "zh-Hant", "zh-HK", "zh"}},
		"another Chinese script":       {"zh-Hans-SG", []string{"zh-Hans-SG", "zh-Hans", "zh-SG", "zh-CN", "zh"}},
		"Macao":                        {"zh-MO", []string{"zh-MO", "zh-Hant", "zh-TW", "zh-HK", "zh"}},
		"simplified in Hong Kong":      {"zh-Hans-HK", []string{"zh-Hans-HK", "zh-Hans", "zh-CN", "zh"}},
		"a script elsewhere":           {"sr-Latn-RS", []string{"sr-Latn-RS", "sr-Latn", "sr-RS", "sr"}},
		"a variant":                    {"de-CH-1996", []string{"de-CH-1996", "de-CH", "de"}},
		"Norwegian":                    {"no", []string{"no", "nb"}},
		"one of the Norwegians":        {"nb-NO", []string{"nb-NO", "nb", "no-NO", "no"}},
		"the other":                    {"nn", []string{"nn", "no", "nb"}},
		"Hebrew by its former name":    {"iw", []string{"he", "iw"}},
		"Indonesian by its former one": {"in-ID", []string{"id-ID", "id", "in-ID", "in"}},
		"Filipino":                     {"fil", []string{"fil", "tl"}},
		"none":                         {"*", nil},
		"nothing":                      {"", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.LocaleFallbacks(tc.hint))
		})
	}
}

func FuzzLocale(f *testing.F) {
	for _, seed := range []string{"", "da", "en_US", "en-US,en;q=0.9", "de_DE.UTF-8@euro", "C", "*", "x-pirate", "zh-Hant-TW", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hint string) {
		got, err := everything().SendRequest(phone, verify.WithLocale(hint))
		require.NoError(t, err)
		require.Regexp(t, `\A([a-z]{2,3}(-[0-9A-Za-z]{2,8})*)?\z`, got.Locale)
		require.LessOrEqual(t, len(got.Locale), 35)
		again, err := everything().SendRequest(phone, verify.WithLocale(got.Locale))
		require.NoError(t, err)
		require.Equal(t, got.Locale, again.Locale)
	})
}
