package main

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
)

func TestNumbersInAnySpelling(t *testing.T) {
	all := []string{"US", "GB", "DK", "IT", "MX", "BJ"}
	tests := map[string]struct {
		typed, region string
		want, refusal string
	}{
		"as vendors want it":            {"+15005550006", "US", "+15005550006", ""},
		"as Americans write it":         {"(500) 555-0006", "US", "+15005550006", ""},
		"with points":                   {"500.555.0006", "US", "+15005550006", ""},
		"with the code and no plus":     {"1 500 555 0006", "US", "+15005550006", ""},
		"dialed from abroad":            {"011 1 500 555 0006", "US", "+15005550006", ""},
		"in wide digits":                {"＋１ ５００ ５５５ ０００６", "US", "+15005550006", ""},
		"with hyphens of a typesetter":  {"500\u2011555\u20110006", "US", "+15005550006", ""},
		"from abroad, another country":  {"+45 20 12 34 56", "US", "+4520123456", ""},
		"national, another country":     {"20 12 34 56", "DK", "+4520123456", ""},
		"a region that is not offered":  {"(500) 555-0006", "XX", "+15005550006", ""},
		"with a trunk zero":             {"+44 (0)7400 123456", "GB", "+447400123456", ""},
		"an O for a zero":               {"+1 500 555 OOO6", "US", "", noLetters},
		"an extension":                  {"+1 500 555 0006;ext=12", "US", "", noLetters},
		"an extension with an x":        {"+1 500 555 0006 x9", "US", "", noLetters},
		"a context of another's":        {"tel:5550006;phone-context=evil.example", "US", "", noLetters},
		"a second line":                 {"+15005550006\n+15017122661", "US", "", noLetters},
		"with a direction mark":         {"\u202a+15005550006", "US", "+15005550006", ""},
		"in Arabic digits":              {"٥٠٠ ٥٥٥ ٠٠٠٦", "US", "+15005550006", ""},
		"Mexico's, as it was stored":    {"+52 1 55 1234 5678", "US", "+525512345678", ""},
		"Mexico's, as it is":            {"+52 55 1234 5678", "US", "+525512345678", ""},
		"Benin's, as it was":            {"+229 90 01 12 34", "US", "", noBenin},
		"Benin's, as it was, at home":   {"90 01 12 34", "BJ", "", noBenin},
		"Benin's, as it is":             {"+229 01 90 01 12 34", "US", "+2290190011234", ""},
		"nothing":                       {"", "US", "", noNumber},
		"too short":                     {"12", "US", "", noNumber},
		"two numbers":                   {"+1+15005550006", "US", "", noLetters},
		"a country that is not allowed": {"+33 6 12 34 56 78", "US", "", noRegion},
		"Grenada, which shares +1":      {"+1 473 403 1234", "US", "", noRegion},
		"a satellite":                   {"+870 776 123 456", "US", "", noRegion},
		"premium":                       {"+1 900 234 5678", "US", "", noMobile},
		"toll-free":                     {"+1 800 234 5678", "US", "", noMobile},
		"a personal number, dear":       {"+44 70 1234 5678", "GB", "", noMobile},
		"a landline":                    {"+44 20 7946 0958", "GB", "", noMobile},
		"very long":                     {"+1500555000600000000000", "US", "", noNumber},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, refusal := normalize(tc.typed, tc.region, all)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.refusal, refusal)
		})
	}
	assert.Equal(t, "+1 500-555-0006", pretty("+15005550006"))
}

func TestRegions(t *testing.T) {
	list, unknown := regionList([]string{"US", "DK"})
	assert.Empty(t, unknown)
	assert.Equal(t, []region{{"US", "United States", 1}, {"DK", "Denmark", 45}}, list)
	_, unknown = regionList([]string{"US", "usa"})
	assert.Equal(t, "usa", unknown)
}

// TestARegionAdmitsItsOwnNumbers has a list with one region that shares its plan
// admit the numbers of that region, typed as at home and from abroad.
func TestARegionAdmitsItsOwnNumbers(t *testing.T) {
	for _, region := range []string{"IM", "GG", "JE", "AX", "BL", "MF", "CC", "CX", "EH", "SJ", "VA"} {
		n := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
		want := phonenumbers.Format(n, phonenumbers.E164)
		for _, form := range []phonenumbers.PhoneNumberFormat{phonenumbers.NATIONAL, phonenumbers.INTERNATIONAL} {
			got, refusal := normalize(phonenumbers.Format(n, form), region, []string{region})
			assert.Equal(t, want, got, "%s: %s", region, refusal)
		}
	}
	_, refusal := normalize("+1 473 403 1234", "US", []string{"US", "IM"})
	assert.Equal(t, noRegion, refusal, "Grenada shares +1, and can be told apart")
}
