package otp

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestTheRightCodeIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p)
	require.Len(t, code, 6)

	require.NoError(t, e.Check(t.Context(), phone, code))
	requireOne(t, e.Check(t.Context(), phone, code), verify.ErrNotPending)
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t, func(c *Config) {
		c.Digits = 7
		c.Messenger = &post{name: "post", channels: []verify.Channel{verify.ChannelSMS}}
	})
	assert.Equal(t, verify.Capabilities{
		Vendor: "post", Channels: []verify.Channel{verify.ChannelSMS}, MinDigits: 6, MaxDigits: 10, DefaultDigits: 7,
		MaxScope: 64, Transaction: true, Locale: true, ClientIP: true, IdempotencyKey: true,
	}, e.Capabilities())
}

func TestWhatCannotBeHonoredIsRefusedBeforeTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		to   string
		opts []verify.SendOption
		want verify.Outcome
	}{
		"too few digits":      {phone, []verify.SendOption{verify.WithDigits(5)}, verify.ErrUnsupported},
		"too many digits":     {phone, []verify.SendOption{verify.WithDigits(11)}, verify.ErrUnsupported},
		"a channel not there": {phone, []verify.SendOption{verify.WithChannel(verify.ChannelWhatsApp)}, verify.ErrUnsupported},
		"a scope too long":    {phone, []verify.SendOption{verify.WithScope(strings.Repeat("s", 65))}, verify.ErrUnsupported},
		"no payee":            {phone, []verify.SendOption{verify.WithTransaction("EUR 1", "")}, verify.ErrUnsupported},
		"no recipient":        {"", nil, verify.ErrInvalidRecipient},
		"a spaced number":     {"+1 500 555 0006", nil, verify.ErrInvalidRecipient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t, func(c *Config) { c.Store = nil; c.Store = noStore{t} })
			_, err := e.Send(t.Context(), tt.to, tt.opts...)
			requireOne(t, err, tt.want)
			assert.Zero(t, p.count())
		})
	}
}

func TestAContextThatIsDoneAsksNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, p := newEngine(t, func(c *Config) { c.Store = noStore{t} })
	_, err := e.Send(ctx, phone)
	requireOne(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, p.count())

	err = e.Check(ctx, phone, "123456")
	requireOne(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}

func TestReset(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	mustSend(t, e, p, verify.WithScope("a"))
	code := mustSend(t, e, p, verify.WithScope("b"))

	require.NoError(t, e.Reset(t.Context(), phone, verify.WithScope("a")))
	_, err := e.Send(t.Context(), phone, verify.WithScope("a"))
	require.NoError(t, err, "the cooldown was not forgotten")
	require.NoError(t, e.Check(t.Context(), phone, code, verify.WithScope("b")), "another scope was reset too")
	require.NoError(t, e.Reset(t.Context(), other), "nothing to forget is no error")

	requireOne(t, e.Reset(t.Context(), "nobody"), verify.ErrInvalidRecipient)
	e.store = &brokenStore{Store: e.store, forget: errStore}
	err = e.Reset(t.Context(), phone)
	assert.Equal(t, "reset", requireOne(t, err, verify.ErrOutcomeUnknown).Op)
}
