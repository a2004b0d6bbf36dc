package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/twilio/twiliotest"
)

// attackKeepingAPersonOut has a stranger ask for as many messages as the site
// allows, to a person's number or to her neighbors', from her own network.
func attackKeepingAPersonOut(t *testing.T) {
	for name, target := range map[string]func(account, send int) string{
		"by her number":       func(int, int) string { return phone },
		"by number of others": func(a, s int) string { return fmt.Sprintf("+1501712%04d", 2000+10*a+s) },
		"by her neighbors":    func(a, s int) string { return fmt.Sprintf("+1500555%04d", 100+10*a+s) },
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(b *bank, ada *person) {
				ada.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
				require.Equal(t, "/recovery", ada.path, ada.text("notice"))
				time.Sleep(time.Hour)
				refused := false
				for a := range 8 {
					mallory := b.visitor(ada.t).signUp(fmt.Sprintf("mallory%d", a))
					for s := range 5 {
						mallory.post("/enrol", "number", target(a, s), "region", "US").send("sms")
						refused = refused || mallory.text("notice") != "A code is on its way."
						time.Sleep(100 * time.Second)
					}
				}
				require.True(t, refused, "the stranger is bounded")
				ada.post("/logout").logIn("ada").send("sms")
				require.Equal(t, "A code is on its way.", ada.text("notice"))
				ada.type_(b.code(loginService))
				assert.True(t, ada.in())
			})
		})
	}
	t.Run("nor are proven numbers without a bound", func(t *testing.T) {
		inTime(t, func(b *bank, ada *person) {
			ada.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
			sent := b.vendor.Effects()
			for range 30 {
				ada.post("/logout").logIn("ada").send("sms")
				time.Sleep(time.Minute)
			}
			assert.Equal(t, 15, b.vendor.Effects()-sent, "messages to one person in half an hour")
		})
	})
}

// attackSessionsForNobody asks for pages of members without a cookie.
func attackSessionsForNobody(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	for _, path := range []string{"/transfer", "/enrol", "/code/x", "/password", "/recovery", "/", "/login", "/inbox", "/nothing"} {
		for range 20 {
			p := come().get(path)
			at := newRequest(t, p.base)
			assert.Empty(t, p.client.Jar.Cookies(at.URL), path)
		}
	}
	p := come().get("/transfer")
	assert.Equal(t, "/login", p.path)
	assert.Equal(t, "Please log in.", p.text("notice"))
	p.post("/settings", "act", "off").post("/login", "name", "nobody", "password", "x").post("/logout").post("/code/x/check", "code", "123456")
	all, err := b.site.sessions.Store.(*memstore.MemStore).All()
	require.NoError(t, err)
	assert.Empty(t, all, "memory that anybody could fill")
}

func newRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return req
}

// attackACallByTheCodeOfAMessage has two codes come by SMS on a vendor where the
// older one stays good, and answers a call with it.
func attackACallByTheCodeOfAMessage(t *testing.T) {
	vendor := bandwidthtest.New(bandwidthtest.Options{})
	dsn := "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
		"?sms_app=" + bandwidthtest.SMSApplicationID + "&voice_app=" + bandwidthtest.VoiceApplicationID +
		"&from=" + bandwidthtest.From + "&" + base
	b := newBankOver(t, played{dsn: dsn, handler: vendor})
	code := newest(vendor.Messages)
	p := b.visitor(t).signUp("mallory").post("/enrol", "number", phone, "region", "US", "ways", "both").send("sms")
	first := code()
	p.send("sms")
	second := code()
	require.NotEqual(t, first, second)
	p.type_(second)
	require.Equal(t, "SMS is confirmed. Now confirm calls.", p.text("notice"))
	p.send("voice").type_(first)
	assert.Contains(t, p.text("notice"), "This code is wrong")
	p.type_(second)
	assert.Contains(t, p.text("notice"), "This code is wrong")
	a, _ := b.store.account("mallory")
	assert.False(t, a.On(), "a call is proven only by the call")
	p.type_(code())
	assert.Equal(t, "/recovery", p.path, p.text("notice"))
}

// attackACallByAMessageForAnotherAccount has the vendor repeat the code of a call
// in a message that another account asks for.
func attackACallByAMessageForAnotherAccount(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	p := come().signUp("mallory").post("/enrol", "number", phone, "region", "US", "ways", "both").send("sms").type_(b.code(""))
	p.send("voice")
	come().signUp("mallory2").post("/enrol", "number", phone, "region", "US").send("sms")
	require.NotEqual(t, b.code(""), b.code(callService))
	p.type_(b.code(""))
	assert.Contains(t, p.text("notice"), "This code is wrong")
	a, _ := b.store.account("mallory")
	assert.False(t, a.On())

	one := twiliotest.New(twiliotest.Options{})
	q := newBankOver(t, played{dsn: "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID + "?" + base, handler: one}).visitor(t)
	q.signUp("mallory").post("/enrol", "number", phone, "region", "US", "ways", "voice")
	assert.False(t, q.has("send-voice"), "where a vendor has one scope for both, no call proves anything")
}

// attackCallsAloneByAMessage has somebody who reads the messages of a number, and
// knows the password of an account that only calls it, log in there by a message
// to an account of his own. The vendor repeats a code that is pending.
func attackCallsAloneByAMessage(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	ada := come().signUp("ada").post("/enrol", "number", phone, "region", "US", "ways", "voice").send("voice").type_(b.code(callService))
	require.Equal(t, "/recovery", ada.path, ada.text("notice"))
	b.enrolled(t, "mallory", false)

	as := come().logIn("ada").send("voice")
	come().logIn("mallory").send("sms")
	read := b.vendor.Messages()
	message := read[len(read)-1]
	require.Equal(t, "sms", message.Channel)
	as.type_(message.Code)
	assert.False(t, as.in(), "a message opened an account that has calls alone")
}

// attackADeviceWithoutALogin has the owner change the password between the right
// code and the cookie.
func attackADeviceWithoutALogin(t *testing.T) {
	b := newBank(t)
	b.halfWay(t, b.serve(t))
	v := b.halfOpen(t)
	id := b.onlyChallenge(t)
	from := origin{remember: true, name: "Firefox on Linux", network: "192.0.2.0/24"}
	c, _, _, err := b.site.claimAttempt(v, id, "")
	require.NoError(t, err)
	require.NoError(t, b.store.change("ada", func(tx *bolt.Tx, a *account) error { return forgetTrust(tx, a.Name, "") }))
	_, _, err = b.site.settle(v, c, nil, from)
	require.ErrorIs(t, err, errGone)
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		assert.Empty(t, all[device](tx, devices, ""), "a device of a login that is gone")
		return nil
	}))
}

func (b *bank) halfOpen(t *testing.T) (v visitor) {
	t.Helper()
	v.account, _ = b.store.account("ada")
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		for key, l := range all[login](tx, logins, "ada/") {
			if !l.Full {
				v.key, v.login = key, l
			}
		}
		return nil
	}))
	require.NotEmpty(t, v.key)
	return v
}

func (b *bank) onlyChallenge(t *testing.T) (id string) {
	t.Helper()
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		for _, c := range all[challenge](tx, challenges, "ada/") {
			if c.Purpose == loggingIn {
				id = c.ID
			}
		}
		return nil
	}))
	require.NotEmpty(t, id)
	return id
}

// attackAPasswordThatWasChanged has the owner change the password while the old
// one is compared.
func attackAPasswordThatWasChanged(t *testing.T) {
	b := newBank(t)
	b.serve(t)().signUp("ada")
	compared, _ := b.store.account("ada")
	require.NoError(t, b.store.change("ada", func(tx *bolt.Tx, a *account) error {
		a.Password = "another"
		return forgetTrust(tx, a.Name, "")
	}))
	_, _, err := b.site.admit(compared, "", origin{})
	require.ErrorIs(t, err, errChanged)
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		assert.Empty(t, all[login](tx, logins, ""))
		return nil
	}))
}

// attackWithoutTheFactorThatIsDemanded goes past enrolment where it is forced.
func attackWithoutTheFactorThatIsDemanded(t *testing.T) {
	b := newBank(t, func(c *config) { c.Policy = always })
	come := b.serve(t)
	p := come().post("/signup", "name", "ada", "password", password)
	require.Equal(t, "/enrol", p.path)
	assert.False(t, p.has("later"))
	p.post("/logout").post("/login", "name", "ada", "password", password)
	for _, path := range []string{"/", "/transfer", "/recovery", "/password"} {
		assert.Equal(t, "/enrol", p.get(path).path, "GET %s", path)
	}
	for path, fields := range map[string][]string{
		"/recovery": nil,
		"/settings": {"act", "off"},
		"/devices":  {"id", "all"},
		"/password": {"password", password, "new-password", "another long password"},
		"/transfer": {"amount", "1", "payee", "Mallory"},
	} {
		assert.Equal(t, "/enrol", p.post(path, fields...).path, "POST %s", path)
	}
	assert.True(t, come().post("/login", "name", "ada", "password", password).has("enrol-form"), "the password is the old one")

	p.post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	require.True(t, p.in())
	assert.False(t, p.has("turn-off"))
	assert.False(t, p.has("policy-form"))
	for _, fields := range [][]string{{"act", "off"}, {"act", "policy", "policy", "never"}} {
		assert.Equal(t, http.StatusNotFound, p.post("/settings", fields...).status, "%v", fields)
	}

	require.NoError(t, b.store.change("ada", func(_ *bolt.Tx, a *account) error { a.Policy = never; return nil }))
	q := come().logIn("ada")
	assert.Equal(t, "You are asked for a code at every log-in.", q.text("why"), "whatever the account chose before")
	assert.False(t, q.send("sms").has("remember"))
	q.type_(b.code(loginService), "remember", "on")
	assert.Contains(t, q.post("/logout").logIn("ada").path, "/code/", "no device spares the code")
}

// attackARegistrationOfSomebodyElse types a person's number with another address,
// on a vendor that registers both together.
func attackARegistrationOfSomebodyElse(t *testing.T) {
	vendor := authytest.New(authytest.Options{})
	b := newBankOver(t, played{dsn: "authy://" + authytest.APIKey + "@users?" + base, handler: vendor})
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "email", "a@example.com").send("sms")
	p.type_(newest(vendor.Messages)())
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	id, _, err := directory{b.store}.AuthyID(t.Context(), phone)
	require.NoError(t, err)
	require.NotEmpty(t, id)

	asked := vendor.Requests()
	b.visitor(t).signUp("mallory").post("/enrol", "number", phone, "region", "US", "email", "m@example.com").send("sms")
	assert.Equal(t, 1, vendor.Requests()-asked, "a message, and no registration")
	now, _, err := directory{b.store}.AuthyID(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, id, now)
}
