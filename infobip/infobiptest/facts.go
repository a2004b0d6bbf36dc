package infobiptest

import (
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what Infobip documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the API key, the applications, their templates and
// code lengths count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	opts.Applications = emulator.ConfigureScopes(s, settings, Application{
		SMSTemplate: opts.SMSTemplate, VoiceTemplate: opts.VoiceTemplate, CodeLength: opts.Digits,
	})
	return New(opts), emulator.Sample{
		Scheme: "infobip", Settings: settings, User: "api_key", Host: "application_id",
		EmptyScope: settings["application_id"], ScopeWord: "application",
	}
}
