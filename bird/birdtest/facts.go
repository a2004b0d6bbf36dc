package birdtest

import "github.com/go2fa/verify/emulator"

// Where Bird says so: the comments of its library for Node.js, which are made of its
// OpenAPI description.
const (
	library = "https://www.npmjs.com/package/@messagebird/sdk/v/0.63.0"
	skill   = "https://github.com/messagebird/bird-ai/blob/main/plugins/bird/skills/bird-cli/references/verify.md"
)

// Facts are what Bird documents. A zero Fact is not documented.
func Facts() emulator.Facts {
	return emulator.Facts{
		Scheme:    "bird",
		Product:   "Bird Verify",
		Maker:     emulator.Fact{Is: "Bird makes and checks it", URL: library},
		Digits:    emulator.Fact{Is: "4 to 8 digits, chosen for each send", URL: "https://github.com/messagebird/bird-sdk-go"},
		SecondOne: emulator.Fact{Is: "within a cooldown it sends nothing; after it, a fresh code", URL: library},
		Wrong:     emulator.Fact{Is: `200 with "success": false, "reason": "incorrect_code" and the attempts that remain`, URL: library},
		Used:      emulator.Fact{Is: "404, code E13000", URL: library},
		Gone:      emulator.Fact{Is: `expired: 200 with "reason": "expired", once; else 404, code E13000`, URL: library},
		Attempts:  emulator.Fact{Is: `an unstated number, then 200 with "reason": "attempts_exhausted"`, URL: library},
		Sends:     emulator.Fact{Is: "an unstated number of an hour, then 429", URL: library},
		Repeat:    emulator.Fact{Is: "yes, by an Idempotency-Key for 3 hours; what left before its answer was kept may leave again", URL: library},
		Reports:   emulator.Fact{Is: "webhook-signature, Standard Webhooks", URL: library},
		End:       emulator.Fact{Is: "below 1.0; a field was renamed in August 2026", URL: skill},
	}
}

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the API key counts.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "bird", Settings: settings, User: "api_key", Host: "region"}
}
