package bandwidthtest

import "github.com/go2fa/verify/emulator"

// Where Bandwidth says so.
const (
	spec        = "https://github.com/Bandwidth/python-sdk/blob/main/bandwidth.yml"
	errorsPage  = "https://dev.bandwidth.com/docs/mfa/errors"
	credentials = "https://dev.bandwidth.com/docs/account/credentials/management"
)

// Facts are what Bandwidth documents. A zero Fact is not documented.
func Facts() emulator.Facts {
	return emulator.Facts{
		Scheme:   "bandwidth",
		Product:  "Bandwidth MFA",
		Maker:    emulator.Fact{Is: "Bandwidth makes and checks it", URL: spec},
		Digits:   emulator.Fact{Is: "4 to 8 digits, chosen for each send", URL: spec},
		Lifetime: emulator.Fact{Is: "1 to 15 minutes, chosen at the check", URL: spec},
		Wrong:    emulator.Fact{Is: `200 with "valid": false`, URL: spec},
		Attempts: emulator.Fact{Is: "an unstated number of wrong codes of a phone number, then 429 and a wait of 2 minutes", URL: errorsPage},
		End:      emulator.Fact{Is: "API users and passwords end on 2026-12-02; API credentials stay", URL: credentials},
	}
}

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the ids and secrets of the account count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{
		Scheme: "bandwidth", Settings: settings, User: "client_id", Pass: "client_secret", Host: "account_id",
		EmptyScope: "2FA",
	}
}
