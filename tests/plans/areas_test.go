package plans_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/tests/plans"
)

func TestTheAreasAreWhatTheMetadataSays(t *testing.T) {
	want, err := plans.Areas()
	require.NoError(t, err)
	got, err := os.ReadFile("../../internal/areas/areas.txt")
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run go generate ./... in tests")
	assert.Less(t, len(got), 20<<10, "it is compact")
}

var kinds = map[phonenumbers.PhoneNumberType]guard.Kind{
	phonenumbers.PREMIUM_RATE: guard.Premium, phonenumbers.SHARED_COST: guard.SharedCost,
	phonenumbers.PERSONAL_NUMBER: guard.Personal, phonenumbers.PAGER: guard.Pager,
}

// satellite networks and universal personal numbers are of one kind by their calling
// codes, whatever the metadata says.
var byCode = map[int32]guard.Kind{870: guard.Satellite, 881: guard.Satellite, 882: guard.Satellite, 883: guard.Satellite, 878: guard.Personal}

// The region and the kind of every example number of all regions and types agree
// with the library's own answers. Those that the library itself finds in another
// region than that of the example are listed: their plans share these numbers.
func TestEveryExampleNumberIsInItsArea(t *testing.T) {
	data, err := phonenumbers.MetadataCollection()
	require.NoError(t, err)
	regions, seen := map[string]bool{}, 0
	var elsewhere []string
	for _, m := range data.GetMetadata() {
		for _, desc := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
			m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			national := desc.GetExampleNumber()
			to := "+" + strconv.Itoa(int(m.GetCountryCode())) + national
			if national == "" || !verify.IsPhone(to) {
				continue
			}
			n, err := phonenumbers.Parse(to, "")
			require.NoError(t, err)
			got := guard.AreaOf(to)
			assert.Equal(t, phonenumbers.GetRegionCodeForNumber(n), got.Region, to)
			kind, whole := byCode[m.GetCountryCode()]
			if !whole {
				kind = kinds[phonenumbers.GetNumberType(n)]
			}
			assert.Equal(t, kind, got.Kind, "%s of %s", to, m.GetId())
			if got.Region != m.GetId() && (desc == m.GetFixedLine() || desc == m.GetMobile()) {
				elsewhere = append(elsewhere, m.GetId()+" in "+got.Region)
			}
			regions[m.GetId()] = true
			seen++
		}
	}
	slices.Sort(elsewhere)
	elsewhere = slices.Compact(elsewhere)
	t.Logf("%d example numbers of %d regions", seen, len(regions))
	assert.GreaterOrEqual(t, len(regions), 240)
	assert.Greater(t, seen, 1000)
	assert.Equal(t, sharedExamples, elsewhere)
}

// sharedExamples are regions some of whose numbers nobody can tell from those of a
// neighbour: the plan gives them to both.
var sharedExamples = []string{
	"AX in FI", "BL in GP", "CC in AU", "CX in AU", "EH in MA", "IM in GB", "MF in BL", "MF in GP", "SJ in NO", "VA in IT",
}

// Numbers at random behind each calling code that is shared: where the library names
// a region, the guard names the same one.
func TestRandomNumbersOfSharedCallingCodesAreInTheirRegion(t *testing.T) {
	all, err := plans.All()
	require.NoError(t, err)
	dice := rand.New(rand.NewPCG(1, 2))
	shared, known, unknown := 0, 0, 0
	for _, p := range all {
		if len(p.Regions) < 2 {
			continue
		}
		shared++
		for range 3000 {
			digits := p.Lengths[dice.IntN(len(p.Lengths))]
			code, national := int32(p.Code), uint64(dice.Int64N(int64(math.Pow10(digits))))
			n := &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &national}
			to := phonenumbers.Format(n, phonenumbers.E164)
			want := phonenumbers.GetRegionCodeForNumber(n)
			if !verify.IsPhone(to) || want == "" {
				continue
			}
			known++
			if got := guard.AreaOf(to).Region; got == "" {
				unknown++
			} else {
				assert.Equal(t, want, got, to)
			}
		}
	}
	t.Logf("%d numbers of %d shared calling codes, %d in no region", known, shared, unknown)
	assert.GreaterOrEqual(t, shared, 12)
	assert.Greater(t, known, 5000)
	assert.Zero(t, unknown)
}
