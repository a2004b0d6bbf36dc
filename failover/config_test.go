package failover_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	a, b := newDouble("a", codeA), newDouble("b", codeB)
	backends := []failover.Backend{{Verifier: a}, {Verifier: b}}
	mail := newDouble("mail", codeB)
	mail.capabilities.Channels = []verify.Channel{verify.ChannelEmail}
	for name, tc := range map[string]struct {
		cfg  failover.Config
		says string
	}{
		"no backends":                    {failover.Config{}, "no backends"},
		"a backend of nothing":           {failover.Config{Backends: []failover.Backend{{Name: "a"}}}, "without a Verifier"},
		"two backends of one vendor":     {failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: a}}}, "one name"},
		"a name with a space":            {failover.Config{Backends: []failover.Backend{{Name: "a b", Verifier: a}}}, "a backend's name"},
		"no channel in common":           {failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: mail}}}, "no channel in common"},
		"a route to nobody":              {failover.Config{Backends: backends, Routes: map[string][]string{"45": {"c"}}}, "a backend that there is not"},
		"a route over one backend twice": {failover.Config{Backends: backends, Routes: map[string][]string{"45": {"a", "a"}}}, "a backend twice"},
		"a route with a plus":            {failover.Config{Backends: backends, Routes: map[string][]string{"+45": {"a"}}}, "1 to 15 digits"},
		"a ledger without a key":         {failover.Config{Backends: backends, Ledger: new(failover.MemoryLedger)}, "Keys must be at least 32"},
		"a key that is too short":        {failover.Config{Backends: backends, Keys: [][]byte{make([]byte, 31)}}, "Keys must be at least 32"},
		"one key too short":              {failover.Config{Backends: backends, Keys: [][]byte{make([]byte, 32), make([]byte, 31)}}, "Keys must be at least 32"},
		"a key twice":                    {failover.Config{Backends: backends, Keys: [][]byte{oldKey, newKey, oldKey}}, "a key twice"},
		"nine keys":                      {failover.Config{Backends: backends, Keys: make([][]byte, 9)}, "8 at most"},
		"keys of a ledger without Look":  {failover.Config{Backends: backends, Ledger: blind{new(failover.MemoryLedger)}, Keys: [][]byte{oldKey, newKey}}, "no Looker"},
		"a life in the past":             {failover.Config{Backends: backends, TTL: -time.Second}, "TTL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := failover.New(tc.cfg)
			require.ErrorContains(t, err, tc.says)
			assert.Nil(t, v)
		})
	}
}

func TestTwoAccountsOfOneVendorHaveNames(t *testing.T) {
	t.Parallel()
	a := newDouble("a", codeA)
	_, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: a}, {Name: "a.spare", Verifier: a}},
		Ledger:   new(failover.MemoryLedger), Keys: [][]byte{make([]byte, 32)}, TTL: time.Minute,
	})
	require.NoError(t, err)
}

func TestConfigMarshalsWithoutItsKey(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(failover.Config{Keys: [][]byte{[]byte("canary-key")}})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "Key")
}

func TestCapabilitiesAreWhatAllBackendsCanDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(a, b *verify.Capabilities)
		want   func(*verify.Capabilities)
	}{
		"alike": {func(_, _ *verify.Capabilities) {}, func(*verify.Capabilities) {}},
		"one channel less": {
			func(_, b *verify.Capabilities) { b.Channels = []verify.Channel{verify.ChannelSMS} },
			func(w *verify.Capabilities) { w.Channels = []verify.Channel{verify.ChannelSMS} },
		},
		"other lengths": {
			func(_, b *verify.Capabilities) { b.MinDigits, b.MaxDigits, b.DefaultDigits = 7, 10, 7 },
			func(w *verify.Capabilities) { w.MinDigits, w.MaxDigits, w.DefaultDigits = 7, 8, 7 },
		},
		"no length in common": {
			func(a, b *verify.Capabilities) { a.MaxDigits, b.MinDigits, b.MaxDigits, b.DefaultDigits = 6, 8, 8, 8 },
			func(w *verify.Capabilities) { w.MinDigits, w.MaxDigits, w.DefaultDigits = 0, 0, 0 },
		},
		"a length that nobody knows": {
			func(_, b *verify.Capabilities) { b.MinDigits, b.MaxDigits, b.DefaultDigits = 0, 0, 0 },
			func(w *verify.Capabilities) { w.MinDigits, w.MaxDigits, w.DefaultDigits = 0, 0, 0 },
		},
		"listed scopes": {
			func(_, b *verify.Capabilities) { b.MaxScope, b.Scopes = 0, []string{"payment", "login"} },
			func(w *verify.Capabilities) { w.MaxScope, w.Scopes = 0, []string{"login", "payment"} },
		},
		"no scopes": {
			func(_, b *verify.Capabilities) { b.MaxScope = 0 },
			func(w *verify.Capabilities) { w.MaxScope = 0 },
		},
		"transactions at one": {
			func(a, _ *verify.Capabilities) { a.Transaction = true },
			func(*verify.Capabilities) {},
		},
		"a hint at one": {
			func(a, _ *verify.Capabilities) { a.Locale = true },
			func(w *verify.Capabilities) { w.Locale = true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := newDouble("a", codeA), newDouble("b", codeB)
			want := newDouble("failover", "").capabilities
			want.IdempotencyKey = true
			tc.change(&a.capabilities, &b.capabilities)
			tc.want(&want)
			v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}})
			require.NoError(t, err)
			assert.Equal(t, want, v.Capabilities())
		})
	}
}

// A code with letters is shown only to the backend whose codes have them, and
// costs one attempt as any other.
func TestACodeWithLettersIsShownToWhoSendsThem(t *testing.T) {
	t.Parallel()
	a, b := newDouble("a", codeA), newDouble("b", "aB3x9Z")
	b.capabilities.Letters = true
	var shown []string
	v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: witness{a, &shown}}, {Verifier: b}}})
	require.NoError(t, err)
	assert.True(t, v.Capabilities().Letters, "a page takes what any backend sends")
	_, err = v.Send(t.Context(), phone) // by a
	require.NoError(t, err)
	require.ErrorIs(t, v.Check(t.Context(), phone, "aB3x9Z"), verify.ErrMismatch)
	assert.Empty(t, shown, "its codes have no letters")

	a.fails("send", verify.ErrUnavailable)
	_, err = v.Send(t.Context(), phone) // by b
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, "aB3x9Z"))
	assert.Empty(t, shown)
	require.ErrorIs(t, v.Check(t.Context(), phone, "aB3-9Z"), verify.ErrMismatch, "nobody's form")
}

// A witness notes the codes that a backend is shown.
type witness struct {
	verify.Verifier
	shown *[]string
}

func (w witness) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	*w.shown = append(*w.shown, code)
	return w.Verifier.Check(ctx, to, code, opts...)
}

func TestABackendIsAskedForTheCommonLength(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fails("send", verify.ErrUnavailable)
	_, err := v.Send(t.Context(), phone, verify.WithDigits(8), verify.WithChannel(verify.ChannelVoice), verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, 8, b.asked.Digits)
	assert.Equal(t, verify.ChannelVoice, b.asked.Channel)
	assert.Equal(t, "login", b.asked.Scope)
	require.ErrorIs(t, v.Check(t.Context(), phone, codeB), verify.ErrNotPending, "another scope is another ledger entry")
	require.NoError(t, v.Check(t.Context(), phone, codeB, verify.WithScope("login")))
}

func TestACodeOfAnyBackendsLengthIsLookedAt(t *testing.T) {
	t.Parallel()
	a, b := newDouble("a", "1111"), newDouble("b", "22222222")
	a.capabilities.MinDigits, a.capabilities.MaxDigits, a.capabilities.DefaultDigits = 4, 4, 4
	b.capabilities.MinDigits, b.capabilities.MaxDigits, b.capabilities.DefaultDigits = 8, 8, 8
	v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}})
	require.NoError(t, err)
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, "1111"))
	a.fails("send", verify.ErrUnavailable)
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, "22222222"))
	require.ErrorIs(t, v.Check(t.Context(), phone, "333"), verify.ErrMismatch)
}

func TestRefusedBeforeAnyBackend(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	_, err := v.Send(t.Context(), phone, verify.WithChannel(verify.ChannelEmail))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = v.Send(t.Context(), "12345")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	require.ErrorIs(t, v.Check(t.Context(), phone, "../sms"), verify.ErrMismatch)
	e := asError(t, v.Check(t.Context(), phone, codeA))
	assert.Equal(t, verify.ErrNotPending, e.Outcome)
	assert.Contains(t, e.Detail, "one process")
	assert.Zero(t, a.sends+b.sends+a.checks+b.checks)
}

func TestCloseClosesTheBackends(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	closer, ok := verify.As[io.Closer](v)
	require.True(t, ok)
	require.NoError(t, closer.Close())
	assert.True(t, a.closed && b.closed)
}
