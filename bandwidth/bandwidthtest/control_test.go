package bandwidthtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

func fixed(digits int) string { return strings.Repeat("7", digits) }

func TestMessageAsThePhoneShowsIt(t *testing.T) {
	for name, tt := range map[string]struct {
		body          object
		calls         bool
		channel, text string
		scope, code   string
	}{
		"a text message": {oneEach(), false, "sms", "Your Acme 2FA code is 777777", "2FA", "777777"},
		"a call": {oneEach().with("applicationId", bandwidthtest.VoiceApplicationID), true,
			"voice", "Your Acme 2FA code is 777777", "2FA", "777777"},
		"in a scope":        {oneEach().with("scope", "login"), false, "sms", "Your Acme login code is 777777", "login", "777777"},
		"of another length": {oneEach().with("digits", 8), false, "sms", "Your Acme 2FA code is 77777777", "2FA", "77777777"},
		"with another text": {oneEach().with("message", "{CODE}!{CODE}"), false, "sms", "777777!777777", "2FA", "777777"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, bandwidthtest.Options{NewCode: fixed, Start: start})
			path := messaging
			if tt.calls {
				path = voice
			}
			require.Equal(t, 200, a.do("POST", path, tt.body).status)
			assert.Equal(t, []bandwidthtest.Message{{
				Vendor: "bandwidth", ID: a.Messages()[0].ID, To: to, Channel: tt.channel, Scope: tt.scope,
				Code: tt.code, Text: tt.text, At: start,
			}}, a.Messages())
		})
	}
}

func TestSubscriberGetsAMessageBeforeTheSendIsAnswered(t *testing.T) {
	a := newAccount(t)
	var got []string
	cancel := a.Subscribe(func(m bandwidthtest.Message) {
		assert.Equal(t, m.Code, a.Code(m.To, m.Scope), "it may ask for the live code")
		got = append(got, m.To)
	})
	a.send(oneEach())
	assert.Equal(t, []string{to}, got)
	cancel()
	a.send(oneEach())
	assert.Len(t, got, 1)
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   bandwidthtest.Fault
		effects int
		lost    bool // no answer comes
		status  int
	}{
		"refused as Bandwidth does": {fault: bandwidthtest.Refusal(403), status: 403},
		"failed after sending":      {fault: bandwidthtest.Fault{On: "send", Status: 500, Effect: true, Body: "{}"}, effects: 1, status: 500},
		"only checks fail":          {fault: bandwidthtest.Fault{On: "check", Status: 500}, effects: 1, status: 200},
		"only tokens fail":          {fault: bandwidthtest.Fault{On: "token", Status: 500}, effects: 1, status: 200},
		"only calls fail":           {fault: bandwidthtest.Fault{On: "/code/voice", Status: 500}, effects: 1, status: 200},
		"reset before sending":      {fault: bandwidthtest.Fault{Break: bandwidthtest.Reset}, lost: true},
		"closed after sending":      {fault: bandwidthtest.Fault{Break: bandwidthtest.Close, Effect: true}, lost: true, effects: 1},
		"cut short":                 {fault: bandwidthtest.Fault{Break: bandwidthtest.Truncate}, lost: true, effects: 1},
		"garbage":                   {fault: bandwidthtest.Fault{Break: bandwidthtest.Garbage}, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			a.Fail(tt.fault)
			if tt.lost {
				assert.Error(t, a.lost())
			} else {
				assert.Equal(t, tt.status, a.send(oneEach()).status)
			}
			assert.Equal(t, tt.effects, a.Effects())
			assert.Equal(t, 1, a.Requests())

			a.Heal()
			assert.Equal(t, 200, a.send(oneEach()).status)
		})
	}
}

func TestRefusalHasTheShapeOfBandwidth(t *testing.T) {
	const id = `"requestId":"00000000-0000-4000-8000-000000000000"`
	for status, body := range map[int]string{
		400: `{"error":"to number is required",` + id + `}`,
		401: `{"message":"Unauthorized"}`,
		403: `{"Message":"User is not authorized to access this resource with an explicit deny"}`,
		429: `{"error":"This number has exceeded verification attempts, please wait 2 minutes",` + id + `}`,
		500: `{"error":"Internal Error",` + id + `}`,
		503: `{"error":"Internal Error",` + id + `}`,
	} {
		f := bandwidthtest.Refusal(status)
		assert.Equal(t, status, f.Status)
		assert.JSONEq(t, body, f.Body)
	}
}

func TestZeroOptionsRunWithRealTimeAndRandomCodes(t *testing.T) {
	a := open(t)
	require.Equal(t, 200, a.send(oneEach()).status)
	assert.Regexp(t, `^[0-9]{6}$`, a.Code(to, ""))
	assert.WithinDuration(t, time.Now(), a.Messages()[0].At, time.Minute)
}

func TestClosedServerCannotBeReached(t *testing.T) {
	a := newAccount(t)
	a.Close()
	assert.Error(t, a.lost())
}
