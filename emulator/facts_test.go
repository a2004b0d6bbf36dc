package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestFactsAreReadFromATable(t *testing.T) {
	t.Parallel()
	got := emulator.ReadFacts("# Pigeon\nScheme pigeon\nProduct Pigeon Post 2\nDigits always 6 https://pigeon.example/docs\n" +
		"End closed: see https://pigeon.example/old https://pigeon.example/end\n")
	assert.Equal(t, emulator.Facts{
		Scheme: "pigeon", Product: "Pigeon Post 2",
		Digits: emulator.Fact{Is: "always 6", URL: "https://pigeon.example/docs"},
		End:    emulator.Fact{Is: "closed: see https://pigeon.example/old", URL: "https://pigeon.example/end"},
	}, got)
}

func TestAFactWithoutASourceIsRefused(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"no source":          "Digits always 6",
		"one word":           "Digits 6",
		"nothing":            "Digits",
		"a source alone":     "Digits https://pigeon.example/docs",
		"no https":           "Digits always 6 http://pigeon.example/docs",
		"an unknown name":    "Weight always 6 https://pigeon.example/docs",
		"another upper case": "DIGITS always 6 https://pigeon.example/docs",
	} {
		t.Run(name, func(t *testing.T) {
			assert.Panics(t, func() { emulator.ReadFacts("Scheme pigeon\nProduct Pigeon\n" + line + "\n") })
		})
	}
	assert.Panics(t, func() { emulator.ReadFacts("Scheme pigeon\n") }, "no product")
	assert.Panics(t, func() { emulator.ReadFacts("Product Pigeon\n") }, "no scheme")
}
