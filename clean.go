package verify

import (
	"strings"
	"unicode"
)

// CleanCode returns the code that a person meant by what was typed or pasted:
// digits of any script become ASCII digits, full-width letters become ASCII
// letters, and spaces, dashes, invisible characters and a full stop at the end
// are dropped. Everything else stays as it is, so that Check refuses it; letters
// stay, since some vendors' codes have them.
//
// Check is strict and does none of this by itself: pass it CleanCode's result.
func CleanCode(typed string) string {
	return strings.TrimRight(strings.Map(cleanRune, typed), ".\u3002\uff0e\uff61")
}

func cleanRune(r rune) rune {
	switch {
	case '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
		return r
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	case '\uff21' <= r && r <= '\uff3a':
		return r - '\uff21' + 'A'
	case '\uff41' <= r && r <= '\uff5a':
		return r - '\uff41' + 'a'
	case unicode.IsSpace(r), unicode.In(r, unicode.Zs, unicode.Cf, unicode.Pd),
		r == '\u2212', r == '\u30fc': // the minus sign, and what Japanese keyboards have for a dash
		return -1
	}
	return r
}

// digitValue returns what a decimal digit stands for. Digits come in runs of ten
// from zero to nine: The Unicode Standard, section 4.6.
func digitValue(r rune) rune {
	for _, run := range unicode.Nd.R16 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return (r - rune(run.Lo)) % 10
		}
	}
	for _, run := range unicode.Nd.R32 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) { //nolint:gosec // code points fit a rune
			return (r - rune(run.Lo)) % 10 //nolint:gosec // code points fit a rune
		}
	}
	return 0 // not reached: Nd has nothing else
}
