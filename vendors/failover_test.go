package vendors_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

func TestFailoverOfHostedVendors(t *testing.T) {
	first, second := playTwilio(t), playBandwidth(t)
	v := opened(t, "failover("+first.dsn+" "+second.dsn+")")
	assert.Equal(t, "failover", v.Capabilities().Vendor)
	receipt := walk(t, v, first.code)
	assert.Equal(t, "twilio", receipt.Vendor)
	assert.Zero(t, second.effects())

	first.down()
	receipt = walk(t, opened(t, "failover("+first.dsn+" "+second.dsn+")"), second.code)
	assert.Equal(t, "bandwidth", receipt.Vendor)
	assert.Equal(t, 1, second.effects())
}

// A code of our own is as good a backend as a vendor's.
func TestFailoverToAMessengerWithAnEngineOfItsOwn(t *testing.T) {
	first, second := playTwilio(t), playGateway(t)
	first.down()
	receipt := walk(t, opened(t, "failover("+first.dsn+" "+second.dsn+theEngine+")"), second.code)
	assert.Equal(t, "gatewayapi", receipt.Vendor)
}

func TestAnOutageOfTheFirstVendorIsObserved(t *testing.T) {
	first, second := playTwilio(t), playBandwidth(t)
	first.down()
	var events []observe.Event
	v := opened(t, "failover("+first.dsn+"&name=main "+second.dsn+")", vendors.WithObserver(func(_ context.Context, e observe.Event) {
		events = append(events, e)
	}))
	receipt := walk(t, v, second.code)
	assert.Equal(t, "bandwidth", receipt.Vendor)
	require.NotEmpty(t, events)
	assert.Equal(t, "main", events[0].Backend)
	assert.Equal(t, "twilio", events[0].Vendor)
	assert.Equal(t, verify.ErrUnavailable, events[0].Outcome)

	opened(t, "failover("+first.dsn+" "+second.dsn+")", vendors.WithObserver(nil))
}

func TestFailoverWithinAnother(t *testing.T) {
	first, second, third := playTwilio(t), playGateway(t), playMessaging(t)
	first.down()
	second.down()
	v := opened(t, "failover("+first.dsn+" failover("+second.dsn+" "+third.dsn+")?name=texts"+theEngine+")?route.1=texts")
	receipt := walk(t, v, third.code)
	assert.Equal(t, "twilio", receipt.Vendor, "by its messaging")
	assert.Equal(t, 1, third.effects())

	p := playTwilio(t)
	walk(t, opened(t, "failover(failover("+p.dsn+")?name=inner)?name=outer"), p.code)
}

func TestNamesRoutesAndSettingsOfAFailover(t *testing.T) {
	t.Setenv("VENDORS_TEST_NAME", "spare")
	for name, tc := range map[string]struct {
		names [2]string
		more  string
		want  string // who sends first
	}{
		"in their order":             {[2]string{}, "", "twilio"},
		"by route":                   {[2]string{}, "?route.1=bandwidth", "bandwidth"},
		"by a longer route":          {[2]string{}, "?route.1=twilio&route.1500=bandwidth,twilio", "bandwidth"},
		"by a route of others":       {[2]string{}, "?route.45=bandwidth", "twilio"},
		"by a name":                  {[2]string{"&name=main", "&name=spare"}, "?route.1=spare", "bandwidth"},
		"by one in the environment":  {[2]string{"", "&name=env:VENDORS_TEST_NAME"}, "?route.1=spare", "bandwidth"},
		"with every setting":         {[2]string{}, "?on_unknown=next&ttl=15m&attempts=3&failures=50&remember=48h&ledger=memory&ledger_key=" + otpKey, "twilio"},
		"stopping is said":           {[2]string{}, "?on_unknown=stop", "twilio"},
		"with a ledger of their own": {[2]string{}, "?ledger=shelf://h&ledger_key=" + otpKey, "twilio"},
	} {
		t.Run(name, func(t *testing.T) {
			var s shelf
			backends := map[string]played{"twilio": playTwilio(t), "bandwidth": playBandwidth(t)}
			v := opened(t, "failover("+backends["twilio"].dsn+tc.names[0]+" "+backends["bandwidth"].dsn+tc.names[1]+")"+tc.more, s.options()...)
			receipt := walk(t, v, backends[tc.want].code)
			assert.Equal(t, tc.want, receipt.Vendor)
		})
	}
}

// A ledger of its own lets one process check what another one sent.
func TestLedgerJoinsProcesses(t *testing.T) {
	var s shelf
	first, second := playTwilio(t), playBandwidth(t)
	dsn := "failover(" + first.dsn + " " + second.dsn + ")"
	mine := dsn + "?ledger=shelf://h&ledger_key=" + otpKey
	_, err := opened(t, mine, s.options()...).Send(context.Background(), to)
	require.NoError(t, err)
	code := first.code()
	assert.ErrorIs(t, opened(t, dsn).Check(context.Background(), to, code), verify.ErrNotPending, "a ledger in memory knows nothing of it")
	assert.NoError(t, opened(t, mine, s.options()...).Check(context.Background(), to, code))

	_, err = opened(t, mine, s.options()...).Send(context.Background(), to)
	require.NoError(t, err)
	code = first.code()
	rotated := dsn + "?ledger=shelf://h&ledger_key=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn," + otpKey
	assert.NoError(t, opened(t, rotated, s.options()...).Check(context.Background(), to, code), "a newer key stands first")
	assert.ErrorIs(t, opened(t, mine, s.options()...).Check(context.Background(), to, code), verify.ErrNotPending)
}

func TestOnUnknown(t *testing.T) {
	for policy, want := range map[string]string{"": "", "?on_unknown=stop": "", "?on_unknown=next": "bandwidth"} {
		one, two := twiliotest.NewServer(t), bandwidthtest.NewServer(t)
		one.Fail(twiliotest.Fault{Break: twiliotest.Reset, Effect: true})
		v := opened(t, "failover(twilio://"+twiliotest.AccountSID+":"+twiliotest.AuthToken+"@"+twiliotest.ServiceSID+"?base_url="+one.URL+
			" bandwidth://"+bandwidthtest.ClientID+":"+bandwidthtest.ClientSecret+"@"+bandwidthtest.AccountID+"?sms_app="+
			bandwidthtest.SMSApplicationID+"&from="+bandwidthtest.From+"&base_url="+two.URL+")"+policy)
		receipt, err := v.Send(context.Background(), to)
		if want == "" {
			assert.ErrorIs(t, err, verify.ErrOutcomeUnknown)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, receipt.Vendor)
		assert.True(t, receipt.PossibleDuplicate)
	}
}

// Messengers are joined below one engine: the second one carries the very code that
// the first could not, and the attempts are those of one code.
func TestFailoverOfMessengers(t *testing.T) {
	first, second := playGateway(t), playMessaging(t)
	dsn := "failover(" + first.dsn + " " + second.dsn + ")?digits=8" + theEngine
	v := opened(t, dsn)
	_, isEngine := verify.As[*otp.Engine](v)
	assert.True(t, isEngine)
	_, isFailover := verify.As[*failover.Verifier](v)
	assert.False(t, isFailover)

	receipt := walk(t, v, first.code)
	assert.Equal(t, "gatewayapi", receipt.Vendor)
	assert.Equal(t, 8, receipt.Digits)
	assert.Zero(t, second.effects())

	_, err := v.Send(context.Background(), to)
	assert.ErrorIs(t, err, verify.ErrTooManySends, "a cooldown holds over all of them")

	first.down()
	receipt = walk(t, opened(t, dsn), second.code)
	assert.Equal(t, "twilio", receipt.Vendor)
	assert.Equal(t, 8, receipt.Digits)
}

func TestCodeStaysTheSameOverMessengers(t *testing.T) {
	var s, spare shelf
	v := opened(t, "failover(parrot://one owl://two)?store=memory&code_key="+otpKey,
		s.messenger("parrot"), spare.messenger("owl"))
	assert.Equal(t, []shelfConfig{{Host: "one"}}, s.configs)
	assert.Equal(t, []shelfConfig{{Host: "two"}}, spare.configs)
	s.down = &verify.Error{Outcome: verify.ErrUnavailable}
	receipt, err := v.Send(context.Background(), to)
	require.NoError(t, err)
	assert.Equal(t, "owl", receipt.Vendor)
	assert.NoError(t, v.Check(context.Background(), to, spare.code()))
}

func TestFailoverRefuses(t *testing.T) {
	const gateway, other = "gatewayapi://TOKEN@eu?sender=Acme", "twilio-sms://" + ac + ":t@?from=%2B15017122661"
	for name, tc := range map[string]struct{ dsn, want string }{
		"two backends of one name":          {"failover(" + plain + " " + plain + ")", "character 1: failover: two backends of one name"},
		"an empty name":                     {"failover(" + plain + "?name=)", "character 95: twilio: name is empty"},
		"another policy":                    {"failover(" + plain + ")?on_unknown=maybe", "character 96: failover: on_unknown must be stop or next"},
		"an unknown key":                    {"failover(" + plain + ")?retry=3", "character 96: failover has no such key, but route.NAME, any_channel, on_unknown, ledger_key, attempts, failures, remember, ttl, ledger, name"},
		"a route to nobody":                 {"failover(" + plain + ")?route.45=spare", "failover: a route names a backend that there is not"},
		"a route that is no prefix":         {"failover(" + plain + ")?route.dk=twilio", "failover: a route is 1 to 15 digits"},
		"a ledger nobody knows":             {"failover(" + plain + ")?ledger=redis://h", "character 96: failover: ledger must be memory, or a URL whose scheme was handed in by vendors.WithLedger"},
		"a ledger without a key":            {"failover(" + plain + ")?ledger=shelf://h", "character 1: failover: ledger_key must be at least 32 random bytes"},
		"a short key":                       {"failover(" + plain + ")?ledger_key=short", "character 96: failover: ledger_key must be at least 32 random bytes"},
		"eleven attempts":                   {"failover(" + plain + ")?attempts=11", "character 96: failover: attempts must be 1 to 10"},
		"too many failures":                 {"failover(" + plain + ")?failures=101", "failover: failures must be 1 to 100"},
		"an engine's key with a backend":    {"failover(" + gateway + "&code_key=" + otpKey + " " + other + ")?store=memory", "character 1: failover: code_key is missing: at least 32 random characters, kept outside the store"},
		"an engine's key in both":           {"failover(" + gateway + "&code_key=" + otpKey + " " + other + ")?store=memory&code_key=" + otpKey, "character 44: code_key stands behind the parenthesis, once for all these messengers"},
		"a store with a stranger's backend": {"failover(" + gateway + " parrot://h?store=memory)?store=memory&code_key=" + otpKey, "character 55: store stands behind the parenthesis"},
		"a failover's key for messengers":   {"failover(" + gateway + ")?on_unknown=next&store=memory&code_key=" + otpKey, "character 45: failover has no such key, but code_key, index_key, digits"},
		"a messenger without a sender":      {"failover(gatewayapi://TOKEN@eu)?store=memory&code_key=" + otpKey, "character 10: gatewayapi: sender"},
		"a messenger with a bad key":        {"failover(" + gateway + "&colour=red)?store=memory&code_key=" + otpKey, "character 44: gatewayapi has no such key, but token"},
		"a second messenger is unknown":     {"failover(" + gateway + " raven://h)?store=memory&code_key=" + otpKey, "character 44: a DSN opens with one of"},
		"a backend that is refused":         {"failover(" + plain + " authy://KEY@users)", "character 95: authy: users need vendors.WithDirectory"},
		"failures that are forgotten":       {"failover(" + plain + ")?remember=1s", "character 96: failover: remember must be at least 24h"},
		"failures of other backends":        {"failover(" + plain + ")?remember=23h59m59s&attempts=10", "failover: remember must be at least 24h"},
	} {
		t.Run(name, func(t *testing.T) {
			var s shelf
			v, err := vendors.Open(tc.dsn, s.options()...)
			assert.Nil(t, v)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// What Open opened is closed once, and nothing else.
func TestCloseClosesWhatWasOpened(t *testing.T) {
	const gateway = "gatewayapi://TOKEN@eu?sender=Acme"
	const kept = "store=shelf://h&code_key=" + otpKey
	for name, tc := range map[string]struct {
		dsn  string
		want []string
	}{
		"a vendor":                      {plain, nil},
		"a messenger and its store":     {gateway + "&" + kept, []string{"store"}},
		"a stranger and its store":      {"parrot://h?" + kept, []string{"parrot", "store"}},
		"a stranger and our memory":     {"parrot://h?store=memory&code_key=" + otpKey, []string{"parrot"}},
		"one messenger of a failover":   {"failover(parrot://h)?" + kept, []string{"parrot", "store"}},
		"several, one store":            {"failover(parrot://h owl://h " + gateway + ")?" + kept, []string{"parrot", "owl", "store"}},
		"hosted vendors and a ledger":   {"failover(" + plain + ")?ledger=shelf://h&ledger_key=" + otpKey, []string{"ledger"}},
		"a ledger in memory":            {"failover(" + plain + ")", nil},
		"all of it, one in another":     {"failover(" + plain + " failover(parrot://h owl://h)?" + kept + "&name=a " + gateway + "&" + kept + ")?ledger=shelf://h&ledger_key=" + otpKey, []string{"parrot", "owl", "store", "store", "ledger"}},
		"hosted in hosted, two ledgers": {"failover(failover(" + plain + ")?ledger=shelf://h&ledger_key=" + otpKey + ")?ledger=shelf://h&ledger_key=" + otpKey, []string{"ledger", "ledger"}},
	} {
		t.Run(name, func(t *testing.T) {
			var s shelf
			v, err := vendors.Open(tc.dsn, s.options()...)
			require.NoError(t, err)
			assert.Empty(t, s.closed)
			c, ok := verify.As[io.Closer](v)
			require.True(t, ok)
			require.NoError(t, c.Close())
			assert.Equal(t, tc.want, s.closed)
		})
	}
}

func TestWhatWasOpenedInVainIsClosed(t *testing.T) {
	const gateway, kept = "gatewayapi://TOKEN@eu?sender=Acme", "store=shelf://h&code_key=" + otpKey
	for name, tc := range map[string]struct {
		dsn  string
		want []string
	}{
		"the store is unknown":            {"parrot://h?store=redis://h&code_key=" + otpKey, []string{"parrot"}},
		"the engine refuses":              {"parrot://h?" + kept + "&attempts=11", []string{"parrot", "store"}},
		"the engine of a vendor refuses":  {gateway + "&" + kept + "&ttl=1h", []string{"store"}},
		"the engine's settings are wrong": {"parrot://h?" + kept + "&attempts=x", nil},
		"a second messenger is refused":   {"failover(parrot://h gatewayapi://TOKEN@eu)?" + kept, []string{"parrot"}},
		"the store of several is unknown": {"failover(parrot://h owl://h)?store=redis://h&code_key=" + otpKey, []string{"parrot", "owl"}},
		"the engine of several refuses":   {"failover(parrot://h owl://h)?" + kept + "&attempts=11", []string{"parrot", "owl", "store"}},
		"a second backend is refused":     {"failover(parrot://h?" + kept + " twilio://VA0)", []string{"parrot", "store"}},
		"the ledger is unknown":           {"failover(" + plain + " parrot://h?" + kept + ")?ledger=redis://h&ledger_key=" + otpKey, []string{"parrot", "store"}},
		"the failover refuses":            {"failover(" + plain + " parrot://h?" + kept + ")?ledger=shelf://h&ledger_key=short", []string{"ledger", "parrot", "store"}},
		"the failover's settings":         {"failover(" + plain + " parrot://h?" + kept + ")?attempts=11", []string{"parrot", "store"}},
	} {
		t.Run(name, func(t *testing.T) {
			var s shelf
			_, err := vendors.Open(tc.dsn, s.options()...)
			require.Error(t, err)
			assert.Equal(t, tc.want, s.closed)
			assert.NotContains(t, err.Error(), "shelf")
		})
	}
}

func TestCloseTellsAllErrors(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	open := func(err error) func(shelfConfig) (otp.Messenger, error) {
		return func(shelfConfig) (otp.Messenger, error) { return stuck{err: err}, nil }
	}
	v, err := vendors.Open("failover(parrot://h owl://h)?store=memory&code_key="+otpKey,
		vendors.With("parrot", open(one)), vendors.With("owl", open(two)))
	require.NoError(t, err)
	c, _ := verify.As[io.Closer](v)
	err = c.Close()
	assert.ErrorIs(t, err, one)
	assert.ErrorIs(t, err, two)
}

// A stuck messenger does not close.
type stuck struct {
	shelfMessenger
	err error
}

func (s stuck) Close() error { return s.err }
