package verify

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a recipient, in digits or bytes.
const (
	minPhone  = 7  // digits after the plus
	maxPhone  = 15 // ITU-T E.164 section 6
	minShown  = 8  // digits after the calling code, for Mask to show two
	maxEmail  = 254
	maxLocal  = 64 // RFC 5321 section 4.5.3.1.1
	maxDomain = 63 // one label: RFC 1035 section 2.3.4
)

// IsPhone reports whether to has the one form of a phone number that Send and
// Check accept: ASCII ^\+[1-9][0-9]{6,14}$, no spaces, no extension. They also
// refuse a number that its country's plan rules out: [PhoneFault] says which. One
// form is one key, so that no second spelling escapes a limit.
//
// The placeholder +15005550006 is valid in this sense and for most libraries,
// but its kind is "personal number": an application that accepts mobile numbers
// only refuses it.
func IsPhone(to string) bool {
	digits, plus := strings.CutPrefix(to, "+")
	return plus && len(digits) >= minPhone && len(digits) <= maxPhone &&
		digits[0] != '0' && allDigits(digits)
}

// PhoneFault returns why Send and Check refuse to as a phone number, in one
// sentence that does not quote it, or an empty string. Besides the form it looks
// at the plan of the calling code, in three rules that leave one spelling to
// each phone:
//
//   - a 0 after the calling code is refused where it is the prefix of calls
//     inside the country and no number begins with it (+44 07400...), where some
//     begin with 00 unless another 0 follows;
//   - so is a 0 or 1 after +1;
//   - so is a count of digits that no number of the plan has, such as that of
//     Mexico's former +52 1 and of a 15 within Argentina's numbers.
//
// A calling code whose plan is not known passes. The plans are those of
// libphonenumber when this version was released.
func PhoneFault(to string) string {
	if !IsPhone(to) {
		return "the recipient is not a phone number in E.164 form"
	}
	code := CallingCode(to)
	number := to[1+len(code):]
	index, _ := strconv.Atoi(code) // one to three digits
	return plans[index].fault(code, number)
}

// A plan says what may follow a calling code: bit n is set if n digits may, from
// four on. Zero is a plan that is not known.
type plan uint16

const (
	noZero  plan = 1 << iota // no number begins with 0, but for those with 00
	noZeros                  // nor with 00
)

// fault says which digit of a phone number breaks the plan, counted from the
// first one of the calling code.
func (p plan) fault(code, number string) string {
	first, last := len(code)+1, len(code)+len(number)
	switch {
	case p == 0:
		return ""
	case p.isTrunk(number):
		return fmt.Sprintf("digit %d of the phone number is a 0 that is dialled inside the country only: leave it out after +%s", first, code)
	case code == "1" && number[0] <= '1':
		return fmt.Sprintf("digit %d of the phone number is a %c: no number begins with it after +1", first, number[0])
	case p>>len(number)&1 != 0:
		return ""
	case code == "52" && number[0] == '1' && len(number) == 11: // IFT's dialling plan of August 2019
		return "digit 3 of the phone number is a 1 that Mexico gave up in 2019: leave it out after +52"
	case p>>len(number) != 0:
		return fmt.Sprintf("the phone number ends too early at digit %d: %s", last, p.lengths(code))
	}
	return fmt.Sprintf("the phone number is too long at digit %d: %s", last, p.lengths(code))
}

// isTrunk reports whether the 0 in front can only be a trunk prefix.
func (p plan) isTrunk(number string) bool {
	if number[0] != '0' {
		return false
	}
	return p&noZeros != 0 || p&noZero != 0 && number[1] != '0'
}

// lengths says how many digits may follow the calling code: "7, 9 or 10 digits
// follow +44".
func (p plan) lengths(code string) string {
	var all []string
	for n := 4; n <= maxPhone; n++ {
		if p>>n&1 != 0 {
			all = append(all, strconv.Itoa(n))
		}
	}
	return orList(all) + " digits follow +" + code
}

// orList joins words as a sentence does: "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// IsEmail reports whether to is an e-mail address in the form that Send and
// Check accept: ASCII, at most 254 bytes, a local part of 1 to 64 bytes and a
// domain of two or more labels of letters, digits and inner hyphens.
//
// A local part holds what RFC 5322 section 3.2.3 calls a dot-atom: letters,
// digits, any of !#$%&'*+-/=?^_`{|}~ and single dots within. Quoted local parts
// are refused, and so are dots elsewhere (x..y@docomo.ne.jp, x.@docomo.ne.jp, as
// Japanese operators once gave them out): mail can carry those in quotes only, so
// that one mailbox would have two spellings, and most vendors and mail servers
// refuse them.
//
// Package input turns an international domain into this form.
func IsEmail(to string) bool {
	local, domain, at := strings.Cut(to, "@")
	return at && len(to) <= maxEmail && isLocalPart(local) && isDomain(domain)
}

func isLocalPart(s string) bool {
	return s != "" && len(s) <= maxLocal &&
		s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") &&
		every(s, func(c byte) bool { return isAtom(c) || c == '.' })
}

// isAtom reports whether c is atext: RFC 5322 section 3.2.3.
func isAtom(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
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
	return s != "" && len(s) <= maxScope && every(s, isScopeByte)
}

func isScopeByte(c byte) bool {
	return isAlphanumeric(c) || c == '.' || c == '_' || c == ':' || c == '-'
}

// maxAccount is the longest account id, in bytes.
const maxAccount = 128

// IsAccount reports whether s is an account id, which a [Checker] whose
// Capabilities say Accounts takes in place of a recipient: 1 to 128 bytes of valid
// UTF-8 without control characters. Ids are compared byte for byte.
func IsAccount(s string) bool {
	return s != "" && len(s) <= maxAccount && utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
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
// letter and the domain of an e-mail address ("a…@example.com"). A number of
// fewer than 8 digits after the calling code is shown as its calling code alone
// ("+690…"), since two digits of so few would leave a handful of candidates. It
// hides all of a local part of one letter, and all of anything else.
func Mask(to string) string {
	switch {
	case IsPhone(to):
		code := CallingCode(to)
		if len(to)-1-len(code) < minShown {
			return "+" + code + "…"
		}
		return "+" + code + "…" + to[len(to)-2:]
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
// without the plus: "44" for "+447400123456". It returns "" for anything else.
//
// A calling code is not a country. It is "1" for the United States, Canada and
// the 23 other countries and territories of North America and the Caribbean, so
// that a list of calling codes cannot tell Jamaica (+1 876) from the United
// States; "7", "44", "39", "47", "61", "212", "262", "290", "358", "590" and "599"
// are shared as well. Source: ITU-T E.164 Annex, list of assigned country codes,
// https://www.itu.int/pub/T-SP-E.164D.
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
