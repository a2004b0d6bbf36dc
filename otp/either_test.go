package otp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func hello(on verify.Channel) string { return "hello by " + string(on) }

func TestDeliverGivesEachCourierWhatItTakes(t *testing.T) {
	t.Parallel()
	p, s := &pager{name: "p", channel: verify.ChannelTelegram, most: 8}, &post{name: "s"}
	m := CodeMessage{To: phone, Code: "123456", Ref: "ref"}
	for name, c := range map[string]Courier{"alone": p, "the first": Fallback(p, s)} {
		id, err := Deliver(t.Context(), c, m, hello)
		require.NoError(t, err, name)
		assert.Equal(t, "id of p", id)
		got := p.last(t)
		assert.Equal(t, [3]string{phone, "123456", "ref"}, [3]string{got.To, got.Code, got.Ref})
		assert.Equal(t, verify.ChannelTelegram, got.Channel)
		assert.Equal(t, verify.ChannelTelegram, got.Request.Channel)
	}
	id, err := Deliver(t.Context(), s, m, hello)
	require.NoError(t, err)
	assert.Equal(t, "id of s", id)
	assert.Equal(t, "hello by sms", s.last(t).Text)
	assert.Equal(t, verify.ChannelSMS, s.last(t).Request.Channel)
}

func TestDeliverPassesByWhoDoesNotTakeTheMessage(t *testing.T) {
	t.Parallel()
	silent := func(verify.Channel) string { return "" }
	for name, tc := range map[string]struct {
		m    CodeMessage
		text func(verify.Channel) string
		want [2]int // pages, texts
	}{
		"no code":               {CodeMessage{To: phone}, hello, [2]int{0, 1}},
		"letters":               {CodeMessage{To: phone, Code: "ABCDEF"}, hello, [2]int{0, 1}},
		"too long":              {CodeMessage{To: phone, Code: "123456789"}, hello, [2]int{0, 1}},
		"no text":               {CodeMessage{To: phone, Code: "123456"}, silent, [2]int{1, 0}},
		"the channel of texts":  {CodeMessage{To: phone, Code: "123456", Channel: verify.ChannelSMS}, hello, [2]int{0, 1}},
		"neither text nor code": {CodeMessage{To: phone}, silent, [2]int{0, 0}},
	} {
		p, s := &pager{name: "p", channel: verify.ChannelTelegram, most: 8}, &post{name: "s"}
		_, err := Deliver(t.Context(), Fallback(p, s), tc.m, tc.text)
		assert.Equal(t, tc.want, [2]int{len(p.messages), s.count()}, name)
		if tc.want == [2]int{} {
			requireOne(t, err, verify.ErrUnsupported)
		} else {
			require.NoError(t, err, name)
		}
		_, err = Deliver(t.Context(), p, tc.m, tc.text)
		assert.Equal(t, 2*tc.want[0], len(p.messages), name)
		assert.Equal(t, tc.want[0] == 0, err != nil, name)
	}
	_, err := Deliver(t.Context(), mute{}, CodeMessage{To: phone, Code: "123456"}, hello)
	require.ErrorContains(t, err, "must be a Messenger or a CodeMessenger")
}

// What is not known is final, and what surely was not sent goes on in the other form.
func TestDeliverGoesOnFromCodeToTextOnlyIfNothingWasSent(t *testing.T) {
	t.Parallel()
	for _, o := range []verify.Outcome{verify.ErrUnavailable, verify.ErrOutcomeUnknown, verify.ErrBlocked} {
		p, s := &pager{name: "p", channel: verify.ChannelTelegram, err: outcome(o)}, &post{name: "s"}
		_, err := Deliver(t.Context(), Fallback(p, s), CodeMessage{To: phone, Code: "123456"}, hello)
		assert.Equal(t, o == verify.ErrUnavailable, err == nil, o)
		assert.Equal(t, o == verify.ErrUnavailable, s.count() == 1, o)
	}
}

// A whole is an EitherMessenger that is no Fallback, as a guard is.
type whole struct{ EitherMessenger }

func TestAnEngineGivesAnEitherMessengerBothFormsAndAnAmountAsAText(t *testing.T) {
	t.Parallel()
	p, s := &pager{name: "p", channel: verify.ChannelTelegram, most: 8}, &post{name: "s"}
	for _, c := range []Courier{whole{Fallback(p, s).(EitherMessenger)}, Fallback(whole{Fallback(p, s).(EitherMessenger)}, &post{name: "t"})} {
		e, _ := newEngine(t, func(cfg *Config) { cfg.Messenger = c })
		_, err := e.Send(t.Context(), phone)
		require.NoError(t, err)
		require.NoError(t, e.Check(t.Context(), phone, p.last(t).Code))
	}
	assert.Len(t, p.messages, 2)
	e, _ := newEngine(t, func(cfg *Config) { cfg.Messenger = whole{Fallback(p, s).(EitherMessenger)} })
	_, err := e.Send(t.Context(), phone, verify.WithTransaction("10 EUR", "Acme"), verify.WithChannel(verify.ChannelSMS))
	require.NoError(t, err)
	assert.Len(t, p.messages, 2, "no code without its amount")
	assert.Contains(t, s.last(t).Text, "10 EUR")
}
