package vonagetest

import (
	"cmp"
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what Vonage documents about Verify v2. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

//go:embed messages_facts.txt
var messagesFacts string

// MessagesFacts are those about the Messages API.
func MessagesFacts() emulator.Facts { return emulator.ReadFacts(messagesFacts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the key and the secret of the account, the id of its
// application and what a client must be given count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}, {Facts: MessagesFacts(), New: openMessages}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	e, settings := configured(s)
	settings["region"] = cmp.Or(s.Settings["region"], "eu")
	settings["brand"] = cmp.Or(s.Settings["brand"], "Acme")
	return e, emulator.Sample{Scheme: "vonage", Settings: settings, User: "api_key", Pass: "api_secret", Host: "region"}
}

func openMessages(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	e, settings := configured(s)
	settings["from"] = cmp.Or(s.Settings["from"], "Acme")
	return e, emulator.Sample{Scheme: "vonage-sms", Settings: settings, User: "api_key", Pass: "api_secret", Messenger: true}
}

// configured leaves the application out of the settings of a client: who has the key of
// the account needs none.
func configured(s emulator.Setup) (*Emulator, map[string]string) {
	opts, settings := emulator.Configure(s, defaults)
	delete(settings, "application_id")
	return New(opts), settings
}
