package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify/totp"
)

// An authenticator is an app that has scanned what a page shows.
type authenticator struct {
	t       *testing.T
	app     *totp.App
	scanned time.Time
}

var otpauth = regexp.MustCompile(`href="(otpauth://[^"]+)"`)

// scans reads the page that sets up an app.
func (p *person) scans() authenticator {
	p.t.Helper()
	found := otpauth.FindStringSubmatch(p.body)
	require.NotNil(p.t, found, "%s: %s", p.text("title"), p.text("notice"))
	app, err := totp.ReadApp(strings.ReplaceAll(found[1], "&amp;", "&"))
	require.NoError(p.t, err)
	return authenticator{p.t, app, time.Now()}
}

// step is how long an app shows a code.
const step = 30 * time.Second

// at is the code of so many steps later, or before. For one step it is counted from when
// the app was scanned, so that what is spent is the same code when a step ends meanwhile.
func (a authenticator) at(steps int) string {
	from := a.scanned
	if now := time.Now(); now.Sub(from) >= step {
		from = now
	}
	code, _ := a.app.Code(from.Add(time.Duration(steps) * step))
	return code
}

// An app tells the same code at the end of the step in which it was scanned, and after it.
func TestASpentCodeIsTheSameWhenAStepEnds(t *testing.T) {
	app, err := totp.ReadApp("otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Now().Truncate(step).Add(step - time.Millisecond)))
		a := authenticator{t, app, time.Now()}
		spent, next := a.at(0), a.at(1)
		time.Sleep(2 * time.Millisecond)
		assert.Equal(t, spent, a.at(0))
		time.Sleep(step)
		assert.Equal(t, next, a.at(-1), "it goes on with the clock")
	})
}

// asksForApp confirms by a text message that an app is to be added.
func (p *person) asksForApp(b *bank) *person {
	p.t.Helper()
	p.post("/settings", "act", "app").send("sms").type_(b.code(settingsService))
	require.Equal(p.t, "/app", p.path, p.text("notice"))
	return p
}

// addsApp adds one, and returns it. Its code of now is spent.
func (p *person) addsApp(b *bank) authenticator {
	p.t.Helper()
	app := p.asksForApp(b).scans()
	p.post("/app", "code", app.at(0))
	require.Equal(p.t, "An authenticator app was added to your account.", p.text("notice"), p.text("refusal"))
	return app
}

// typesApp answers the page for codes by the app.
func (p *person) typesApp(code string) *person {
	p.t.Helper()
	return p.post(p.path+"/app", "code", code, "once", p.once())
}

// cooled lets people ask for codes as often as they like.
func cooled(c *config) { c.Limits.Cooldown = []time.Duration{0} }

func TestAnAppFromFirstToLast(t *testing.T) {
	b := newBank(t, cooled, func(c *config) { c.Notices = c.Inbox })
	p, codes := b.enrolled(t, "ada", false)
	assert.Equal(t, "Off", p.get("/").text("app-state"))
	assert.Equal(t, "/", p.get("/app").path, "only after a proof")
	app, secret := p.asksForApp(b).scans(), p.text("secret")
	assert.Equal(t, secret, p.get("/app").text("secret"), "a reload shows the same: it was scanned already")
	assert.True(t, p.has("qr"))
	assert.Regexp(t, `^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$`, p.text("secret"))
	p.post("/app", "code", wrong(app.at(0)))
	assert.Equal(t, http.StatusUnprocessableEntity, p.status)
	assert.Contains(t, p.text("refusal"), "not the code that we expect")
	assert.Equal(t, secret, p.text("secret"), "and a fault does, too")
	p.post("/app", "code", app.at(0))
	assert.Equal(t, "On", p.text("app-state"), p.text("refusal"))
	assert.Contains(t, p.text("news"), toldAppAdded)
	assert.Equal(t, "Acme Bank: "+toldAppAdded+notYou, b.site.inbox.newest()[0].Text)
	assert.Equal(t, phone, b.site.inbox.newest()[0].To)

	p.post("/logout").logIn("ada")
	require.True(t, p.has("by-app"), "the app is asked first")
	assert.Equal(t, "Text me a code instead", p.text("send-sms"))
	p.typesApp("12")
	assert.Contains(t, p.text("notice"), "did not count")
	p.typesApp(wrong(app.at(1)))
	assert.Contains(t, p.text("notice"), "This code is wrong. You have 4 tries left before a pause.")
	p.typesApp(app.at(1))
	require.Equal(t, "Your account", p.text("title"), p.text("notice"))

	p.post("/logout").logIn("ada").send("sms")
	assert.False(t, p.has("by-app"))
	p.get(p.path + "?by=app")
	assert.True(t, p.has("to-sent"))
	p.get(p.path).type_(b.code(loginService))
	require.Equal(t, "Your account", p.text("title"), "either will do")

	p.post("/settings", "act", "noapp")
	p.get(p.path+"/recovery").post(p.path, "recovery-code", codes[0])
	assert.Equal(t, "Off", p.text("app-state"), p.text("notice"))
	assert.Contains(t, p.text("news"), toldAppRemoved)
	assert.Contains(t, p.text("news"), toldRecovery)
	p.post("/logout").logIn("ada")
	assert.False(t, p.has("by-app"))

	for _, line := range []string{"vendor=totp outcome=mismatch", "vendor=totp outcome=ok", "vendor=recovery outcome=ok"} {
		assert.Contains(t, b.log.String(), line)
	}
	for _, secret := range append(codes, phone[1:]) {
		assert.NotContains(t, b.log.String(), secret)
	}
	for _, secret := range []string{"ada", app.at(1)} {
		assert.NotRegexp(t, `\b`+secret+`\b`, b.log.String(), "as a word: a subject may hold it by chance")
	}
}

func TestAnAppIsReplacedByTheOldOne(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		old := p.addsApp(b)
		next := p.get("/app").scans()
		require.NotEqual(t, old.at(0), next.at(0))
		time.Sleep(time.Minute)
		p.post("/app", "code", next.at(0), "old-code", wrong(old.at(0)))
		assert.Contains(t, p.text("refusal"), "Of the old app: This code is wrong.")
		p.post("/app", "code", wrong(next.at(0)), "old-code", old.at(0))
		assert.Contains(t, p.text("refusal"), "not the code that we expect")
		p.post("/app", "code", next.at(0), "old-code", old.at(0))
		require.Equal(t, toldAppReplaced, p.text("notice"), p.text("refusal"))
		time.Sleep(time.Minute)
		p.post("/logout").logIn("ada").typesApp(old.at(0))
		assert.Contains(t, p.text("notice"), "This code is wrong")
		p.typesApp(next.at(0))
		assert.Equal(t, "Your account", p.text("title"))
	})
}

// TestAnAppThatIsBlockedWorksAgain after another factor was proven.
func TestAnAppThatIsBlockedWorksAgain(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		app := p.addsApp(b)
		p.post("/logout")
		require.NoError(t, b.store.Update(func(tx *bolt.Tx) error {
			for key, r := range all[appRecord](tx, apps, "") {
				r.Failures, r.Charged = 100, time.Now().Add(-2*time.Hour)
				require.NoError(t, save(tx, apps, key, r))
			}
			return nil
		}))
		time.Sleep(time.Minute)
		p.logIn("ada").typesApp(app.at(0))
		assert.Contains(t, p.text("notice"), "the app is blocked")
		p.send("sms").type_(b.code(loginService))
		require.Equal(t, "Your account", p.text("title"), "the phone is not")
		assert.Contains(t, p.text("news"), "Somebody knows your password")
		p.post("/logout").logIn("ada").typesApp(app.at(0))
		assert.Equal(t, "Your account", p.text("title"), p.text("notice"))
	})
}

func TestFactorsThatCount(t *testing.T) {
	for name, test := range map[string]struct {
		factors      []factor
		phone, app   bool
		offers, last bool
	}{
		"both":       {[]factor{phoneFactor, appFactor}, true, true, true, false},
		"phone only": {[]factor{phoneFactor}, true, false, false, false},
		"app only":   {[]factor{appFactor}, false, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, cooled)
			p, _ := b.enrolled(t, "ada", false)
			p.addsApp(b)
			b.site.factors = test.factors
			assert.Equal(t, test.last, p.get("/").has("last-factor"))
			p.post("/logout").logIn("ada")
			assert.Equal(t, test.phone, p.has("send-form"))
			assert.Equal(t, test.app, p.has("app-form"))
			q, _ := b.enrolled(t, "bob", false)
			assert.Equal(t, test.offers, q.get("/").has("add-app"))
			q.post("/logout").logIn("bob")
			assert.True(t, q.has("send-form"), "who has nothing better is asked for what he has")
		})
	}
	for _, list := range []string{"phone,", "phone,phone", "paper", "sms"} {
		_, err := readFactors(list)
		assert.Error(t, err, list)
	}
}
