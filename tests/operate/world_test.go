package operate

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/totp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

const key = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" // of all stores

// A world is one application as docs/operate.md has it set up, its vendors and its
// people. It lives in a bubble of synctest.
type world struct {
	t        *testing.T
	road     *road
	stores   *stores
	v        verify.Verifier
	reports  map[string]http.Handler // of deliveries, by scheme
	foreign  map[string]http.Handler // the same, in a process that does not send
	apps     verify.Checker
	enroller *totp.Authenticator
	secrets  map[string]string // of the application's source, by name

	dice   *rand.Rand
	people int
	quiet  bool // nobody logs in
	hidden bool // people come from a proxy's address
	lost   bool // messages do not arrive
	mute   bool // nothing is reported of them
	others bool // what is reported is of messages of others

	registry *prometheus.Registry
	record   *record
}

// lines are the applications that are played: codes of vendors, and codes of one's own.
var lines = map[string]string{
	"hosted":   "guard(failover(%[1]s %[2]s)?ledger=test:&ledger_key=" + key + ")?countries=DK,US&store=test:&guard_key=" + key,
	"again":    "failover(%[1]s %[2]s)?ledger=test:&ledger_key=" + key + "&on_unknown=next",
	"observed": "guard(%[1]s)?countries=DK,US&store=test:&guard_key=" + key + "&observe=true",
	"single":   "guard(%[1]s)?countries=DK,US&store=test:&guard_key=" + key,
	"local":    "guard(%[3]s&code_key=" + key + "&store=test:)?countries=DK,US&store=test:&guard_key=" + key,
	"budget":   "guard(%[1]s)?countries=DK,US&store=test:&guard_key=" + key + "&budget=100/1h&price.other=0.1&country=5000/1h&prefix=500/1h",
	// So that one person can be tried a hundred times within an hour.
	"patient": "guard(%[3]s&code_key=" + key + "&store=test:&sends=100&cooldown=1s)?countries=DK,US&store=test:&guard_key=" + key + "&recipient=500/1h&prefix=500/1h&convert=off",
}

func newWorld(t *testing.T, application string) *world {
	t.Helper()
	w := &world{
		t: t, road: &road{places: map[string]*place{}}, stores: new(stores), dice: rand.New(rand.NewPCG(1, 2)),
		registry: prometheus.NewRegistry(), record: newRecord(), secrets: map[string]string{},
	}
	reader, err := exporter.New(exporter.WithRegisterer(w.registry))
	require.NoError(t, err)
	tell, err := otelverify.New(otelverify.Config{MeterProvider: metric.NewMeterProvider(metric.WithReader(reader))})
	require.NoError(t, err)

	samples := []any{w.vendor("twilio"), w.vendor("bandwidth"), w.vendor("gatewayapi")}
	opened, err := vendors.Open(fmt.Sprintf(lines[application]+"%.0[1]s%.0[2]s%.0[3]s", samples...),
		vendors.WithObserver(tell), vendors.WithHTTPClient(&http.Client{Transport: w.road}), vendors.WithSecrets(w.secret),
		vendors.WithStore("test", func(string) (otp.Store, error) { return codes{new(otp.MemoryStore), w.stores}, nil }),
		vendors.WithLedger("test", func(string) (failover.Ledger, error) { return ledger{new(failover.MemoryLedger), w.stores}, nil }),
		vendors.WithGuardStore("test", func(string) (guard.Store, error) { return counts{new(guard.MemoryStore), w.stores}, nil }))
	require.NoError(t, err)
	deliveries, err := observe.NewDeliveries(observe.DeliveriesConfig{}, tell)
	require.NoError(t, err)
	w.v = observe.New(opened, tell, deliveries.Observe)
	w.reports = reports(t, deliveries.Report)
	stranger, err := observe.NewDeliveries(observe.DeliveriesConfig{}, tell) // of another process, which saw no Send
	require.NoError(t, err)
	w.foreign = reports(t, stranger.Report)
	w.enroller, err = totp.New(totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{[]byte(key)}, Issuer: "Acme"})
	require.NoError(t, err)
	w.apps = observe.Checker(w.enroller, tell)
	return w
}

// vendor emulates one, and returns a line that reaches it. Its password or token comes
// from the application's source of secrets.
func (w *world) vendor(scheme string) string {
	for _, v := range emulated.All() {
		e, sample := v.New(emulator.Setup{})
		if sample.Scheme != scheme {
			continue
		}
		p := &place{emulator: e, codes: map[string]string{}}
		e.Subscribe(func(m emulator.Message) { p.codes[m.To], p.ids = m.Code, append(p.ids, m.ID) })
		w.road.places[scheme] = p
		secret := map[string]string{"twilio": "auth_token", "bandwidth": "client_secret", "gatewayapi": "token"}[scheme]
		w.secrets[scheme] = sample.Settings[secret]
		sample.User, sample.Pass = "", ""
		sample.Settings[secret] = "secret:" + scheme
		return sample.DSN("http://" + scheme)
	}
	w.t.Fatal("there is no vendor ", scheme)
	return ""
}

func (w *world) secret(_ context.Context, name string) (string, error) { return w.secrets[name], nil }

// code is the newest one that somebody was sent.
func (w *world) code(to string) string {
	for _, p := range w.road.places {
		if c := p.codes[to]; c != "" {
			delete(p.codes, to)
			return c
		}
	}
	return ""
}

const reportsURL = "https://login.example.com/hooks/reports"

// reports makes the handlers of two vendors' reports.
func reports(t *testing.T, handle delivery.Handle) map[string]http.Handler {
	t.Helper()
	verifies, err := twilio.NewVerifyReports(twilio.ReportsConfig{URL: reportsURL, AuthTokens: []string{twiliotest.AuthToken}}, handle)
	require.NoError(t, err)
	texts, err := gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: []string{gatewayapitest.WebhookSecret}}, handle)
	require.NoError(t, err)
	return map[string]http.Handler{"twilio": verifies, "gatewayapi": texts}
}

// report has the vendors report what became of their messages. One in twenty does not
// arrive.
func (w *world) report() {
	for _, scheme := range slices.Sorted(maps.Keys(w.reports)) { // so that each run is the same
		h, p := w.reports[scheme], w.road.places[scheme]
		for _, id := range p.ids {
			status := emulator.Delivered
			if w.lost || w.dice.IntN(20) == 0 {
				status = emulator.Undelivered
			}
			r, err := p.emulator.Report(reportsURL, id, status)
			require.NoError(w.t, err)
			if w.mute {
				continue
			}
			if w.others {
				h = w.foreign[scheme]
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			require.Equal(w.t, http.StatusOK, answer.Code)
		}
		p.ids = nil
	}
}

// number is one of a country, of somebody who was not here before.
func (w *world) number(country string) string {
	w.people++
	n := w.people * 7919
	if country == "45" {
		return fmt.Sprintf("+45%02d%06d", 20+n%12, n%1_000_000)
	}
	areas := [...]int{201, 202, 212, 213, 305, 312, 404, 415, 469, 503, 512, 602, 617, 702, 718, 786, 813, 832, 917, 972}
	return fmt.Sprintf("+1%d%03d%04d", areas[n%len(areas)], 200+n%800, n%10_000)
}

func (w *world) address() netip.Addr {
	if w.hidden {
		return netip.AddrFrom4([4]byte{10, 0, 0, 1})
	}
	return netip.AddrFrom4([4]byte{byte(11 + w.dice.IntN(80)), byte(w.dice.IntN(256)), byte(w.dice.IntN(256)), byte(1 + w.dice.IntN(254))})
}

// login is what a person does: one in ten mistypes first, one in ten leaves.
func (w *world) login(country string) {
	to, ctx := w.number(country), context.Background()
	if _, err := w.v.Send(ctx, to, verify.WithClientIP(w.address())); err != nil {
		return
	}
	time.Sleep(5 * time.Second)
	code := w.code(to)
	if w.lost {
		return
	}
	switch luck := w.dice.IntN(10); {
	case code == "" || luck == 0:
		return
	case luck == 1:
		_ = w.v.Check(ctx, to, wrong(code))
	}
	_ = w.v.Check(ctx, to, code)
}

// enrolled is the account of somebody new with an authenticator app.
func (w *world) enrolled() string {
	w.people++
	account := fmt.Sprint("account-", w.people)
	uri := "otpauth://totp/Acme:" + account + "?secret=JBSWY3DPEHPK3PXP&issuer=Acme"
	require.NoError(w.t, w.enroller.Import(context.Background(), account, uri))
	return account
}

// wrong is another code of the same length.
func wrong(code string) string { return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10) }

// play lives through some minutes, in each of which six people log in and something
// else happens besides. Prometheus scrapes twice a minute.
func (w *world) play(minutes int, meanwhile func()) {
	for range minutes {
		end := time.Now().Add(time.Minute)
		w.scrape()
		for i := range 6 {
			if !w.quiet {
				w.login([]string{"45", "1"}[i%2])
			}
			if i == 3 {
				w.scrape()
			}
		}
		if meanwhile != nil {
			meanwhile()
		}
		w.report()
		time.Sleep(time.Until(end))
	}
}

// A road leads to the vendors, and may be closed.
type road struct {
	mu     sync.Mutex
	places map[string]*place
}

type place struct {
	emulator emulator.Emulator
	codes    map[string]string // by recipient
	ids      []string          // of messages that nothing was reported of
	broken   func(*http.Request) (*http.Response, error)
}

// fail has a vendor fail in some way, until it is nil.
func (r *road) fail(scheme string, way func(*http.Request) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places[scheme].broken = way
}

func (r *road) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	p := r.places[req.URL.Host]
	broken := p.broken
	r.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	if broken != nil {
		if resp, err := broken(req); err != errElsewhere { //nolint:errorlint // it is ours
			return resp, err
		}
	}
	return answered(req, p.emulator), nil
}
