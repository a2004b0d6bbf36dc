package emulator_test

import (
	"net/http/httptest"
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

func TestFieldsHaveShapes(t *testing.T) {
	t.Parallel()
	shapes := emulator.ReadShapes("Name! .{1,3}\nDigits whole 4 8\nNote [a-z]*\nShort text 1 2\n")
	for name, tt := range map[string]struct{ body, fault string }{
		"what must be":        {`{"Name":"a"}`, ""},
		"all":                 {`{"Name":"\n\n\n","Digits":4.0,"Note":""}`, ""},
		"nothing":             {`{}`, "Name"},
		"null":                {`{"Name":null}`, "Name"},
		"a number for a text": {`{"Name":1}`, "Name"},
		"too long":            {`{"Name":"abcd"}`, "Name"},
		"a text for a number": {`{"Name":"a","Digits":"4"}`, "Digits"},
		"no whole number":     {`{"Name":"a","Digits":4.5}`, "Digits"},
		"too low":             {`{"Name":"a","Digits":3}`, "Digits"},
		"too high":            {`{"Name":"a","Digits":9}`, "Digits"},
		"another letter case": {`{"name":"a"}`, "Name"},
		"an optional one":     {`{"Name":"a","Note":"A"}`, "Note"},
		"a short text":        {`{"Name":"a","Short":"øø"}`, ""},
		"not that short":      {`{"Name":"a","Short":"øøø"}`, "Short"},
		"an empty one":        {`{"Name":"a","Short":""}`, "Short"},
		"the first by name":   {`{"Name":"abcd","Digits":9,"Note":"A"}`, "Digits"},
	} {
		f, _ := emulator.ReadObject(httptest.NewRequest("POST", "/", strings.NewReader(tt.body)))
		assert.Equal(t, tt.fault, shapes.Fault(f), name)
	}
	assert.Equal(t, []string{"Digits", "Name"}, shapes.Faults(emulator.Fields{"Digits": "4"}))
	assert.Equal(t, "Digits", shapes.Misfit(url.Values{"Digits": {"4"}}), "a form has no numbers")
	assert.Panics(t, func() { emulator.ReadShapes("Digits whole 4") })
}

func TestShapesSayWhyAFieldIsWrong(t *testing.T) {
	t.Parallel()
	shapes := emulator.ReadShapes("Name! [a-z]{1,3}\nDigits whole 4 8\nUntil lifetime 600\n")
	for name, tt := range map[string]struct{ body, field, why string }{
		"nothing is":            {`{"Name":"a"}`, "Name", ""},
		"it is not there":       {`{}`, "Name", emulator.Missing},
		"it need not be there":  {`{}`, "Digits", ""},
		"a number for a text":   {`{"Name":1}`, "Name", emulator.Kind},
		"an object for a text":  {`{"Name":{}}`, "Name", emulator.Kind},
		"another text":          {`{"Name":"A"}`, "Name", emulator.Value},
		"a text for a number":   {`{"Digits":"4"}`, "Digits", emulator.Kind},
		"no whole number":       {`{"Digits":4.5}`, "Digits", emulator.Kind},
		"the least":             {`{"Digits":4}`, "Digits", ""},
		"below the least":       {`{"Digits":3}`, "Digits", emulator.Low},
		"above the most":        {`{"Digits":9}`, "Digits", emulator.High},
		"seconds":               {`{"Until":600}`, "Until", ""},
		"too many seconds":      {`{"Until":601}`, "Until", emulator.High},
		"no seconds":            {`{"Until":0}`, "Until", emulator.Low},
		"half a second":         {`{"Until":0.5}`, "Until", emulator.Kind},
		"a duration":            {`{"Until":"PT10M"}`, "Until", ""},
		"a duration of nothing": {`{"Until":"PT0S"}`, "Until", emulator.Value},
		"too long a duration":   {`{"Until":"PT10M1S"}`, "Until", emulator.Value},
		"a time":                {`{"Until":"2026-01-02T03:14:05Z"}`, "Until", ""},
		"neither":               {`{"Until":"soon"}`, "Until", emulator.Value},
	} {
		f, _ := emulator.ReadObject(httptest.NewRequest("POST", "/", strings.NewReader(tt.body)))
		assert.Equal(t, tt.why, shapes.Why(f, tt.field), name)
	}
}
