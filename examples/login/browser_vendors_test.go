package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

// A vendorPlay is one vendor that is emulated, and what the site is to offer on it.
type vendorPlay struct {
	dsn   string
	phone interface {
		Messages() []twiliotest.Message
		Effects() int
	}
	noCalls    string // why not; empty if calls are offered
	transfers  bool
	bound      bool   // the message of a transfer names amount and payee
	noTransfer string // why not
	registers  bool   // asks for an e-mail address
}

// vendorsByDSN are the vendors as an operator names them.
func vendorsByDSN() map[string]func(*testing.T) vendorPlay {
	return map[string]func(*testing.T) vendorPlay{
		"twilio": playTwilio, "bandwidth": playBandwidth, "gatewayapi": playGatewayAPI, "authy": playAuthy,
		"authy, registered": playAuthyUsers,
	}
}

// playTwilio has a Service for each purpose, that of transfers with PSD2.
func playTwilio(t *testing.T) vendorPlay {
	v, _ := playTwilioWithInbox(t)
	return v
}

func playTwilioWithInbox(t *testing.T) (vendorPlay, *inbox) {
	vendor, box := newEmulator(), &inbox{}
	vendor.Subscribe(box.add)
	srv := httptest.NewServer(vendor)
	t.Cleanup(srv.Close)
	return vendorPlay{dsn: emulatorDSN(srv.URL), phone: vendor, transfers: true, bound: true}, box
}

// playTwilioOn is an account with a single Service, for walks that stop at enrolment.
func playTwilioOn(vendor *twiliotest.Emulator, url string) vendorPlay {
	return vendorPlay{
		dsn: "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
			"?base_url=" + url,
		phone: vendor, noCalls: "the vendor twilio keeps no separate codes for calls: one from a text message would prove a call, too.",
	}
}

func playBandwidth(t *testing.T) vendorPlay {
	srv := bandwidthtest.NewServer(t)
	return vendorPlay{
		dsn: "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
			"?sms_app=" + bandwidthtest.SMSApplicationID + "&voice_app=" + bandwidthtest.VoiceApplicationID +
			"&from=" + bandwidthtest.From + "&base_url=" + srv.URL,
		phone: srv, transfers: true,
	}
}

// playGatewayAPI's codes are made on this side, with waits of their own.
func playGatewayAPI(t *testing.T) vendorPlay {
	srv := gatewayapitest.NewServer(t)
	return vendorPlay{
		dsn: "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&key=emulatedotpkey000000000000000000" +
			"&store=memory&cooldown=1s&base_url=" + srv.URL,
		phone: srv, transfers: true, bound: true, noCalls: "the vendor gatewayapi makes no calls here.",
	}
}

func playAuthy(t *testing.T) vendorPlay {
	srv := authytest.NewServer(t)
	return vendorPlay{
		dsn:   "authy://" + authytest.APIKey + "@phone?base_url=" + srv.URL,
		phone: srv, noCalls: noAuthyCalls, noTransfer: noAuthyTransfers,
	}
}

const (
	noAuthyCalls     = "the vendor authy keeps no separate codes for calls: one from a text message would prove a call, too."
	noAuthyTransfers = "The vendor authy keeps no separate codes for transfers: a code for a log-in would approve one, too."
)

// playAuthyUsers registers people, who may have its app.
func playAuthyUsers(t *testing.T) vendorPlay {
	srv := authytest.NewServer(t)
	return vendorPlay{
		dsn:   "authy://" + authytest.APIKey + "@users?base_url=" + srv.URL,
		phone: srv, noCalls: noAuthyCalls, noTransfer: noAuthyTransfers, registers: true,
	}
}

// A branch is the site over a socket, on one vendor.
type branch struct {
	vendorPlay
	t      *testing.T
	url    string
	asked  atomic.Int64  // how often it was told to send
	asking chan struct{} // a word for each time
}

func openBranch(t *testing.T, v vendorPlay, adjust ...func(*config)) *branch {
	t.Helper()
	store := newStore(t)
	verifier, err := vendors.Open(v.dsn, hand(store)...)
	require.NoError(t, err)
	capabilities := verifier.Capabilities()
	require.Equal(t, v.bound, capabilities.Transaction)
	cfg := config{
		Store: store, Verifier: verifier, Regions: []string{"US", "DK"}, Policy: risky,
		Limits: limits{Cooldown: []time.Duration{time.Second}}, Log: slog.New(slog.DiscardHandler),
	}
	for _, a := range adjust {
		a(&cfg)
	}
	handler, err := newSite(cfg)
	require.NoError(t, err)
	b := &branch{vendorPlay: v, t: t, asking: make(chan struct{}, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/send") {
			b.asked.Add(1)
			b.asking <- struct{}{}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

// received is the newest message on the phone.
func (b *branch) received() twiliotest.Message {
	b.t.Helper()
	all := b.phone.Messages()
	require.NotEmpty(b.t, all)
	newest := all[len(all)-1]
	assert.Equal(b.t, phone, newest.To)
	return newest
}

// isAsked waits until the site is told to send.
func (b *branch) isAsked() {
	b.t.Helper()
	select {
	case <-b.asking:
	case <-time.After(walkTime):
		require.Fail(b.t, "the site was never told to send")
	}
}

// sends fails the test unless what is done sends so many messages.
func (b *branch) sends(most int, by string, do func()) {
	b.t.Helper()
	before := b.phone.Effects()
	do()
	require.Equal(b.t, most, b.phone.Effects()-before, "messages sent by %s", by)
}
