package telnyxtest

import (
	"strconv"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// Where Telnyx says so.
const (
	quickstart = "https://developers.telnyx.com/docs/identity/verify/quickstart"
	profile    = "https://developers.telnyx.com/api/verify/create-verify-profile"
	limits     = "https://developers.telnyx.com/development/api-fundamentals/reliability/rate-limiting"
	webhooks   = "https://developers.telnyx.com/docs/identity/verify/receiving-webhooks"
)

// Facts are what Telnyx documents. A zero Fact is not documented.
func Facts() emulator.Facts {
	return emulator.Facts{
		Scheme:   "telnyx",
		Product:  "Telnyx Verify",
		Maker:    emulator.Fact{Is: "Telnyx makes and checks it", URL: quickstart},
		Digits:   emulator.Fact{Is: "4 to 10 digits, a setting of each channel of a profile", URL: profile},
		Lifetime: emulator.Fact{Is: "chosen for each send; 300 seconds without", URL: profile},
		Wrong:    emulator.Fact{Is: `200 with "response_code": "rejected"`, URL: quickstart},
		Gone:     emulator.Fact{Is: `expired: 200 with "response_code": "expired", which the schema does not know; none sent: not documented`, URL: quickstart},
		Attempts: emulator.Fact{Is: `an unstated number, then 200 with "response_code": "max_attempts_exceeded", which the schema does not know`, URL: quickstart},
		Throttle: emulator.Fact{Is: "429, code 10011, with X-RateLimit-Reset", URL: limits},
		Reports:  emulator.Fact{Is: "webhooks to the profile's URL; they hold the code in clear", URL: webhooks},
	}
}

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the API key, the profiles and the code lengths
// count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	if settings["digits"] == "" {
		settings["digits"] = strconv.Itoa(opts.Digits)
	}
	for key, value := range s.Settings {
		if !strings.HasPrefix(key, "scope.") {
			continue
		}
		settings[key] = value
		if name := strings.TrimSuffix(key, ".id"); !strings.HasSuffix(key, ".digits") {
			digits, _ := strconv.Atoi(s.Settings[name+".digits"]) // zero is the default
			opts.Profiles = append(opts.Profiles, Profile{value, digits})
		}
	}
	return New(opts), emulator.Sample{
		Scheme: "telnyx", Settings: settings, User: "api_key", Host: "profile_id",
		EmptyScope: settings["profile_id"], ScopeWord: "profile",
	}
}
