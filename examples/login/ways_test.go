package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

func TestWaysThatAreOffered(t *testing.T) {
	sms, voice := []verify.Channel{verify.ChannelSMS}, []verify.Channel{verify.ChannelVoice}
	two := append(append([]verify.Channel{}, sms...), voice...)
	tests := map[string]struct {
		allowed  ways
		channels []verify.Channel
		scope    int
		want     []ways
		fault    string
	}{
		"both, and the vendor has both":          {both, two, 25, []ways{texts, both, calls}, ""},
		"both, and the vendor has messages":      {both, sms, 25, []ways{texts}, ""},
		"both, and the vendor has calls":         {both, voice, 25, []ways{calls}, ""},
		"both, and no scope for calls":           {both, two, 0, []ways{texts}, ""},
		"messages alone":                         {texts, two, 25, []ways{texts}, ""},
		"calls alone":                            {calls, two, 25, []ways{calls}, ""},
		"calls alone, and no scope for them":     {calls, two, 0, nil, "keeps no separate codes for calls"},
		"calls alone, and the vendor makes none": {calls, sms, 25, nil, "makes no calls here"},
		"messages, and the vendor has calls":     {texts, voice, 25, nil, "sends no SMS"},
		"something else":                         {"pigeon", two, 25, nil, "sms, voice or both"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := offeredWays(tc.allowed, verify.Capabilities{Vendor: "acme", Channels: tc.channels, MaxScope: tc.scope})
			assert.Equal(t, tc.want, got)
			if tc.fault != "" {
				assert.ErrorContains(t, err, tc.fault)
				return
			}
			assert.NoError(t, err)
		})
	}
}

func TestCodesByCallsAlone(t *testing.T) {
	b := newBank(t)
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "ways", "voice")
	assert.Equal(t, "+1 500-555-0006", p.text("to"), "shown back before the phone rings")
	assert.False(t, p.has("send-sms"))
	p.send("sms")
	assert.Zero(t, b.vendor.Effects(), "no message, even if it is asked for")
	p.get(p.path).send("voice")
	assert.Equal(t, "Your phone will ring in a moment.", p.text("notice"))
	assert.Contains(t, p.text("sent"), "We are calling +1…06 now.")
	assert.Equal(t, "6 digits. Nobody will ask you to say it.", p.text("code-hint"))
	p.type_(b.code(callService))
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	assert.Contains(t, p.get("/").body, "by call.")

	p.post("/logout").logIn("ada")
	assert.False(t, p.has("send-sms"))
	p.send("voice").type_(b.code(callService))
	require.True(t, p.in())
	assert.Contains(t, p.text("no-transfer"), "no call names", "a message with the amount cannot come")
	assert.Equal(t, http.StatusForbidden, p.post("/transfer", "amount", "1", "payee", "Acme").status)

	p.post("/settings", "act", addTexts+b.numberOf(t, "ada")).send("voice").type_(b.code(callService))
	require.Contains(t, p.path, "/code/", p.text("notice"))
	p.send("sms").type_(b.code(""))
	assert.Equal(t, "From now on you can choose a text message.", p.text("notice"))
	assert.False(t, p.has("no-transfer"))
	assert.False(t, p.has("add-texts"))
}

func TestASiteOfCallsAlone(t *testing.T) {
	b := newBank(t, func(c *config) { c.Ways = calls })
	p := b.visitor(t).signUp("ada").get("/enrol")
	assert.False(t, p.has("ways"), "there is nothing to choose")
	p.post("/enrol", "number", phone, "region", "US", "ways", "sms")
	assert.True(t, p.has("send-voice"), "whatever a form says")
	assert.False(t, p.has("send-sms"))

	b = newBank(t, func(c *config) { c.Ways = texts })
	p = b.visitor(t).signUp("ada").get("/enrol")
	assert.False(t, p.has("ways"))
	assert.False(t, p.has("no-calls"), "nobody asked for calls")
	p.post("/enrol", "number", phone, "region", "US", "ways", "both").send("sms").type_(b.code(""))
	assert.Equal(t, "/recovery", p.path)
	assert.Equal(t, http.StatusNotFound, p.post("/settings", "act", addCalls+b.numberOf(t, "ada")).status)
}

// TestAVendorThatRegistersPeople goes through a life with Authy's users: the
// person is registered at enrolment, and Authy decides where the code is.
func TestAVendorThatRegistersPeople(t *testing.T) {
	vendor := authytest.New(authytest.Options{})
	b := newBankOver(t, played{dsn: "authy://" + authytest.APIKey + "@users?" + base, handler: vendor})
	id := func() string {
		id, _, err := directory{b.store}.AuthyID(t.Context(), phone)
		require.NoError(t, err)
		return id
	}
	p := b.visitor(t).signUp("ada").get("/enrol")
	assert.Contains(t, p.text("email-hint"), "Authy decides.")
	p.post("/enrol", "number", phone, "region", "US", "email", "nobody")
	assert.Equal(t, "This does not look like an e-mail address.", p.text("refusal"))
	p.post("/enrol", "number", phone, "region", "US", "email", "a@example.com")
	assert.Zero(t, vendor.Requests(), "nobody is registered before the number was shown")
	assert.Empty(t, id())
	p.send("sms").type_(newest(vendor.Messages)())
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	require.NotEmpty(t, id())
	assert.Contains(t, p.get("/").body, "or are in the Authy app: Authy decides.")

	vendor.InstallApp(phone)
	p.post("/logout").logIn("ada")
	assert.Contains(t, p.body, "or is in the Authy app if you have it there: Authy decides.")
	assert.Equal(t, "Get a code", p.text("send-sms"))
	sent := vendor.Effects()
	p.send("sms")
	assert.Equal(t, sent, vendor.Effects(), "no message: the person has the app")
	assert.Equal(t, "Nothing was sent: the code is in your Authy app.", p.text("notice"))
	assert.Equal(t, "Open the Authy app: your code is there, and nothing was sent.", p.text("sent"))
	assert.Equal(t, "Send again", p.text("send-sms"))
	p.type_(vendor.Code(phone, ""))
	require.True(t, p.in(), p.text("notice"))

	p.post("/settings", "act", "off").send("sms").type_(vendor.Code(phone, ""))
	require.Equal(t, "Off", p.text("factor-state"), p.text("notice"))
	assert.Empty(t, id(), "who gives the number up is forgotten")
}

// TestARegistrationThatFails sends nothing, and says so.
func TestARegistrationThatFails(t *testing.T) {
	vendor := authytest.New(authytest.Options{})
	b := newBankOver(t, played{dsn: "authy://" + authytest.APIKey + "@users?" + base, handler: vendor})
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "email", "a@example.com")
	for range 6 {
		vendor.Fail(authytest.Fault{On: "register", Status: http.StatusInternalServerError})
		p.send("sms")
		assert.Equal(t, "No code was sent: our provider cannot be reached. Please try again.", p.text("notice"))
	}
	p.send("sms").type_(newest(vendor.Messages)())
	assert.Equal(t, "/recovery", p.path, p.text("notice"))
}

// TestASendIsOfferedWithEachWrongCode looks at a vendor that says no more of a
// code that was used than of one that is wrong.
func TestASendIsOfferedWithEachWrongCode(t *testing.T) {
	vendor := bandwidthtest.New(bandwidthtest.Options{})
	dsn := "bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
		"?sms_app=" + bandwidthtest.SMSApplicationID + "&from=" + bandwidthtest.From + "&" + base
	b := newBankOver(t, played{dsn: dsn, handler: vendor})
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms")
	used := newest(vendor.Messages)()
	p.type_(used)
	require.Equal(t, "/recovery", p.path)
	p.post("/logout").logIn("ada").send("sms")
	p.type_(used)
	assert.Equal(t, "This code is wrong or too old. You have 4 tries left, or ask for a new one.", p.text("notice"))
	assert.Equal(t, "Send again", p.text("send-sms"))
}
