package guard

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/areas"
)

// A Kind is what a phone number is for, where that is not ordinary.
type Kind string

// The kinds that cost more than an ordinary number, or reach no person.
const (
	Ordinary   Kind = ""
	Premium    Kind = "premium"
	SharedCost Kind = "shared"
	Satellite  Kind = "satellite"
	Personal   Kind = "personal" // forwarded at the caller's cost: +44 70
	Pager      Kind = "pager"
)

// An Area is where a phone number is from. Region is its country or territory by
// ISO 3166-1, such as "DK"; "001" for calling codes of no country; empty where the
// table knows no number of this form, as with a new area code of a shared calling
// code.
type Area struct {
	Region string
	Kind   Kind
}

// AreaOf returns the area of a phone number in E.164 form. Countries that share a
// calling code are told apart: +1 876 is Jamaica. The table is made of the metadata
// of libphonenumber when this version was released.
func AreaOf(to string) Area { return areaIn(verify.CallingCode(to), to) }

// areaIn is for a number whose calling code is known, or empty.
func areaIn(code, to string) Area {
	a := areas.Of(code, to)
	return Area{a.Region, Kind(a.Kind)}
}
