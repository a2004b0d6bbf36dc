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
