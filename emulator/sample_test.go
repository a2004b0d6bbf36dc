package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestSampleIsWrittenAsADSN(t *testing.T) {
	const base = "http://127.0.0.1:4010"
	settings := map[string]string{"id": "AC1", "secret": "a b/?#@:%&=é", "service": "VA1", "from": "+15017122661"}
	for name, tt := range map[string]struct {
		user, pass, host, want string
	}{
		"all in front": {"id", "secret", "service",
			"example://AC1:a%20b%2F%3F%23%40%3A%25%26%3D%C3%A9@VA1?from=%2B15017122661&base_url=" + base},
		"a user alone": {"id", "", "service",
			"example://AC1@VA1?from=%2B15017122661&secret=a%20b%2F%3F%23%40%3A%25%26%3D%C3%A9&base_url=" + base},
		"nothing in front": {"", "", "",
			"example://?from=%2B15017122661&id=AC1&secret=a%20b%2F%3F%23%40%3A%25%26%3D%C3%A9&service=VA1&base_url=" + base},
	} {
		t.Run(name, func(t *testing.T) {
			s := emulator.Sample{Scheme: "example", Settings: settings, User: tt.user, Pass: tt.pass, Host: tt.host}
			assert.Equal(t, tt.want, s.DSN(base))
		})
	}
	assert.Equal(t, "example://?base_url="+base, emulator.Sample{Scheme: "example"}.DSN(base))
}

func TestFactWithoutASourceIsNotDocumented(t *testing.T) {
	assert.Equal(t, "not documented", emulator.Fact{}.String())
	assert.Equal(t, "10 minutes", emulator.Fact{Is: "10 minutes", URL: "https://example.com"}.String())
}
