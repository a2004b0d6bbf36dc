package guard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/verifytest"
)

func TestConformance(t *testing.T) {
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		fake := mocks.NewFake()
		v, err := guard.New(guard.Config{Verifier: fake, Kinds: []string{"none"}, Recipient: guard.Limit{Sends: 1000, Window: time.Hour}})
		require.NoError(t, err)
		return verifytest.Target{Verifier: v, Code: fake.CodeFor, Advance: fake.Advance, Effects: func() int { return len(fake.Sent()) }}
	})
}

func TestCountriesOfOneCallingCodeAreToldApart(t *testing.T) {
	for name, tc := range map[string]struct {
		countries []string
		to        string
		permitted bool
	}{
		"the United States":                 {[]string{"US"}, american, true},
		"Canada is not the United States":   {[]string{"US"}, "+15062345678", false},
		"Jamaica is not the United States":  {[]string{"US"}, "+18762101234", false},
		"Grenada is not the United States":  {[]string{"US"}, "+14734031234", false},
		"Jamaica by its second area code":   {[]string{"JM"}, "+16582101234", true},
		"Puerto Rico is not":                {[]string{"US"}, "+17872345678", false},
		"an area code that nobody has":      {[]string{"US"}, "+13572345678", false},
		"Great Britain":                     {[]string{"GB"}, british, true},
		"Jersey is not Great Britain":       {[]string{"GB"}, "+447797712345", false},
		"Guernsey is not Great Britain":     {[]string{"GB"}, "+447781123456", false},
		"Isle of Man is not Great Britain":  {[]string{"GB"}, "+441624756789", false},
		"Kazakhstan is not Russia":          {[]string{"RU"}, "+77710009998", false},
		"Russia":                            {[]string{"KZ", "RU"}, "+79123456789", true},
		"the Vatican is not Italy":          {[]string{"IT"}, "+390669812345", false},
		"Italy":                             {[]string{"IT"}, "+393123456789", true},
		"Mayotte is not La Réunion":         {[]string{"RE"}, "+262639012345", false},
		"Bonaire is not Curaçao":            {[]string{"CW"}, "+5993181234", false},
		"Denmark":                           {[]string{"US", "DK"}, "+4532123456", true},
		"a country that is not listed":      {[]string{"US", "DK"}, "+4915123456789", false},
		"without a list every country":      {nil, "+4915123456789", true},
		"without a list a new area code":    {nil, "+13572345678", true},
		"an e-mail address has no country":  {[]string{"US"}, "a@example.com", true},
		"an empty list permits none":        {[]string{}, american, false},
		"a freephone number of no country":  {[]string{"US"}, "+80012345678", false},
		"a list of Canada permits its code": {[]string{"CA"}, "+15062345678", true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, guard.Config{Countries: tc.countries})
			err := g.send(tc.to)
			if tc.permitted {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, verify.ErrBlocked)
			assert.Empty(t, g.sent)
			assert.Equal(t, []string{guard.RuleCountry}, g.rules())
		})
	}
}

func TestANewAreaCodeIsNamedByTheConfiguration(t *testing.T) {
	g := newGuarded(t, guard.Config{Countries: []string{"US"}, Regions: map[string]string{"1357": "US", "13572": "JM", "1": "US"}})
	require.NoError(t, g.send("+13573345678"))
	require.ErrorIs(t, g.send("+13572345678"), verify.ErrBlocked, "the longest counts")
	require.NoError(t, g.send("+18762101234"), "the configuration counts more than the table")
}

func TestKindsThatCostMuchAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		to   string
		kind string
	}{
		"premium of North America":    {"+19002345678", "premium"},
		"international premium rate":  {"+979123456789", "premium"},
		"premium of Great Britain":    {"+449012345678", "premium"},
		"shared cost of France":       {"+33810123456", "shared"},
		"Inmarsat":                    {"+870773111632", "satellite"},
		"Iridium":                     {"+881612345678", "satellite"},
		"an international network":    {"+882213123456", "satellite"},
		"another one":                 {"+883510001234567", "satellite"},
		"personal of Great Britain":   {"+447012345678", "personal"},
		"universal personal":          {"+878101234567890", "personal"},
		"the placeholder is personal": {"+15005550006", "personal"},
		"pager of Great Britain":      {"+447640123456", "pager"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, guard.Config{})
			require.ErrorIs(t, g.send(tc.to), verify.ErrBlocked)
			assert.Empty(t, g.sent)
			assert.Equal(t, []string{guard.RuleKind}, g.rules())
			require.NoError(t, newGuarded(t, guard.Config{Kinds: []string{"none"}}).send(tc.to))
			require.ErrorIs(t, newGuarded(t, guard.Config{Kinds: []string{tc.kind}}).send(tc.to), verify.ErrBlocked)
		})
	}
}

func TestAThousandNumbersInARowAreStoppedAtTheLimit(t *testing.T) {
	g := newGuarded(t, guard.Config{})
	assert.Equal(t, 20, g.sendAll(1000, inARow))
	var failure *verify.Error
	require.ErrorAs(t, g.send(inARow(1000)), &failure)
	assert.Equal(t, verify.ErrTooManySends, failure.Outcome)
	assert.Positive(t, failure.RetryAfter)
	assert.Equal(t, "150171", g.events[0].Prefix[:6])
	require.NoError(t, g.send(british), "other numbers are not concerned")
}

func TestEachLimitHolds(t *testing.T) {
	wide := guard.Limit{Sends: 1 << 20, Window: time.Hour}
	ten := guard.Limit{Sends: 10, Window: time.Hour}
	all := guard.Config{Prefix: wide, Prefix4: wide, Prefix2: wide, Country: wide, IP: wide, Total: guard.Limit{Sends: 60_000, Window: time.Hour}}
	for name, tc := range map[string]struct {
		limit  func(*guard.Config)
		number func(int) string
		rule   string
	}{
		"of the recipient":  {func(c *guard.Config) { c.Recipient = ten }, func(int) string { return american }, guard.RuleRecipient},
		"of an address":     {func(c *guard.Config) { c.Recipient = ten }, func(i int) string { return []string{"a@example.com", "A@Example.COM"}[i%2] }, guard.RuleRecipient},
		"of six digits":     {func(c *guard.Config) { c.Prefix = ten }, inARow, guard.RulePrefix},
		"of four digits":    {func(c *guard.Config) { c.Prefix4 = ten }, func(i int) string { return fmt.Sprintf("+1501722%04d", i) }, guard.RulePrefix},
		"of two digits":     {func(c *guard.Config) { c.Prefix2 = ten }, apart, guard.RulePrefix},
		"of a short number": {func(c *guard.Config) { c.Prefix4 = ten }, func(i int) string { return fmt.Sprintf("+453212%04d", i) }, guard.RulePrefix},
		"of the country":    {func(c *guard.Config) { c.Country = ten }, apart, guard.RuleLimit},
		"of the client":     {func(c *guard.Config) { c.IP = ten }, apart, guard.RuleIP},
		"in total":          {func(c *guard.Config) { c.Total = ten }, func(i int) string { return []string{apart(i), inARow(i)}[i%2] }, guard.RuleTotal},
		"in total, e-mail":  {func(c *guard.Config) { c.Total = ten }, func(i int) string { return fmt.Sprintf("a%d@example.com", i) }, guard.RuleTotal},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := all
			tc.limit(&cfg)
			g := newGuarded(t, cfg)
			assert.Equal(t, 10, g.sendAll(25, tc.number, from("203.0.113.7")))
			for _, e := range g.events {
				assert.Equal(t, tc.rule, e.Rule)
				assert.Equal(t, verify.ErrTooManySends, e.Outcome)
			}
			assert.Len(t, g.events, 15)
		})
	}
}

func TestOneRecipientHasOneLimitInAllScopes(t *testing.T) {
	g := newGuarded(t, guard.Config{})
	for i := range 10 {
		require.NoError(t, g.send(american, verify.WithScope(fmt.Sprintf("s%d", i))))
	}
	require.ErrorIs(t, g.send(american, verify.WithScope("login")), verify.ErrTooManySends)
}

func TestOnlyTheirOwnLimitAndTheBudgetBindTheKnown(t *testing.T) {
	cfg := guard.Config{
		Budget: guard.Budget{Amount: 12 * 10_000, Window: time.Hour}, Prices: map[string]guard.Money{"other": 1000, "US": 10_000},
		Total: guard.Limit{Sends: 3, Window: time.Hour},
	}
	g := newGuarded(t, cfg)
	require.NoError(t, g.send(american))
	g.approve(american)
	assert.Equal(t, 2, g.sendAll(9, apart), "the total of three is used up")
	assert.Equal(t, 9, g.sendAll(50, func(int) string { return american }), "its own limit is ten in an hour")
	friend := inARow(9999)
	g.approve(friend)
	assert.Equal(t, 1, g.sendAll(9, func(int) string { return friend }), "one send is left of the budget")
	require.ErrorContains(t, g.send(friend), "the budget is spent")
}

func TestASendThatDidNotHappenIsNotCounted(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		counted bool
	}{
		"the vendor is down":       {verify.ErrUnavailable, false},
		"the vendor refuses":       {verify.ErrInvalidRecipient, false},
		"nobody knows":             {verify.ErrOutcomeUnknown, true},
		"a stranger's error":       {errors.New("stranger"), true},
		"unavailable, or nobody":   {errors.Join(verify.ErrUnavailable, verify.ErrOutcomeUnknown), true},
		"an answer without a name": {verify.ErrMismatch, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, guard.Config{Country: guard.Limit{Sends: 5, Window: time.Hour}})
			g.err = tc.err
			for i := range 5 {
				require.ErrorIs(t, g.send(apart(i)), tc.err)
			}
			g.err = nil
			assert.Equal(t, map[bool]int{true: 0, false: 5}[tc.counted], g.sendAll(9, apart))
		})
	}
}

// A failing store is one that does not answer, or only when ctx is done.
type failing struct {
	*guard.MemoryStore
	hangs bool
}

func (f failing) fail(ctx context.Context) error {
	if f.hangs {
		<-ctx.Done()
	}
	return errors.New("dial tcp 10.0.0.1:6379: " + american)
}

func (f failing) Admit(ctx context.Context, _ guard.Send) (guard.Decision, error) {
	return guard.Decision{Admitted: true}, f.fail(ctx)
}
func (f failing) Approve(ctx context.Context, _ guard.Approval) error { return f.fail(ctx) }

func TestNothingIsSentWithoutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hangs := range []bool{false, true} {
			g := newGuarded(t, guard.Config{Store: failing{hangs: hangs}, Key: make([]byte, 32)})
			began := time.Now()
			err := g.send(american)
			require.ErrorIs(t, err, verify.ErrUnavailable, "R31")
			assert.Empty(t, g.sent)
			assert.LessOrEqual(t, time.Since(began), 2*time.Second)
			assert.NotContains(t, err.Error(), "10.0.0.1")
			assert.Equal(t, []string{guard.RuleStore}, g.rules())

			began = time.Now()
			require.NoError(t, g.Verifier.Check(t.Context(), american, rightCode), "Check does not need the store")
			assert.LessOrEqual(t, time.Since(began), 100*time.Millisecond)
			require.ErrorIs(t, g.Verifier.Check(t.Context(), american, "999999"), verify.ErrMismatch)
		}
	})
}

func TestAGuardThatObservesRefusesNothing(t *testing.T) {
	g := newGuarded(t, guard.Config{Observe: true, Countries: []string{"US"}, IP: guard.Limit{Sends: 5, Window: time.Hour}})
	require.NoError(t, g.send(british))
	require.NoError(t, g.send("+19002345678"))
	require.NoError(t, g.send(american))
	require.NoError(t, g.send(american, from("10.1.2.3")))
	assert.Equal(t, 30, g.sendAll(30, inARow, from("203.0.113.7")))
	assert.Equal(t, []string{guard.RuleCountry, guard.RuleKind, guard.RuleAddress, guard.RuleProxy, guard.RuleIP}, g.rules()[:5])
	for _, e := range g.events {
		assert.True(t, e.Observed)
		assert.NotEmpty(t, e.Outcome)
	}
	down := newGuarded(t, guard.Config{Observe: true, Store: failing{}, Key: make([]byte, 32)})
	require.NoError(t, down.send(american))
	assert.Equal(t, []string{guard.RuleStore}, down.rules())
}

// The numbers of a pump begin alike, and nobody types their codes back.
func TestNumbersWhoseCodesNobodyTypesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t, guard.Config{Prefix: guard.Limit{Sends: 1000, Window: time.Hour}})
		honest := func(i int) string { return fmt.Sprintf("+4530%02d%04d", i%100, i) }
		for i := range 60 {
			require.NoError(t, g.send(inARow(i)))
			require.NoError(t, g.send(honest(i)))
			g.approve(honest(i))
			if i < 20 {
				time.Sleep(time.Second)
			}
		}
		time.Sleep(6 * time.Minute)
		g.events = nil
		require.ErrorIs(t, g.send(inARow(99)), verify.ErrTooManySends)
		require.Len(t, g.events, 4, "three prefixes are closed, and one send is refused: %v", g.rules())
		assert.Equal(t, observe.Event{Op: observe.OpGuard, Vendor: "guard", CallingCode: "1", Region: "US", Rule: guard.RuleConvert, Prefix: "150"}, untimed(g.events[0]))
		assert.Equal(t, verify.ErrTooManySends, g.events[3].Outcome)
		require.NoError(t, g.send(honest(70)), "others are not concerned")
		g.approve(inARow(99))
		require.NoError(t, g.send(inARow(99)), "who has approved is known")
		off := newGuarded(t, guard.Config{Convert: guard.Off, Prefix: guard.Limit{Sends: 1000, Window: time.Hour}})
		off.sendAll(60, inARow)
		time.Sleep(6 * time.Minute)
		require.NoError(t, off.send(inARow(99)))
	})
}

func untimed(e observe.Event) observe.Event {
	e.Time = time.Time{}
	return e
}

func TestACountryIsClosedOnlyIfItIsAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		floor  guard.Share
		closed bool
	}{"by default": {0, false}, "with a floor": {500, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuarded(t, guard.Config{ConvertCountry: tc.floor, Convert: guard.Off})
				g.sendAll(30, apart)
				time.Sleep(6 * time.Minute)
				assert.Equal(t, tc.closed, g.send(apart(77)) != nil)
			})
		})
	}
}

func TestNoPrintHoldsARecipientOrAnAddress(t *testing.T) {
	g := newGuarded(t, guard.Config{Countries: []string{"US"}, Total: guard.Limit{Sends: 1, Window: time.Hour}})
	var all []string
	for _, to := range []string{british, american, inARow(1)} {
		err := g.send(to, from("203.0.113.7"))
		all = append(all, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	all = append(all, fmt.Sprintf("%v %+v %#v %v", g.Verifier, g.Verifier, g.Verifier, guard.Config{Key: []byte("secret")}), fmt.Sprintf("%+v", g.events))
	text := strings.Join(all, "\n")
	for _, secret := range []string{british[3:], american[2:], inARow(1)[2:], "203.0.113.7", "secret"} {
		assert.NotContains(t, text, secret)
	}
}

func TestAGuardStandsOutermost(t *testing.T) {
	inner, err := guard.New(guard.Config{Verifier: new(toy)})
	require.NoError(t, err)
	_, err = guard.New(guard.Config{Verifier: observe.New(inner)})
	require.ErrorContains(t, err, "one is enough")
	_, err = failover.New(failover.Config{Backends: []failover.Backend{{Verifier: observe.New(inner)}}})
	require.ErrorContains(t, err, "around the failover")
	both, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: new(toy)}}})
	require.NoError(t, err)
	v, err := guard.New(guard.Config{Verifier: both})
	require.NoError(t, err)
	_, ok := verify.As[verify.Warmer](v)
	assert.True(t, ok, "what is wrapped is found")
	assert.True(t, v.Capabilities().ClientIP)
}

func TestProbeAsksTheStoreAndTheVendor(t *testing.T) {
	for name, tc := range map[string]struct {
		store, vendor error
		want          string
	}{
		"both are well":     {nil, nil, ""},
		"the store is not":  {errors.New("redis://secret"), nil, "guard: probe: unavailable: the guard's store would not do: its error says why"},
		"the vendor is not": {nil, &verify.Error{Vendor: "toy", Op: "probe", Outcome: verify.ErrUnauthorized, Detail: "the token"}, "toy: probe: unauthorized: the token"},
		"neither is":        {errors.New("redis://secret"), &verify.Error{Outcome: verify.ErrUnauthorized, Detail: "the token"}, "guard: probe: unauthorized: the guard's store would not do: its error says why; the token"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := guard.New(guard.Config{Verifier: probedToy{new(toy), tc.vendor}, Store: probedStore{new(guard.MemoryStore), tc.store}, Key: make([]byte, 32)})
			require.NoError(t, err)
			err = v.Probe(t.Context())
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tc.want)
			if tc.store != nil {
				require.ErrorIs(t, err, tc.store, "verify doctor tells it")
			}
		})
	}
}

type probedToy struct {
	*toy
	err error
}

func (p probedToy) Probe(context.Context) error { return p.err }

type probedStore struct {
	*guard.MemoryStore
	err error
}

func (p probedStore) Probe(context.Context) error { return p.err }
