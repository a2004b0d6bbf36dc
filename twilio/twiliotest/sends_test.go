package twiliotest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func TestSixthSendIsRefusedUntilTheVerificationIsOver(t *testing.T) {
	for name, over := range map[string]func(account){
		"it expires":     func(a account) { a.Advance(10 * time.Minute) },
		"it is approved": func(a account) { a.attempt(a.Code(to, "")) },
		"it is canceled": func(a account) { a.update(to, "canceled") },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			for range 5 {
				require.Equal(t, 201, a.send(oneEach).status)
			}
			code := a.Code(to, "")
			a.send(oneEach).refused(t, 429, 60203)
			assert.Equal(t, 5, a.Effects())
			assert.Equal(t, code, a.Code(to, ""), "the code still works")
			assert.Equal(t, 201, a.send("To="+other+"&Channel=sms").status, "somebody else is free")

			over(a)
			assert.Equal(t, 201, a.send(oneEach).status)
		})
	}
}

func TestProgrammableRateLimits(t *testing.T) {
	a := newAccount(t, twiliotest.Service{RateLimits: map[string]int{"ip": 2, "closed": 0}})
	with := func(to, limits string) answer { return a.send("To=" + to + "&Channel=sms&RateLimits=" + limits) }

	assert.Equal(t, 201, with(to, `{"ip":"a"}`).status)
	a.Advance(time.Minute)
	assert.Equal(t, 201, with(other, `{"ip":"a"}`).status)
	got := with(to, `{"ip":"a"}`)
	got.refused(t, 429, 20429)
	assert.Equal(t, "540", got.header.Get("Retry-After"))
	assert.Equal(t, 2, a.Effects())

	assert.Equal(t, 201, with(to, `{"ip":"b"}`).status, "another value")
	assert.Equal(t, 201, a.send(oneEach).status, "no value")
	with(to, `{"closed":"x"}`).refused(t, 429, 20429)
	with(to, `{"unknown":"x"}`).refused(t, 400, 60200)

	a.Advance(9 * time.Minute)
	assert.Equal(t, 201, with(to, `{"ip":"a"}`).status, "the first is ten minutes ago")
}

func TestUndeclaredRateLimitsAreTakenAndNotCounted(t *testing.T) {
	a := newAccount(t)
	for range 5 {
		assert.Equal(t, 201, a.send(oneEach+`&RateLimits={"any":"x"}`).status)
	}
}

func TestManyAtOnce(t *testing.T) {
	a := newAccount(t)
	var wg sync.WaitGroup
	statuses := make(chan int, 20)
	for range 20 {
		wg.Go(func() { statuses <- a.send(oneEach).status })
	}
	wg.Wait()
	close(statuses)
	counted := map[int]int{}
	for s := range statuses {
		counted[s]++
	}
	assert.Equal(t, map[int]int{201: 5, 429: 15}, counted)
	assert.Equal(t, 5, a.Effects())

	code := a.Code(to, "")
	approved := make(chan any, 20)
	for range 20 {
		wg.Go(func() { approved <- a.attempt(code) })
	}
	wg.Wait()
	close(approved)
	yes := 0
	for status := range approved {
		if status == "approved" {
			yes++
		}
	}
	assert.Equal(t, 1, yes, "exactly one of many right codes at once is approved")
}

func TestOldVerificationsAreForgotten(t *testing.T) {
	a := newAccount(t)
	first := a.send(oneEach).sid()
	a.update(first, "canceled")
	second := a.send(oneEach).sid()
	a.Advance(10 * time.Minute)
	a.send("To=" + other + "&Channel=sms")
	for _, sid := range []string{first, second} {
		a.fetch(sid).refused(t, 404, 20404)
	}
	assert.Equal(t, 201, a.send(oneEach).status)
	assert.NotEmpty(t, a.Code(other, ""))
}
