package otp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestACodeIsBoundToAllThatItWasSentFor(t *testing.T) {
	t.Parallel()
	type subject struct{ to, scope, amount, payee string }
	var subjects []subject
	for _, to := range []string{phone, other, address, "b@example.com"} {
		for _, scope := range []string{"", "login", "payment", "login:payment"} {
			subjects = append(subjects, subject{to, scope, "", ""}, subject{to, scope, "EUR 39.99", "Acme"},
				subject{to, scope, "EUR 40.00", "Acme"}, subject{to, scope, "EUR 39.99", "Acne"})
		}
	}
	options := func(s subject) []verify.Option {
		opts := []verify.Option{verify.WithScope(s.scope)}
		if s.amount != "" {
			opts = append(opts, verify.WithTransaction(s.amount, s.payee))
		}
		return opts
	}
	e, p := newEngine(t, oftenSent)
	check := func(s subject, code string) error {
		var opts []verify.CheckOption
		for _, o := range options(s) {
			opts = append(opts, o)
		}
		return e.Check(t.Context(), s.to, code, opts...)
	}
	for _, sent := range subjects {
		var opts []verify.SendOption
		for _, o := range options(sent) {
			opts = append(opts, o)
		}
		_, err := e.Send(t.Context(), sent.to, opts...)
		require.NoError(t, err)
		code := p.code(t)
		for _, tried := range subjects {
			if tried != sent {
				require.Error(t, check(tried, code), "%v opened %v", sent, tried)
			}
		}
		require.NoError(t, check(sent, code))
	}
}

func TestAWrongTransactionIsAWrongAttempt(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p, verify.WithTransaction("EUR 39.99", "Acme"))
	assert.Contains(t, p.last(t).Text, "EUR 39.99")
	for name, opts := range map[string][]verify.CheckOption{
		"a cent more":   {verify.WithTransaction("EUR 40.00", "Acme")},
		"another payee": {verify.WithTransaction("EUR 39.99", "Evil")},
		"recut":         {verify.WithTransaction("EUR 39.99A", "cme")},
		"none":          nil,
	} {
		requireOne(t, e.Check(t.Context(), phone, code, opts...), verify.ErrMismatch)
		_ = name
	}
	require.NoError(t, e.Check(t.Context(), phone, code, verify.WithTransaction("EUR 39.99", "Acme")))
}

func TestTheCaseOfAnAddressDoesNotMatter(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	_, err := e.Send(t.Context(), "Some.One@Example.COM")
	require.NoError(t, err)
	assert.Equal(t, "Some.One@Example.COM", p.last(t).To, "the messenger gets what the application gave")
	_, err = e.Send(t.Context(), "some.one@example.com")
	requireOne(t, err, verify.ErrTooManySends)
	require.NoError(t, e.Check(t.Context(), "SOME.ONE@EXAMPLE.COM", p.code(t)))
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	store := new(MemoryStore)
	with := func(index []byte, keys ...[]byte) (*Engine, *post) {
		return newEngine(t, oftenSent, func(c *Config) { c.Store, c.Keys, c.IndexKey = store, keys, index })
	}
	before, p := with(nil, keyA)
	code := mustSend(t, before, p)
	for range 3 {
		require.Error(t, before.Check(t.Context(), phone, wrongFor(code)))
	}

	during, p2 := with(keyA, keyB, keyA)
	left := requireOne(t, during.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch).AttemptsLeft
	assert.Equal(t, 1, left, "the budget must survive a new key")
	require.NoError(t, during.Check(t.Context(), phone, code), "codes of the old key are still checked")

	code = mustSend(t, during, p2)
	requireOne(t, before.Check(t.Context(), phone, code), verify.ErrMismatch)
	after, _ := with(keyA, keyB)
	require.NoError(t, after.Check(t.Context(), phone, code), "the first key makes the MACs")

	code = mustSend(t, during, p2)
	stranger, _ := with(keyC, keyB)
	requireOne(t, stranger.Check(t.Context(), phone, code), verify.ErrNotPending)
}

func TestTheCallerMayWipeItsKeys(t *testing.T) {
	t.Parallel()
	key := append([]byte(nil), keyA...)
	store := new(MemoryStore)
	e, p := newEngine(t, func(c *Config) { c.Keys, c.Store = [][]byte{key}, store })
	clear(key)
	code := mustSend(t, e, p)
	same, _ := newEngine(t, func(c *Config) { c.Store = store })
	require.NoError(t, same.Check(t.Context(), phone, code))
}
