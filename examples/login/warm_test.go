package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A stove is a vendor that can open a connection ahead.
type stove struct {
	verify.Verifier
	warmed atomic.Int32
	takes  time.Duration
	err    error
}

func (s *stove) Warm(ctx context.Context) error {
	s.warmed.Add(1)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.takes):
		return s.err
	}
}

func TestAPageThatLeadsToACodeWarmsTheVendor(t *testing.T) {
	for name, err := range map[string]error{"at once": nil, "in vain": errors.New("no way there")} {
		t.Run(name, func(t *testing.T) {
			vendor := &stove{err: err}
			b := newBank(t, func(c *config) { vendor.Verifier = c.Verifier; c.Verifier = vendor })
			p := b.visitor(t)
			synctest.Test(t, func(t *testing.T) {
				p.t, p.client.Jar = t, newJar(t)
				warms := func(want int32, do func()) {
					t.Helper()
					before := vendor.warmed.Load()
					do()
					synctest.Wait()
					assert.Equal(t, want, vendor.warmed.Load()-before)
				}
				warms(0, func() { p.get("/").get("/signup").signUp("ada").get("/enrol") })
				warms(1, func() { p.post("/enrol", "number", phone, "region", "US") })
				warms(0, func() { p.send("sms") })
				p.type_(b.code("")).post("/logout")
				warms(1, func() { p.get("/login") })
				warms(1, func() { p.logIn("ada") })
				p.send("sms").type_(b.code(loginService))
				require.Equal(t, "Your account", p.text("title"))
			})
		})
	}
}

// A vendor that does not answer keeps no page waiting, and is asked by one page at a
// time for no longer than a few seconds.
func TestNobodyWaitsForAConnection(t *testing.T) {
	vendor := &stove{takes: time.Hour}
	b := newBank(t, func(c *config) { vendor.Verifier = c.Verifier; c.Verifier = vendor })
	p := b.visitor(t)
	synctest.Test(t, func(t *testing.T) {
		p.t, p.client.Jar = t, newJar(t)
		began := time.Now()
		for range 100 {
			p.get("/login")
		}
		assert.Zero(t, time.Since(began))
		synctest.Wait() // the vendor is asked beside the page
		assert.EqualValues(t, 1, vendor.warmed.Load())
		time.Sleep(warmTime + time.Second)
		p.get("/login")
		synctest.Wait()
		assert.EqualValues(t, 2, vendor.warmed.Load())
		time.Sleep(warmTime + time.Second)
	})
}
