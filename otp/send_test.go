package otp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestReceipt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, func(c *Config) { c.TTL = 4 * time.Minute })
		start := time.Now()
		r, err := e.Send(t.Context(), phone, verify.WithDigits(8), verify.WithChannel(verify.ChannelVoice))
		require.NoError(t, err)
		assert.Equal(t, verify.Receipt{
			ID: "id of post", Vendor: "post", Channel: verify.ChannelVoice, Digits: 8,
			ExpiresAt: start.Add(4 * time.Minute), ResendAt: start.Add(30 * time.Second),
		}, r)

		m := p.last(t)
		assert.Equal(t, phone, m.To)
		assert.Equal(t, verify.ChannelVoice, m.Channel)
		assert.Equal(t, 4*time.Minute, m.TTL, "the vendor's expiry is the code's")
		assert.Regexp(t, `^[0-9a-f]{32}$`, m.Ref)
		assert.Equal(t, 8, m.Request.Digits)
	})
}

func TestResendAtIsZeroWithoutACooldown(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t, oftenSent)
	r, err := e.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Zero(t, r.ResendAt)
}

func TestEachSendHasAReferenceOfItsOwn(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, oftenSent)
	seen := map[string]bool{}
	for range 100 {
		mustSend(t, e, p)
		seen[p.last(t).Ref] = true
	}
	assert.Len(t, seen, 100)
}

func TestAStoreThatFailsSendsNothing(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Store = &brokenStore{Store: new(MemoryStore), put: errStore} })
	_, err := e.Send(t.Context(), phone)
	requireOne(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, errStore, "an operator may look for the cause")
	assert.Zero(t, p.count())
}

func TestRefusalsOfTheStore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		refused Refusal
		want    verify.Outcome
	}{
		"too soon":              {TooSoon, verify.ErrTooManySends},
		"too many":              {TooMany, verify.ErrTooManySends},
		"blocked":               {SendBlocked, verify.ErrBlocked},
		"full":                  {Full, verify.ErrUnavailable},
		"one without name here": {200, verify.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t, func(c *Config) { c.Store = answering{admission: Admission{Refused: tt.refused, Wait: time.Minute}} })
			_, err := e.Send(t.Context(), phone)
			assert.Equal(t, time.Minute, requireOne(t, err, tt.want).RetryAfter)
			assert.Zero(t, p.count())
		})
	}
}

func TestWhatAMessengerCannotSendIsNotCounted(t *testing.T) {
	t.Parallel()
	for _, unsent := range []verify.Outcome{
		verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrRejected, verify.ErrUnsupported,
	} {
		t.Run(string(unsent), func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t)
			p.err = &verify.Error{Vendor: "post", Op: "send", Outcome: unsent, HTTPStatus: 418, RetryAfter: time.Second}
			for range 20 {
				_, err := e.Send(t.Context(), phone)
				got := requireOne(t, err, unsent)
				assert.Equal(t, 418, got.HTTPStatus)
				assert.Equal(t, time.Second, got.RetryAfter)
			}
			requireOne(t, e.Check(t.Context(), phone, p.code(t)), verify.ErrNotPending)
			p.err = nil
			require.NoError(t, e.Check(t.Context(), phone, mustSend(t, e, p)))
		})
	}
}

// TestASendThatSurelySentNothingLeavesTheCodeThatArrived: somebody has a code and
// asks for another one, which the vendor does not send.
func TestASendThatSurelySentNothingLeavesTheCodeThatArrived(t *testing.T) {
	t.Parallel()
	for _, unsent := range []verify.Outcome{
		verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrInvalidRecipient,
		verify.ErrBlocked, verify.ErrRejected, verify.ErrTooManySends, verify.ErrUnsupported,
	} {
		for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
			t.Run(string(unsent)+", by "+string(channel), func(t *testing.T) {
				t.Parallel()
				e, p := newEngine(t, func(c *Config) { c.Limits.Cooldown = []time.Duration{0} })
				arrived := mustSend(t, e, p)
				left := requireOne(t, e.Check(t.Context(), phone, wrongFor(arrived)), verify.ErrMismatch).AttemptsLeft
				require.Equal(t, 4, left)

				p.err = unsent
				for range 3 {
					_, err := e.Send(t.Context(), phone, verify.WithChannel(channel))
					requireOne(t, err, unsent)
				}
				left = requireOne(t, e.Check(t.Context(), phone, wrongFor(arrived)), verify.ErrMismatch).AttemptsLeft
				assert.Equal(t, 3, left, "the attempt before the resend stays charged")
				require.NoError(t, e.Check(t.Context(), phone, arrived))
				requireOne(t, e.Check(t.Context(), phone, arrived), verify.ErrNotPending)
			})
		}
	}
}

func TestASendWithAnUnknownOutcomeReplacesTheCode(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Limits.Cooldown = []time.Duration{0} })
	first := mustSend(t, e, p)
	p.err = verify.ErrOutcomeUnknown
	_, err := e.Send(t.Context(), phone)
	requireOne(t, err, verify.ErrOutcomeUnknown)
	second := p.code(t)
	requireOne(t, e.Check(t.Context(), phone, first), verify.ErrMismatch)
	require.NoError(t, e.Check(t.Context(), phone, second))
}

// TestACooldownHoldsAfterARecipientThatCannotBeReached: a caller who gives a vendor's
// addresses that it refuses must not be free to ask without end.
func TestACooldownHoldsAfterARecipientThatCannotBeReached(t *testing.T) {
	t.Parallel()
	for _, unsent := range []verify.Outcome{verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrTooManySends} {
		t.Run(string(unsent), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, p := newEngine(t)
				p.err = &verify.Error{Vendor: "post", Op: "send", Outcome: unsent, HTTPStatus: 418, RetryAfter: time.Second}
				waits := []time.Duration{30, 40, 60, 90}
				for _, wait := range waits {
					_, err := e.Send(t.Context(), phone)
					got := requireOne(t, err, unsent)
					assert.Equal(t, 418, got.HTTPStatus)
					assert.Equal(t, time.Second, got.RetryAfter)
					_, err = e.Send(t.Context(), phone)
					assert.Equal(t, wait*time.Second, requireOne(t, err, verify.ErrTooManySends).RetryAfter)
					time.Sleep(wait * time.Second)
				}
				assert.Equal(t, len(waits), p.count())
				requireOne(t, e.Check(t.Context(), phone, p.code(t)), verify.ErrNotPending)
			})
		})
	}
}

// TestAPageCanTellAWaitFromALimit: both are the same outcome.
func TestAPageCanTellAWaitFromALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, func(c *Config) { c.Limits.Sends = 2 })
		mustSend(t, e, p)
		_, err := e.Send(t.Context(), phone)
		assert.Equal(t, 30*time.Second, requireOne(t, err, verify.ErrTooManySends).RetryAfter)
		require.ErrorIs(t, err, TooSoon)
		require.NotErrorIs(t, err, TooMany)

		time.Sleep(30 * time.Second)
		mustSend(t, e, p)
		_, err = e.Send(t.Context(), phone)
		assert.Equal(t, 570*time.Second, requireOne(t, err, verify.ErrTooManySends).RetryAfter)
		require.ErrorIs(t, err, TooMany)
		require.NotErrorIs(t, err, TooSoon)
	})
}

// TestMoneyOfALocaleIsOneTransaction: whatever formats money puts other spaces in
// it, and a page may do so in another way at Check.
func TestMoneyOfALocaleIsOneTransaction(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p, verify.WithTransaction("12\u202f345,60\u00a0€", "Bäckerei\u00a0Krüger"))
	assert.Contains(t, p.last(t).Text, "12 345,60 € to Bäckerei Krüger")
	requireOne(t, e.Check(t.Context(), phone, code, verify.WithTransaction("12 345,61 €", "Bäckerei Krüger")), verify.ErrMismatch)
	require.NoError(t, e.Check(t.Context(), phone, code, verify.WithTransaction("12 345,60 €", "Bäckerei Krüger")))
}

// TestASendTakesFifteenSecondsAtMost: with any number of vendors that hang.
func TestASendTakesFifteenSecondsAtMost(t *testing.T) {
	t.Parallel()
	hangs := &post{name: "x", deliver: func(ctx context.Context, _ Message) (string, error) {
		<-ctx.Done()
		return "", verify.ErrUnavailable
	}}
	for name, messenger := range map[string]Messenger{"two": Fallback(hangs, hangs), "three": Fallback(hangs, hangs, hangs)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, _ := newEngine(t, func(c *Config) { c.Messenger = messenger })
				start := time.Now()
				_, err := e.Send(context.Background(), phone)
				requireOne(t, err, verify.ErrUnavailable)
				assert.Equal(t, 15*time.Second, time.Since(start))
			})
		})
	}
}

func TestWhatMayHaveBeenSentStaysGood(t *testing.T) {
	t.Parallel()
	unavailable := &verify.Error{Vendor: "post", Outcome: verify.ErrUnavailable}
	for name, err := range map[string]error{
		"outcome unknown":          &verify.Error{Vendor: "post", Op: "send", Outcome: verify.ErrOutcomeUnknown, HTTPStatus: 500},
		"no outcome":               errors.New("something about " + phone),
		"a deadline":               context.DeadlineExceeded,
		"an outcome of Check":      &verify.Error{Outcome: verify.ErrMismatch},
		"an outcome of its own":    verify.Outcome("odd"),
		"two outcomes":             errors.Join(unavailable, verify.ErrOutcomeUnknown),
		"two outcomes, turned":     errors.Join(verify.ErrOutcomeUnknown, unavailable),
		"an error without outcome": &verify.Error{Vendor: "post"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t)
			p.err = err
			_, got := e.Send(t.Context(), phone)
			requireOne(t, got, verify.ErrOutcomeUnknown)
			assert.Equal(t, errors.Is(err, context.DeadlineExceeded), errors.Is(got, context.DeadlineExceeded))
			requirePrivate(t, got, phone, p.code(t))
			_, again := e.Send(t.Context(), phone)
			requireOne(t, again, verify.ErrTooManySends)
			require.NoError(t, e.Check(t.Context(), phone, p.code(t)))
		})
	}
}

func TestABareOutcomeIsEnoughForAMessenger(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	for name, err := range map[string]error{
		"bare":    verify.ErrRateLimited,
		"wrapped": fmt.Errorf("to %s: %w", phone, &verify.Error{Vendor: "post", Outcome: verify.ErrRateLimited, HTTPStatus: 429}),
	} {
		p.err = err
		_, got := e.Send(t.Context(), phone)
		requireOne(t, got, verify.ErrRateLimited)
		requirePrivate(t, got, phone)
		_ = name
	}
}

func TestTheSendIsGivenBackThoughTheCallerHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e, p := newEngine(t)
	p.deliver = func(ctx context.Context, _ Message) (string, error) {
		cancel()
		return "", &verify.Error{Vendor: "post", Op: "send", Outcome: verify.ErrUnavailable, Err: ctx.Err()}
	}
	_, err := e.Send(ctx, phone)
	requireOne(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	p.deliver = nil
	_, err = e.Send(t.Context(), phone)
	require.NoError(t, err, "the recipient was left in the cooldown")
}

func TestARefundDoesNotHangOnADeadStore(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ deadline, ends time.Duration }{
		"no deadline":        {0, 2 * time.Second},
		"one that is far":    {time.Minute, 2 * time.Second},
		"one that is near":   {time.Second, 1050 * time.Millisecond},
		"one that is passed": {-time.Second, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, p := newEngine(t, func(c *Config) { c.Store = hanging{new(MemoryStore)} })
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tc.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, tc.deadline)
					defer cancel()
				}
				p.deliver = func(context.Context, Message) (string, error) {
					if tc.deadline < 0 {
						cancel()
					}
					return "", verify.ErrUnavailable
				}
				start := time.Now()
				_, err := e.Send(ctx, phone)
				requireOne(t, err, verify.ErrUnavailable)
				assert.Equal(t, tc.ends, time.Since(start), "R38")
			})
		})
	}
}

// hanging never answers a Revoke.
type hanging struct{ Store }

func (hanging) Revoke(ctx context.Context, _ Key, _ ID) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestHintsReachTheMessenger(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	ip := netip.MustParseAddr("192.0.2.1")
	mustSend(t, e, p, verify.WithClientIP(ip), verify.WithLocale("de"), verify.VendorOption("post", 7))
	r := p.last(t).Request
	assert.Equal(t, ip, r.ClientIP)
	assert.Equal(t, "de", r.Locale)
	assert.Equal(t, []int{7}, verify.VendorOptions[int](r, "post"))
}
