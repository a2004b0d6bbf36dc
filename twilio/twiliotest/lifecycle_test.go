package twiliotest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func TestSendAnswersWithAPendingVerification(t *testing.T) {
	a := newAccount(t)
	got := a.send(oneEach)
	require.Equal(t, 201, got.status)

	sid := got.sid()
	assert.Regexp(t, `^VE[0-9a-f]{32}$`, sid)
	attempts := got.body["send_code_attempts"].([]any)
	require.Len(t, attempts, 1)
	attempt := attempts[0].(map[string]any)
	assert.Regexp(t, `^VL[0-9a-f]{32}$`, attempt["attempt_sid"])
	delete(attempt, "attempt_sid")

	assert.Equal(t, map[string]any{
		"sid": sid, "service_sid": twiliotest.ServiceSID, "account_sid": twiliotest.AccountSID,
		"to": to, "channel": "sms", "status": "pending", "valid": false,
		"amount": nil, "payee": nil, "lookup": map[string]any{}, "sna": nil,
		"date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:05Z",
		"send_code_attempts": []any{map[string]any{"channel": "sms", "time": "2026-01-02T03:04:05.678Z"}},
		"url":                a.URL + send + "/" + sid,
	}, got.body)
}

func TestAnswersCarryTheHeadersOfTwilio(t *testing.T) {
	a := newAccount(t)
	for name, got := range map[string]answer{"accepted": a.send(oneEach), "refused": a.send("")} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
			assert.Regexp(t, `^RQ[0-9a-f]{32}$`, got.header.Get("Twilio-Request-Id"))
			assert.Regexp(t, `^[0-9]+\.[0-9]{3}$`, got.header.Get("Twilio-Request-Duration"))
			assert.Equal(t, "1", got.header.Get("Twilio-Concurrent-Requests"))
		})
	}
}

func TestSecondSendRepeatsTheCodeOfTheSameVerification(t *testing.T) {
	a := newAccount(t)
	first := a.send(oneEach)
	code := a.Code(to, "")
	a.Advance(6 * time.Minute)
	second := a.send("To=" + to + "&Channel=call")

	require.Equal(t, 201, second.status)
	assert.Equal(t, first.sid(), second.sid())
	assert.Equal(t, code, a.Code(to, ""))
	assert.Equal(t, "call", second.body["channel"])
	assert.Equal(t, first.body["date_created"], second.body["date_created"])
	assert.Equal(t, "2026-01-02T03:10:05Z", second.body["date_updated"])
	assert.Len(t, second.body["send_code_attempts"], 2)
	assert.Equal(t, 2, a.Effects())

	a.Advance(4 * time.Minute)
	assert.Equal(t, 20404, a.attempt(code), "a second send does not prolong the ten minutes")
}

func TestRightCodeIsApprovedOnce(t *testing.T) {
	for name, subject := range map[string]func(sid string) string{
		"by recipient": func(string) string { return "To=" + to },
		"by SID":       func(sid string) string { return "VerificationSid=" + sid },
		"by both":      func(sid string) string { return "To=" + to + "&VerificationSid=" + sid },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			pairs := subject(sid) + "&Code=" + a.Code(to, "")
			a.Advance(time.Second)
			got := a.check(pairs)

			require.Equal(t, 200, got.status)
			assert.Equal(t, map[string]any{
				"sid": sid, "service_sid": twiliotest.ServiceSID, "account_sid": twiliotest.AccountSID,
				"to": to, "channel": "sms", "status": "approved", "valid": true,
				"amount": nil, "payee": nil, "sna_attempts_error_codes": []any{},
				"date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:06Z",
			}, got.body)
			assert.Empty(t, a.Code(to, ""))
			a.check(pairs).refused(t, 404, 20404)
		})
	}
}

func TestWrongCodeLeavesTheVerificationPending(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach)
	got := a.check("To=" + to + "&Code=" + a.wrong())
	assert.Equal(t, 200, got.status)
	assert.Equal(t, "pending", got.body["status"])
	assert.Equal(t, false, got.body["valid"])
	assert.Equal(t, "approved", a.attempt(a.Code(to, "")), "the right code still works")
}

func TestSixthAttemptIsRefusedWhateverTheCode(t *testing.T) {
	a := newAccount(t)
	sid := a.send(oneEach).sid()
	code := a.Code(to, "")
	for range 5 {
		assert.Equal(t, "pending", a.attempt(a.wrong()))
	}

	a.check("To="+to+"&Code="+code).refused(t, 429, 60202)
	a.send(oneEach).refused(t, 429, 60202)
	assert.Equal(t, "max_attempts_reached", a.fetch(sid).body["status"])
	assert.Empty(t, a.Code(to, ""))

	a.Advance(10 * time.Minute)
	assert.Equal(t, 20404, a.attempt(code))
	assert.NotEqual(t, sid, a.send(oneEach).sid(), "after its time the recipient is free")
}

func TestCodeDiesAfterTenMinutes(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		want  any
	}{
		"a moment before": {10*time.Minute - 1, "approved"},
		"on the dot":      {10 * time.Minute, 20404},
		"a day later":     {24 * time.Hour, 20404},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			code := a.Code(to, "")
			a.Advance(tt.after)
			assert.Equal(t, tt.want == "approved", a.Code(to, "") == code)
			assert.Equal(t, tt.want, a.attempt(code))
			a.fetch(sid).refused(t, 404, 20404)
		})
	}
}

func TestCheckOfWhatWasNeverSent(t *testing.T) {
	second := "VA11111111111111111111111111111111"
	a := newAccount(t, twiliotest.Service{}, twiliotest.Service{SID: second})
	sid := a.send(oneEach).sid()
	code := a.Code(to, "")

	for name, pairs := range map[string]string{
		"to somebody else":              "To=" + other,
		"under another SID":             "VerificationSid=VE11111111111111111111111111111111",
		"to somebody else, by this SID": "VerificationSid=" + sid + "&To=" + other,
	} {
		t.Run(name, func(t *testing.T) {
			a.check(pairs+"&Code="+code).refused(t, 404, 20404)
		})
	}
	t.Run("in another Service", func(t *testing.T) {
		path := strings.Replace(check, twiliotest.ServiceSID, second, 1)
		a.do("POST", path, "To="+to+"&Code="+code).refused(t, 404, 20404)
		a.do("POST", path, "VerificationSid="+sid+"&Code="+code).refused(t, 404, 20404)
		assert.Empty(t, a.Code(to, second))
	})
	assert.Equal(t, "approved", a.attempt(code), "none of these was an attempt")
}

func TestAnAddressMayBeginAsASIDDoes(t *testing.T) {
	const address = "VE@example.com"
	a := newAccount(t)
	require.Equal(t, 201, a.send("To="+address+"&Channel=email").status)
	assert.Equal(t, "pending", a.fetch(address).body["status"])
	got := a.check("To=" + address + "&Code=" + a.Code(address, ""))
	assert.Equal(t, "approved", got.body["status"])
}
