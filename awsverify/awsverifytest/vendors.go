package awsverifytest

import (
	"cmp"
	_ "embed" // the facts

	"github.com/go2fa/verify/emulator"
)

var (
	//go:embed notify_facts.txt
	notifyFacts string
	//go:embed sms_facts.txt
	smsFacts string
	//go:embed sns_facts.txt
	snsFacts string
)

// NotifyFacts are what AWS documents of Notify. A zero Fact is not documented.
func NotifyFacts() emulator.Facts { return emulator.ReadFacts(notifyFacts) }

// SMSFacts are those of End User Messaging SMS.
func SMSFacts() emulator.Facts { return emulator.ReadFacts(smsFacts) }

// SNSFacts are those of SNS.
func SNSFacts() emulator.Facts { return emulator.ReadFacts(snsFacts) }

// Vendors are what this package emulates, for programs that range over all vendors. Of a
// Setup's settings the access key and the Region count, and what a client must be given.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: NotifyFacts(), New: openNotify}, {Facts: SMSFacts(), New: openSMS}, {Facts: SNSFacts(), New: openSNS}}
}

func openNotify(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	e, sample := open(s, "aws")
	sample.Settings["from"] = cmp.Or(s.Settings["from"], From)
	sample.Settings["voice_from"] = cmp.Or(s.Settings["voice_from"], From)
	sample.Settings["code_configuration"] = cmp.Or(s.Settings["code_configuration"], CodeConfiguration)
	sample.EmptyScope, sample.ScopeWord = "verify", "referenceId"
	return e, sample
}

func openSMS(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	e, sample := open(s, "aws-sms")
	sample.Settings["from"] = cmp.Or(s.Settings["from"], From)
	sample.Messenger = true
	return e, sample
}

func openSNS(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	e, sample := open(s, "aws-sns")
	sample.Messenger = true
	return e, sample
}

func open(s emulator.Setup, scheme string) (*Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: scheme, Settings: settings, User: "access_key_id", Pass: "secret_access_key", Host: "region"}
}
