package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func TestSendAgainObeysTheCooldown(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms")
		for _, wait := range []int{30, 40, 60, 90} {
			assert.Equal(t, wait, p.wait())
			sent := b.vendor.Effects()
			p.send("sms")
			assert.Contains(t, p.text("notice"), "Not yet: you can ask for another code in")
			assert.Equal(t, sent, b.vendor.Effects())
			time.Sleep(time.Duration(wait) * time.Second)
			assert.Zero(t, p.get(p.path).wait())
			p.send("sms")
			assert.Equal(t, "A code is on its way.", p.text("notice"))
		}
		assert.Equal(t, 5, b.vendor.Effects())
		assert.Equal(t, 600-220, p.wait(), "five in ten minutes")
	})
}

// wait is the countdown that a page shows, in seconds.
func (p *person) wait() int {
	found := regexp.MustCompile(`data-seconds="(\d+)"`).FindStringSubmatch(p.body)
	if found == nil {
		return 0
	}
	d, err := time.ParseDuration(found[1] + "s")
	require.NoError(p.t, err)
	return int(d.Seconds())
}

func TestTheChannelCanBeChanged(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.Cooldown = []time.Duration{0} })
	p, _ := b.enrolled(t, "ada", true)
	p.post("/logout").logIn("ada").send("sms").send("voice")
	assert.Contains(t, p.text("sent"), "We are calling")
	assert.Equal(t, "Text me instead", p.text("send-sms"))
	assert.Equal(t, "Call again", p.text("send-voice"))
	p.type_(b.code(loginService))
	assert.Equal(t, "Your account", p.text("title"))
}

func TestWhatIsSaidWhenThingsGoWrong(t *testing.T) {
	tests := map[string]struct {
		fault  twiliotest.Fault
		step   func(b *bank, p *person)
		notice string
		then   func(t *testing.T, b *bank, p *person)
	}{
		"the vendor cannot be reached at a send": {
			twiliotest.Fault{On: "send", Status: 503}, func(_ *bank, p *person) { p.send("sms") }, "",
			nil,
		},
		"the answer to a send is lost": {
			twiliotest.Fault{On: "send", Status: 500, Effect: true}, func(_ *bank, p *person) { p.send("sms") }, "It may still arrive",
			func(t *testing.T, b *bank, p *person) {
				p.type_(b.code(loginService))
				assert.Equal(t, "Your account", p.text("title"), "the code that arrives is good")
			},
		},
		"the vendor throttles": {
			throttled(), func(_ *bank, p *person) { p.send("sms") }, "we are sending very many", nil,
		},
		"credentials are refused": {
			twiliotest.Refusal(401, 20003), func(_ *bank, p *person) { p.send("sms") }, "something is wrong on our side", nil,
		},
		"a fraud guard blocks": {
			twiliotest.Refusal(403, 60410), func(_ *bank, p *person) { p.send("sms") }, "sending to this number is blocked", nil,
		},
		"a landline": {
			twiliotest.Refusal(400, 60205), func(_ *bank, p *person) { p.send("sms") }, "Choose another way, or another number", nil,
		},
		"the answer to a check is lost": {
			twiliotest.Fault{On: "check", Status: 500, Effect: true, Times: 9},
			func(b *bank, p *person) { p.send("sms").type_(b.code(loginService)) }, "We do not know whether the code was right", nil,
		},
		"it has expired": {
			twiliotest.Fault{On: "fetch", Status: 503}, func(b *bank, p *person) {
				p.send("sms")
				code := b.code(loginService)
				b.vendor.Advance(11 * time.Minute)
				p.type_(code)
			}, "expired or was used before", nil,
		},
		"five wrong codes": {
			twiliotest.Fault{On: "fetch", Status: 503}, func(b *bank, p *person) {
				p.send("sms")
				for range 5 {
					p.type_(wrong(b.code(loginService)))
				}
			}, "Too many wrong codes: even the right one is refused now.",
			func(t *testing.T, b *bank, p *person) {
				assert.False(t, p.has("code-form"), "nothing to type until another code is sent")
			},
		},
		"a slip of the finger": {
			twiliotest.Fault{On: "fetch", Status: 503}, func(_ *bank, p *person) { p.send("sms").type_("12345") }, "This did not count as a try.", nil,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			p, _ := b.enrolled(t, "ada", false)
			p.post("/logout").logIn("ada")
			b.vendor.Fail(tc.fault)
			tc.step(b, p)
			if name == "the vendor cannot be reached at a send" {
				assert.Regexp(t, "No code was sent|may still arrive", p.text("notice"))
			} else {
				assert.Contains(t, p.text("notice"), tc.notice)
			}
			assert.Contains(t, p.path, "/code/", "nobody is let in")
			if tc.then != nil {
				tc.then(t, b, p)
			}
		})
	}
}

// throttled is a vendor that is asked too often for a minute.
func throttled() twiliotest.Fault {
	f := twiliotest.Refusal(429, 20429)
	f.Header, f.Times = http.Header{"Retry-After": {"60"}}, 9
	return f
}

func TestASendThatSurelyFailedIsGivenBack(t *testing.T) {
	b := newBank(t)
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US")
	for range 8 {
		b.vendor.Fail(twiliotest.Refusal(401, 20003))
		p.send("sms")
	}
	p.send("sms")
	assert.Equal(t, "A code is on its way.", p.text("notice"), "eight failures count for nothing")
}

// TestAnOutageUsesUpNoMessages has somebody try again and again while the vendor
// is down.
func TestAnOutageUsesUpNoMessages(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.SendsByNumber = 3 })
	p, _ := b.enrolled(t, "ada", false)
	p.post("/logout").logIn("ada")
	for range 8 {
		b.vendor.Fail(twiliotest.Refusal(401, 20003))
		p.send("sms")
		require.Contains(t, p.text("notice"), "something is wrong on our side")
	}
	p.send("sms")
	assert.Equal(t, "A code is on its way.", p.text("notice"))
}

func TestACodeMayHoldSpaces(t *testing.T) {
	b := newBank(t)
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms")
	code := b.code("")
	p.type_(" " + code[:3] + " " + code[3:] + " ")
	assert.Equal(t, "/recovery", p.path)
}

func TestARefreshSendsAndAttemptsNothing(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.Cooldown = []time.Duration{0} })
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US")
	form := p.form()
	p.send("sms").post(p.path+"/send", "form", form, "channel", "sms")
	p.get(p.path).get(p.path)
	assert.Equal(t, 1, b.vendor.Effects())
	assert.Contains(t, p.text("sent"), "text message")
}

func TestABrowserThatGoesAwayCutsNothingOff(t *testing.T) {
	b := newBank(t)
	p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US")
	p.gone(p.path+"/send", "form", p.form(), "channel", "sms")
	require.Equal(t, 1, b.vendor.Effects())
	assert.Contains(t, p.get(p.path).text("sent"), "text message")
	p.gone(p.path+"/check", "code", b.code(""))
	assert.Equal(t, "On", p.get("/").text("factor-state"))
}

// gone posts a form and does not wait for the answer, as after a double click.
func (p *person) gone(path string, fields ...string) {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range p.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	res, err := p.client.Transport.RoundTrip(req)
	require.NoError(p.t, err)
	require.NoError(p.t, res.Body.Close())
	p.client.Jar.SetCookies(req.URL, res.Cookies())
}
