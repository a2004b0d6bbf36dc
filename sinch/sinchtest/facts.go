package sinchtest

import (
	_ "embed" // the tables

	"github.com/go2fa/verify/emulator"
)

var (
	//go:embed facts.txt
	facts string
	//go:embed texts.txt
	textLines string

	texts = emulator.Table(textLines)
)

// Facts are what Sinch documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all vendors. Of
// a Setup's settings the key and the secret of the application count.
func Vendors() []emulator.Vendor { return []emulator.Vendor{{Facts: Facts(), New: open}} }

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "sinch", Settings: settings, User: "application_key", Pass: "application_secret"}
}
