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

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
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

// differentVendors are Authy with people who are registered, and the vendors as an
// operator names them: of those that the site offers the same on, one walks in the
// browser. TestEachVendorThatIsEmulated goes through all of them without one.
func differentVendors(t *testing.T) map[string]func(*testing.T) vendorPlay {
	type offer struct{ calls, transfers, bound bool }
	different, walked := map[string]func(*testing.T) vendorPlay{"authy, registered": playAuthyUsers}, map[offer]bool{}
	for _, v := range emulated.All() {
		_, sample := v.New(demo)
		dsn := emulatorDSN(sample, "http://127.0.0.1:1")
		if !sendsTexts(t, dsn) {
			continue
		}
		opened, err := vendors.Open(dsn)
		require.NoError(t, err)
		p := playOf(opened)
		if o := (offer{p.noCalls == "", p.transfers, p.bound}); !walked[o] {
			walked[o] = true
			different[v.Facts.Scheme] = func(t *testing.T) vendorPlay { return playVendor(t, v.Facts.Scheme) }
		}
	}
	return different
}

// playOf is what the site is to offer on a vendor.
func playOf(v verify.Verifier) vendorPlay {
	s := &site{verifier: v, capabilities: v.Capabilities()}
	why := s.noTransfer(account{})
	return vendorPlay{noCalls: noCalls(s.capabilities), noTransfer: why, transfers: why == "", bound: s.capabilities.Transaction}
}

// playVendor is the vendor with a scheme. What the site is to offer on it follows
// from its Capabilities; vendors_test.go says what that is for those of this module.
func playVendor(t *testing.T, scheme string) vendorPlay {
	t.Helper()
	v, _ := playVendorWithInbox(t, scheme)
	return v
}

func playVendorWithInbox(t *testing.T, scheme string) (vendorPlay, *inbox) {
	t.Helper()
	vendor, sample, err := newEmulator(scheme)
	require.NoError(t, err)
	box := &inbox{}
	vendor.Subscribe(box.add)
	srv := httptest.NewServer(vendor)
	t.Cleanup(srv.Close)
	dsn := emulatorDSN(sample, srv.URL)
	if sample.Messenger {
		dsn += "&cooldown=1s"
	}
	opened, err := vendors.Open(dsn)
	require.NoError(t, err)
	play := playOf(opened)
	play.dsn, play.phone = dsn, vendor
	return play, box
}

func playTwilio(t *testing.T) vendorPlay { return playVendor(t, "twilio") }

// playTwilioOn is an account with a single Service, for walks that stop at enrolment.
func playTwilioOn(vendor *twiliotest.Emulator, url string) vendorPlay {
	return vendorPlay{
		dsn: "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
			"?base_url=" + url,
		phone: vendor, noCalls: "the vendor twilio keeps no separate codes for calls: one from a text message would prove a call, too.",
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
	origin string // where passkeys work
	vendorPlay
	t      *testing.T
	url    string
	asked  atomic.Int64  // how often it was told to send
	asking chan struct{} // a word for each time
	sent   time.Time     // when the last message was, at the latest
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
	srv := httptest.NewUnstartedServer(nil)
	cfg.Origin = strings.Replace("http://"+srv.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	for _, a := range adjust {
		a(&cfg)
	}
	handler, err := newSite(cfg)
	require.NoError(t, err)
	b := &branch{origin: cfg.Origin, vendorPlay: v, t: t, asking: make(chan struct{}, 100)}
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/send") {
			b.asked.Add(1)
			b.asking <- struct{}{}
		}
		handler.ServeHTTP(w, r)
	})
	srv.Start()
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
	if most > 0 {
		b.sent = time.Now()
	}
}

// coolsDown waits until one more may be sent: another device's page knows nothing of the
// wait, and a fast machine comes to it within the second.
func (b *branch) coolsDown() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return time.Since(b.sent) > time.Second }, walkTime, 20*time.Millisecond)
}
