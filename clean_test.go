package verify_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

func TestCleanCode(t *testing.T) {
	tests := map[string]struct{ typed, want string }{
		"as it was sent":                    {"246801", "246801"},
		"in two groups":                     {"246 801", "246801"},
		"with a hyphen":                     {"246-801", "246801"},
		"with a newline behind":             {" 246801\r\n", "246801"},
		"with a full stop, as in the text":  {"246801.", "246801"},
		"with an ideographic full stop":     {"246801\u3002", "246801"},
		"a no-break space":                  {"246\u00a0801", "246801"},
		"a narrow no-break space":           {"246\u202f801", "246801"},
		"an ideographic space":              {"246\u3000801", "246801"},
		"a no-break hyphen":                 {"246\u2011801", "246801"},
		"an en dash":                        {"246\u2013801", "246801"},
		"a minus sign":                      {"246\u2212801", "246801"},
		"a Japanese keyboard's dash":        {"246\u30fc801", "246801"},
		"a zero-width space":                {"246\u200b801", "246801"},
		"a byte order mark":                 {"\ufeff246801", "246801"},
		"a soft hyphen":                     {"246\u00ad801", "246801"},
		"marks of direction":                {"\u200e246801\u200f", "246801"},
		"embeddings":                        {"\u202a246801\u202c", "246801"},
		"isolates":                          {"\u2068246801\u2069", "246801"},
		"Arabic-Indic digits":               {"\u0662\u0664\u0666\u0668\u0660\u0661", "246801"},
		"Persian digits":                    {"\u06f2\u06f4\u06f6\u06f8\u06f0\u06f1", "246801"},
		"Devanagari digits":                 {"\u0968\u096a\u096c\u096e\u0966\u0967", "246801"},
		"Bengali digits":                    {"\u09e8\u09ea\u09ec\u09ee\u09e6\u09e7", "246801"},
		"full-width digits":                 {"\uff12\uff14\uff16\uff18\uff10\uff11", "246801"},
		"mathematical digits":               {"\U0001d7d0\U0001d7d2\U0001d7d4\U0001d7d6\U0001d7ce\U0001d7cf", "246801"},
		"letters stay, in their case":       {"aB3-x9Z", "aB3x9Z"},
		"full-width letters":                {"\uff21\uff42\uff13", "Ab3"},
		"a letter that looks like a digit":  {"24680O", "24680O"},
		"a Cyrillic letter is not a Latin":  {"\u0410123", "\u0410123"},
		"a superscript is not a digit":      {"24680\u00b9", "24680\u00b9"},
		"a dot within stays, to be refused": {"246.801", "246.801"},
		"a sign stays, to be refused":       {"+246801", "+246801"},
		"a NUL stays, to be refused":        {"246801\x00", "246801\x00"},
		"nothing":                           {"", ""},
		"nothing but what is dropped":       {" -\u200b. ", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.CleanCode(tc.typed))
			assert.Equal(t, tc.want, verify.CleanCode(tc.want), "a clean code stays as it is")
		})
	}
}

// The value of a digit is its place in a run of ten. Unicode promises it; this
// looks whether the table at hand keeps it.
func TestCleanCodeKnowsTheDigitsOfEveryScript(t *testing.T) {
	runs := 0
	for lo := rune(0); lo <= unicode.MaxRune; lo++ {
		if !unicode.Is(unicode.Nd, lo) {
			continue
		}
		for value := range rune(10) {
			assert.Equal(t, string('0'+value), verify.CleanCode(string(lo+value)), "%U", lo+value)
		}
		lo += 9
		runs++
	}
	assert.GreaterOrEqual(t, runs, 64, "as many as Unicode 15 has")
}

func TestACleanCodeIsAccepted(t *testing.T) {
	got, err := everything().CheckRequest(phone, verify.CleanCode("\u0662\u0664\u0666 \u0668\u0660\u0661."))
	assert.NoError(t, err)
	assert.Equal(t, "246801", got.Code)
}
