package failover_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/observe"
)

func observed(events *[]observe.Event) func(*failover.Config) {
	return func(c *failover.Config) {
		c.Observer = func(_ context.Context, e observe.Event) { *events = append(*events, e) }
	}
}

func TestEachRequestToABackendIsObserved(t *testing.T) {
	t.Parallel()
	var events []observe.Event
	v, a, _ := pair(t, observed(&events), func(c *failover.Config) { c.Backends[0].Name = "main" })
	a.fails("send", verify.ErrUnauthorized)
	_, err := v.Send(t.Context(), phone, verify.WithScope("login"))
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, codeB, verify.WithScope("login")))
	require.Len(t, events, 3)
	for i, want := range []observe.Event{
		{Op: observe.OpSend, Backend: "main", Vendor: "a", Outcome: verify.ErrUnauthorized, VendorCode: "7", Requests: 1, Channel: verify.ChannelSMS},
		{Op: observe.OpSend, Backend: "b", Vendor: "b", Requests: 1, Channel: verify.ChannelSMS},
		{Op: observe.OpCheck, Backend: "b", Vendor: "b"},
	} {
		want.Scope, want.CallingCode, want.Region, want.Time, want.Latency = "login", "1", "US", events[i].Time, events[i].Latency
		assert.Equal(t, want, events[i])
	}
}

func TestEachChangeOfABreakerIsObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []observe.Event
		v, a, _ := pair(t, observed(&events))
		changes := func() (all []observe.Event) {
			for _, e := range events {
				if e.Op == observe.OpBreaker {
					all = append(all, e)
				}
			}
			events = nil
			return all
		}
		a.fails("send", verify.ErrUnavailable)
		many(t, v, 20)
		opened := changes()
		require.Len(t, opened, 1)
		assert.Equal(t, observe.Event{
			Time: opened[0].Time, Op: observe.OpBreaker, Vendor: "a", Backend: "a", Channel: verify.ChannelSMS,
			Breaker: "open", BreakerFor: observe.OpSend,
		}, opened[0])
		a.fails("send", "")
		<-time.After(31 * time.Second)
		many(t, v, 1)
		closed := changes()
		require.Len(t, closed, 2)
		assert.Equal(t, []string{"half_open", "closed"}, []string{closed[0].Breaker, closed[1].Breaker})
	})
}

func TestAFirstVendorThatRefusesTheCredentialsRingsAnAlarm(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	v, a, _ := pair(t, func(c *failover.Config) { c.Observer = observe.Slog(slog.New(slog.NewTextHandler(&log, nil))) })
	a.fails("send", verify.ErrUnauthorized)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err, "the next vendor has sent")
	assert.Contains(t, log.String(), `level=ERROR msg="verify send" vendor=a outcome=unauthorized`)
	assert.NotContains(t, log.String(), phone[1:])
}

func TestAPanicOfTheObserverCostsNobodyTheReceipt(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t, func(c *failover.Config) {
		c.Observer = func(context.Context, observe.Event) { panic("of an observer") }
	})
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, codeA))
	a.fails("send", verify.ErrUnavailable)
	many(t, v, 20)
	assert.Equal(t, 10, a.sends, "the breaker works all the same")
}

func TestTheEventOfACheckNamesTheVendor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code, vendor string
		outcome      verify.Outcome
	}{
		"the newest approves": {codeB, "b", ""},
		"the older approves":  {codeA, "a", ""},
		"neither":             {wrong, "b", verify.ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			composite, a, _ := pair(t, next)
			a.effect = true
			a.fails("send", verify.ErrOutcomeUnknown)
			var events []observe.Event
			v := observe.New(composite, func(_ context.Context, e observe.Event) { events = append(events, e) })
			_, err := v.Send(t.Context(), phone)
			require.NoError(t, err)
			_ = v.Check(t.Context(), phone, tc.code)
			require.Len(t, events, 2)
			assert.Equal(t, tc.vendor, events[1].Vendor)
			assert.Equal(t, tc.outcome, events[1].Outcome)
		})
	}
	var events []observe.Event
	composite, _, _ := pair(t)
	_ = observe.New(composite, func(_ context.Context, e observe.Event) { events = append(events, e) }).Check(t.Context(), phone, wrong)
	assert.Equal(t, "failover", events[0].Vendor, "no vendor was asked")
}
