package operate

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// An outage is played between two healthy times.
type outage struct {
	application string
	begin, end  func(*world) // what breaks and is mended
	meanwhile   func(*world) // what happens besides in each minute of it
	minutes     int          // how long it lasts; 40 unless it is said
	alerts      string       // that fire, and no others
	quiet       bool         // nobody logs in, at any time
}

const healthyBefore, healthyAfter = 70, 50 // minutes

// at has a vendor of a world fail in some way.
func at(scheme string, way func(*http.Request) (*http.Response, error)) func(*world) {
	return func(w *world) { w.road.fail(scheme, way) }
}

func both(all ...func(*world)) func(*world) {
	return func(w *world) {
		for _, f := range all {
			f(w)
		}
	}
}

var outages = map[string]outage{
	"nothing, codes of vendors": {application: "hosted"},
	"nothing, codes of our own": {application: "local"},

	"the only vendor is down": {
		application: "single", begin: at("twilio", down), end: at("twilio", nil), alerts: "VerifySendsFail"},
	"one vendor of two is down": {
		application: "hosted", begin: at("twilio", down), end: at("twilio", nil), alerts: "VerifyBackendFails"},
	"one vendor of two is down, and the site is busy": {
		application: "hosted", begin: at("twilio", down), end: at("twilio", nil), meanwhile: busy, minutes: 15, alerts: "VerifyBackendFails"},
	"both vendors are down": {
		application: "hosted", begin: both(at("twilio", down), at("bandwidth", down)), end: both(at("twilio", nil), at("bandwidth", nil)),
		alerts: "VerifyBackendFails VerifySendsFail"},
	"the account is throttled": {
		application: "single", begin: at("twilio", throttled), end: at("twilio", nil), alerts: "VerifySendsFail"},
	"answers to sends are lost": {
		application: "single", begin: at("twilio", on("/Verifications", lost)), end: at("twilio", nil), minutes: 20, alerts: "VerifyOutcomeUnknown"},
	"answers to checks are lost": {
		application: "single", begin: at("twilio", on("/VerificationCheck", lost)), end: at("twilio", nil), alerts: "VerifyChecksFail VerifyConversionFalls"},
	"a vendor is slow": {
		application: "single", begin: func(w *world) { w.road.fail("twilio", slow(w.road.places["twilio"].emulator)) }, end: at("twilio", nil), alerts: "VerifySlow"},

	"the only vendor refuses the credentials": {
		application: "single", begin: at("twilio", refused), end: at("twilio", nil), alerts: "VerifyCredentialsRefused VerifySendsFail"},
	"one vendor of two refuses the credentials": {
		application: "hosted", begin: at("twilio", refused), end: at("twilio", nil), alerts: "VerifyCredentialsRefused"},
	"new credentials are wrong": {
		application: "single",
		begin:       both(at("twilio", refused), func(w *world) { w.secrets["twilio"] = "another" + w.secrets["twilio"][7:] }),
		end:         at("twilio", nil), alerts: "VerifyCredentialsRefused VerifyNewCredentialsRefused VerifySendsFail"},

	"the guard's store is down": {
		application: "hosted", begin: func(w *world) { w.stores.counts.Store(true) }, end: func(w *world) { w.stores.counts.Store(false) },
		alerts: "VerifySendsFail VerifyStoreDown"},
	"the ledger is down": {
		application: "hosted", begin: func(w *world) { w.stores.ledger.Store(true) }, end: func(w *world) { w.stores.ledger.Store(false) },
		alerts: "VerifySendsFail VerifyStoreDown"},
	"the store of codes is down": {
		application: "local", begin: func(w *world) { w.stores.codes.Store(true) }, end: func(w *world) { w.stores.codes.Store(false) },
		alerts: "VerifySendsFail"},

	"a pump": {application: "hosted", meanwhile: pump, alerts: "VerifyConversionFalls VerifyGuardClosedNumbers VerifyGuardRefuses"},
	"a pump that is only observed": {
		application: "observed", meanwhile: pump, alerts: "VerifyConversionFalls VerifyGuardClosedNumbers"},
	"the next vendor sends again": {
		application: "again", begin: at("twilio", on("/Verifications", lost)), end: at("twilio", nil), alerts: "VerifyBackendFails"},
	"the budget is spent": {
		application: "budget", meanwhile: busy, alerts: "VerifyBudgetSpent"},
	"a proxy hides the people": {
		application: "hosted", begin: func(w *world) { w.hidden = true }, end: func(w *world) { w.hidden = false }, alerts: "VerifyClientAddress VerifySendsFail"},
	"messages do not arrive": {
		application: "hosted", begin: func(w *world) { w.lost = true }, end: func(w *world) { w.lost = false }, alerts: "VerifyConversionFalls VerifyUndelivered"},
	"reports stop": {
		application: "local", begin: func(w *world) { w.mute = true }, end: func(w *world) { w.mute = false }, alerts: "VerifyReportsMissing"},
	"reports reach a process that did not send": {
		application: "local", begin: func(w *world) { w.others = true }, end: func(w *world) { w.others = false }, alerts: "VerifyReportsMissing"},

	"many codes are tried": {application: "hosted", meanwhile: tries, minutes: 20, alerts: "VerifyConversionFalls VerifyWrongCodes"},
	"a clock is wrong": {
		application: "hosted", meanwhile: apps, alerts: "VerifyWrongCodes"},
	"one person's code is tried": {
		application: "patient", meanwhile: tryOne, minutes: 60, alerts: "VerifyRecipientBlocked"},
	"the metrics are missing": {application: "hosted", quiet: true, alerts: "VerifyNoMetrics"},
}

// soon are the alerts that fire within 5 minutes, as the page has it.
var soon = []string{
	"VerifySendsFail", "VerifyChecksFail", "VerifyBackendFails", "VerifyCredentialsRefused", "VerifyNewCredentialsRefused",
	"VerifyOutcomeUnknown", "VerifyStoreDown", "VerifyGuardRefuses", "VerifyClientAddress",
}

// on fails some requests alone.
func on(path string, way func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if !strings.Contains(r.URL.Path, path) {
			return nil, errElsewhere
		}
		return way(r)
	}
}

// busy is a site where as many people as a breaker counts come at the same time.
func busy(w *world) {
	for i := range 24 {
		to := w.number([]string{"45", "1"}[i%2])
		if _, err := w.v.Send(context.Background(), to, verify.WithClientIP(w.address())); err == nil {
			_ = w.v.Check(context.Background(), to, w.code(to))
		}
	}
}

// pump asks for codes to one range from many addresses, and types none of them.
func pump(w *world) {
	for range 30 {
		w.people++
		_, _ = w.v.Send(context.Background(), fmt.Sprintf("+4531%06d", w.people%1_000_000), verify.WithClientIP(w.address()))
	}
}

// tries has many people's codes tried once each, by somebody who has their passwords.
func tries(w *world) {
	for range 9 {
		to := w.number("1")
		if _, err := w.v.Send(context.Background(), to, verify.WithClientIP(w.address())); err == nil {
			_ = w.v.Check(context.Background(), to, wrong(w.code(to)))
		}
	}
}

// apps are people whose authenticator apps do not agree with this machine's clock.
func apps(w *world) {
	for range 4 {
		w.people++
		_ = w.apps.Check(context.Background(), w.enrolled(), "000000")
	}
}

// tryOne has one person's code tried, again and again.
func tryOne(w *world) {
	const to = "+15017122661"
	_, _ = w.v.Send(context.Background(), to, verify.WithClientIP(w.address()))
	code := w.code(to)
	if code == "" {
		code = "000000"
	}
	for range 4 {
		_ = w.v.Check(context.Background(), to, wrong(code))
	}
}

func TestEachAlertIsPlayedByItsOutageAndSilentOtherwise(t *testing.T) {
	t.Parallel()
	all := rules(t)
	rung := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(outages)) {
		o := outages[name]
		for _, alert := range strings.Fields(o.alerts) {
			rung[alert] = true
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := played(t, name)
			record, from, to := p.record, p.from, p.to
			want := strings.Fields(o.alerts)
			var got []string
			for _, rule := range all {
				fires := record.alerts(t, rule)
				if len(fires) == 0 {
					continue
				}
				got = append(got, rule.Alert)
				assert.False(t, fires[0].from.Before(from), "%s fires %s before it begins", rule.Alert, from.Sub(fires[0].from))
				late, end := 40*time.Minute, fires[len(fires)-1].to
				if slices.Contains(soon, rule.Alert) {
					late = 5 * time.Minute
				}
				assert.LessOrEqual(t, fires[0].from.Sub(from), late, "%s fires late", rule.Alert)
				if o.quiet {
					continue // its metrics never come
				}
				assert.False(t, end.IsZero(), "%s does not end", rule.Alert)
				assert.LessOrEqual(t, end.Sub(to), 30*time.Minute, "%s ends late", rule.Alert)
				t.Logf("%s fires %s after the beginning, and ends %s after the end", rule.Alert, fires[0].from.Sub(from), end.Sub(to))
			}
			slices.Sort(got)
			assert.Equal(t, want, append([]string{}, got...))
		})
	}
	for _, rule := range all {
		assert.True(t, rung[rule.Alert], "%s is played by no outage", rule.Alert)
	}
}

// A past is what was scraped, and when the outage began and ended.
type past struct {
	record   *record
	from, to time.Time
}

var pasts sync.Map // of func() *past, by the outages' names

// played plays an outage once for all tests.
func played(t *testing.T, name string) *past {
	t.Helper()
	o, ok := outages[name]
	require.True(t, ok, name)
	play, _ := pasts.LoadOrStore(name, sync.OnceValue(func() *past { return o.play(t) }))
	p := play.(func() *past)()
	require.NotNil(t, p)
	return p
}

func (o outage) play(t *testing.T) (p *past) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o.application)
		w.quiet = o.quiet
		if !o.quiet {
			w.play(healthyBefore, nil)
		}
		from := time.Now()
		if o.begin != nil {
			o.begin(w)
		}
		minutes := o.minutes
		if minutes == 0 {
			minutes = 40
		}
		w.play(minutes, func() {
			if o.meanwhile != nil {
				o.meanwhile(w)
			}
		})
		to := time.Now()
		if o.end != nil {
			o.end(w)
		}
		w.play(healthyAfter, nil)
		p = &past{w.record, from, to}
	})
	return p
}
