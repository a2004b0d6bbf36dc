package text

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text     string
		parts    int
		encoding Encoding
	}{
		"nothing":                           {"", 1, GSM7},
		"one letter":                        {"a", 1, GSM7},
		"160 letters":                       {strings.Repeat("a", 160), 1, GSM7},
		"161 letters":                       {strings.Repeat("a", 161), 2, GSM7},
		"306 letters":                       {strings.Repeat("a", 306), 2, GSM7},
		"307 letters":                       {strings.Repeat("a", 307), 3, GSM7},
		"80 euros":                          {strings.Repeat("€", 80), 1, GSM7},
		"81 euros":                          {strings.Repeat("€", 81), 2, GSM7},
		"152 euros, 76 a part":              {strings.Repeat("€", 152), 2, GSM7},
		"153 euros":                         {strings.Repeat("€", 153), 3, GSM7},
		"a euro that does not fit the part": {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3, GSM7},
		"a euro that just fits the part":    {strings.Repeat("a", 151) + "€" + strings.Repeat("a", 153), 2, GSM7},
		"an extension in a single part":     {strings.Repeat("a", 158) + "€", 1, GSM7},
		"an extension too many":             {strings.Repeat("a", 159) + "€", 2, GSM7},
		"all of the basic table":            {gsmBasic, 1, GSM7},
		"all of the extension table":        {gsmExtension, 1, GSM7},
		"a small c with cedilla":            {"ç", 1, UCS2},
		"a capital C with cedilla":          {"Ç", 1, GSM7},
		"a backtick":                        {"`", 1, UCS2},
		"an a with acute":                   {"á", 1, UCS2},
		"a no-break space":                  {"\u00a0", 1, UCS2},
		"an escape":                         {"\x1b", 1, UCS2},
		"70 letters of UCS-2":               {strings.Repeat("я", 70), 1, UCS2},
		"71 letters of UCS-2":               {strings.Repeat("я", 71), 2, UCS2},
		"134 letters of UCS-2":              {strings.Repeat("я", 134), 2, UCS2},
		"135 letters of UCS-2":              {strings.Repeat("я", 135), 3, UCS2},
		"35 emoji":                          {strings.Repeat("😀", 35), 1, UCS2},
		"36 emoji":                          {strings.Repeat("😀", 36), 2, UCS2},
		"66 emoji, 33 a part":               {strings.Repeat("😀", 66), 2, UCS2},
		"67 emoji":                          {strings.Repeat("😀", 67), 3, UCS2},
		"one letter spoils it":              {strings.Repeat("a", 100) + "ё", 2, UCS2},
		"not UTF-8":                         {"\xff\xfe", 1, UCS2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, encoding := Segments(tt.text)
			assert.Equal(t, tt.parts, parts)
			assert.Equal(t, tt.encoding, encoding)
		})
	}
}

func TestTheAlphabetHasItsSize(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 127, utf8.RuneCountInString(gsmBasic), "128 places, one of which is the escape")
	assert.Equal(t, 10, utf8.RuneCountInString(gsmExtension))
	for _, r := range gsmBasic + gsmExtension {
		assert.Equal(t, 1, strings.Count(gsmBasic+gsmExtension, string(r)), "%q", r)
	}
}

func FuzzSegments(f *testing.F) {
	for _, seed := range []string{"", "123456 is your code.", strings.Repeat("a", 153) + "€", strings.Repeat("😀", 34), "\xff", gsmBasic + gsmExtension} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts, encoding := Segments(text)
		units, single, each := len(utf16.Encode([]rune(text))), 70, 67
		if encoding == GSM7 {
			units, single, each = 0, 160, 153
			for _, r := range text {
				units++
				if strings.ContainsRune("\f^{}\\[~]|€", r) {
					units++
				}
			}
		}
		least, most := (units+each-1)/each, (units+each-2)/(each-1)
		if units <= single {
			least, most = 1, 1
		}
		if parts < least || parts > most {
			t.Fatalf("%d units are %d parts", units, parts)
		}
	})
}

// TestSegmentsAtMost: where a vendor keeps together what a person sees as one
// character, fewer of them fit.
func TestSegmentsAtMost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text  string
		parts int
	}{
		"nothing":                      {"", 1},
		"GSM-7":                        {strings.Repeat("a", 307), 3},
		"a euro that does not fit":     {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3},
		"67 Hindi syllables":           {strings.Repeat("\u0928\u093f", 67), 3},
		"35 Hindi syllables":           {strings.Repeat("\u0928\u093f", 35), 1},
		"66 Hindi syllables, 33 each":  {strings.Repeat("\u0928\u093f", 66), 2},
		"letters with accents apart":   {"я" + strings.Repeat("e\u0301", 66), 2},
		"hands with a skin tone":       {strings.Repeat("👍🏽", 18), 2},
		"33 hands":                     {strings.Repeat("👍🏽", 33), 3},
		"families":                     {strings.Repeat("👨‍👩‍👧‍👦", 7), 2},
		"13 families, 6 a part":        {strings.Repeat("👨‍👩‍👧‍👦", 13), 3},
		"flags":                        {strings.Repeat("🇩🇰", 33), 3},
		"Korean taken apart":           {strings.Repeat("\u1112\u1161\u11ab", 45), 3},
		"one character of many marks":  {"e" + strings.Repeat("\u0301", 200), 3},
		"letters, then many marks":     {strings.Repeat("я", 60) + "e" + strings.Repeat("\u0301", 100), 3},
		"a mark with nothing under it": {"\u0301" + strings.Repeat("я", 70), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, _ := Segments(tt.text)
			assert.Equal(t, tt.parts, SegmentsAtMost(tt.text))
			assert.GreaterOrEqual(t, tt.parts, parts)
		})
	}
}

func FuzzSegmentsAtMost(f *testing.F) {
	f.Add("नि", "👨‍👩‍👧‍👦")
	f.Add("e\u0301", "🇩🇰")
	f.Fuzz(func(t *testing.T, a, b string) {
		text := strings.Repeat(a, 30) + strings.Repeat(b, 30)
		if parts, _ := Segments(text); SegmentsAtMost(text) < parts {
			t.Fatalf("%q: %d parts are above the most", text, parts)
		}
	})
}
