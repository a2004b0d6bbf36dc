package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/internal/dbserver"
	"github.com/go2fa/verify/vendors"
)

// postgresURL is a server that this test alone asks.
func postgresURL(t *testing.T) string {
	t.Helper()
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := dbserver.Postgres(dir)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no PostgreSQL to test against: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s.URL
}

// A balancer hands each request to the other one of two replicas.
type balancer struct {
	replicas [2]http.Handler
	n        atomic.Int64
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.replicas[b.n.Add(1)%2].ServeHTTP(w, r)
}

// Two replicas share accounts, sessions and, in PostgreSQL, codes: a person enrols and
// logs in with each request at the other one.
func TestTwoReplicasShareCodesInPostgreSQL(t *testing.T) {
	vendor, sample, err := newEmulator("gatewayapi")
	require.NoError(t, err)
	line, _, _ := strings.Cut(emulatorDSN(sample, "http://127.0.0.1:1"), "&store=")
	dsn := line + "&cooldown=1ns&code_key=emulatedotpkey000000000000000000&store=" + strings.ReplaceAll(strings.ReplaceAll(postgresURL(t), "%", "%25"), "&", "%26")

	accounts := newStore(t)
	var banks [2]*bank
	for i := range banks {
		v, err := vendors.Open(dsn, append(hand(accounts), vendors.WithHTTPClient(&http.Client{Transport: through{vendor}}))...)
		require.NoError(t, err)
		banks[i] = newBank(t, func(c *config) { c.Store, c.Verifier, c.Limits.Cooldown = accounts, v, []time.Duration{0} })
	}
	banks[1].site.sessions.Store = banks[0].site.sessions.Store
	both := &balancer{replicas: [2]http.Handler{banks[0], banks[1]}}
	p := newPerson(t, through{both}, "http://bank.test")

	code := newest(vendor.(*gatewayapitest.Emulator).Messages)
	p.signUp("ada").get("/enrol").post("/enrol", "number", phone, "region", "US", "ways", "sms", "email", "a@example.com")
	p.send("sms").type_(code())
	require.Equal(t, "/recovery", p.path, p.text("notice"))

	p.post("/logout").logIn("ada").send("sms")
	for left := 4; left > 0; left-- {
		p.type_(wrong(code()))
	}
	assert.Contains(t, p.text("notice"), "You have 1 try left", "four wrong codes, two at each replica")
	p.type_(code())
	assert.Equal(t, "Your account", p.text("title"), p.text("notice"))
}
