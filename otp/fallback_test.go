package otp

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func outcome(kind verify.Outcome) *verify.Error {
	return &verify.Error{Vendor: "a", Op: "send", Outcome: kind, Detail: "own words", HTTPStatus: 503, Requests: 2}
}

func TestFallbackMovesOnOnlyWhenSurelyNothingWasSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		moves bool
		want  verify.Outcome
	}{
		"unavailable":       {outcome(verify.ErrUnavailable), true, ""},
		"rate limited":      {outcome(verify.ErrRateLimited), true, ""},
		"unauthorized":      {outcome(verify.ErrUnauthorized), true, ""},
		"a bare outcome":    {verify.ErrUnavailable, true, ""},
		"blocked":           {outcome(verify.ErrBlocked), false, verify.ErrBlocked},
		"too many sends":    {outcome(verify.ErrTooManySends), false, verify.ErrTooManySends},
		"invalid recipient": {outcome(verify.ErrInvalidRecipient), false, verify.ErrInvalidRecipient},
		"rejected":          {outcome(verify.ErrRejected), false, verify.ErrRejected},
		"unsupported":       {outcome(verify.ErrUnsupported), false, verify.ErrUnsupported},
		"outcome unknown":   {outcome(verify.ErrOutcomeUnknown), false, verify.ErrOutcomeUnknown},
		"no outcome":        {errors.New("to " + phone), false, verify.ErrOutcomeUnknown},
		"a deadline":        {context.DeadlineExceeded, false, verify.ErrOutcomeUnknown},
		"an outcome twice":  {errors.Join(verify.ErrUnavailable, verify.ErrOutcomeUnknown), false, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := &post{name: "a", err: tt.err}, &post{name: "b"}
			id, err := Fallback(a, b).Deliver(t.Context(), Message{To: phone, Text: "x"})
			assert.Equal(t, 1, a.count())
			if tt.moves {
				require.NoError(t, err)
				assert.Equal(t, "id of b", id)
				assert.Equal(t, a.messages, b.messages, "the text stays the same")
				return
			}
			got := requireOne(t, err, tt.want)
			assert.Equal(t, "a", got.Vendor)
			requirePrivate(t, err, phone)
			assert.Zero(t, b.count(), "a second message")
		})
	}
}

func TestFallbackNamesThoseItTried(t *testing.T) {
	t.Parallel()
	limited := func(name string, wait time.Duration) *post {
		return &post{name: name, err: &verify.Error{Vendor: name, Outcome: verify.ErrRateLimited, RetryAfter: wait, Requests: 3}}
	}
	down := func(name string) *post {
		return &post{name: name, err: &verify.Error{Vendor: name, Outcome: verify.ErrUnavailable, Requests: 1}}
	}
	for name, tt := range map[string]struct {
		messengers []Courier
		want       verify.Error
	}{
		"all alike": {
			[]Courier{limited("a", time.Minute), limited("b", time.Second), limited("c", 0)},
			verify.Error{Vendor: "a+b+c", Op: "send", Outcome: verify.ErrRateLimited, RetryAfter: time.Second, Requests: 9, Detail: "a: rate limited, b: rate limited, c: rate limited"},
		},
		"each its own": {
			[]Courier{limited("a", time.Minute), down("b")},
			verify.Error{Vendor: "a+b", Op: "send", Outcome: verify.ErrUnavailable, Requests: 4, Detail: "a: rate limited, b: unavailable"},
		},
		"the last one decides": {
			[]Courier{down("a"), down("b"), &post{name: "c", err: &verify.Error{Vendor: "c", Op: "send", Outcome: verify.ErrBlocked, Detail: "why", VendorCode: "7"}}},
			verify.Error{Vendor: "c", Op: "send", Outcome: verify.ErrBlocked, Detail: "after a: unavailable, b: unavailable; why", VendorCode: "7"},
		},
		"the last one decides without a word": {
			[]Courier{down("a"), &post{name: "c", err: &verify.Error{Vendor: "c", Op: "send", Outcome: verify.ErrBlocked}}},
			verify.Error{Vendor: "c", Op: "send", Outcome: verify.ErrBlocked, Detail: "after a: unavailable"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Fallback(tt.messengers[0], tt.messengers[1:]...).Deliver(t.Context(), Message{To: phone})
			got := requireOne(t, err, tt.want.Outcome)
			got.Err = nil
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestFallbackLeavesAnErrorOfAMessengerAsItIs(t *testing.T) {
	t.Parallel()
	theirs := outcome(verify.ErrBlocked)
	a := &post{name: "a", err: outcome(verify.ErrUnavailable)}
	_, err := Fallback(a, &post{name: "b", err: theirs}).Deliver(t.Context(), Message{To: phone})
	require.ErrorIs(t, err, verify.ErrBlocked)
	assert.Equal(t, outcome(verify.ErrBlocked), theirs, "a messenger's error belongs to the messenger")
}

func TestFallbackStopsWithTheCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	a, b := &post{name: "a"}, &post{name: "b"}
	a.deliver = func(context.Context, Message) (string, error) {
		cancel()
		return "", outcome(verify.ErrUnavailable)
	}
	f := Fallback(a, b)
	_, err := f.Deliver(ctx, Message{To: phone})
	assert.Contains(t, requireOne(t, err, verify.ErrUnavailable).Detail, "a: unavailable")
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, b.count())

	_, err = f.Deliver(ctx, Message{To: phone})
	requireOne(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, a.count(), "nobody is asked for a caller who has gone")
}

func TestFallbackSharesTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shares []time.Duration
		hangs := func(ctx context.Context, _ Message) (string, error) {
			start := time.Now()
			<-ctx.Done()
			shares = append(shares, time.Since(start))
			return "", &verify.Error{Vendor: "x", Outcome: verify.ErrUnavailable, Err: ctx.Err()}
		}
		quick := func(ctx context.Context, _ Message) (string, error) {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			shares = append(shares, time.Until(deadline))
			return "", outcome(verify.ErrUnavailable)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		_, err := Fallback(&post{name: "a", deliver: hangs}, &post{name: "b", deliver: quick}, &post{name: "c", deliver: hangs}).Deliver(ctx, Message{To: phone})
		require.Error(t, err)
		assert.Equal(t, []time.Duration{4 * time.Second, 4 * time.Second, 8 * time.Second}, shares)

		var until time.Duration
		_, err = Fallback(&post{deliver: func(ctx context.Context, _ Message) (string, error) {
			deadline, _ := ctx.Deadline()
			until = time.Until(deadline)
			return "", nil
		}}, &post{}).Deliver(context.Background(), Message{To: phone})
		require.NoError(t, err)
		assert.Equal(t, sendTime/2, until, "no deadline: they share 15 seconds")
	})
}

func TestFallbackOffersTheChannelsOfAllInTheirOrder(t *testing.T) {
	t.Parallel()
	sms, voice, email := verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail
	a := &post{name: "a", channels: []verify.Channel{voice, sms}}
	b := &post{name: "b", channels: []verify.Channel{sms, email}}
	assert.Equal(t, verify.Capabilities{Vendor: "a+b", Channels: []verify.Channel{voice, sms, email}, ClientIP: true, Locale: true},
		Fallback(a, b).Capabilities())
	assert.Equal(t, []verify.Channel{voice, sms}, a.channels, "a messenger's list is not ours to change")

	plain := hintless{&post{name: "c", channels: []verify.Channel{sms}}}
	assert.Equal(t, verify.Capabilities{Vendor: "c", Channels: []verify.Channel{sms}}, Fallback(plain).Capabilities())
	assert.True(t, Fallback(plain, a).Capabilities().Locale, "a hint is used by those that can")
}

// hintless has no use for hints.
type hintless struct{ *post }

func (h hintless) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: h.name, Channels: h.channels}
}

func TestFallbackOfOneAndOfNone(t *testing.T) {
	t.Parallel()
	a := &post{name: "a"}
	assert.Same(t, a, Fallback(a))
	assert.Same(t, a, Fallback(nil, a, nil))

	b, c := &post{name: "b"}, &post{name: "c"}
	assert.Equal(t, Fallback(a, b, c), Fallback(Fallback(a, b), Fallback(c)), "in one line, however they are nested")
	assert.Equal(t, Fallback(a, b, c), Fallback(a, Fallback(b, c)))

	none := Fallback(nil)
	assert.Empty(t, none.Capabilities().Channels)
	_, err := none.Deliver(t.Context(), Message{To: phone})
	requireOne(t, err, verify.ErrUnavailable)
	_, err = New(Config{Messenger: none, Store: new(MemoryStore), Keys: [][]byte{keyA}})
	require.ErrorContains(t, err, "channel")
}

func TestAnEngineOverFallbackSaysWhoTookTheMessage(t *testing.T) {
	t.Parallel()
	a, b := &post{name: "a", err: verify.ErrUnavailable}, &post{name: "b"}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = Fallback(a, b) })
	r, err := e.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "b", r.Vendor)
	assert.Equal(t, "id of b", r.ID)
	assert.Equal(t, "a+b", e.Capabilities().Vendor)
	assert.Equal(t, a.code(t), b.code(t))
	require.NoError(t, e.Check(t.Context(), phone, b.code(t)))

	b.err = verify.ErrUnauthorized
	_, err = e.Send(t.Context(), other)
	requireOne(t, err, verify.ErrUnavailable)
	b.err = nil
	_, err = e.Send(t.Context(), other)
	require.NoError(t, err, "a send that no messenger made was counted")
}
