package vendors_test

import (
	"cmp"
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const person = "+15005550006"

// A vendor under test, with what its emulator knows.
type paired struct {
	verify.Verifier
	code    func() string
	effects func() int
	fail    func(twiliotest.Fault)
	stop    func()
}

// pairable are the vendors by name, each made anew.
var pairable = map[string]func(t *testing.T) paired{
	"twilio": func(t *testing.T) paired {
		srv := twiliotest.NewServer(t)
		v, err := twilio.New(twilio.Config{
			AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken,
			Service: twilio.Service{SID: twiliotest.ServiceSID}, BaseURL: srv.URL,
		})
		require.NoError(t, err)
		return paired{v, func() string { return srv.Code(person, "") }, srv.Effects, func(f twiliotest.Fault) { srv.Fail(f) }, srv.Close}
	},
	"bandwidth": func(t *testing.T) paired {
		srv := bandwidthtest.NewServer(t)
		v, err := bandwidth.New(bandwidth.Config{
			AccountID: bandwidthtest.AccountID, ClientID: bandwidthtest.ClientID, ClientSecret: bandwidthtest.ClientSecret,
			SMSApplicationID: bandwidthtest.SMSApplicationID, From: bandwidthtest.From, BaseURL: srv.URL,
		})
		require.NoError(t, err)
		return paired{v, func() string { return srv.Code(person, "") }, srv.Effects, func(f twiliotest.Fault) { f.On = cmp.Or(f.On, "/code/"); srv.Fail(f) }, srv.Close}
	},
	"authy": func(t *testing.T) paired {
		srv := authytest.NewServer(t)
		v, err := authy.NewPhone(authy.Config{APIKey: authytest.APIKey, BaseURL: srv.URL})
		require.NoError(t, err)
		return paired{v, func() string { return srv.Code(person, "") }, srv.Effects, func(f twiliotest.Fault) { srv.Fail(f) }, srv.Close}
	},
	"gatewayapi": func(t *testing.T) paired {
		srv := gatewayapitest.NewServer(t)
		messenger, err := gatewayapi.New(gatewayapi.Config{Token: gatewayapitest.Token, Sender: "Acme", BaseURL: srv.URL})
		require.NoError(t, err)
		v, err := otp.New(otp.Config{
			Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)},
			Limits: otp.Limits{Cooldown: []time.Duration{0}},
		})
		require.NoError(t, err)
		return paired{v, func() string { return srv.Code(person) }, srv.Effects, func(f twiliotest.Fault) { srv.Fail(f) }, srv.Close}
	},
}

// What a failing first vendor means to the second one.
type follow uint8

const (
	follows  follow = iota // surely nothing was sent: silently
	byChoice               // nobody knows: if the policy says so
	never
)

// rows are failures of a send, as any vendor may show them. One without a fault
// is a vendor that cannot be reached.
var rows = map[string]struct {
	fault *twiliotest.Fault
	next  follow
	sent  bool // the first vendor's message arrives all the same
}{
	"refused dial":             {nil, follows, false},
	"reset after the effect":   {&twiliotest.Fault{Break: twiliotest.Reset, Effect: true}, byChoice, true},
	"closed after the request": {&twiliotest.Fault{Break: twiliotest.Close}, byChoice, false},
	"garbage":                  {&twiliotest.Fault{Break: twiliotest.Garbage}, byChoice, false},
	"a page":                   {&twiliotest.Fault{Status: 200, Body: "<html>"}, byChoice, false},
	"truncated":                {&twiliotest.Fault{Break: twiliotest.Truncate}, byChoice, true},
	"redirect": {&twiliotest.Fault{
		Status: 307, Header: http.Header{"Location": {"https://elsewhere.example.com/"}},
	}, byChoice, false},
	"a proxy's 400": {&twiliotest.Fault{Status: 400, Body: "<html>"}, never, false},
	"credentials":   {&twiliotest.Fault{Status: 401, Body: "<html>"}, follows, false},
	"throttled for an hour": {&twiliotest.Fault{
		Status: 429, Body: "<html>", Header: http.Header{"Retry-After": {"3600"}},
	}, follows, false},
	"500 after the effect": {&twiliotest.Fault{Status: 500, Effect: true, Body: "<html>"}, byChoice, true},
	"501":                  {&twiliotest.Fault{Status: 501, Body: "<html>"}, follows, false},
	"502":                  {&twiliotest.Fault{Status: 502, Body: "<html>"}, byChoice, false},
}

// The failover promise, for every pair of vendors and every row, with the
// messages counted at the emulators.
func TestEveryPairKeepsTheFailoverPromise(t *testing.T) {
	t.Parallel()
	for first := range pairable {
		for second := range pairable {
			if first == second {
				continue
			}
			for row := range rows {
				for name, policy := range map[string]failover.Policy{"stop": failover.Stop, "next": failover.Next} {
					t.Run(first+" then "+second+", "+row+", "+name, func(t *testing.T) {
						t.Parallel()
						a, b := pairable[first](t), pairable[second](t)
						playPair(t, a, b, row, policy)
					})
				}
			}
		}
	}
}

func playPair(t *testing.T, a, b paired, row string, policy failover.Policy) {
	tc := rows[row]
	v, err := failover.New(failover.Config{
		Backends:  []failover.Backend{{Name: "a", Verifier: a.Verifier}, {Name: "b", Verifier: b.Verifier}},
		OnUnknown: policy,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, v.Close()) })
	if tc.fault == nil {
		a.stop()
	} else {
		fault := *tc.fault
		fault.Times = -1
		a.fail(fault)
	}

	receipt, err := v.Send(t.Context(), person)
	went := tc.next == follows || tc.next == byChoice && policy == failover.Next
	if tc.sent {
		assert.Equal(t, 1, a.effects())
	} else {
		assert.Zero(t, a.effects())
	}
	if !went {
		require.Error(t, err)
		assert.Zero(t, b.effects(), "2, 3, 6: nobody else sends")
		if tc.next == byChoice {
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		}
		return
	}
	require.NoError(t, err)
	assert.Equal(t, 1, b.effects())
	assert.Equal(t, tc.next == byChoice, receipt.PossibleDuplicate, "3: never silent after unknown")
	require.Error(t, v.Check(t.Context(), person, "00"+b.code()[2:]+"9"), "a wrong code")
	require.NoError(t, v.Check(t.Context(), person, b.code()), "4, 5: the code is shown to who sent it")
	require.ErrorIs(t, v.Check(t.Context(), person, "123456"), verify.ErrNotPending, "1: one approval")
}
