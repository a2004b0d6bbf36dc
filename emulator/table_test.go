package emulator_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestATableHasALineForEachKey(t *testing.T) {
	t.Parallel()
	table := emulator.Table("# texts\n\n1 one and more\n 2  two \nempty\n")
	assert.Equal(t, map[string]string{"1": "one and more", "2": " two", "empty": ""}, table)
}

func TestParametersHaveShapes(t *testing.T) {
	t.Parallel()
	shapes := emulator.ReadShapes("IP ip\nO object\nTags strings 2 3\nRisk on|off\n")
	for name, values := range map[string]struct{ good, bad []string }{
		"IP":   {[]string{"192.0.2.1", "2001:db8::1"}, []string{"192.0.2", "192.0.2.1:80"}},
		"O":    {[]string{"{}", `{"a":1}`}, []string{"null", "[]", `"a"`, "{", "{}{}"}},
		"Tags": {[]string{"{}", `{"a":"x","äöü":"äöü"}`}, []string{"null", `{"a":1}`, `{"a":null}`, `{"a":"1234"}`, `{"1234":"a"}`, `{"a":"","b":"","c":""}`}},
		"Risk": {[]string{"on", "off", ""}, []string{"onoff", "xon", "offx"}},
	} {
		for _, value := range values.good {
			assert.Empty(t, shapes.Misfit(url.Values{name: {value}}), "%s %s", name, value)
		}
		for _, value := range values.bad {
			assert.Equal(t, name, shapes.Misfit(url.Values{name: {value}, "Other": {"x"}}), "%s %s", name, value)
		}
	}
	assert.Equal(t, "IP", shapes.Misfit(url.Values{"Risk": {"x"}, "IP": {"x"}}), "the first by name")
	assert.Panics(t, func() { emulator.ReadShapes("Tags strings") })
	assert.Panics(t, func() { emulator.ReadShapes("Risk " + strings.Repeat("(", 3)) })
}
