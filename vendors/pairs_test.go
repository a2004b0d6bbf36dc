package vendors_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const person = "+15005550006"

// A vendor under test, with what its emulator knows.
type paired struct {
	verify.Verifier
	code    func() string
	effects func() int
	fail    func(emulator.Fault)
	stop    func()
}

// pairable are the vendors by scheme, each made anew: all that are emulated.
var pairable = func() map[string]func(t *testing.T) paired {
	all := map[string]func(t *testing.T) paired{}
	for _, v := range emulated.All() {
		all[v.Facts.Scheme] = func(t *testing.T) paired { return pairOf(t, v) }
	}
	return all
}()

func pairOf(t *testing.T, vendor emulator.Vendor) paired {
	e, sample := vendor.New(emulator.Setup{})
	srv := emulator.ServeTest(t, e, "")
	dsn := sample.DSN(srv.URL)
	if sample.Messenger {
		dsn += "&store=memory&cooldown=0s&code_key=" + strings.Repeat("k", 32)
	}
	v, err := vendors.Open(dsn)
	require.NoError(t, err)
	newest := func() string {
		sent := e.Messages()
		return sent[len(sent)-1].Code
	}
	fail := func(f emulator.Fault) {
		if sample.Asks != "" {
			f.On = cmp.Or(f.On, "send") // what is asked first stays
		}
		e.Fail(f)
	}
	return paired{v, newest, e.Effects, fail, srv.Close}
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
	fault *emulator.Fault
	next  follow
	sent  bool // the first vendor's message arrives all the same
}{
	"refused dial":             {nil, follows, false},
	"reset after the effect":   {&emulator.Fault{Break: emulator.Reset, Effect: true}, byChoice, true},
	"closed after the request": {&emulator.Fault{Break: emulator.Close}, byChoice, false},
	"garbage":                  {&emulator.Fault{Break: emulator.Garbage}, byChoice, false},
	"a page":                   {&emulator.Fault{Status: 200, Body: "<html>"}, byChoice, false},
	"truncated":                {&emulator.Fault{Break: emulator.Truncate}, byChoice, true},
	"redirect": {&emulator.Fault{
		Status: 307, Header: http.Header{"Location": {"https://elsewhere.example.com/"}},
	}, byChoice, false},
	"a proxy's 400": {&emulator.Fault{Status: 400, Body: "<html>"}, never, false},
	"credentials":   {&emulator.Fault{Status: 401, Body: "<html>"}, follows, false},
	"throttled for an hour": {&emulator.Fault{
		Status: 429, Body: "<html>", Header: http.Header{"Retry-After": {"3600"}},
	}, follows, false},
	"500 after the effect": {&emulator.Fault{Status: 500, Effect: true, Body: "<html>"}, byChoice, true},
	"501":                  {&emulator.Fault{Status: 501, Body: "<html>"}, follows, false},
	"502":                  {&emulator.Fault{Status: 502, Body: "<html>"}, byChoice, false},
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

func shareChannel(a, b paired) bool {
	return slices.ContainsFunc(a.Capabilities().Channels, func(c verify.Channel) bool {
		return slices.Contains(b.Capabilities().Channels, c)
	})
}

func playPair(t *testing.T, a, b paired, row string, policy failover.Policy) {
	tc := rows[row]
	v, err := failover.New(failover.Config{
		Backends:  []failover.Backend{{Name: "a", Verifier: a.Verifier}, {Name: "b", Verifier: b.Verifier}},
		OnUnknown: policy, AnyChannel: !shareChannel(a, b),
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
