package spellings

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/runenames"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/input"
)

// CleanCode takes a digit's place in its run for its value; the names say it in
// words.
func TestDigitsMeanWhatTheirNamesSay(t *testing.T) {
	words := []string{"ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"}
	seen := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.Is(unicode.Nd, r) {
			continue
		}
		name := runenames.Name(r)
		if name == "" {
			continue // newer than the names
		}
		got := verify.CleanCode(string(r))
		require.Len(t, got, 1, name)
		assert.Contains(t, strings.Fields(strings.ReplaceAll(name, "-", " ")), words[got[0]-'0'], "%U %s", r, name)
		seen++
	}
	assert.GreaterOrEqual(t, seen, 600)
}

func TestInternationalDomains(t *testing.T) {
	tests := map[string]struct{ typed, want string }{
		"German":                     {"a@m\u00fcller.de", "a@xn--mller-kva.de"},
		"in decomposed form":         {"a@mu\u0308ller.de", "a@xn--mller-kva.de"},
		"in upper case":              {"a@M\u00dcLLER.de", "a@xn--mller-kva.de"},
		"a sharp s is no double s":   {"a@stra\u00dfe.de", "a@xn--strae-oqa.de"},
		"Chinese":                    {"a@\u4f8b\u5b50.\u4e2d\u56fd", "a@xn--fsqu00a.xn--fiqs8s"},
		"an ideographic stop inside": {"a@\u4f8b\u5b50\u3002\u4e2d\u56fd", "a@xn--fsqu00a.xn--fiqs8s"},
		"full-width letters":         {"a@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "a@example.com"},
		"Hindi, with combined marks": {"a@\u092a\u0930\u0940\u0915\u094d\u0937\u093e.example", "a@xn--11b5bs3a9aj6g.example"},
		"Persian, with a non-joiner": {"a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "a@xn--mgba3gch31f060k.example"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := input.Email(tc.typed, idna.Lookup.ToASCII)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
			assert.True(t, verify.IsEmail(got))
		})
	}
	for name, typed := range map[string]string{
		"a label beginning with -": "a@-\u00fc.example",
		"both directions at once":  "a@\u05d0a.example",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := input.Email(typed, idna.Lookup.ToASCII)
			assert.Equal(t, input.ErrEmail, err)
		})
	}
}
