package plans_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/tests/plans"
)

func TestTheTableIsWhatTheMetadataSays(t *testing.T) {
	want, err := plans.Source()
	require.NoError(t, err)
	got, err := os.ReadFile("../../plans.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./... in tests")
	assert.Less(t, len(got), 10<<10, "it is compact")
}

// Whom metadata knows, no plan may shut out.
func TestEveryExampleNumberPasses(t *testing.T) {
	seen := 0
	pass := func(n *phonenumbers.PhoneNumber, who string) {
		to := phonenumbers.Format(n, phonenumbers.E164)
		if !verify.IsPhone(to) {
			assert.Less(t, len(to)-1, 7, who)
			return
		}
		assert.Empty(t, verify.PhoneFault(to), "%s: %s", who, to)
		seen++
	}
	data, err := phonenumbers.MetadataCollection()
	require.NoError(t, err)
	for _, m := range data.GetMetadata() {
		for _, desc := range []*phonenumbers.PhoneNumberDesc{
			m.GetGeneralDesc(), m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
			m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if national := desc.GetExampleNumber(); national != "" {
				n, err := phonenumbers.Parse("+"+strconv.Itoa(int(m.GetCountryCode()))+national, "")
				require.NoError(t, err)
				pass(n, m.GetId())
			}
		}
	}
	assert.Greater(t, seen, 1100, "all regions, all types")
}

// A person's number written down as at home, behind the calling code, is one
// phone with two spellings. Those that still pass are named here: adding one to
// the list is giving that phone a second budget.
func TestTrunkSpellingsAreRefused(t *testing.T) {
	spellings, caught := 0, 0
	var missed []string
	for _, region := range slices.Sorted(keys(phonenumbers.GetSupportedRegions())) {
		example := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
		trunk := phonenumbers.GetNddPrefixForRegion(region, true)
		if example == nil || trunk == "" {
			continue
		}
		right := phonenumbers.Format(example, phonenumbers.E164)
		code := strconv.Itoa(int(example.GetCountryCode()))
		twice := "+" + code + trunk + strings.TrimPrefix(right, "+"+code)
		if other, err := phonenumbers.Parse(twice, ""); err != nil || phonenumbers.Format(other, phonenumbers.E164) != right {
			continue // not read as the same phone
		}
		spellings++
		if verify.PhoneFault(twice) != "" {
			caught++
			continue
		}
		missed = append(missed, region)
	}
	t.Logf("%d of %d trunk spellings are caught", caught, spellings)
	assert.Equal(t, []string{"BY"}, missed, "Belarus dials 8, and has numbers of that length which begin with it")
	assert.GreaterOrEqual(t, caught, 140)
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestFormerSpellingsAreRefused(t *testing.T) {
	for name, to := range map[string]string{
		"Mexico's 1":                  "+5215512345678",
		"Argentina's 15":              "+54111523456789",
		"Argentina's 9 and 15":        "+549111523456789",
		"Brazil with a carrier":       "+550151123456789",
		"a North American 1, twice":   "+112015550123",
		"a British number, trunk 0":   "+4407400123456",
		"a German number, trunk 0":    "+49015123456789",
		"a Hungarian number, 06":      "+3606201234567",
		"a Russian number, 8":         "+789123456789",
		"a Japanese number, trunk 0":  "+8109012345678",
		"an Indian number, trunk 0":   "+9108123456789",
		"a Chinese number, trunk 0":   "+86013123456789",
		"an Indonesian one, trunk 0":  "+620812345678",
		"a Turkish number, trunk 0":   "+9005012345678",
		"an Australian one, trunk 0":  "+610412345678",
		"a South African one, with 0": "+270711234567",
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, verify.IsPhone(to))
			assert.NotEmpty(t, verify.PhoneFault(to))
		})
	}
}

func TestPlaceholdersPass(t *testing.T) {
	for _, to := range []string{"+15005550006", "+15017122661"} {
		assert.Empty(t, verify.PhoneFault(to))
	}
}
