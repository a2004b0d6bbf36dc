package insecuretest

import "strings"

// A fiction is a range of numbers that a regulator gives to nobody, for films and
// tests.
type fiction struct {
	prefix string // with the calling code and without the plus; x is any digit
	source string
}

// fictions are those of regulators that publish them.
var fictions = [...]fiction{
	{"1xxx55501xx", "https://www.nanpa.com/numbering/555-line-numbers"},
	{"447700900xxx", "https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama"},
	{"3363998xxxx", "https://www.arcep.fr/la-regulation/grands-dossiers-thematiques-transverses/la-numerotation.html"},
	{"61491570006", "https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works"},
	{"61491570156", "https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works"},
	{"61491570157", "https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works"},
	{"61491570158", "https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works"},
	{"61491570159", "https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works"},
}

// IsFiction reports whether nobody has this number: a regulator keeps it for films and
// tests. Few regulators do, and not all of their ranges are known here.
func IsFiction(to string) bool {
	digits, plus := strings.CutPrefix(to, "+")
	for _, f := range fictions {
		if plus && f.has(digits) {
			return true
		}
	}
	return false
}

func (f fiction) has(digits string) bool {
	if len(digits) != len(f.prefix) {
		return false
	}
	for i := range len(digits) {
		if f.prefix[i] != 'x' && f.prefix[i] != digits[i] {
			return false
		}
	}
	return true
}
