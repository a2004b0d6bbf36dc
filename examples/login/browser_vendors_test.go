package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
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
)

// A vendorPlay is one vendor that is emulated, and what the site shall offer on it.
type vendorPlay struct {
	dsn   string
	phone interface {
		Messages() []twiliotest.Message
		Effects() int
	}
	calls      bool
	transfers  bool
	bound      bool   // the message of a transfer names amount and payee
	noTransfer string // why not
}

// vendorsByDSN are the four vendors as an operator names them.
func vendorsByDSN() map[string]func(*testing.T) vendorPlay {
	return map[string]func(*testing.T) vendorPlay{
		"twilio": playTwilio, "bandwidth": playBandwidth, "gatewayapi": playGatewayAPI, "authy": playAuthy,
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
	return vendorPlay{dsn: emulatorDSN(srv.URL), phone: vendor, calls: true, transfers: true, bound: true}, box
}

// playTwilioOn is an account with a single Service, for walks that stop at enrolment.
func playTwilioOn(vendor *twiliotest.Emulator, url string) vendorPlay {
	return vendorPlay{
		dsn: "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
			"?base_url=" + url,
		phone: vendor, calls: true,
	}
}

func playBandwidth(t *testing.T) vendorPlay {
	srv := bandwidthtest.NewServer(t)
	return vendorPlay{
		dsn: "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
			"?sms_app=" + bandwidthtest.SMSApplicationID + "&voice_app=" + bandwidthtest.VoiceApplicationID +
			"&from=" + bandwidthtest.From + "&base_url=" + srv.URL,
		phone: srv, calls: true, transfers: true,
	}
}

// playGatewayAPI's codes are made on this side, with waits of their own.
func playGatewayAPI(t *testing.T) vendorPlay {
	srv := gatewayapitest.NewServer(t)
	return vendorPlay{
		dsn: "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&key=emulatedotpkey000000000000000000" +
			"&store=memory&cooldown=1s&base_url=" + srv.URL,
		phone: srv, transfers: true, bound: true,
	}
}

func playAuthy(t *testing.T) vendorPlay {
	srv := authytest.NewServer(t)
	return vendorPlay{
		dsn:   "authy://" + authytest.APIKey + "@phone?base_url=" + srv.URL,
		phone: srv, calls: true,
		noTransfer: "The vendor authy keeps no separate codes for transfers: a code for a log-in would approve one, too.",
	}
}

// A branch is the site over a socket, on one vendor.
type branch struct {
	vendorPlay
	t      *testing.T
	url    string
	vendor string        // as its Capabilities have it
	asked  atomic.Int64  // how often it was told to send
	asking chan struct{} // a word for each time
}

func openBranch(t *testing.T, v vendorPlay, adjust ...func(*config)) *branch {
	t.Helper()
	verifier, err := vendors.Open(v.dsn)
	require.NoError(t, err)
	capabilities := verifier.Capabilities()
	require.Equal(t, v.calls, slices.Contains(capabilities.Channels, verify.ChannelVoice))
	require.Equal(t, v.bound, capabilities.Transaction)
	cfg := config{
		Store: newStore(t), Verifier: verifier, Regions: []string{"US", "DK"}, Policy: risky,
		Limits: limits{Cooldown: []time.Duration{time.Second}}, Log: slog.New(slog.DiscardHandler),
	}
	for _, a := range adjust {
		a(&cfg)
	}
	handler, err := newSite(cfg)
	require.NoError(t, err)
	b := &branch{vendorPlay: v, t: t, vendor: capabilities.Vendor, asking: make(chan struct{}, 100)}
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
