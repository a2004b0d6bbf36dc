package preludetest

import (
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what Prelude documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the API key counts.
func Vendors() []emulator.Vendor { return []emulator.Vendor{{Facts: Facts(), New: open}} }

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "prelude", Settings: settings, User: "api_key"}
}
