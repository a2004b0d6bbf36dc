package bandwidthtest

import (
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what Bandwidth documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the ids and secrets of the account count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{
		Scheme: "bandwidth", Settings: settings, User: "client_id", Pass: "client_secret", Host: "account_id",
		EmptyScope: "2FA", Asks: "/oauth2/token",
	}
}
