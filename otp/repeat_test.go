package otp

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A severed store has the caller's context end at one of its steps: before it, or
// after it took effect, and then the reply is lost.
type severed struct {
	Store
	end  func()
	when int // 0: before Attempt, 1: after it, 2: never
}

func (s *severed) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	if s.when == 0 {
		s.end()
	}
	v, left, err := s.Store.Attempt(ctx, k, id, macs, l)
	if s.when == 1 {
		s.end()
		return Gone, 0, context.Canceled
	}
	return v, left, err
}

// double submits a right code twice, as a browser does that ends the first request and
// sends it again, and returns what the second is answered.
func double(t *testing.T, e *Engine, p *post, s *severed, when int, opts ...verify.CheckOption) error {
	t.Helper()
	to := fmt.Sprintf("+1500555%04d", 1000+p.count())
	_, err := e.Send(t.Context(), to)
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	s.end, s.when = end, when
	first := e.Check(ctx, to, p.code(t), opts...)
	if when == 2 {
		require.NoError(t, first)
	} else {
		require.Error(t, first)
	}
	s.end, s.when = func() {}, 2
	return e.Check(t.Context(), to, p.code(t), opts...)
}

func TestOf400DoubleSubmitsWithAKeyTheSecondIsAlwaysAYes(t *testing.T) {
	s := &severed{Store: new(MemoryStore)}
	e, p := newEngine(t, func(c *Config) { c.Store = s })
	yes, without := 0, 0
	for i := range 400 {
		if double(t, e, p, s, i%3, verify.WithIdempotencyKey(rand.Text())) == nil {
			yes++
		}
	}
	for i := range 30 {
		if double(t, e, p, s, i%3) == nil {
			without++
		}
	}
	assert.Equal(t, 400, yes)
	assert.Equal(t, 10, without, "without a key only those answered before the code was compared")
}

func TestAnothersKeyWithTheSameUsedCodeIsNo(t *testing.T) {
	e, p := newEngine(t)
	code, key := mustSend(t, e, p), rand.Text()
	require.NoError(t, e.Check(t.Context(), phone, code, verify.WithIdempotencyKey(key)))
	for _, opts := range [][]verify.CheckOption{
		nil, {verify.WithIdempotencyKey(rand.Text())}, {verify.WithIdempotencyKey(strings.ToLower(key))},
		{verify.WithIdempotencyKey(key), verify.WithScope("payment")},
	} {
		requireOne(t, e.Check(t.Context(), phone, code, opts...), verify.ErrNotPending)
	}
	requireOne(t, e.Check(t.Context(), other, code, verify.WithIdempotencyKey(key)), verify.ErrNotPending)
	require.NoError(t, e.Check(t.Context(), phone, code, verify.WithIdempotencyKey(key)))
}

func TestTheSameKeyWithAnotherCodeIsNoAndCostsAnAttempt(t *testing.T) {
	e, p := newEngine(t, oftenSent)
	key := verify.WithIdempotencyKey(rand.Text())
	code := mustSend(t, e, p)
	left := requireOne(t, e.Check(t.Context(), phone, p.wrong(t), key), verify.ErrMismatch).AttemptsLeft
	assert.Equal(t, 4, left)
	left = requireOne(t, e.Check(t.Context(), phone, p.wrong(t), key), verify.ErrMismatch).AttemptsLeft
	assert.Equal(t, 4, left, "the same code under the same key is one attempt")
	left = requireOne(t, e.Check(t.Context(), phone, wrongFor(p.wrong(t)), key), verify.ErrMismatch).AttemptsLeft
	assert.Equal(t, 3, left)
	require.NoError(t, e.Check(t.Context(), phone, code, key))
	requireOne(t, e.Check(t.Context(), phone, p.wrong(t), key), verify.ErrMismatch) // the answer of the first
	assert.Equal(t, 4, requireOne(t, e.Check(t.Context(), phone, p.wrong(t), key), verify.ErrMismatch).AttemptsLeft)
}

func TestOfTenThousandCodesUnderOneKeyFiveAreCompared(t *testing.T) {
	s := &counted{Store: new(MemoryStore)}
	e, p := newEngine(t, func(c *Config) { c.Store = s })
	code, key := mustSend(t, e, p), verify.WithIdempotencyKey(rand.Text())
	for i := range 10_000 {
		typed := fmt.Sprintf("%06d", i)
		if typed != code {
			require.Error(t, e.Check(t.Context(), phone, typed, key))
		}
	}
	assert.EqualValues(t, 4, s.wrong.Load(), "the fifth is the last one, and locks")
	requireOne(t, e.Check(t.Context(), phone, code, key), verify.ErrTooManyAttempts)
}

func TestAKeyOfASendNeverAnswersACheck(t *testing.T) {
	e, p := newEngine(t)
	key := verify.WithIdempotencyKey(rand.Text())
	code := mustSend(t, e, p, key)
	requireOne(t, e.Check(t.Context(), phone, p.wrong(t), key), verify.ErrMismatch)
	require.NoError(t, e.Check(t.Context(), phone, code, key))
	receipt, err := e.Send(t.Context(), phone, key)
	require.NoError(t, err)
	assert.True(t, receipt.Repeated)

	d := e.keys.get()
	defer e.keys.put(d)
	k := "AAAAAAAAAAAAAAAAAAAAAA"
	assert.NotEqual(t, d.call("send", k, phone, "", verify.Transaction{}, ""), d.call("check", k, phone, "", verify.Transaction{}, ""))
}

func TestASendMadeAgainDeliversNothingAndReturnsItsReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, oftenSent, func(c *Config) { c.Digits = 8 })
		key := verify.WithIdempotencyKey(rand.Text())
		first, err := e.Send(t.Context(), phone, key, verify.WithScope("login"), verify.WithLocale("de"))
		require.NoError(t, err)
		require.False(t, first.Repeated)
		code := p.code(t)
		time.Sleep(2*time.Minute - time.Second)
		again, err := e.Send(t.Context(), phone, key, verify.WithScope("login"), verify.WithLocale("de"))
		require.NoError(t, err)
		assert.True(t, again.Repeated)
		assert.Equal(t, []any{first.ID, first.Vendor, first.Channel, first.Digits}, []any{again.ID, again.Vendor, again.Channel, again.Digits})
		assert.True(t, first.ExpiresAt.Equal(again.ExpiresAt))
		assert.Equal(t, 1, p.count())
		require.NoError(t, e.Check(t.Context(), phone, code, verify.WithScope("login")))
	})
}

func TestAnotherKeyScopeOrRecipientIsAnotherSend(t *testing.T) {
	e, p := newEngine(t, oftenSent)
	key := verify.WithIdempotencyKey(rand.Text())
	sends := []func() (verify.Receipt, error){
		func() (verify.Receipt, error) { return e.Send(t.Context(), phone, key) },
		func() (verify.Receipt, error) { return e.Send(t.Context(), other, key) },
		func() (verify.Receipt, error) { return e.Send(t.Context(), phone, key, verify.WithScope("x")) },
		func() (verify.Receipt, error) {
			return e.Send(t.Context(), phone, key, verify.WithTransaction("EUR 1", "Acme"))
		},
		func() (verify.Receipt, error) {
			return e.Send(t.Context(), phone, key, verify.WithTransaction("EUR 2", "Acme"))
		},
		func() (verify.Receipt, error) {
			return e.Send(t.Context(), phone, verify.WithIdempotencyKey(rand.Text()))
		},
		func() (verify.Receipt, error) { return e.Send(t.Context(), phone) },
	}
	for i, send := range sends {
		receipt, err := send()
		require.NoError(t, err)
		assert.False(t, receipt.Repeated, "send %d", i)
		assert.Equal(t, i+1, p.count())
	}
}

func TestASendUnderWayIsNotMadeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, oftenSent)
		p.deliver = func(context.Context, Message) (string, error) {
			time.Sleep(3 * time.Second)
			return "id", nil
		}
		key := verify.WithIdempotencyKey(rand.Text())
		go func() { _, _ = e.Send(t.Context(), phone, key) }()
		time.Sleep(time.Second)
		_, err := e.Send(t.Context(), phone, key)
		requireOne(t, err, verify.ErrTooManySends)
		time.Sleep(3 * time.Second)
		receipt, err := e.Send(t.Context(), phone, key)
		require.NoError(t, err)
		assert.Equal(t, "id", receipt.ID)
		assert.Equal(t, 1, p.count())
	})
}

func TestASendThatFailedIsAnsweredAlikeAndNotMadeTwice(t *testing.T) {
	for _, outcome := range []verify.Outcome{verify.ErrUnavailable, verify.ErrOutcomeUnknown, verify.ErrInvalidRecipient} {
		e, p := newEngine(t, oftenSent)
		before := mustSend(t, e, p)
		p.err = outcome
		key := verify.WithIdempotencyKey(rand.Text())
		for range 3 {
			_, err := e.Send(t.Context(), phone, key)
			requireOne(t, err, outcome)
		}
		assert.Equal(t, 2, p.count(), "%s", outcome)
		if outcome != verify.ErrOutcomeUnknown {
			require.NoError(t, e.Check(t.Context(), phone, before), "the code before works again")
		}
		p.err = nil
		_, err := e.Send(t.Context(), phone, verify.WithIdempotencyKey(rand.Text()))
		require.NoError(t, err, "another form, another key")
	}
}

func TestAKeyOfMoreThanTwoMinutesAgoSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, oftenSent)
		key := verify.WithIdempotencyKey(rand.Text())
		mustSend(t, e, p, key)
		time.Sleep(2*time.Minute + time.Second)
		_, err := e.Send(t.Context(), phone, key)
		requireOne(t, err, verify.ErrTooManySends)
		assert.Equal(t, 1, p.count())
	})
}

func TestTheReceiptIsKeptThoughTheBrowserIsGone(t *testing.T) {
	e, p := newEngine(t)
	ctx, end := context.WithCancel(t.Context())
	p.deliver = func(context.Context, Message) (string, error) {
		end() // while the vendor answers
		return "id", nil
	}
	key := verify.WithIdempotencyKey(rand.Text())
	_, err := e.Send(ctx, phone, key)
	require.NoError(t, err)
	receipt, err := e.Send(t.Context(), phone, key)
	require.NoError(t, err)
	assert.Equal(t, "id", receipt.ID)
}

func TestFallbackIsAskedOnceForAKey(t *testing.T) {
	first, second := &post{name: "first", err: verify.ErrUnavailable}, &post{name: "second"}
	e, err := New(Config{Messenger: Fallback(first, second), Store: new(MemoryStore), Keys: [][]byte{keyA}})
	require.NoError(t, err)
	key := verify.WithIdempotencyKey(rand.Text())
	for range 3 {
		receipt, err := e.Send(t.Context(), phone, key)
		require.NoError(t, err)
		assert.Equal(t, "second", receipt.Vendor)
	}
	assert.Equal(t, []int{1, 1}, []int{first.count(), second.count()})
}

func TestNoMessengerStoreOrErrorSeesAnIdempotencyKey(t *testing.T) {
	var seen atomic.Pointer[string]
	w := &watching{Store: new(MemoryStore), seen: &seen}
	e, p := newEngine(t, oftenSent, func(c *Config) { c.Store = w })
	key := rand.Text()
	mustSend(t, e, p, verify.WithIdempotencyKey(key))
	assert.Empty(t, p.last(t).Request.IdempotencyKey)
	for _, err := range []error{
		e.Check(t.Context(), phone, p.wrong(t), verify.WithIdempotencyKey(key)),
		e.Check(t.Context(), other, p.wrong(t), verify.WithIdempotencyKey(key)),
	} {
		assert.NotContains(t, fmt.Sprintf("%+v", err), key)
	}
	outcome := *seen.Load()
	assert.NotContains(t, outcome, key)
	assert.NotContains(t, outcome, phone)
	assert.NotContains(t, outcome, p.code(t))
}

type watching struct {
	Store
	seen *atomic.Pointer[string]
}

func (w *watching) Conclude(ctx context.Context, k Key, id ID, outcome string) error {
	w.seen.Store(&outcome)
	return w.Store.Conclude(ctx, k, id, outcome)
}
