package emulator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestParts(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want int
	}{
		"no text":                        {"", 1},
		"160 letters":                    {strings.Repeat("x", 160), 1},
		"161 letters":                    {strings.Repeat("x", 161), 2},
		"306 letters":                    {strings.Repeat("x", 306), 2},
		"307 letters":                    {strings.Repeat("x", 307), 3},
		"a euro sign takes two":          {strings.Repeat("€", 81), 2},
		"70 characters of UCS-2":         {strings.Repeat("代", 70), 1},
		"71 characters of UCS-2":         {strings.Repeat("代", 71), 2},
		"an emoji is two units":          {strings.Repeat("😀", 36), 2},
		"one character makes all UCS-2s": {strings.Repeat("x", 70) + "ç", 2},
	} {
		assert.Equal(t, tt.want, emulator.Parts(tt.text), name)
	}
}

func TestGSM7ReplacesWhatItLacks(t *testing.T) {
	assert.Equal(t, "Kode: [1] er din, 1 € ?, ??", emulator.GSM7("Kode: [1] er din, 1 € ç, 代码"))
}
