package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go2fa/verify"
	"github.com/nyaruka/phonenumbers"
)

// What a person is told about a number that cannot be taken.
const (
	noNumber  = "This does not look like a phone number. Type its digits, with the country code if it is from abroad."
	noLetters = "Please type the digits: a phone number has no letters here, and no extension."
	noRegion  = "We cannot send codes to numbers of this country."
	noMobile  = "We cannot send text messages to this kind of number. A mobile number works."
)

// normalize returns the one spelling of a number that was typed in a region, or
// says why it cannot be taken. Letters are refused, since phonenumbers reads them
// as on a keypad: an O for a zero would be somebody else's number.
func normalize(typed, region string, regions []string) (to, refusal string) {
	typed = strings.TrimSpace(typed)
	if strings.ContainsFunc(typed, isForeign) {
		return "", noLetters
	}
	if !slices.Contains(regions, region) {
		region = regions[0]
	}
	n, err := phonenumbers.Parse(typed, region)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", noNumber
	}
	if !slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(n)) {
		return "", noRegion
	}
	if !textable(n) {
		return "", noMobile
	}
	to = phonenumbers.Format(n, phonenumbers.E164)
	if !verify.IsPhone(to) {
		return "", noNumber
	}
	return to, ""
}

// isForeign allows digits of any script and what people put between them.
func isForeign(r rune) bool {
	return !unicode.IsDigit(r) && !unicode.Is(unicode.Zs, r) && !unicode.Is(unicode.Pd, r) && !strings.ContainsRune("+＋()./", r)
}

// textable leaves out what cannot get a text, and what costs whoever sends one.
// Of personal numbers only those of +1 are taken: +44 70 is dear, and +1 500 is
// where vendors have their test numbers.
func textable(n *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	case phonenumbers.PERSONAL_NUMBER:
		return n.GetCountryCode() == 1
	}
	return false
}

// pretty shows a whole number back, for its owner to read.
func pretty(to string) string {
	n, err := phonenumbers.Parse(to, "")
	if err != nil {
		return verify.Mask(to)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// A region is one line of the list of countries.
type region struct {
	Code, Name string
	Calling    int
}

var regionNames = map[string]string{
	"AT": "Austria", "BE": "Belgium", "CA": "Canada", "CH": "Switzerland", "DE": "Germany", "DK": "Denmark",
	"ES": "Spain", "FI": "Finland", "FR": "France", "GB": "United Kingdom", "IE": "Ireland", "IT": "Italy",
	"NL": "Netherlands", "NO": "Norway", "PL": "Poland", "PT": "Portugal", "SE": "Sweden", "US": "United States",
}

// regionList returns the regions in their order, and the first one that is not known.
func regionList(codes []string) (list []region, unknown string) {
	for _, code := range codes {
		calling := phonenumbers.GetCountryCodeForRegion(code)
		if calling == 0 {
			return nil, code
		}
		name := regionNames[code]
		if name == "" {
			name = code
		}
		list = append(list, region{code, name, calling})
	}
	return list, ""
}
