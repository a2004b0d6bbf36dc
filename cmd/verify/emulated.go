package main

import (
	"net/http"
	"strings"

	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/internal/emulator"
	"github.com/go2fa/verify/twilio/twiliotest"
)

// An emulation is one vendor that this program can play. One that delivers text
// has an engine, whose settings follow those in its DSN.
type emulation struct {
	vendor    string
	make      func() emulated
	dsn       func(base string) string
	users     func(base string) string // a second product of the vendor, or nil
	messenger bool
}

// emulated is what the emulators of all vendors are.
type emulated interface {
	http.Handler
	Subscribe(func(emulator.Message)) (cancel func())
}

// emulations are all vendors that can be played. A vendor is one entry.
func emulations() []emulation {
	return []emulation{{
		vendor: "twilio",
		make:   func() emulated { return twiliotest.New(twiliotest.Options{}) },
		dsn: func(base string) string {
			return "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID + "?base_url=" + base
		},
	}, {
		vendor: "bandwidth",
		make:   func() emulated { return bandwidthtest.New(bandwidthtest.Options{}) },
		dsn: func(base string) string {
			return "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
				"?sms_app=" + bandwidthtest.SMSApplicationID + "&voice_app=" + bandwidthtest.VoiceApplicationID +
				"&from=" + bandwidthtest.From + "&base_url=" + base
		},
	}, {
		vendor:    "gatewayapi",
		messenger: true,
		make:      func() emulated { return gatewayapitest.New(gatewayapitest.Options{}) },
		dsn: func(base string) string {
			return "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&base_url=" + base
		},
	}, {
		vendor: "authy",
		make:   func() emulated { return authytest.New(authytest.Options{}) },
		dsn:    func(base string) string { return "authy://" + authytest.APIKey + "@phone?base_url=" + base },
		users:  func(base string) string { return "authy://" + authytest.APIKey + "@users?base_url=" + base },
	}, {
		vendor:    "twilio-sms",
		messenger: true,
		make:      func() emulated { return twiliotest.New(twiliotest.Options{}) },
		dsn: func(base string) string {
			return "twilio-sms://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@?from=+15017122661&base_url=" + base
		},
	}}
}

// pick returns the emulations of these vendors in the order of the table, and all
// of them if none is named.
func pick(vendors []string) ([]emulation, error) {
	var picked []emulation
	named := map[string]bool{}
	for _, v := range vendors {
		named[v] = true
	}
	all := make([]string, 0, len(emulations()))
	for _, e := range emulations() {
		if len(vendors) == 0 || named[e.vendor] {
			picked = append(picked, e)
		}
		delete(named, e.vendor)
		all = append(all, e.vendor)
	}
	if len(named) > 0 {
		return nil, misuse("no emulator has this name; there are: " + strings.Join(all, ", "))
	}
	return picked, nil
}
