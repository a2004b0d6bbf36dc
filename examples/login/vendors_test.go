package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

// A played vendor is one that VERIFY_DSN may name, emulated.
type played struct {
	dsn     string
	handler http.Handler
	code    func() string // the newest that was sent

	calls    string // empty: offered; else why not
	transfer string // empty: offered; else why not
	bound    bool   // messages name the amount
}

const base = "base_url=http://127.0.0.1:1"

func playedVendors(t *testing.T) map[string]played {
	tw, twilioDSN := twilioEmulator(t, "http://127.0.0.1:1")
	bare := twiliotest.New(twiliotest.Options{})
	bw, bwMute := bandwidthtest.New(bandwidthtest.Options{}), bandwidthtest.New(bandwidthtest.Options{})
	gw, au, users := gatewayapitest.New(gatewayapitest.Options{}), authytest.New(authytest.Options{}), authytest.New(authytest.Options{})
	// A Service of its own for transfers, but without PSD2.
	plain := twiliotest.New(twiliotest.Options{Services: []twiliotest.Service{
		{SID: twiliotest.ServiceSID}, {SID: loginService}, {SID: transferService},
	}})
	account := "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID + "?"
	numbers := "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
		"?sms_app=" + bandwidthtest.SMSApplicationID + "&from=" + bandwidthtest.From + "&" + base
	return map[string]played{
		"twilio": {
			dsn: twilioDSN, handler: tw, code: newest(tw.Messages), bound: true,
		},
		"twilio, no PSD2": {
			dsn:     account + "scope.login=" + loginService + "&scope.transfer=" + transferService + "&" + base,
			handler: plain, code: newest(plain.Messages), calls: "twilio keeps no separate codes for calls",
		},
		"twilio, one Service": {
			dsn: account + base, handler: bare, code: newest(bare.Messages),
			calls:    "twilio keeps no separate codes for calls",
			transfer: "twilio keeps no separate codes for transfers",
		},
		"bandwidth": {
			dsn: numbers + "&voice_app=" + bandwidthtest.VoiceApplicationID, handler: bw, code: newest(bw.Messages),
		},
		"bandwidth, no calls": {
			dsn: numbers, handler: bwMute, code: newest(bwMute.Messages), calls: "the vendor bandwidth makes",
		},
		"gatewayapi": {
			dsn:     "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&store=memory&cooldown=1ns&code_key=emulatedotpkey000000000000000000&" + base,
			handler: gw, code: newest(gw.Messages), calls: "the vendor gatewayapi makes", bound: true,
		},
		"authy by number": {
			dsn: "authy://" + authytest.APIKey + "@phone?" + base, handler: au, code: newest(au.Messages),
			calls:    "authy keeps no separate codes for calls",
			transfer: "authy keeps no separate codes for transfers",
		},
		"authy by registration": {
			dsn: "authy://" + authytest.APIKey + "@users?" + base, handler: users, code: newest(users.Messages),
			calls:    "authy keeps no separate codes for calls",
			transfer: "authy keeps no separate codes for transfers",
		},
	}
}

func newest(messages func() []twiliotest.Message) func() string {
	return func() string {
		all := messages()
		return all[len(all)-1].Code
	}
}

// newBankOver returns a site over any vendor.
func newBankOver(t *testing.T, v played) *bank {
	t.Helper()
	store := newStore(t)
	opened, err := vendors.Open(v.dsn, append(hand(store), vendors.WithHTTPClient(&http.Client{Transport: through{v.handler}}))...)
	require.NoError(t, err)
	return newBank(t, func(c *config) {
		c.Store = store
		c.Verifier, c.Limits.Cooldown = opened, []time.Duration{0}
	})
}

func TestEachVendorAsFarAsItGoes(t *testing.T) {
	for name, v := range playedVendors(t) {
		t.Run(name, func(t *testing.T) {
			p := newBankOver(t, v).visitor(t).signUp("ada").get("/enrol")
			assert.Equal(t, v.calls == "", p.has("ways"))
			assert.Contains(t, p.text("no-calls"), v.calls)
			p.post("/enrol", "number", phone, "region", "US", "ways", "both", "email", "a@example.com").send("sms").type_(v.code())
			if v.calls == "" {
				p.send("voice").type_(v.code())
			}
			require.Equal(t, "/recovery", p.path, p.text("notice"))

			p.post("/logout").logIn("ada")
			assert.Equal(t, v.calls == "", p.has("send-voice"))
			p.send("sms").type_(wrong(v.code()))
			assert.Contains(t, p.text("notice"), "This code is wrong or too old. You have 4 tries left, or ask for a new one.")
			p.type_(v.code())
			require.Equal(t, "Your account", p.text("title"), p.text("notice"))
			v.walkTransfer(t, p)
		})
	}
}

func (v played) walkTransfer(t *testing.T, p *person) {
	t.Helper()
	if v.transfer != "" {
		assert.Contains(t, p.get("/").text("no-transfer"), v.transfer)
		assert.Contains(t, p.get("/transfer").text("no-transfer"), v.transfer)
		assert.False(t, p.has("transfer-form"))
		assert.Equal(t, http.StatusForbidden, p.post("/transfer", "amount", "1", "payee", "Acme").status)
		return
	}
	login := v.code()
	p.post("/transfer", "amount", "39.99", "payee", "Acme").send("sms")
	require.Equal(t, "A code is on its way.", p.text("notice"))
	if v.bound {
		assert.Contains(t, p.text("sent"), "only if the message names this amount")
	} else {
		assert.Contains(t, p.text("sent"), "cannot name the amount")
	}
	at, first := p.path, v.code()
	p.post(at+"/check", "code", login)
	assert.Contains(t, p.text("notice"), "This code is wrong", "the code of the login")

	// The code of one transfer, at another.
	p.post("/transfer", "amount", "900", "payee", "Mallory")
	p.send("sms")
	require.Equal(t, "A code is on its way.", p.text("notice"))
	require.NotEqual(t, first, v.code(), "a code of its own")
	p.type_(first)
	assert.Contains(t, p.text("notice"), "wrong", "the code of the transfer before")
	p.type_(v.code())
	assert.Equal(t, "EUR 100.00", p.get("/").text("balance"), p.text("notice"))
}

// sendsTexts opens a vendor, and sees that the site says what is missing if it sends no
// SMS: it stands in front of one that does, by a failover(...).
func sendsTexts(t *testing.T, dsn string) bool {
	t.Helper()
	v, err := vendors.Open(dsn)
	require.NoError(t, err)
	capabilities := v.Capabilities()
	if offers(capabilities, verify.ChannelSMS) {
		return true
	}
	_, err = offeredWays(both, capabilities)
	require.ErrorContains(t, err, "sends no SMS")
	return false
}

// TestEachVendorThatIsEmulated goes through enrolment and a log-in with whatever
// the module emulates, a vendor that was added yesterday included.
func TestEachVendorThatIsEmulated(t *testing.T) {
	for _, v := range emulated.All() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			vendor, sample, err := newEmulator(v.Facts.Scheme)
			require.NoError(t, err)
			dsn := emulatorDSN(sample, "http://127.0.0.1:1")
			if sample.Messenger {
				dsn += "&cooldown=1ns"
			}
			if !sendsTexts(t, dsn) {
				return
			}
			b := newBankOver(t, played{dsn: dsn, handler: vendor})
			code := newest(vendor.Messages)
			p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "email", "a@example.com").send("sms").type_(code())
			require.Equal(t, "/recovery", p.path, p.text("notice"))
			p.post("/logout").logIn("ada").send("sms").type_(wrong(code()))
			assert.Contains(t, p.text("notice"), "This code is wrong")
			p.type_(code())
			require.True(t, p.in(), p.text("notice"))
			p.post("/transfer", "amount", "39.99", "payee", "Acme")
			if b.site.noTransfer(account{}) != "" {
				assert.Equal(t, http.StatusForbidden, p.status)
				return
			}
			p.send("sms").type_(code())
			assert.Equal(t, "EUR 960.01", p.text("balance"), p.text("notice"))
		})
	}
}
