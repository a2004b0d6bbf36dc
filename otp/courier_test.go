package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A pager delivers codes in a template of its own.
type pager struct {
	name     string
	channel  verify.Channel
	most     int // digits that it takes; 0 for any
	err      error
	mu       sync.Mutex
	messages []CodeMessage
}

func (p *pager) DeliverCode(_ context.Context, m CodeMessage) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
	return "id of " + p.name, p.err
}

func (p *pager) Capabilities() verify.Capabilities {
	c := verify.Capabilities{Vendor: p.name, Channels: []verify.Channel{p.channel}}
	if p.most > 0 {
		c.MinDigits, c.MaxDigits = 4, p.most
	}
	return c
}

func (p *pager) last(t *testing.T) CodeMessage {
	t.Helper()
	require.NotEmpty(t, p.messages)
	return p.messages[len(p.messages)-1]
}

func TestACodeMessengerGetsTheCodeAndNoText(t *testing.T) {
	t.Parallel()
	p := &pager{name: "p", channel: verify.ChannelWhatsApp}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = p })
	receipt, err := e.Send(t.Context(), phone, verify.WithLocale("da"))
	require.NoError(t, err)
	m := p.last(t)
	assert.Equal(t, verify.ChannelWhatsApp, receipt.Channel)
	assert.Equal(t, [2]string{"p", "id of p"}, [2]string{receipt.Vendor, receipt.ID})
	assert.Equal(t, phone, m.To)
	assert.Equal(t, "da", m.Request.Locale)
	assert.Len(t, m.Ref, 32)
	require.NoError(t, e.Check(t.Context(), phone, m.Code))

	_, err = e.Send(t.Context(), other, verify.WithTransaction("10 EUR", "Acme"))
	requireOne(t, err, verify.ErrUnsupported)
	assert.False(t, e.Capabilities().Transaction, "no message can name the amount")
	assert.Len(t, p.messages, 1)
}

func TestACodeMessagePrintsNoCode(t *testing.T) {
	t.Parallel()
	m := CodeMessage{To: phone, Channel: verify.ChannelTelegram, Code: "482913", Ref: "ref"}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	for _, printed := range []string{string(text), fmt.Sprintf("%v %+v %#v %s %q", m, m, m, m, m)} {
		assert.NotContains(t, printed, "482913")
		assert.NotContains(t, printed, phone)
	}
}

func TestWithNoChannelAskedEachCourierUsesItsOwn(t *testing.T) {
	t.Parallel()
	first := &pager{name: "p", channel: verify.ChannelWhatsApp, err: outcome(verify.ErrUnavailable)}
	second := &post{name: "s", channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}}
	e, _ := newEngine(t, func(c *Config) { c.Messenger, c.Origin = Fallback(first, second), "login.example.com" })
	assert.Equal(t, []verify.Channel{verify.ChannelWhatsApp, verify.ChannelSMS, verify.ChannelVoice}, e.Capabilities().Channels)

	receipt, err := e.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel, "the channel that was used")
	assert.Equal(t, "s", receipt.Vendor)
	assert.Equal(t, verify.ChannelSMS, second.last(t).Channel)
	assert.Contains(t, second.last(t).Text, "@login.example.com #", "the text is that of its channel")
	assert.Equal(t, first.last(t).Code, second.code(t), "the code stays the same")
	require.NoError(t, e.Check(t.Context(), phone, second.code(t)))

	first.err = nil
	receipt, err = e.Send(t.Context(), other)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelWhatsApp, receipt.Channel)
	assert.Equal(t, 1, second.count())
}

func TestAChannelThatIsAskedForGoesToThoseThatOfferIt(t *testing.T) {
	t.Parallel()
	first := &pager{name: "p", channel: verify.ChannelWhatsApp}
	second := &post{name: "s", channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = Fallback(first, second) })
	receipt, err := e.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelVoice, receipt.Channel)
	assert.Empty(t, first.messages)
	assert.NotContains(t, second.last(t).Text, "#", "what is spoken has no last line for browsers")

	_, err = e.Send(t.Context(), other, verify.WithChannel(verify.ChannelEmail))
	requireOne(t, err, verify.ErrUnsupported)
}

func TestATransactionIsNamedOrNotSent(t *testing.T) {
	t.Parallel()
	first := &pager{name: "p", channel: verify.ChannelWhatsApp}
	second := &post{name: "s", channels: []verify.Channel{verify.ChannelSMS}}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = Fallback(first, second) })
	receipt, err := e.Send(t.Context(), phone, verify.WithTransaction("10 EUR", "Acme"))
	require.NoError(t, err)
	assert.Equal(t, "s", receipt.Vendor)
	assert.Empty(t, first.messages)
	assert.Contains(t, second.last(t).Text, "10 EUR")

	_, err = e.Send(t.Context(), other, verify.WithTransaction("10 EUR", "Acme"), verify.WithChannel(verify.ChannelWhatsApp))
	requireOne(t, err, verify.ErrUnsupported)
	assert.Empty(t, first.messages)
}

func TestElsewhereMovesOnAndDecidesAtTheEnd(t *testing.T) {
	t.Parallel()
	not := func(name string) *pager {
		return &pager{name: name, channel: verify.ChannelTelegram, err: &verify.Error{
			Vendor: name, Op: "send", Outcome: verify.ErrInvalidRecipient, Elsewhere: true, Detail: "no account",
		}}
	}
	first, second := not("p"), &post{name: "s", channels: []verify.Channel{verify.ChannelSMS}}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = Fallback(first, second) })
	receipt, err := e.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "s", receipt.Vendor)

	second.err = outcome(verify.ErrUnavailable)
	_, err = e.Send(t.Context(), other)
	assert.False(t, requireOne(t, err, verify.ErrUnavailable).Elsewhere, "the last one said something about itself")

	e, _ = newEngine(t, func(c *Config) {
		c.Messenger = Fallback(&post{name: "s", err: outcome(verify.ErrUnavailable)}, not("p"))
	})
	_, err = e.Send(t.Context(), phone)
	got := requireOne(t, err, verify.ErrInvalidRecipient)
	assert.Equal(t, "after a: unavailable; no account", got.Detail)

	lost := &post{name: "a", err: &verify.Error{Vendor: "a", Outcome: verify.ErrOutcomeUnknown, Elsewhere: true}}
	_, err = Fallback(lost, second).Deliver(t.Context(), Message{To: phone})
	assert.False(t, requireOne(t, err, verify.ErrOutcomeUnknown).Elsewhere)
	assert.Equal(t, 2, second.count(), "what may have been sent is sent nowhere else")
}

func TestACodeMessengersLengthsBindTheEngine(t *testing.T) {
	t.Parallel()
	p := &pager{name: "p", channel: verify.ChannelTelegram, most: 8}
	e, _ := newEngine(t, func(c *Config) { c.Messenger = Fallback(p, &post{name: "s"}) })
	assert.Equal(t, [2]int{6, 8}, [2]int{e.Capabilities().MinDigits, e.Capabilities().MaxDigits})
	_, err := New(Config{Messenger: p, Store: new(MemoryStore), Keys: [][]byte{keyA}, Digits: 9})
	require.ErrorContains(t, err, "Digits")
}

// A mute is neither.
type mute struct{}

func (mute) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "mute", Channels: []verify.Channel{verify.ChannelSMS}}
}

func TestACourierThatDeliversNothingIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Courier{"alone": mute{}, "joined": Fallback(&post{name: "a"}, mute{})} {
		_, err := New(Config{Messenger: c, Store: new(MemoryStore), Keys: [][]byte{keyA}})
		require.EqualError(t, err, "otp: a Courier must be a Messenger or a CodeMessenger", name)
	}
}

func TestFallbackTakesTextsAndCodesByThemselves(t *testing.T) {
	t.Parallel()
	p, s := &pager{name: "p", channel: verify.ChannelWhatsApp}, &post{name: "s"}
	f := Fallback(p, s)
	id, err := f.Deliver(t.Context(), Message{To: phone, Text: "changed"})
	require.NoError(t, err)
	assert.Equal(t, "id of s", id)
	assert.Empty(t, p.messages, "a text is for messengers")

	codes, ok := f.(CodeMessenger)
	require.True(t, ok)
	id, err = codes.DeliverCode(t.Context(), CodeMessage{To: phone, Code: "123456"})
	require.NoError(t, err)
	assert.Equal(t, "id of p", id)

	_, err = Fallback(p).Deliver(t.Context(), Message{To: phone, Text: "changed"})
	requireOne(t, err, verify.ErrUnsupported)
	assert.False(t, strings.Contains(fmt.Sprint(err), phone))
}
