package telnyxtest

import (
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what Telnyx documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the API key, the profiles and the code lengths
// count.
func Vendors() []emulator.Vendor { return []emulator.Vendor{{Facts: Facts(), New: open}} }

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	opts.Profiles = emulator.ConfigureScopes(s, settings, Profile{CodeLength: 6})
	return New(opts), emulator.Sample{
		Scheme: "telnyx", Settings: settings, User: "api_key", Host: "profile_id", EmptyScope: settings["profile_id"], ScopeWord: "profile",
	}
}
