package main

import (
	"errors"
	"slices"

	"github.com/nyaruka/phonenumbers"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/input"
)

// What a person is told about a number that cannot be taken.
const (
	noNumber  = "This does not look like a phone number. Type its digits, with the country code if it is from abroad."
	noLetters = "Please type the digits: a phone number has no letters here, and no extension."
	noRegion  = "We cannot send codes to numbers of this country."
	noMobile  = "We cannot send text messages to this kind of number. A mobile number works."
	noBenin   = "Benin's numbers have ten digits since 2024: put 01 in front of the former eight."
)

// normalize returns the one spelling of a number that was typed in a region, or
// says why it cannot be taken. Package input reads what has a country code; what
// has none takes the plan of the region, which is phonenumbers' to know.
func normalize(typed, region string, regions []string) (to, refusal string) {
	if !slices.Contains(regions, region) {
		region = regions[0]
	}
	to, err := input.Phone(typed)
	switch {
	case errors.Is(err, input.ErrLetters):
		return "", noLetters
	case errors.Is(err, input.ErrBenin):
		return "", noBenin
	case err != nil: // national, or dialed from abroad in the way of the region
		to = verify.CleanCode(typed)
	}
	n, err := phonenumbers.Parse(to, region)
	if err != nil || n.GetExtension() != "" {
		return "", noNumber
	}
	to, err = input.Phone(phonenumbers.Format(n, phonenumbers.E164)) // the plan's own digits once more
	if errors.Is(err, input.ErrBenin) {
		return "", noBenin
	}
	if n, _ = phonenumbers.Parse(to, region); err != nil || !phonenumbers.IsValidNumber(n) {
		return "", noNumber
	}
	if !admits(regions, n) {
		return "", noRegion
	}
	if !textable(n) {
		return "", noMobile
	}
	return to, ""
}

// admits reports whether a number is of one of the regions. Regions that share a
// plan cannot be told apart everywhere: a mobile of the Isle of Man is one of
// GB's in the metadata, and so is admitted by either.
func admits(regions []string, n *phonenumbers.PhoneNumber) bool {
	if slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(n)) {
		return true
	}
	return slices.ContainsFunc(regions, func(r string) bool { return phonenumbers.IsValidNumberForRegion(n, r) })
}

// textable leaves out what cannot get a text, and what is dear to send one to.
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
