package vendors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/vendors"
)

const american = "+15017122661"

func TestAGuardIsOpenedAroundAVendor(t *testing.T) {
	var rules []string
	v := opened(t, "guard(raven://A:t@)?countries=US,GB&region.1357=US&kinds=premium,satellite&recipient=2/1h&prefix=3/1h&prefix4=4/1h&prefix2=5/1h&country=6/1h"+
		"&ip=7/10m&private=true&total=8/1h&convert=0.3&convert_country=off&budget=1/24h&price.other=0.05&price.US=0.04&observe=false&store=memory",
		vendors.With("raven", newRaven), vendors.WithObserver(func(_ context.Context, e observe.Event) { rules = append(rules, e.Rule) }))
	_, ok := verify.As[*raven](v)
	require.True(t, ok, "what is inside is found")
	_, err := v.Send(t.Context(), "+18762101234")
	require.ErrorIs(t, err, verify.ErrBlocked)
	_, err = v.Send(t.Context(), american)
	require.ErrorIs(t, err, verify.ErrUnsupported, "ip= needs an address")
	assert.Equal(t, []string{guard.RuleCountry, guard.RuleAddress}, rules)
	_, ok = verify.As[io.Closer](v)
	assert.True(t, ok)
	assert.Equal(t, "vendors.Open([hidden])", fmt.Sprintf("%+v", v))
}

func TestAGuardStandsAroundAFailover(t *testing.T) {
	v := opened(t, "guard(failover(raven://A:t@?name=a raven://B:t@?name=b)?on_unknown=next)?total=1/1h", vendors.With("raven", newRaven))
	_, err := v.Send(t.Context(), american)
	require.NoError(t, err)
	_, err = v.Send(t.Context(), "+447400123456")
	require.ErrorIs(t, err, verify.ErrTooManySends)
}

func TestAGuardIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ dsn, want string }{
		"in a failover":           {"failover(twilio://AC@ guard(raven://A:t@))", "vendors: character 23: a guard stands around everything, once"},
		"in a guard":              {"guard(guard(raven://A:t@))", "vendors: character 7: a guard stands around everything, once"},
		"of a key it has not":     {"guard(raven://A:t@)?cuntries=DK", "guard has no such key, but guard_key, countries"},
		"of a limit of nothing":   {"guard(raven://A:t@)?prefix=0/1h", "character 21: guard: prefix must be a number and a time of 1s to 720h, such as 20/1h"},
		"of a share of all":       {"guard(raven://A:t@)?convert=2", "guard: convert must be 0.001 to 1, or off"},
		"of a country that is no": {"guard(raven://A:t@)?countries=DK,UK", "character 21: guard: countries must be codes of ISO 3166-1"},
		"of a region that is no":  {"guard(raven://A:t@)?region.1357=UK", "guard: region.NAME must have digits"},
		"of a budget, no price":   {"guard(raven://A:t@)?budget=5/1h", "price.NAME need one for other, for budget"},
		"of a store nobody knows": {"guard(raven://A:t@)?store=redis://secret", "character 21: guard: store must be memory"},
		"of a store that fails":   {"guard(raven://A:t@)?store=broken://secret", "guard: store could not be opened"},
		"of a store, no key":      {"guard(raven://A:t@)?store=fine://secret", "guard: guard_key must be at least 32 random bytes"},
		"of what is none":         {"guard(raven://A)", "raven"},
		"of a short key":          {"guard(raven://A:t@)?guard_key=short", "character 21: guard: guard_key must be at least 32"},
		"of too much":             {"guard(raven://A:t@)?total=999999/1h", "guard: total lets"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(tc.dsn, vendors.With("raven", newRaven),
				vendors.WithGuardStore("broken", func(string) (guard.Store, error) { return nil, errors.New("secret") }),
				vendors.WithGuardStore("fine", func(string) (guard.Store, error) { return struct{ *guard.MemoryStore }{new(guard.MemoryStore)}, nil }))
			require.ErrorContains(t, err, tc.want)
			assert.Nil(t, v)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// A closingGuard says when it is closed.
type closingGuard struct {
	guard.MemoryStore
	closed *int
}

func (c *closingGuard) Close() error { *c.closed++; return nil }

func TestAGuardClosesWhatWasOpened(t *testing.T) {
	closed := 0
	with := []vendors.Option{vendors.With("raven", newRaven), vendors.WithGuardStore("mine", func(string) (guard.Store, error) { return &closingGuard{closed: &closed}, nil })}
	key := "&guard_key=0123456789abcdef0123456789abcdef"
	c, ok := verify.As[io.Closer](opened(t, "guard(raven://A:t@)?store=mine://"+key, with...))
	require.True(t, ok)
	require.NoError(t, c.Close())
	assert.Equal(t, 1, closed)
	_, err := vendors.Open("guard(raven://A:t@)?total=999999/1h&store=mine://"+key, with...)
	require.Error(t, err)
	assert.Equal(t, 2, closed, "what was opened in vain too")
}

func TestAConfigSaysWhatAGuardIs(t *testing.T) {
	file := `{"vendor": "guard", "settings": {"countries": "DK,US"}, "backends": [{"vendor": "raven", "settings": {"account": "A", "token": "t"}}]}`
	var c vendors.Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	v, err := c.Open(vendors.With("raven", newRaven))
	require.NoError(t, err)
	_, err = v.Send(t.Context(), "+447400123456")
	require.ErrorIs(t, err, verify.ErrBlocked)
	assert.Equal(t, "guard(raven://?account=A&token=t)?countries=DK,US", c.DSN())
	parsed, err := vendors.ParseDSN(c.DSN(), vendors.With("raven", newRaven))
	require.NoError(t, err)
	assert.Equal(t, c, parsed)

	inner := vendors.Config{Vendor: "raven", Settings: map[string]string{"account": "A", "token": "t"}}
	for want, c := range map[string]vendors.Config{
		"a failover and a guard have backends":                 {Vendor: "guard"},
		"a guard has one backend":                              {Vendor: "guard", Backends: []vendors.Config{inner, inner}},
		"backend 1: a guard stands around everything":          {Vendor: "guard", Backends: []vendors.Config{{Vendor: "guard", Backends: []vendors.Config{inner}}}},
		"backend 2: a guard stands around everything, once: p": {Vendor: "failover", Backends: []vendors.Config{inner, {Vendor: "guard", Backends: []vendors.Config{inner}}}},
	} {
		_, err := c.Open(vendors.With("raven", newRaven))
		require.ErrorContains(t, err, want)
	}
}

func TestAGuardStandsAroundMessengers(t *testing.T) {
	var sent []otp.Message
	var codes []otp.CodeMessage
	var rules []string
	closed := 0
	with := []vendors.Option{
		withPager(pager{sent: &codes}),
		vendors.With("crow", func(c ravenConfig) (shut, error) { return shut{crow{c, &sent}, &closed}, nil }),
		vendors.WithGuardStore("mine", func(string) (guard.Store, error) { return &closingGuard{closed: &closed}, nil }),
		vendors.WithObserver(func(_ context.Context, e observe.Event) { rules = append(rules, e.Rule) }),
	}
	m, err := vendors.OpenMessenger("guard(failover(pager://A@ crow://B@))?countries=US&total=2/1h&convert=off&store=mine://&guard_key=0123456789abcdef0123456789abcdef", with...)
	require.NoError(t, err)
	either, ok := m.(otp.EitherMessenger)
	require.True(t, ok)
	text := func(verify.Channel) string { return "hello" }
	_, err = either.DeliverEither(t.Context(), otp.CodeMessage{To: "+18762101234", Code: "123456"}, text)
	require.ErrorIs(t, err, verify.ErrBlocked)
	_, err = either.DeliverEither(t.Context(), otp.CodeMessage{To: american, Code: "123456"}, text)
	require.NoError(t, err)
	_, err = m.Deliver(t.Context(), otp.Message{To: american, Channel: verify.ChannelSMS, Text: "hello"})
	require.NoError(t, err)
	_, err = m.Deliver(t.Context(), otp.Message{To: american, Channel: verify.ChannelSMS, Text: "hello"})
	require.ErrorIs(t, err, verify.ErrTooManySends)
	assert.Equal(t, []int{1, 1}, []int{len(codes), len(sent)})
	assert.Equal(t, []string{guard.RuleCountry, guard.RuleTotal}, rules)
	require.NoError(t, m.(verify.Prober).Probe(t.Context()))
	var names []string
	for name, err := range m.(interface {
		ProbeEach(context.Context) iter.Seq2[string, error]
	}).ProbeEach(t.Context()) {
		require.Equal(t, verify.ErrUnsupported, err, "neither can be asked")
		names = append(names, name)
	}
	assert.Equal(t, []string{"pager", "crow"}, names)
	require.NoError(t, m.(verify.Warmer).Warm(t.Context()))
	require.NoError(t, m.(io.Closer).Close())
	assert.Equal(t, 2, closed, "the messenger and the store")
}

func TestAGuardOfMessengersIsRefused(t *testing.T) {
	const gateway = "gatewayapi://TOKEN@eu?sender=Acme"
	for name, tc := range map[string]struct{ dsn, want string }{
		"a share that nobody tells": {"guard(" + gateway + ")?convert=0.3", "vendors: character 42: convert asks who approves"},
		"a key it has not":          {"guard(" + gateway + ")?cuntries=DK", "guard has no such key"},
		"a vendor of codes":         {"guard(twilio://AC:t@VA)", "twilio makes its codes by itself"},
		"a store nobody knows":      {"guard(" + gateway + ")?store=redis://secret", "store must be memory"},
		"a country that is none":    {"guard(" + gateway + ")?countries=UK", "countries must be codes of ISO 3166-1"},
		"a guard in a failover":     {"failover(" + gateway + " guard(" + gateway + "))", "a guard stands around everything, once"},
	} {
		m, err := vendors.OpenMessenger(tc.dsn)
		require.ErrorContains(t, err, tc.want, name)
		assert.Nil(t, m, name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}

// An engine over what was opened gives the code to those that take it.
func TestAnEngineOverAMessengerThatWasOpenedReachesAllOfIt(t *testing.T) {
	var codes []otp.CodeMessage
	for _, line := range []string{"failover(pager://A@ crow://B@)", "guard(pager://A@)?kinds=none"} {
		m, err := vendors.OpenMessenger(line, withPager(pager{sent: &codes}), vendors.With("crow", func(c ravenConfig) (crow, error) { return crow{c, new([]otp.Message)}, nil }))
		require.NoError(t, err)
		e, err := otp.New(otp.Config{Messenger: m, Store: new(otp.MemoryStore), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}})
		require.NoError(t, err)
		receipt, err := e.Send(t.Context(), american)
		require.NoError(t, err)
		assert.Equal(t, verify.ChannelTelegram, receipt.Channel)
		require.NoError(t, e.Check(t.Context(), american, codes[len(codes)-1].Code))
	}
	assert.Len(t, codes, 2)
}
