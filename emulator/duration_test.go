package emulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestDurationsOfISO8601(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT600S": 10 * time.Minute, "PT1H30M": 90 * time.Minute, "P1D": 24 * time.Hour, "P1DT10M": 24*time.Hour + 10*time.Minute, "PT0S": 0,
	} {
		got, ok := emulator.Duration(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "P", "T10M", "10M", "PT", "P1DT", "P1DT10", "PxD", "P1DT10X", "600"} {
		_, ok := emulator.Duration(text)
		assert.False(t, ok, text)
	}
}
