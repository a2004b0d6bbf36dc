package emulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

type options struct {
	ID      string `dsn:"id"`
	Secret  string `dsn:"secret"`
	Key     string `dsn:"key,optional"`
	Digits  int    `dsn:"digits,optional"`
	Name    string
	NewCode func(int) string
	Start   time.Time
}

var defaults = options{ID: "AC0", Secret: "s0", Key: "k0", Digits: 6, Name: "Acme", NewCode: emulator.Digits}

func TestDefaultFillsInWhatIsZero(t *testing.T) {
	got := emulator.Default(options{Secret: "s1", Digits: 8}, defaults)
	assert.Len(t, got.NewCode(4), 4)
	got.NewCode = nil
	assert.Equal(t, options{ID: "AC0", Secret: "s1", Key: "k0", Digits: 8, Name: "Acme"}, got)
}

func TestConfigureTakesWhatTheSetupChooses(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		setup    emulator.Setup
		want     options
		settings map[string]string
	}{
		"nothing": {
			want:     options{ID: "AC0", Secret: "s0", Key: "k0", Digits: 6, Name: "Acme"},
			settings: map[string]string{"id": "AC0", "secret": "s0"},
		},
		"ids and secrets": {
			setup:    emulator.Setup{Settings: map[string]string{"id": "AC1", "key": "k1", "digits": "8", "name": "x"}, Start: start},
			want:     options{ID: "AC1", Secret: "s0", Key: "k1", Digits: 8, Name: "Acme", Start: start},
			settings: map[string]string{"id": "AC1", "secret": "s0", "key": "k1", "digits": "8"},
		},
		"a number that is none": {
			setup:    emulator.Setup{Settings: map[string]string{"digits": "x"}},
			want:     options{ID: "AC0", Secret: "s0", Key: "k0", Digits: 6, Name: "Acme"},
			settings: map[string]string{"id": "AC0", "secret": "s0", "digits": "x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, settings := emulator.Configure(tt.setup, defaults)
			got.NewCode = nil
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.settings, settings)
		})
	}
	got, _ := emulator.Configure(emulator.Setup{NewCode: func(int) string { return "42" }}, defaults)
	assert.Equal(t, "42", got.NewCode(6))
}

type thing struct {
	ID     string `dsn:"id,self"`
	Digits int    `dsn:"digits"`
	Bound  bool   `dsn:"bound"`
	Sender string `dsn:"sender"`
	Name   string
}

func TestConfigureScopesTakesWhatServesEach(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given    map[string]string
		want     []thing
		settings map[string]string
	}{
		"none": {settings: map[string]string{}},
		"an id": {
			map[string]string{"scope.login": "A", "id": "B", "digits": "4"},
			[]thing{{ID: "A", Digits: 6, Name: "Acme"}},
			map[string]string{"scope.login": "A", "scope.login.digits": "6"},
		},
		"all of it, and a dot in a name": {
			map[string]string{"scope.a.b.id": "A", "scope.a.b.digits": "8", "scope.a.b.bound": "true", "scope.a.b.sender": "x", "scope.a.b.other": "y"},
			[]thing{{"A", 8, true, "x", "Acme"}},
			map[string]string{"scope.a.b": "A", "scope.a.b.digits": "8", "scope.a.b.bound": "true", "scope.a.b.sender": "x"},
		},
		"two, by name": {
			map[string]string{"scope.pay": "B", "scope.login": "A", "scope.pay.digits": "x"},
			[]thing{{ID: "A", Digits: 6, Name: "Acme"}, {ID: "B", Digits: 6, Name: "Acme"}},
			map[string]string{"scope.login": "A", "scope.login.digits": "6", "scope.pay": "B", "scope.pay.digits": "6"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]string{}
			got := emulator.ConfigureScopes(emulator.Setup{Settings: tt.given}, settings, thing{Digits: 6, Name: "Acme"})
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.settings, settings)
		})
	}
	assert.Panics(t, func() {
		emulator.ConfigureScopes(emulator.Setup{Settings: map[string]string{"scope.a": "A"}}, nil, options{})
	}, "no id is tagged")
}

func TestConfigureThingsPutsThatOfTheEmptyScopeInFront(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given    map[string]string
		want     []thing
		settings map[string]string
	}{
		"none": {nil, []thing{{ID: "0", Digits: 6}}, map[string]string{"thing_id": "0", "digits": "6"}},
		"all of it": {
			map[string]string{"thing_id": "A", "digits": "8", "bound": "true", "id": "B"},
			[]thing{{ID: "A", Digits: 8, Bound: true}}, map[string]string{"thing_id": "A", "digits": "8", "bound": "true"},
		},
		"another one": {
			map[string]string{"thing_id": "A", "digits": "8", "scope.login": "B"},
			[]thing{{ID: "A", Digits: 8}, {ID: "B", Digits: 6}},
			map[string]string{"thing_id": "A", "digits": "8", "scope.login": "B", "scope.login.digits": "6"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]string{}
			got := emulator.ConfigureThings(emulator.Setup{Settings: tt.given}, settings, "thing_id", thing{ID: "0", Digits: 6})
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.settings, settings)
		})
	}
}

func TestConfigureTellsANumberThatIsNotOptional(t *testing.T) {
	t.Parallel()
	_, settings := emulator.Configure(emulator.Setup{}, struct {
		Digits int `dsn:"digits"`
	}{6})
	assert.Equal(t, map[string]string{"digits": "6"}, settings)
}
