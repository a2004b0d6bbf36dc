package hooks_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
)

// A pager takes codes of 4 to 8 digits and no text, as Telegram does.
type pager struct {
	sent []otp.CodeMessage
	err  error
}

func (*pager) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "pager", Channels: []verify.Channel{verify.ChannelTelegram}, MinDigits: 4, MaxDigits: 8}
}

func (p *pager) DeliverCode(_ context.Context, m otp.CodeMessage) (string, error) {
	p.sent = append(p.sent, m)
	return "1", p.err
}

var notOnTelegram = &verify.Error{Vendor: "pager", Op: "send", Outcome: verify.ErrInvalidRecipient, Elsewhere: true}

func TestACodeIsGivenToWhoTakesCodes(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		p, m := new(pager), new(messenger)
		for _, courier := range []otp.Courier{p, otp.Fallback(p, m), guarded(t, otp.Fallback(p, m))} {
			p.sent = nil
			w := serve(opened(t, s, hooks.Config{Messenger: courier, Text: configOf(m).Text}), s.request(0))
			assert.Equal(t, s.sent, w.Code)
			assert.Equal(t, s.body, w.Body.String())
			require.Len(t, p.sent, 1)
			got := p.sent[0]
			assert.Equal(t, []string{person, code}, []string{got.To, got.Code})
			assert.Equal(t, verify.ChannelTelegram, got.Channel)
			assert.Regexp(t, "^[0-9a-f]{32}$", got.Ref)
			assert.Positive(t, got.TTL)
			assert.Empty(t, m.sent)
		}
	})
}

func guarded(t *testing.T, c otp.Courier) otp.Courier {
	t.Helper()
	g, err := guard.NewMessenger(c, guard.Config{Kinds: []string{"none"}, Private: true})
	require.NoError(t, err)
	return g
}

func TestAPersonWhoIsNotOnTelegramGetsTheText(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		for _, around := range []func(*testing.T, otp.Courier) otp.Courier{func(_ *testing.T, c otp.Courier) otp.Courier { return c }, guarded} {
			p, m := &pager{err: notOnTelegram}, new(messenger)
			cfg := configOf(m)
			cfg.Messenger = around(t, otp.Fallback(p, m))
			assert.Equal(t, s.body, serve(opened(t, s, cfg), s.request(0)).Body.String())
			assert.Len(t, p.sent, 1)
			require.Len(t, m.sent, 1)
			assert.Equal(t, s.text, m.sent[0].Text)
			assert.Equal(t, verify.ChannelSMS, m.sent[0].Channel)
		}
	})
}

func TestWhatIsNoCodeOrNotInTheFormOfOneIsATextForThoseThatTakeTexts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"letters":        {"123456", "ABCDEF"},
		"too long":       {"123456", "123456789"},
		"a link instead": {`"code":"123456"`, `"link":"https://example.com/r"`},
	} {
		body := strings.NewReplacer(change...).Replace(authgearBody)
		p, m := new(pager), new(messenger)
		alone := serve(opened(t, trials["authgear"], hooks.Config{Messenger: p}), authgearPost(body, authgearKey))
		assert.Contains(t, alone.Body.String(), "unsupported_request", name)
		both := serve(opened(t, trials["authgear"], hooks.Config{Messenger: otp.Fallback(p, m)}), authgearPost(body, authgearKey))
		assert.Equal(t, `{"code":"ok"}`+"\n", both.Body.String(), name)
		assert.Empty(t, p.sent, name)
		assert.Len(t, m.sent, 1, name)
	}
}

// A mute delivers nothing.
type mute struct{}

func (mute) Capabilities() verify.Capabilities { return verify.Capabilities{Vendor: "mute"} }

func TestACourierThatDeliversNothingIsRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		var h http.Handler
		h, err := s.open(hooks.Config{Messenger: mute{}})
		require.ErrorContains(t, err, "Messenger must be an otp.Messenger or an otp.CodeMessenger")
		assert.Nil(t, h)
	})
}
