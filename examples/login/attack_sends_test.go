package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

func attackARefreshStorm(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.Cooldown = []time.Duration{0} })
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	p := come().logIn("ada")
	at, form, sent := p.path, p.form(), b.vendor.Effects()
	storm(60, func(i int) {
		if i%2 == 0 {
			p.again().get(at)
			return
		}
		p.again().post(at+"/send", "form", form, "channel", "sms")
	})
	assert.Equal(t, 1, b.vendor.Effects()-sent, "one form, one message")
	p.get(at)
	again := p.form()
	storm(20, func(int) { p.again().post(at+"/send", "form", again, "channel", "sms") })
	assert.Equal(t, 2, b.vendor.Effects()-sent, "the next form, the next message")
}

func attackPumpingMessages(t *testing.T) {
	for name, adjust := range map[string]func(*limits){
		"to neighbors":     func(l *limits) { l.SendsByPrefix = 7 },
		"from one address": func(l *limits) { l.SendsByAddress = 7 },
		"from everywhere":  func(l *limits) { l.SendsInAll = 7 },
		"from one account": func(l *limits) { l.SendsByAccount = 7 },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, func(c *config) {
				c.Limits = limits{Cooldown: []time.Duration{0}, SendsByAccount: 1000, SendsByAddress: 1000, SendsByPrefix: 1000, SendsInAll: 1000}
				adjust(&c.Limits)
			})
			p := b.serve(t)().signUp("mallory")
			for i := range 20 {
				p.post("/enrol", "number", fmt.Sprintf("+1501712%04d", 2000+i), "region", "US").send("sms")
			}
			assert.Equal(t, 7, b.vendor.Effects())
		})
	}
}

func attackManyAccountsAndDearNumbers(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	come().signUp("mallory")
	many := 0
	for i := range 20 {
		if come().post("/signup", "name", fmt.Sprintf("mallory%d", i), "password", password).status == http.StatusOK {
			many++
		}
	}
	assert.Equal(t, 9, many, "accounts of one address")
	dear := b.visitor(t)
	dear.post("/login", "name", "mallory", "password", password)
	for _, number := range []string{"+1 900 234 5678", "+870 776 123 456", "+44 70 1234 5678", "+979 123 456 789", "+1 876 555 0123"} {
		dear.post("/enrol", "number", number, "region", "US")
		assert.Equal(t, http.StatusUnprocessableEntity, dear.status, number)
	}
	assert.Zero(t, b.vendor.Effects())
}

func attackOneNumberFromManyAccounts(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.SignupsByAddress, c.Limits.SendsByNumber = 100, 3 })
	come := b.serve(t)
	for i := range 10 {
		come().signUp(fmt.Sprintf("mallory%d", i)).post("/enrol", "number", phone, "region", "US").send("sms")
	}
	assert.Equal(t, 3, b.vendor.Effects(), "messages to one person in an hour")
}

func attackARequestThatIsTooLarge(t *testing.T) {
	b := newBank(t)
	p := b.serve(t)().signUp("ada")
	p.post("/enrol", "number", strings.Repeat("5", 1<<20), "region", "US")
	assert.Equal(t, http.StatusUnprocessableEntity, p.status)
}

func TestNothingSecretIsKeptOrLogged(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	p := b.halfWay(t, come)
	p.type_(wrong(b.code(loginService)))
	used := b.code(loginService)
	p.type_(used)
	p.post("/transfer", "amount", "39.99", "payee", "Mr. Canary").send("sms").type_(b.code(transferService))
	come().post("/login", "name", "ada", "password", "canary of a password")
	for _, secret := range []string{phone, "5005550006", password, "canary", "Canary"} {
		assert.NotContains(t, b.log.String(), secret)
	}
	assert.NotRegexp(t, `\b`+used+`\b`, b.log.String(), "as a number: a latency or a subject may hold its digits by chance")
	require.NotEmpty(t, b.log.String())
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			return bucket.ForEach(func(_, v []byte) error {
				assert.False(t, bytes.Contains(v, []byte(password)))
				assert.False(t, bytes.Contains(v, []byte(used)), "%s", name)
				if string(name) != accounts {
					assert.False(t, bytes.Contains(v, []byte(phone)), "%s", name)
				}
				return nil
			})
		})
	}))
}
