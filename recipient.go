package verify

import "strings"

// Limits of a recipient, in digits or bytes.
const (
	minPhone  = 7  // digits after the plus
	maxPhone  = 15 // ITU-T E.164 section 6
	maxEmail  = 254
	maxLocal  = 64 // RFC 5321 section 4.5.3.1.1
	maxDomain = 63 // one label: RFC 1035 section 2.3.4
)

// IsPhone reports whether to is a phone number in the one form that Send and
// Check accept: ASCII ^\+[1-9][0-9]{6,14}$, no spaces, no extension. One form is
// one key, so that no second spelling escapes a limit.
func IsPhone(to string) bool {
	digits, plus := strings.CutPrefix(to, "+")
	return plus && len(digits) >= minPhone && len(digits) <= maxPhone &&
		digits[0] != '0' && allDigits(digits)
}

// IsEmail reports whether to is an e-mail address in the form that Send and
// Check accept: ASCII, at most 254 bytes, a local part of 1 to 64 of
// [A-Za-z0-9._+'-] without leading, trailing or double dot, and a domain of two
// or more labels of letters, digits and inner hyphens.
func IsEmail(to string) bool {
	local, domain, at := strings.Cut(to, "@")
	return at && len(to) <= maxEmail && isLocalPart(local) && isDomain(domain)
}

func isLocalPart(s string) bool {
	return s != "" && len(s) <= maxLocal &&
		s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") &&
		every(s, func(c byte) bool {
			return isAlphanumeric(c) || c == '.' || c == '_' || c == '+' || c == '\'' || c == '-'
		})
}

func isDomain(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
		labels++
	}
	return labels >= 2
}

func isLabel(s string) bool {
	return s != "" && len(s) <= maxDomain && s[0] != '-' && s[len(s)-1] != '-' &&
		every(s, func(c byte) bool { return isAlphanumeric(c) || c == '-' })
}

// IsScope reports whether s is 1 to 64 of [A-Za-z0-9._:-]: what WithScope
// accepts besides the empty scope.
func IsScope(s string) bool {
	return s != "" && len(s) <= maxScope && every(s, func(c byte) bool {
		return isAlphanumeric(c) || c == '.' || c == '_' || c == ':' || c == '-'
	})
}

func every(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

// Mask returns a recipient in a form fit for logs and pages: the country
// calling code and the last two digits of a phone number ("+1…06"), the first
// letter and the domain of an e-mail address ("a…@example.com"). Of anything
// else, and of a local part of one letter, it shows nothing.
func Mask(to string) string {
	switch {
	case IsPhone(to):
		return "+" + CallingCode(to) + "…" + to[len(to)-2:]
	case IsEmail(to):
		local, domain, _ := strings.Cut(to, "@")
		if len(local) == 1 {
			return "…@" + domain
		}
		return local[:1] + "…@" + domain
	}
	return "…"
}

// CallingCode returns the country calling code of a phone number in E.164 form,
// without the plus: "1" for "+15005550006". It returns "" for anything else.
// Several countries share "1" and "7". Source: ITU-T E.164 Annex, list of
// assigned country codes, https://www.itu.int/pub/T-SP-E.164D.
func CallingCode(to string) string {
	if !IsPhone(to) {
		return ""
	}
	switch {
	case to[1] == '1' || to[1] == '7':
		return to[1:2]
	case strings.IndexByte(twoDigits[to[1]-'0'], to[2]) >= 0:
		return to[1:3]
	}
	return to[1:4]
}

// twoDigits lists, for each first digit, the second digits that end a calling
// code of two. All codes that are neither one of these nor 1 or 7 have three.
var twoDigits = [10]string{
	2: "07",
	3: "0123469",
	4: "013456789",
	5: "12345678",
	6: "0123456",
	8: "1246",
	9: "0123458",
}
