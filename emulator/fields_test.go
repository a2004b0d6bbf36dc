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

func TestCredentialIsOfTheScheme(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	assert.Empty(t, emulator.Credential(r, "Bearer"))
	r.Header.Set("Authorization", "Bearer placeholder")
	assert.Equal(t, "placeholder", emulator.Credential(r, "Bearer"))
	assert.Empty(t, emulator.Credential(r, "Bear"))
	assert.Empty(t, emulator.Credential(r, "Token"))
}
