package vendors

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/internal/dsn"
)

// exampled fills the Config of v from the examples of all its settings.
func exampled(t *testing.T, v vendor) reflect.Value {
	table, err := dsn.NewTable(v.scheme, v.config)
	require.NoError(t, err)
	var pairs []string
	for _, s := range table.Settings {
		value := s.Example
		if name, ok := strings.CutPrefix(value, "env:"); ok {
			t.Setenv(name, "from the environment")
		}
		if strings.HasPrefix(value, "file:") {
			path := filepath.Join(t.TempDir(), "secret")
			require.NoError(t, os.WriteFile(path, []byte("from a file\n"), 0o600))
			value = "file:" + path
		}
		pairs = append(pairs, strings.ReplaceAll(s.Key, dsn.AnyName, "pay")+"="+value)
	}
	d, err := parse(v.scheme+"://?"+strings.Join(pairs, "&"), options{})
	require.NoError(t, err)
	f, err := fill(d, v.scheme, []reflect.Type{v.config}, options{})
	require.NoError(t, err)
	return f.configs[0]
}

// No line can hold a function, an interface or a client: options hand them in.
func TestEveryFieldOfAConfigHasAKey(t *testing.T) {
	for _, v := range list() {
		assert.Empty(t, unset(exampled(t, v)), v.scheme)
	}
}

// The test above rings for a field without a key, however deep inside.
func TestUnsetFindsWhatIsMissing(t *testing.T) {
	type inner struct{ A, B int }
	type outer struct {
		Inner inner
		Map   map[string]inner
		None  map[string]inner
		Any   any
	}
	v := outer{Inner: inner{A: 1}, Map: map[string]inner{"x": {B: 1}}}
	assert.Equal(t, []string{"vendors.inner.B", "vendors.inner.A", "vendors.outer.None"}, unset(reflect.ValueOf(v)))
}

// unset lists the exported fields of v that are zero, but for those whose type no
// line can hold.
func unset(v reflect.Value) []string {
	var fields []string
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch kind := f.Kind(); {
		case !v.Type().Field(i).IsExported(), kind == reflect.Interface, kind == reflect.Pointer, kind == reflect.Func:
		case kind == reflect.Struct:
			fields = append(fields, unset(f)...)
		case f.IsZero():
			fields = append(fields, v.Type().String()+"."+name)
		case kind == reflect.Map && f.Type().Elem().Kind() == reflect.Struct:
			for _, key := range f.MapKeys() {
				fields = append(fields, unset(f.MapIndex(key))...)
			}
		}
	}
	return fields
}

// Every setting has an example, which docs/dsn.md shows, and every client of HTTP
// and directory is handed over.
func TestEveryVendorIsComplete(t *testing.T) {
	for _, v := range append(list(), vendor{scheme: "failover", config: failoverConfigs[0]}) {
		table, err := dsn.NewTable(v.scheme, v.configs()...)
		require.NoError(t, err)
		parts := map[string]bool{}
		for _, s := range table.Settings {
			assert.NotEmpty(t, s.Example, "%s: %s", v.scheme, s.Key)
			assert.False(t, s.Required && s.Default != "", "%s: %s is required and has a default", v.scheme, s.Key)
			assert.False(t, s.Part != "" && parts[s.Part], "%s: two settings are the %s", v.scheme, s.Part)
			parts[s.Part] = true
		}
	}
}

func TestClientsAndDirectoriesAreHandedOver(t *testing.T) {
	client := &http.Client{}
	config := reflect.New(reflect.TypeFor[authyConfig]()).Elem()
	hand(config, client)
	hand(config, authy.Directory(new(authy.MemoryDirectory)))
	got := config.Interface().(authyConfig)
	assert.Same(t, client, got.HTTPClient)
	assert.NotNil(t, got.Directory)

	hand(config, (*http.Client)(nil))
	assert.Same(t, client, config.Interface().(authyConfig).HTTPClient, "nil is ignored")
}
