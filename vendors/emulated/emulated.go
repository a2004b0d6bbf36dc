// Package emulated lists the emulators of all vendors of this module, so that a
// program that runs, tests or describes emulators need not name any:
//
//	for _, v := range emulated.All() {
//		e, sample := v.New(emulator.Setup{})
//		server, err := emulator.Serve(e, "")
//		verifier, err := vendors.Open(sample.DSN(server.URL))
//		...
//	}
//
// A new vendor is one line here and one in package vendors.
package emulated

import (
	"slices"

	"github.com/go2fa/verify/auth0/auth0test"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/bird/birdtest"
	"github.com/go2fa/verify/camara/camaratest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/infobip/infobiptest"
	"github.com/go2fa/verify/prelude/preludetest"
	"github.com/go2fa/verify/sinch/sinchtest"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/go2fa/verify/telnyx/telnyxtest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vonage/vonagetest"
	"github.com/go2fa/verify/webhook/webhooktest"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
)

// All returns what is emulated, in the order of the vendors' names.
func All() []emulator.Vendor {
	return slices.Concat(
		auth0test.Vendors(),
		authytest.Vendors(),
		bandwidthtest.Vendors(),
		birdtest.Vendors(),
		camaratest.Vendors(),
		gatewayapitest.Vendors(),
		infobiptest.Vendors(),
		preludetest.Vendors(),
		sinchtest.Vendors(),
		telegramtest.Vendors(),
		telnyxtest.Vendors(),
		twiliotest.Vendors(),
		vonagetest.Vendors(),
		webhooktest.Vendors(),
		whatsapptest.Vendors(),
	)
}
