package main

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

func TestRememberedDevices(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	p.post("/logout").logIn("ada").send("sms").type_(b.code(loginService), "remember", "on")
	id := regexp.MustCompile(`id="revoke-([A-Z2-7]+)"`).FindStringSubmatch(p.body)
	require.NotNil(t, id)
	assert.Equal(t, "/", p.post("/logout").logIn("ada").path)
	assert.Equal(t, "Your account", p.text("title"), "no code is asked for")

	assert.Contains(t, b.visitor(t).logIn("ada").path, "/code/", "another device")
	p.post("/devices", "id", id[1])
	assert.True(t, p.has("no-devices"))
	assert.Contains(t, p.post("/logout").logIn("ada").path, "/code/", "revoked")

	p.send("sms").type_(b.code(loginService), "remember", "on")
	p.post("/password", "password", password, "new-password", "another long password")
	assert.Contains(t, p.text("notice"), "logged out everywhere else")
	assert.True(t, p.has("no-devices"), "a new password forgets all")
	p.post("/logout").post("/login", "name", "ada", "password", "another long password")
	assert.Contains(t, p.path, "/code/")
}

func TestARememberedDeviceGrowsOld(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		p.post("/logout").logIn("ada").send("sms").type_(b.code(loginService), "remember", "on")
		time.Sleep(absence - time.Hour)
		assert.Equal(t, "Your account", p.logIn("ada").text("title"))
		time.Sleep(absence + time.Hour)
		p.logIn("ada")
		assert.Equal(t, "This device was not used for a while.", p.text("why"))
		p.send("sms").type_(b.code(loginService))
		time.Sleep(3 * 24 * time.Hour)
		p.logIn("ada")
		assert.Equal(t, "We do not recognize this device.", p.text("why"), "thirty days are over")
	})
}

func TestALoginEnds(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada")
		for range 20 {
			time.Sleep(idleLife - time.Minute)
			require.Equal(t, "Your account", p.get("/").text("title"))
		}
		time.Sleep(idleLife + time.Second)
		assert.Equal(t, "/login", p.get("/transfer").path, "idle")

		p.logIn("ada")
		began := time.Now()
		for time.Since(began) <= fullLife {
			p.get("/")
			time.Sleep(20 * time.Minute)
		}
		assert.Equal(t, "/login", p.get("/transfer").path, "used all the time")
		require.NoError(t, b.store.sweep())
		require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
			assert.Empty(t, all[login](tx, logins, ""))
			return nil
		}))
	})
}
