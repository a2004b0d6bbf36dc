package bandwidthtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

func TestSendAnswersWithAReference(t *testing.T) {
	a := newAccount(t)
	got := a.send(oneEach())
	require.Equal(t, 200, got.status)
	assert.Regexp(t, `^1767323045678[0-9a-f]{16}$`, got.body["messageId"])
	assert.Len(t, got.body, 1)
	assert.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, got.header.Get("X-Amzn-Requestid"))
	assert.NotEqual(t, got.body, a.send(oneEach()).body)
}

func TestRightCodeIsValidOnce(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	code := a.Code(to, "")
	got := a.check(anAttempt(code))
	require.Equal(t, 200, got.status)
	assert.Equal(t, map[string]any{"valid": true}, got.body)
	assert.Empty(t, a.Code(to, ""))
	assert.Equal(t, false, a.attempt(code))
}

func TestWrongCodeIsNoError(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	assert.Equal(t, false, a.attempt(a.wrong()))
	assert.Equal(t, true, a.attempt(a.Code(to, "")), "the right code still works")
}

func TestEachSendMakesACodeAndAllOfThemWork(t *testing.T) {
	codes := []string{"111111", "222222", "333333"}
	i := -1
	a := open(t, bandwidthtest.Options{Start: start, NewCode: func(int) string {
		i++
		return codes[i]
	}})
	for range codes {
		a.send(oneEach())
	}
	assert.Equal(t, "333333", a.Code(to, ""))
	assert.Equal(t, true, a.attempt("222222"))
	assert.Equal(t, false, a.attempt("222222"))
	assert.Equal(t, true, a.attempt("111111"))
	assert.Equal(t, "333333", a.Code(to, ""), "an approval spends no other code")
	assert.Equal(t, true, a.attempt("333333"))
}

func TestTheCheckChoosesTheAge(t *testing.T) {
	for name, tt := range map[string]struct {
		minutes float64
		after   time.Duration
		want    bool
	}{
		"a moment before":  {3, 3*time.Minute - 1, true},
		"on the dot":       {3, 3 * time.Minute, false},
		"a minute":         {1, time.Minute, false},
		"a minute, half":   {1.5, time.Minute, true},
		"a quarter":        {15, 15*time.Minute - 1, true},
		"after a quarter":  {15, 15 * time.Minute, false},
		"an hour later on": {15, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			a.send(oneEach())
			code := a.Code(to, "")
			a.Advance(tt.after)
			a.token = a.NewToken() // the first has ended after an hour
			assert.Equal(t, tt.want, a.check(anAttempt(code).with("expirationTimeInMinutes", tt.minutes)).body["valid"])
		})
	}
}

func TestOldCodesAreForgotten(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	a.send(oneEach().with("to", other))
	a.Advance(10 * time.Minute)
	a.send(oneEach())
	newest := a.Code(to, "")
	a.Advance(5 * time.Minute)
	assert.Empty(t, a.Code(other, ""))
	a.send(oneEach().with("to", other))
	assert.Equal(t, newest, a.Code(to, ""))
	assert.Equal(t, false, a.check(anAttempt(newest).with("expirationTimeInMinutes", 5)).body["valid"])
	assert.Equal(t, true, a.check(anAttempt(newest).with("expirationTimeInMinutes", 6)).body["valid"])
}

func TestScopesKeepTheirOwnCodes(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach().with("digits", 4))
	a.send(oneEach().with("scope", "login"))
	a.send(oneEach().with("scope", "LOGIN").with("digits", 8))
	login := a.Code(to, "login")
	assert.Len(t, login, 6)
	assert.Equal(t, false, a.attempt(login))
	assert.Equal(t, false, a.check(anAttempt(login).with("scope", "LOGIN")).body["valid"])
	assert.Equal(t, false, a.check(anAttempt(login).with("scope", "login").with("to", other)).body["valid"])
	assert.Equal(t, true, a.check(anAttempt(login).with("scope", "login")).body["valid"])

	assert.Equal(t, a.Code(to, ""), a.Code(to, "2FA"))
	assert.Equal(t, true, a.check(anAttempt(a.Code(to, "")).with("scope", "2FA")).body["valid"], "2FA is the empty scope")
}

func TestSixthAttemptIsRefusedWhateverTheCode(t *testing.T) {
	a := newAccount(t)
	a.send(oneEach())
	code := a.Code(to, "")
	for range 5 {
		assert.Equal(t, false, a.check(anAttempt(a.wrong()).with("scope", "admin")).body["valid"])
		a.Advance(time.Second)
	}
	a.check(anAttempt(code)).refused(t, 429, "This number has exceeded verification attempts, please wait 2 minutes")
	assert.Empty(t, a.Code(to, ""))
	assert.Equal(t, 200, a.check(anAttempt(code).with("to", other)).status, "another number is free")
	assert.Equal(t, 200, a.send(oneEach()).status, "and so is a send")

	a.Advance(2*time.Minute - 5*time.Second - 1)
	assert.Equal(t, 429, a.attempt(code))
	a.Advance(1)
	assert.Equal(t, true, a.attempt(code), "an attempt is two minutes old, and four count")
}
