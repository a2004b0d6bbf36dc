package twiliotest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpdateEndsAVerification(t *testing.T) {
	for name, tt := range map[string]struct {
		byTo   bool
		status string
		valid  bool
	}{
		"cancel by SID":        {false, "canceled", false},
		"cancel by recipient":  {true, "canceled", false},
		"approve by SID":       {false, "approved", true},
		"approve by recipient": {true, "approved", true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			code := a.Code(to, "")
			subject := sid
			if tt.byTo {
				subject = to
			}

			got := a.update(subject, tt.status)
			require.Equal(t, 200, got.status)
			assert.Equal(t, sid, got.sid())
			assert.Equal(t, tt.status, got.body["status"])
			assert.Equal(t, tt.valid, got.body["valid"])
			assert.Len(t, got.body["send_code_attempts"], 1)

			assert.Equal(t, 20404, a.attempt(code))
			a.update(subject, tt.status).refused(t, 404, 20404)
		})
	}
}

func TestCancelFreesTheRecipient(t *testing.T) {
	for name, exhaust := range map[string]func(account){
		"after five sends": func(a account) {
			for range 4 {
				a.send(oneEach)
			}
			assert.Equal(a.t, 60203, a.send(oneEach).code())
		},
		"after five wrong codes": func(a account) {
			for range 5 {
				a.attempt(a.wrong())
			}
			assert.Equal(a.t, 60202, a.send(oneEach).code())
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			exhaust(a)
			assert.Equal(t, 200, a.update(to, "canceled").status)

			got := a.send(oneEach)
			assert.Equal(t, 201, got.status)
			assert.NotEqual(t, sid, got.sid())
			assert.Len(t, got.body["send_code_attempts"], 1)
			assert.Equal(t, "approved", a.attempt(a.Code(to, "")))
		})
	}
}

func TestUpdateToAnyOtherStatusIsInvalid(t *testing.T) {
	a := newAccount(t)
	sid := a.send(oneEach).sid()
	for _, status := range []string{"", "pending", "expired", "deleted"} {
		a.update(sid, status).refused(t, 400, 60200)
	}
	assert.Equal(t, 200, a.fetch(sid).status)
}

func TestFetchTellsTheStatusAsLongAsItLives(t *testing.T) {
	for status, end := range map[string]func(account){
		"pending":  func(account) {},
		"canceled": func(a account) { a.update(to, "canceled") },
		"max_attempts_reached": func(a account) {
			for range 5 {
				a.attempt(a.wrong())
			}
		},
	} {
		t.Run(status, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			end(a)
			for _, subject := range []string{sid, to} {
				got := a.fetch(subject)
				require.Equal(t, 200, got.status)
				assert.Equal(t, status, got.body["status"])
				assert.Equal(t, false, got.body["valid"])
			}
			a.Advance(10 * time.Minute)
			a.fetch(sid).refused(t, 404, 20404)
		})
	}
}

func TestFetchOfWhatWasApprovedIsNotFound(t *testing.T) {
	for name, approve := range map[string]func(account){
		"by the person":  func(a account) { a.attempt(a.Code(to, "")) },
		"by the account": func(a account) { a.update(to, "approved") },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			sid := a.send(oneEach).sid()
			approve(a)
			a.fetch(sid).refused(t, 404, 20404)
			a.fetch(to).refused(t, 404, 20404)
		})
	}
}

func TestFetchReturnsWhatIsPending(t *testing.T) {
	a := newAccount(t)
	sent := a.send(oneEach)
	for name, path := range map[string]string{
		"by SID":                          send + "/" + sent.sid(),
		"by recipient":                    send + "/" + to,
		"by recipient, plus as an escape": send + "/%2B" + to[1:],
	} {
		t.Run(name, func(t *testing.T) {
			got := a.do(http.MethodGet, path, "")
			assert.Equal(t, 200, got.status)
			assert.Equal(t, sent.body, got.body)
		})
	}
	a.fetch(other).refused(t, 404, 20404)
	a.fetch("VE11111111111111111111111111111111").refused(t, 404, 20404)
}

func TestFetchIsThrottledByMinuteAndHour(t *testing.T) {
	a := newAccount(t)
	sid := a.send(oneEach).sid()
	fetches := 0
	for a.fetch(sid).status == 200 {
		fetches++
	}
	assert.Equal(t, 60, fetches)
	a.fetch(sid).refused(t, 429, 20429)

	for range 3 {
		a.Advance(time.Minute)
		for a.fetch(sid).status == 200 {
			fetches++
		}
	}
	assert.Equal(t, 180, fetches)
}
