// Package input turns what people type and paste into the forms that Send and
// Check accept. For codes there is [verify.CleanCode].
//
//	to, err := input.Phone(r.FormValue("phone"))
//	if errors.Is(err, input.ErrNational) {
//		to, err = national(r.FormValue("phone"), region) // with a library that knows the plan of a region
//	}
//
// What is returned without an error is accepted by Send, unless the vendor
// refuses it. The text of an error is a sentence fit for the page; it never
// quotes what was typed.
//
// # Regions
//
// Number metadata gives some numbers to one of the regions that share a plan: a
// mobile of the Isle of Man (IM) to GB, one of Åland (AX) to FI, of Saint
// Barthélemy (BL) and Saint Martin (MF) to GP, of the Cocos Islands (CC) and
// Christmas Island (CX) to AU, of Western Sahara (EH) to MA, of Svalbard (SJ) to
// NO, of the Vatican (VA) to IT. An application that admits a list of regions
// therefore admits the whole plan of such a region, in either direction.
package input

import (
	"errors"
	"strings"
	"unicode"

	"github.com/go2fa/verify"
)

// What a page can do something about.
var (
	// ErrNational means that the number has no calling code. Only who knows the
	// region can complete it.
	ErrNational = errors.New("the number has no country code: it begins with neither + nor 00")

	// ErrLetters means that something other than a number was typed. Letters are
	// not mapped as on a keypad: an O for a zero would be another person.
	ErrLetters = errors.New("a phone number consists of digits: it has no letters and no extension")

	// ErrAmbiguous means that a 0 in brackets can belong to the number or not.
	ErrAmbiguous = errors.New("the 0 in brackets may belong to the number or not: leave it out or remove the brackets")

	// ErrBenin means a number of the plan that ended in November 2024.
	ErrBenin = errors.New("numbers in Benin have ten digits since 2024: put 01 in front of the former eight")

	// ErrEmail means that no address was typed.
	ErrEmail = errors.New("this is not an e-mail address")

	// ErrLocalPart means letters before the @ that few mail servers accept.
	ErrLocalPart = errors.New("an e-mail address may have only ASCII characters before the @")

	// ErrDots means a dot at either end of the part before the @, or two in a row.
	// Some Japanese operators gave such addresses out; they are not in the form of
	// RFC 5322, and most mail servers refuse them.
	ErrDots = errors.New("an e-mail address may have no two dots in a row, and none beside the @")

	// ErrInternational means a domain beyond ASCII, where Email was given no
	// function to convert it.
	ErrInternational = errors.New("an e-mail address may have only ASCII characters in its domain")
)

// Phone returns the one spelling of a number that was typed with its calling
// code: behind a plus or 00, in digits of any script, with spaces, dashes, dots,
// slashes and brackets. It drops what is dialled inside the country only where
// the plan leaves no doubt: "+44 (0)7400 123456", "+44 07400 123456", and the 1
// that Mexican numbers had behind +52.
func Phone(typed string) (string, error) {
	digits, err := international(verify.CleanCode(typed))
	if err != nil {
		return "", err
	}
	to, err := choose(digits)
	if err != nil {
		return "", err
	}
	if isFormerBenin(to) {
		return "", ErrBenin
	}
	if fault := verify.PhoneFault(to); fault != "" {
		return "", errors.New(fault)
	}
	return to, nil
}

// trunk stands for a 0 in brackets. No digit is behind it in ASCII.
const trunk = "T"

// international returns the digits behind the plus, with trunk in them for a 0
// in brackets.
func international(s string) (string, error) {
	s = strings.NewReplacer("\uff08", "(", "\uff09", ")", "[", "(", "]", ")", "\uff0b", "+", "\ufe62", "+", "\uff0f", "/", "\uff0e", ".").Replace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("+()./\u00b70123456789", r) }) {
		return "", ErrLetters
	}
	s = strings.ReplaceAll(s, "(0)", trunk)
	s = strings.NewReplacer("(", "", ")", "", ".", "", "/", "", "\u00b7", "").Replace(s)
	digits, ok := strings.CutPrefix(s, "+")
	if !ok {
		digits, ok = strings.CutPrefix(s, "00")
	}
	switch {
	case strings.Contains(digits, "+"):
		return "", ErrLetters
	case !ok:
		return "", ErrNational
	}
	return digits, nil
}

// choose drops a 0 in brackets behind the calling code where it can only be a
// trunk prefix, and otherwise what dropTrunk does. Brackets elsewhere mean
// nothing.
func choose(digits string) (string, error) {
	with, without := "+"+strings.ReplaceAll(digits, trunk, "0"), "+"+strings.ReplaceAll(digits, trunk, "")
	code, _, bracketed := strings.Cut(digits, trunk)
	if !bracketed || len(with)-len(without) > 1 || verify.CallingCode(without) != code {
		return dropTrunk(with), nil
	}
	long, short := verify.PhoneFault(with) == "", verify.PhoneFault(without) == ""
	switch {
	case long && short:
		return "", ErrAmbiguous
	case long:
		return with, nil
	}
	return without, nil
}

// dropTrunk drops the digit behind the calling code if it is a 0, or Mexico's 1,
// that the plan refuses there.
func dropTrunk(to string) string {
	code := verify.CallingCode(to)
	if code == "" || verify.PhoneFault(to) == "" {
		return to
	}
	prefix, number := to[:1+len(code)], to[1+len(code):]
	shorter := prefix + number[1:]
	if (number[0] == '0' || code == "52" && number[0] == '1') && verify.PhoneFault(shorter) == "" {
		return shorter
	}
	return to
}

// isFormerBenin knows the numbers of eight digits that got a 01 in front on 30
// November 2024. Those that begin with 8 stayed.
func isFormerBenin(to string) bool {
	number, ok := strings.CutPrefix(to, "+229")
	return ok && len(number) == 8 && number[0] != '8' && verify.IsPhone(to)
}

// Email returns an address that was typed, with what keyboards and clipboards
// add removed: spaces around it, invisible characters, full-width characters,
// a dot behind the domain.
//
// A domain beyond ASCII is converted by toASCII, for which golang.org/x/net/idna
// has idna.Lookup.ToASCII; with nil it is [ErrInternational]. This package has no
// conversion of its own: done right it needs the tables of IDNA 2008 and of
// Unicode's normal forms, and a domain that is converted wrongly sends the code
// to the owner of that one.
func Email(typed string, toASCII func(domain string) (string, error)) (string, error) {
	typed = strings.TrimSpace(strings.Map(halfWidth, typed))
	local, domain, at := strings.Cut(typed, "@")
	domain = strings.TrimRight(domain, ".\u3002")
	switch {
	case !at || local == "" || domain == "":
		return "", ErrEmail
	case !isASCII(local):
		return "", ErrLocalPart
	case strings.Contains(local, "..") || local[0] == '.' || local[len(local)-1] == '.':
		return "", ErrDots
	case isASCII(domain):
	case toASCII == nil:
		return "", ErrInternational
	default:
		var err error
		if domain, err = toASCII(domain); err != nil {
			return "", ErrEmail // the library's error quotes the domain
		}
	}
	to := local + "@" + domain
	if !verify.IsEmail(to) {
		return "", ErrEmail
	}
	return to, nil
}

// halfWidth maps the full-width forms of ASCII and drops what cannot be seen,
// but for the joiners: some languages write domains with them.
func halfWidth(r rune) rune {
	switch {
	case '\uff01' <= r && r <= '\uff5e':
		return r - '\uff01' + '!'
	case r == '\u200c' || r == '\u200d':
		return r
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
