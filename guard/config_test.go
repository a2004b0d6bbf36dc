package guard_test

import (
	"context"
	"encoding"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
)

type accounts struct{ *toy }

func (accounts) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "toy", Accounts: true}
}

// another store is no MemoryStore.
type another struct{ *guard.MemoryStore }

func TestNewRefuses(t *testing.T) {
	hour := func(n int64) guard.Limit { return guard.Limit{Sends: n, Window: time.Hour} }
	other := map[string]guard.Money{"other": 1}
	budget := guard.Budget{Amount: 1, Window: time.Hour}
	for name, tc := range map[string]struct {
		cfg  guard.Config
		want string
	}{
		"no verifier":               {guard.Config{}, "Verifier is missing"},
		"one that takes accounts":   {guard.Config{Verifier: accounts{new(toy)}}, "takes accounts"},
		"a shared store, no key":    {guard.Config{Store: another{new(guard.MemoryStore)}}, "Key must be at least 32"},
		"a short key":               {guard.Config{Key: make([]byte, 31)}, "Key must be at least 32"},
		"a negative limit":          {guard.Config{Recipient: hour(-1)}, "Recipient must be"},
		"a limit of none":           {guard.Config{Country: hour(0)}, "Country must be"},
		"a window of nothing":       {guard.Config{Prefix: guard.Limit{Sends: 1}}, "Prefix must be"},
		"a window of a year":        {guard.Config{Prefix2: guard.Limit{Sends: 1, Window: 366 * 24 * time.Hour}}, "Prefix2 must be"},
		"too much to remember":      {guard.Config{Total: hour(200_000)}, "at most 1000000 can be kept"},
		"too long to remember":      {guard.Config{Recipient: guard.Limit{Sends: 9, Window: 700 * time.Hour}}, "at most 1000000 can be kept"},
		"a country in small":        {guard.Config{Countries: []string{"dk"}}, "Countries must be"},
		"a country that is none":    {guard.Config{Countries: []string{"ZZ"}}, "Countries must be"},
		"an empty country":          {guard.Config{Countries: []string{""}}, "Countries must be"},
		"a region with a plus":      {guard.Config{Regions: map[string]string{"+1357": "US"}}, "Regions must have"},
		"a region that is none":     {guard.Config{Regions: map[string]string{"1357": "XX"}}, "Regions must have"},
		"a kind that is none":       {guard.Config{Kinds: []string{"cheap"}}, "Kinds must be"},
		"a kind and none":           {guard.Config{Kinds: []string{"pager", "none"}}, "Kinds must be"},
		"more than all of them":     {guard.Config{Convert: 1001}, "Convert must be"},
		"less than none":            {guard.Config{ConvertCountry: -2}, "ConvertCountry must be"},
		"a budget without prices":   {guard.Config{Budget: budget}, "Prices need one for other"},
		"a budget of nothing":       {guard.Config{Budget: guard.Budget{Window: time.Hour}, Prices: other}, "Budget must be"},
		"a budget beyond a counter": {guard.Config{Budget: guard.Budget{Amount: 1 << 40, Window: time.Hour}, Prices: other}, "Budget must be"},
		"a negative price":          {guard.Config{Budget: budget, Prices: map[string]guard.Money{"other": 1, "DK": -1}}, "Prices must not"},
		"a price of no country":     {guard.Config{Budget: budget, Prices: map[string]guard.Money{"other": 1, "Denmark": 1}}, "Prices must not"},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "no verifier" && tc.cfg.Verifier == nil {
				tc.cfg.Verifier = new(toy)
			}
			_, err := guard.New(tc.cfg)
			require.ErrorContains(t, err, tc.want)
			assert.ErrorContains(t, err, "guard: ")
		})
	}
	_, err := guard.New(guard.Config{Verifier: new(toy), Total: hour(70_000), Budget: budget, Prices: other, Kinds: []string{"none"}})
	require.NoError(t, err)
}

func TestSettingsReadTheirText(t *testing.T) {
	var limit guard.Limit
	var budget guard.Budget
	var share guard.Share
	var money guard.Money
	for text, tc := range map[string]struct {
		into encoding.TextUnmarshaler
		want any
	}{
		"20/1h":     {&limit, &guard.Limit{Sends: 20, Window: time.Hour}},
		"1/90s":     {&limit, &guard.Limit{Sends: 1, Window: 90 * time.Second}},
		"250/24h":   {&budget, &guard.Budget{Amount: 2_500_000, Window: 24 * time.Hour}},
		"0.5/720h":  {&budget, &guard.Budget{Amount: 5000, Window: 720 * time.Hour}},
		"0.2":       {&share, func() *guard.Share { s := guard.Share(200); return &s }()},
		"1":         {&share, func() *guard.Share { s := guard.Share(1000); return &s }()},
		"off":       {&share, func() *guard.Share { s := guard.Off; return &s }()},
		"0.0432":    {&money, func() *guard.Money { m := guard.Money(432); return &m }()},
		"12":        {&money, func() *guard.Money { m := guard.Money(120_000); return &m }()},
		"399999.99": {&money, func() *guard.Money { m := guard.Money(3_999_999_900); return &m }()},
	} {
		require.NoError(t, tc.into.UnmarshalText([]byte(text)), text)
		assert.Equal(t, tc.want, tc.into, text)
	}
	for _, tc := range []struct {
		into encoding.TextUnmarshaler
		all  []string
	}{
		{&limit, []string{"", "20", "/1h", "20/", "0/1h", "-1/1h", "1.5/1h", "20/1", "20/0s", "20/721h", "20/1h/2", "9999999999/1h", "+1/1h"}},
		{&budget, []string{"", "250", "0/1h", "-1/1h", "1e3/1h", "250/1ms", "400001/1h"}},
		{&share, []string{"", "0", "1.1", "-0.2", "20%", "0.0001", ".2", "2.", "0x1", "on"}},
		{&money, []string{"", "-1", "0.00001", "1,5", "400001", "1e2", " 1"}},
	} {
		for _, text := range tc.all {
			err := tc.into.UnmarshalText([]byte(text))
			require.Error(t, err, "%T %q", tc.into, text)
			assert.Regexp(t, "^must be ", err.Error())
		}
	}
	assert.Equal(t, "0.0432", guard.Money(432).String())
	assert.Equal(t, "12", guard.Money(120_000).String())
}

func TestASharedStoreSeesNoRecipientAndNoAddress(t *testing.T) {
	store := &spy{Store: new(guard.MemoryStore)}
	for range 2 {
		v, err := guard.New(guard.Config{Verifier: new(toy), Store: store, Key: make([]byte, 32)})
		require.NoError(t, err)
		for _, to := range []string{american, "a@example.com", "A@example.com"} {
			_, err = v.Send(t.Context(), to, from("2001:db8::7"))
			require.NoError(t, err)
		}
	}
	names := map[byte]map[guard.Name]bool{}
	for _, n := range store.names {
		if names[n[0]] == nil {
			names[n[0]] = map[guard.Name]bool{}
		}
		names[n[0]][n] = true
		assert.NotContains(t, n.String(), "122661", "the last digits")
		assert.NotContains(t, n.String(), "example")
	}
	assert.Len(t, names[guard.NameRecipient], 2, "two guards of one key name a recipient alike")
	assert.Len(t, names[guard.NameAddress], 1)
	assert.Len(t, names[guard.NameNetwork], 1)
	assert.Equal(t, map[guard.Name]bool{guard.ClearName("p150"): true, guard.ClearName("p15017"): true, guard.ClearName("p1501712"): true}, names[guard.NamePrefix])
	assert.Equal(t, map[guard.Name]bool{guard.ClearName("cUS"): true}, names[guard.NameCountry])
	assert.Equal(t, "t", guard.ClearName("t").String())
}

// A spy sees what a store does.
type spy struct {
	guard.Store
	names []guard.Name
	calls int
}

func (s *spy) Admit(ctx context.Context, send guard.Send) (guard.Decision, error) {
	s.calls++
	for _, c := range send.Counts {
		s.names = append(s.names, c.Name)
	}
	return s.Store.Admit(ctx, send)
}

func TestADecisionIsOneCallToTheStore(t *testing.T) {
	store := &spy{Store: new(guard.MemoryStore)}
	v, err := guard.New(guard.Config{
		Verifier: new(toy), Store: store, Key: make([]byte, 32), Countries: []string{"US"},
		Budget: guard.Budget{Amount: 10_000, Window: time.Hour}, Prices: map[string]guard.Money{"other": 1},
	})
	require.NoError(t, err)
	_, err = v.Send(t.Context(), american, from("203.0.113.7"))
	require.NoError(t, err)
	assert.Equal(t, 1, store.calls)
	_, err = v.Send(t.Context(), british)
	require.ErrorIs(t, err, verify.ErrBlocked)
	_, err = v.Send(t.Context(), "nobody")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Equal(t, 1, store.calls, "a country needs no store")
}

func TestAPrefixNeverHoldsTheLastFourDigits(t *testing.T) {
	for to, want := range map[string][]string{
		"+15017122661":  {"p150", "p15017", "p1501712"}, // ten digits behind the calling code
		"+351912345678": {"p35191", "p3519123"},         // nine
		"+4532123456":   {"p4532", "p453212"},           // eight
		"+2203012345":   {"p22030"},                     // seven
		"+298211234":    {"p29821"},                     // six
		"+29051234":     nil,                            // five
		"a@example.com": nil,
	} {
		store := &spy{Store: new(guard.MemoryStore)}
		v, err := guard.New(guard.Config{Verifier: new(toy), Store: store, Key: make([]byte, 32)})
		require.NoError(t, err)
		_, err = v.Send(t.Context(), to)
		require.NoError(t, err)
		var got []string
		for _, n := range store.names {
			if n[0] == guard.NamePrefix {
				got = append(got, n.String())
			}
		}
		assert.Equal(t, want, got, to)
	}
}
