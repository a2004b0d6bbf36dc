package driver_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A profile is what a vendor might keep the codes of scopes apart by.
type profile struct {
	id     string
	digits int
}

func (p *profile) check() (string, error) {
	if p.id == "" {
		return "", errors.New("ID is missing")
	}
	if p.digits == 0 {
		p.digits = 6
	}
	return p.id, nil
}

func byScope(first profile, others map[string]profile) (map[string]profile, error) {
	return driver.ByScope("acme", "profile", first, others, (*profile).check)
}

func TestEachScopeHasAThingOfItsOwn(t *testing.T) {
	t.Parallel()
	found, err := byScope(profile{"a", 0}, map[string]profile{"login": {"b", 8}})
	require.NoError(t, err)
	assert.Equal(t, map[string]profile{"": {"a", 6}, "login": {"b", 8}}, found, "check fills in defaults")

	for name, test := range map[string]struct {
		first  profile
		others map[string]profile
		want   string
	}{
		"the first is wrong":             {profile{}, nil, "acme: Profile.ID is missing"},
		"another is wrong":               {profile{"a", 6}, map[string]profile{"login": {}}, "acme: Scopes.ID is missing"},
		"two share an id in other cases": {profile{"a", 6}, map[string]profile{"login": {"A", 6}}, "acme: two scopes share one profile, and so their codes"},
		"the empty scope twice":          {profile{"a", 6}, map[string]profile{"": {"b", 6}}, "acme: a name in Scopes must be 1 to 64 of [A-Za-z0-9._:-]"},
		"a name that is no scope":        {profile{"a", 6}, map[string]profile{"a b": {"b", 6}}, "acme: a name in Scopes must be 1 to 64 of [A-Za-z0-9._:-]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := byScope(test.first, test.others)
			require.EqualError(t, err, test.want)
		})
	}
}

func TestCapabilitiesNameTheLengthsOfAllScopes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		others              map[string]profile
		least, most, normal int
	}{
		"one length":          {nil, 6, 6, 6},
		"two lengths":         {map[string]profile{"a": {digits: 8}}, 6, 8, 0},
		"a shorter one":       {map[string]profile{"a": {digits: 4}}, 4, 6, 0},
		"one is not known":    {map[string]profile{"a": {}}, 0, 0, 0},
		"three of one length": {map[string]profile{"b": {digits: 6}, "a": {digits: 6}}, 6, 6, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			things := map[string]profile{"": {digits: 6}}
			for scope, p := range test.others {
				things[scope] = p
			}
			c := driver.WithScopes(verify.Capabilities{Vendor: "acme"}, things, func(p profile) int { return p.digits })
			assert.Equal(t, [3]int{test.least, test.most, test.normal}, [3]int{c.MinDigits, c.MaxDigits, c.DefaultDigits})
			assert.Len(t, c.Scopes, len(test.others), "the empty scope has no name")
			assert.IsIncreasing(t, append([]string{""}, c.Scopes...))
		})
	}
}

func TestProbeOfScopesTellsWhatIsWrongWithEach(t *testing.T) {
	t.Parallel()
	probe := func(differences func(string, []byte) ([]string, error), scopes []string, moves ...move) error {
		a, _ := newAPI(t, nil, moves...)
		return a.ProbeScopes(t.Context(), driver.ScopeProbe{
			Noun: "profile", Scopes: scopes, NotFound: "60200", Hint: "check its ID",
			Call: func(string) driver.Call { return driver.Call{Route: "/profile"} }, Differences: differences,
		})
	}
	wrong := func(string, []byte) ([]string, error) { return []string{"sends 8 digits", "is off"}, nil }
	fine := func(string, []byte) ([]string, error) { return nil, nil }

	require.NoError(t, probe(fine, []string{"", "login"}, say(200, "{}"), say(200, "{}")))
	err := probe(wrong, []string{"login", ""}, say(400, vendorError("60200")), say(200, "{}"))
	require.ErrorIs(t, err, verify.ErrRejected)
	require.ErrorContains(t, err, "the profile of the empty scope was not found: check its ID; "+
		"the profile of scope login sends 8 digits; the profile of scope login is off")
	require.ErrorIs(t, probe(fine, nil), verify.ErrUnsupported, "the client was not made by New")
	require.ErrorIs(t, probe(fine, []string{""}, say(401, vendorError("20003"))), verify.ErrUnauthorized)
	strange := func(string, []byte) ([]string, error) { return nil, errors.New("the answer speaks of another profile") }
	require.ErrorIs(t, probe(strange, []string{""}, say(200, "{}")), verify.ErrOutcomeUnknown)
}

func TestAProbeReadsAnAnswerAboutTheThingAskedFor(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]verify.Outcome{
		`{"data":{"id":"VA00"}}`: "", `{"data":{"id":"va00"}}`: "", `{"data":{"id":"VA01"}}`: unknown, `{"data":{}}`: unknown, `{"id":"VA00"}`: unknown,
	} {
		a, _ := newAPI(t, nil, say(200, body))
		err := a.ProbeScopes(t.Context(), driver.ScopeProbe{
			Noun: "profile", Scopes: []string{""}, ID: []string{"data", "id"},
			Call:        func(string) driver.Call { return driver.Call{Route: "/profiles/{id}", Args: []string{"VA00"}} },
			Differences: func(string, []byte) ([]string, error) { return []string{""}, nil },
		})
		assert.Equal(t, want, verify.OutcomeOf(err), "%s: %v", body, err)
	}
}

func TestACodeHasFourToTenDigits(t *testing.T) {
	t.Parallel()
	for digits, want := range map[int]bool{-6: false, 0: false, 3: false, 4: true, 10: true, 11: false} {
		assert.Equal(t, want, driver.IsCodeLength(digits), digits)
	}
}

func TestALabelIsOneOfAHostName(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]bool{
		"ie1": true, "us-east-1": true, "": false, "-ie1": false, "ie1-": false, "IE1": false, "ie.1": false, "ie1/": false, "ie1@x": false,
	} {
		assert.Equal(t, want, driver.IsLabel(label), label)
	}
}
