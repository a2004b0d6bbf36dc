package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// second is another number of the same person.
const second = "+15017122661"

// addsNumber proves another number, and ends on the account's page.
func (p *person) addsNumber(b *bank, to string) *person {
	p.t.Helper()
	p.asksForNumber(b).post("/enrol", "number", to, "region", "US").send("sms").type_(b.vendor.Code(to, ""))
	require.Equal(p.t, toldNumberAdded, p.text("notice"), p.text("refusal"))
	return p
}

// asksForNumber confirms by the first number that another one is to be added.
func (p *person) asksForNumber(b *bank) *person {
	p.t.Helper()
	p.post("/settings", "act", grantMore).send("sms").type_(b.code(settingsService))
	require.Equal(p.t, "/enrol", p.path, p.text("notice"))
	require.Equal(p.t, "Add another number", p.text("title"))
	return p
}

// chooses has another number asked.
func (p *person) chooses(id string) *person {
	p.t.Helper()
	return p.post(p.path+"/number", "number", id)
}

func TestSeveralNumbersFromFirstToLast(t *testing.T) {
	b := newBank(t, cooled, func(c *config) { c.Notices = c.Inbox })
	p, _ := b.enrolled(t, "ada", false)
	assert.False(t, p.get("/").has("numbers"))
	assert.Equal(t, "Add a number", p.text("add-number"))
	p.asksForNumber(b).post("/enrol", "number", phone, "region", "US")
	assert.Equal(t, "This is one of your numbers already.", p.text("refusal"))
	p.post("/enrol", "number", second, "region", "US").send("sms").type_(b.vendor.Code(second, ""))
	require.Equal(t, toldNumberAdded, p.text("notice"), p.text("refusal"))
	assert.Contains(t, p.text("numbers"), "+1…06 first")
	assert.Contains(t, p.text("numbers"), "+1…61")
	assert.Equal(t, 1, b.notices(toldNumberAdded), "the number that was there before is told")

	p.post("/logout").logIn("ada")
	assert.Equal(t, "+1…06", p.text("to"), "the first one is asked")
	other := b.numberOf(t, "ada")
	assert.Equal(t, "Use +1…61", p.text("number-"+other))
	p.send("sms").chooses(other)
	assert.Equal(t, "+1…61", p.text("to"))
	assert.False(t, p.has("code-form"), "the code of before is another number's")
	p.type_(b.code(loginService))
	assert.Contains(t, p.text("notice"), "Please ask for a new one")
	p.send("sms").type_(b.vendor.Code(second, loginService))
	require.Equal(t, "Your account", p.text("title"), p.text("notice"))

	p.post("/settings", "act", removeNumber+b.firstNumber(t, "ada")).chooses(other).send("sms").type_(b.vendor.Code(second, settingsService))
	require.Equal(t, toldNumberRemoved, p.text("notice"))
	assert.Equal(t, 2, b.notices(toldNumberRemoved), "both are told, the one that is gone as well")
	assert.Equal(t, "+1…61", p.text("factor-to"), "the other one is the first now")
	assert.False(t, p.has("numbers"))
	p.post("/logout").logIn("ada").send("sms").type_(b.vendor.Code(second, loginService))
	assert.True(t, p.in())
}

// notices is how many texts of a change are in the inbox.
func (b *bank) notices(told string) (n int) {
	for _, m := range b.site.inbox.newest() {
		if m.Text == "Acme Bank: "+told+notYou {
			n++
		}
	}
	return n
}

// firstNumber is the id of the first number of an account.
func (b *bank) firstNumber(t *testing.T, name string) string {
	t.Helper()
	a, _ := b.store.account(name)
	require.NotEmpty(t, a.Numbers)
	return a.Numbers[0].ID
}

func TestNumbersHaveWaysOfTheirOwn(t *testing.T) {
	b := newBank(t, cooled)
	p, _ := b.enrolled(t, "ada", true)
	p.addsNumber(b, second)
	other := b.numberOf(t, "ada")
	p.post("/logout").logIn("ada")
	assert.True(t, p.has("send-voice"))
	p.chooses(other)
	assert.False(t, p.has("send-voice"), "no call to it was proven")
	sent := b.vendor.Effects()
	p.send("voice")
	assert.Equal(t, sent, b.vendor.Effects())
	p.send("sms").type_(b.vendor.Code(second, loginService))

	p.post("/settings", "act", addCalls+other).send("sms").type_(b.code(settingsService))
	assert.Equal(t, "+1…61", p.text("to"))
	p.send("voice").type_(b.vendor.Code(second, callService))
	require.Equal(t, "From now on you can choose a call.", p.text("notice"))
	p.post("/logout").logIn("ada").chooses(other)
	assert.True(t, p.has("send-voice"))
}

func TestATransferGoesToANumberThatCanNameIt(t *testing.T) {
	b := newBank(t, cooled)
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "ways", "voice")
	p.send("voice").type_(b.code(callService))
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	assert.Contains(t, p.get("/").text("no-transfer"), "no call names")
	p.post("/settings", "act", grantMore).send("voice").type_(b.code(callService))
	p.post("/enrol", "number", second, "region", "US").send("sms").type_(b.vendor.Code(second, ""))
	require.False(t, p.has("no-transfer"), p.text("notice"))
	p.post("/transfer", "amount", "39.99", "payee", "Acme")
	assert.Equal(t, "+1…61", p.text("to"))
	assert.False(t, p.has("number-form"), "the other one hears calls alone")
	assert.Equal(t, http.StatusNotFound, p.again().chooses(b.firstNumber(t, "ada")).status)
	p.send("sms").type_(b.vendor.Code(second, transferService))
	assert.Equal(t, "Transferred to Acme: EUR 39.99", plain(p.text("notice")))
}

func TestThereAreThreeNumbersAtMost(t *testing.T) {
	b := newBank(t, cooled, func(c *config) { c.Limits.SendsByAccount = 100 })
	p, _ := b.enrolled(t, "ada", false)
	p.addsNumber(b, second).addsNumber(b, "+15017122662")
	assert.False(t, p.get("/").has("add-number"))
	assert.Equal(t, http.StatusNotFound, p.post("/settings", "act", grantMore).status)
	assert.Contains(t, p.get("/").text("numbers"), "+1…62")
}

func TestNumbersThatLookAlikeAreCounted(t *testing.T) {
	b := newBank(t, cooled)
	p, _ := b.enrolled(t, "ada", false)
	p.addsNumber(b, "+15017122606")
	p.post("/logout").logIn("ada")
	assert.Equal(t, "+1…06", p.text("to"))
	p.chooses(b.numberOf(t, "ada"))
	assert.Equal(t, "+1…06 (2)", p.text("to"))
}

func TestChangingTheFirstNumberKeepsTheOthers(t *testing.T) {
	b := newBank(t, cooled, func(c *config) { c.Notices = c.Inbox })
	p, _ := b.enrolled(t, "ada", false)
	p.addsNumber(b, second)
	p.post("/settings", "act", grantNumber).send("sms").type_(b.code(settingsService))
	assert.Equal(t, "Change your number", p.text("title"))
	const third = "+15017122662"
	p.post("/enrol", "number", third, "region", "US").send("sms").type_(b.vendor.Code(third, ""))
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	a, _ := b.store.account("ada")
	assert.Equal(t, []string{third, second}, a.phones())
	assert.Equal(t, 2, b.notices(toldNumber), "the one that was left and the other one")

	p.post("/settings", "act", grantNumber).chooses(b.numberOf(t, "ada")).send("sms").type_(b.vendor.Code(second, settingsService))
	p.post("/enrol", "number", second, "region", "US").send("sms").type_(b.vendor.Code(second, ""))
	a, _ = b.store.account("ada")
	assert.Equal(t, []string{second}, a.phones(), "no number is there twice")

	p.post("/settings", "act", "off").send("sms").type_(b.vendor.Code(second, settingsService))
	a, _ = b.store.account("ada")
	assert.Empty(t, a.phones(), "turned off, none is kept")
}

// A choice gives nobody more messages.
func TestAChoiceDoesNotShortenTheWait(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		time.Sleep(10 * time.Minute)
		p.addsNumber(b, second)
		time.Sleep(10 * time.Minute)
		p.post("/logout").logIn("ada").send("sms")
		sent := b.vendor.Effects()
		p.chooses(b.numberOf(t, "ada")).send("sms")
		assert.Contains(t, p.text("notice"), "Not yet")
		assert.Equal(t, sent, b.vendor.Effects())
		time.Sleep(time.Minute)
		p.send("sms").type_(b.vendor.Code(second, loginService))
		assert.Equal(t, "Your account", p.text("title"))
	})
}
