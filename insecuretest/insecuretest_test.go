package insecuretest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/insecuretest"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

const (
	reviewer = "+447700900461"
	person   = "+15017122661"
	code     = "271828"
)

var review = verify.WithScope("review")

func key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func macOf(t *testing.T, code string) insecuretest.CodeMAC {
	t.Helper()
	m, err := insecuretest.MAC(key(), code)
	require.NoError(t, err)
	return m
}

func number(t *testing.T) insecuretest.Number {
	t.Helper()
	return insecuretest.Number{To: reviewer, CodeMAC: macOf(t, code), Scopes: []string{"review", "e2e"}, Until: time.Now().Add(30 * 24 * time.Hour)}
}

func made(t *testing.T, inner verify.Verifier) *insecuretest.Verifier {
	t.Helper()
	v, err := insecuretest.New(insecuretest.Config{Verifier: inner, Store: new(otp.MemoryStore), Key: key(), Numbers: []insecuretest.Number{number(t)}})
	require.NoError(t, err)
	return v
}

func send(t *testing.T, v verify.Verifier, to string, opts ...verify.SendOption) error {
	t.Helper()
	_, err := v.Send(t.Context(), to, opts...)
	return err
}

func TestATestNumberNeedsASendAndIsLetInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := mocks.NewFake()
		v := made(t, fake)
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review), verify.ErrNotPending, "without a Send")
		receipt, err := v.Send(t.Context(), reviewer, review)
		require.NoError(t, err)
		assert.Equal(t, "insecuretest", receipt.Vendor)
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code), verify.ErrNotPending, "another scope is the fake's")
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, verify.WithScope("e2e")), verify.ErrNotPending, "a Send is of one scope")
		require.NoError(t, v.Check(t.Context(), reviewer, code, review))
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review), verify.ErrNotPending, "a second time")
		assert.Empty(t, fake.Sent(), "nothing is sent")

		time.Sleep(time.Hour)
		require.NoError(t, send(t, v, reviewer, review))
		time.Sleep(10*time.Minute + time.Second)
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review), verify.ErrNotPending, "after ten minutes")
		require.NoError(t, send(t, v, reviewer, review))
		require.NoError(t, v.Cancel(t.Context(), reviewer, review))
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review), verify.ErrNotPending, "canceled")
	})
}

func TestAttemptsOnATestNumberAreCounted(t *testing.T) {
	v := made(t, mocks.NewFake())
	require.NoError(t, send(t, v, reviewer, review))
	for range 4 {
		require.ErrorIs(t, v.Check(t.Context(), reviewer, "000000", review), verify.ErrMismatch)
	}
	for _, typed := range []string{"000000", code} {
		require.ErrorIs(t, v.Check(t.Context(), reviewer, typed, review), verify.ErrTooManyAttempts)
	}
	require.ErrorIs(t, send(t, v, reviewer, review), verify.ErrTooManySends, "the second Send waits")
}

func TestATestNumberEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := mocks.NewFake()
		v := made(t, fake)
		time.Sleep(30*24*time.Hour - time.Minute)
		require.NoError(t, send(t, v, reviewer, review))
		time.Sleep(time.Minute)
		require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review), verify.ErrNotPending)
		require.ErrorIs(t, send(t, v, reviewer, review), verify.ErrBlocked)
		assert.Empty(t, fake.Sent())
	})
}

func TestEverybodyElseIsPassedOn(t *testing.T) {
	fake := mocks.NewFake()
	v := made(t, fake)
	for _, tc := range []struct {
		to     string
		option verify.Option
		scope  string
	}{{person, review, "review"}, {reviewer, verify.WithScope("login"), "login"}} {
		require.NoError(t, send(t, v, tc.to, tc.option))
		require.ErrorIs(t, v.Check(t.Context(), tc.to, code, tc.option), verify.ErrMismatch, "the code of a test number opens nothing else")
		require.NoError(t, v.Check(t.Context(), tc.to, fake.CodeFor(tc.to, tc.scope), tc.option))
		require.NoError(t, v.Cancel(t.Context(), tc.to, tc.option))
	}
	require.ErrorIs(t, send(t, v, "nobody"), verify.ErrInvalidRecipient)
	_, ok := verify.As[*mocks.Fake](v)
	assert.True(t, ok)
}

func TestATestNumberPaysNothing(t *testing.T) {
	v := made(t, mocks.NewFake())
	pay := verify.WithTransaction("EUR 1.00", "Acme")
	require.ErrorIs(t, send(t, v, reviewer, review, pay), verify.ErrUnsupported)
	require.NoError(t, send(t, v, reviewer, review))
	require.ErrorIs(t, v.Check(t.Context(), reviewer, code, review, pay), verify.ErrUnsupported)
}

func TestAnEventSaysThatItWasATest(t *testing.T) {
	var tests []bool
	v := observe.New(made(t, mocks.NewFake()), func(_ context.Context, e observe.Event) { tests = append(tests, e.Test) })
	require.NoError(t, send(t, v, reviewer, review))
	require.NoError(t, v.Check(t.Context(), reviewer, code, review))
	require.Error(t, v.Check(t.Context(), reviewer, code, review))
	require.NoError(t, send(t, v, person))
	assert.Equal(t, []bool{true, true, true, false}, tests)
}

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*insecuretest.Config)
		want   string
	}{
		"no verifier":     {func(c *insecuretest.Config) { c.Verifier = nil }, "Verifier is missing"},
		"no store":        {func(c *insecuretest.Config) { c.Store = nil }, "Store is missing"},
		"a short key":     {func(c *insecuretest.Config) { c.Key = c.Key[1:] }, "Key must be at least 32"},
		"no numbers":      {func(c *insecuretest.Config) { c.Numbers = nil }, "Numbers must be 1 to 20"},
		"too many":        {func(c *insecuretest.Config) { c.Numbers = make([]insecuretest.Number, 21) }, "Numbers must be 1 to 20"},
		"no scope":        {func(c *insecuretest.Config) { c.Numbers[0].Scopes = nil }, "at least one scope"},
		"the empty scope": {func(c *insecuretest.Config) { c.Numbers[0].Scopes = []string{""} }, "at least one scope"},
		"no code":         {func(c *insecuretest.Config) { c.Numbers[0].CodeMAC = insecuretest.CodeMAC{} }, "CodeMAC is missing"},
		"for 91 days":     {func(c *insecuretest.Config) { c.Numbers[0].Until = time.Now().Add(91 * 24 * time.Hour) }, "at most 90 days off"},
		"of yesterday":    {func(c *insecuretest.Config) { c.Numbers[0].Until = time.Now().Add(-24 * time.Hour) }, "must be in the future"},
		"for ever":        {func(c *insecuretest.Config) { c.Numbers[0].Until = time.Time{} }, "must be in the future"},
		"a real number":   {func(c *insecuretest.Config) { c.Numbers[0].To = person }, "keeps for fiction"},
		"an address":      {func(c *insecuretest.Config) { c.Numbers[0].To = "a@example.com" }, "E.164"},
		"a number twice": {func(c *insecuretest.Config) {
			again := c.Numbers[0]
			again.CodeMAC[0]++
			c.Numbers = append(c.Numbers, again)
		}, "Numbers[1] has the number or the code of another one"},
		"a code twice": {func(c *insecuretest.Config) {
			again := c.Numbers[0]
			again.To = "+447700900462"
			c.Numbers = append(c.Numbers, again)
		}, "Numbers[1] has the number or the code of another one"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := insecuretest.Config{Verifier: mocks.NewFake(), Store: new(otp.MemoryStore), Key: key(), Numbers: []insecuretest.Number{number(t)}}
			tc.change(&cfg)
			_, err := insecuretest.New(cfg)
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), reviewer[3:])
		})
	}
	real := number(t)
	real.To, real.InsecureRealNumber = person, true
	_, err := insecuretest.New(insecuretest.Config{Verifier: mocks.NewFake(), Store: new(otp.MemoryStore), Key: key(), Numbers: []insecuretest.Number{real}})
	require.NoError(t, err)
	for _, typed := range []string{"", "12345", "12345678901", "12345a", "１２３４５６"} {
		_, err := insecuretest.MAC(key(), typed)
		require.Error(t, err, typed)
	}
	_, err = insecuretest.MAC(nil, code)
	require.Error(t, err)
}

func TestNumbersOfFiction(t *testing.T) {
	for to, want := range map[string]bool{
		"+12015550100": true, "+12015550199": true, "+12015550200": false, "+12015551100": false, "+15017122661": false, "+15005550006": false,
		"+447700900000": true, "+447700901000": false, "+33639980000": true, "+33639989999": true, "+33639970000": false,
		"+61491570156": true, "+61491570155": false, "447700900000": false, "+4477009000001": false, "": false,
	} {
		assert.Equal(t, want, insecuretest.IsFiction(to), to)
	}
}

type down struct{ *otp.MemoryStore }

func (down) Issue(context.Context, otp.Key, otp.ID, otp.MAC, time.Duration, otp.Limits) (otp.Admission, error) {
	return otp.Admission{}, errors.New("redis://secret")
}

func (down) Attempt(context.Context, otp.Key, otp.ID, []otp.MAC, otp.Limits) (otp.Verdict, int, error) {
	return otp.Match, 5, errors.New("redis://secret")
}

func TestAStoreThatFailsLetsNobodyIn(t *testing.T) {
	v, err := insecuretest.New(insecuretest.Config{Verifier: mocks.NewFake(), Store: down{new(otp.MemoryStore)}, Key: key(), Numbers: []insecuretest.Number{number(t)}})
	require.NoError(t, err)
	require.ErrorIs(t, send(t, v, reviewer, review), verify.ErrUnavailable)
	err = v.Check(t.Context(), reviewer, code, review)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	text := fmt.Sprintf("%+v %+v %#v %+v", err, v, number(t), insecuretest.Config{Key: key(), Numbers: []insecuretest.Number{number(t)}})
	for _, secret := range []string{"secret", reviewer[3:10], code, string(key())} {
		assert.NotContains(t, text, secret)
	}
}
