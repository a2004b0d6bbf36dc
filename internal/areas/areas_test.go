package areas

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAreas(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code, to string
		want     Area
	}{
		"a country of its own":      {"45", "+4512345678", Area{Region: "DK"}},
		"one of many":               {"1", "+18765550123", Area{Region: "JM"}},
		"a number that costs":       {"45", "+4590123456", Area{"DK", "premium"}},
		"no country":                {"882", "+88212345678", Area{"001", "satellite"}},
		"an area code that is new":  {"1", "+12005550123", Area{}},
		"a code that nobody has":    {"210", "+21012345678", Area{}},
		"no phone number":           {"", "a@example.com", Area{}},
		"a length decides the area": {"1", "+13125550123", Area{Region: "US"}},
	} {
		assert.Equal(t, tc.want, Of(tc.code, tc.to), name)
	}
	assert.True(t, IsCode("1") && IsCode("882") && IsRegion("DK"))
	assert.False(t, IsCode("210") || IsCode("") || IsRegion("") || IsRegion("dk"))
}

// A label of metrics is a region, or a calling code of which not every number has one.
func TestThereAre265Countries(t *testing.T) {
	t.Parallel()
	regions, none := map[string]bool{}, map[string]bool{}
	for code := range table().codes {
		none[code] = true
	}
	for line := range strings.Lines(areasText) {
		name, prefixes, _ := strings.Cut(strings.TrimSpace(line), ":")
		words := strings.Fields(name)
		switch {
		case words[0] == "#" || words[1] == "001":
			continue
		case prefixes == " *":
			delete(none, words[0])
		}
		regions[words[1]] = true
	}
	assert.Equal(t, 265, len(regions)+len(none))
}
