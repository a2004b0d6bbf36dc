package emulator_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestObjectIsReadOrRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		ok   bool
	}{
		"an object":            {`{"a":1}`, true},
		"with space around it": {" {\"a\":1}\n", true},
		"a list":               {`[{"a":1}]`, false},
		"null":                 {`null`, false},
		"two values":           {`{"a":1}{"a":1}`, false},
		"something behind it":  {`{"a":1}x`, false},
		"half an object":       {`{"a":1`, false},
		"a form":               {`a=1`, false},
		"nothing":              {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := emulator.ReadObject(httptest.NewRequest("POST", "/", strings.NewReader(tt.body)))
			assert.Equal(t, tt.ok, err == nil)
			assert.Equal(t, tt.ok, f.Has("a"))
			assert.False(t, f.Has("A"), "keys match to the letter")
		})
	}
}

func TestFields(t *testing.T) {
	f, _ := emulator.ReadObject(httptest.NewRequest("POST", "/", strings.NewReader(
		`{"text":"øøø","number":6.0,"big":123456789012345678901234567890,"null":null,"object":{"in":"x"}}`)))

	for key, want := range map[string]struct {
		most int
		text string
		ok   bool
	}{
		"text": {3, "øøø", true}, "number": {9, "", false}, "null": {9, "", false}, "missing": {9, "", true},
	} {
		text, ok := f.Text(key, want.most)
		assert.Equal(t, want.text, text, key)
		assert.Equal(t, want.ok, ok, key)
	}
	_, ok := f.Text("text", 2)
	assert.False(t, ok, "too long")

	for key, want := range map[string]bool{"number": true, "big": false, "text": false, "null": false, "missing": false} {
		_, ok := f.Number(key, 4, 8)
		assert.Equal(t, want, ok, key)
	}
	in, ok := f.Object("object").Text("in", 9)
	assert.Equal(t, "x", in)
	assert.True(t, ok)
	assert.False(t, f.Object("text").Has("in"))
}

func TestWhatIsNullMayCountAsNotGiven(t *testing.T) {
	f := emulator.Fields{"a": nil, "b": "", "c": false}
	assert.Equal(t, emulator.Fields{"b": "", "c": false}, f.Given())
	assert.True(t, f.Has("a"), "the fields themselves stay as they are")
	assert.False(t, emulator.Fields(nil).Given().Has("a"))
}

func TestCredentialIsOfTheScheme(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	assert.Empty(t, emulator.Credential(r, "Bearer"))
	r.Header.Set("Authorization", "Bearer placeholder")
	assert.Equal(t, "placeholder", emulator.Credential(r, "Bearer"))
	assert.Empty(t, emulator.Credential(r, "Bear"))
	assert.Empty(t, emulator.Credential(r, "Token"))
}

func TestFieldsWithoutAFault(t *testing.T) {
	f, _ := emulator.ReadObject(httptest.NewRequest("POST", "/", strings.NewReader(`{"text":"x","n":6.0,"half":6.5,"null":null}`)))
	assert.Equal(t, "x", f.String("text"))
	assert.Empty(t, f.String("n"))
	assert.Empty(t, f.String("none"))
	assert.Equal(t, 6, f.Int("n", 4))
	for _, key := range []string{"text", "half", "null", "none"} {
		assert.Equal(t, 4, f.Int(key, 4), key)
	}
	for n, in := range map[int]bool{5: false, 6: true, 7: false} {
		_, ok := f.Whole("n", n, n)
		assert.Equal(t, in, ok)
	}
}

func TestFieldsOfAFormOrOfAnObject(t *testing.T) {
	for name, tt := range map[string]struct {
		kind, body, a string
		ok            bool
	}{
		"a form":          {"application/x-www-form-urlencoded; charset=utf-8", "a=1%2B&a=2", "1+", true},
		"an object":       {"application/json", `{"a":"1"}`, "1", true},
		"no type":         {"", `{"a":"1"}`, "1", true},
		"half an escape":  {"application/x-www-form-urlencoded", "b=%2", "", false},
		"no object":       {"application/json", "a=1", "", false},
		"a form as JSON?": {"application/x-www-form-urlencoded", `{"a":"1"}`, "", true},
	} {
		r := httptest.NewRequest("POST", "/?a=query", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.kind)
		f, err := emulator.ReadFields(r)
		assert.Equal(t, tt.ok, err == nil, name)
		assert.Equal(t, tt.a, f.String("a"), name)
	}
}
