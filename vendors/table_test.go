package vendors

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// brought are the fields that an Option fills, since no line can hold them.
var brought = map[string][]string{
	"twilio":     {"twilio.Config.HTTPClient"},
	"bandwidth":  {"bandwidth.Config.HTTPClient"},
	"gatewayapi": {"gatewayapi.Config.HTTPClient"},
	"twilio-sms": {"twilio.MessagingConfig.HTTPClient"},
	"authy":      {"authy.Config.Directory", "authy.Config.Nonces", "authy.Config.HTTPClient"},
}

// exampled fills a Config from the examples of all its settings.
func (v vendor[C]) exampled(t *testing.T) any {
	var pairs []string
	for _, s := range v.table() {
		value := s.example
		if name, ok := strings.CutPrefix(value, envReference); ok {
			t.Setenv(name, "from the environment")
		}
		if strings.HasPrefix(value, fileReference) {
			path := filepath.Join(t.TempDir(), "secret")
			require.NoError(t, os.WriteFile(path, []byte("from a file\n"), 0o600))
			value = fileReference + path
		}
		pairs = append(pairs, strings.ReplaceAll(s.key, anyName, "pay")+"="+value)
	}
	d, err := parse(v.scheme + "://?" + strings.Join(pairs, "&"))
	require.NoError(t, err)
	c, err := v.fill(d, v.table())
	require.NoError(t, err)
	return c
}

func TestEveryFieldOfAConfigHasAKey(t *testing.T) {
	for _, s := range schemes() {
		c := s.(interface{ exampled(*testing.T) any }).exampled(t)
		assert.Equal(t, brought[s.name()], unset(reflect.ValueOf(c)), s.name())
	}
}

// The test above rings for a field without a key, be it deep inside.
func TestUnsetFindsWhatIsMissing(t *testing.T) {
	type inner struct{ A, B int }
	type outer struct {
		Inner inner
		Map   map[string]inner
		None  map[string]inner
	}
	v := outer{Inner: inner{A: 1}, Map: map[string]inner{"x": {B: 1}}}
	assert.Equal(t, []string{"vendors.inner.B", "vendors.inner.A", "vendors.outer.None"}, unset(reflect.ValueOf(v)))
}

// unset lists the exported fields of v that are zero.
func unset(v reflect.Value) []string {
	var fields []string
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case !v.Type().Field(i).IsExported():
		case f.Kind() == reflect.Struct:
			fields = append(fields, unset(f)...)
		case f.IsZero():
			fields = append(fields, v.Type().String()+"."+name)
		case f.Kind() == reflect.Map && f.Type().Elem().Kind() == reflect.Struct:
			for _, key := range f.MapKeys() {
				fields = append(fields, unset(f.MapIndex(key))...)
			}
		}
	}
	return fields
}

func TestLastLabelOfAScopeDecides(t *testing.T) {
	for key, want := range map[string]struct{ setting, name string }{
		"scope.pay":               {"scope.NAME", "pay"},
		"scope.pay.sid":           {"scope.NAME", "pay"},
		"scope.pay.eu":            {"scope.NAME", "pay.eu"},
		"scope.pay.eu.digits":     {"scope.NAME.digits", "pay.eu"},
		"scope.pay.psd2":          {"scope.NAME.psd2", "pay"},
		"scope.digits":            {"scope.NAME", "digits"},
		"scope.pay.digits.sid":    {"scope.NAME", "pay.digits"},
		"scope.pay.digits.digits": {"scope.NAME.digits", "pay.digits"},
		"scope..digits":           {"scope.NAME", ".digits"},
		"scope.a:b":               {"scope.NAME", "a:b"},
		"digits":                  {"digits", ""},
		"scope.":                  {},
		"scope":                   {},
		"scope.NAME":              {"scope.NAME", "NAME"},
		"Digits":                  {},
	} {
		s, name, ok := find(twilioVendor.table(), key)
		assert.Equal(t, want.setting != "", ok, key)
		assert.Equal(t, want.setting, s.key, key)
		assert.Equal(t, want.name, name, key)
	}
}
