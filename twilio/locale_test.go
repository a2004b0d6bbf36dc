package twilio_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
)

// A locale that Twilio lacks on a channel is answered with 404, so a Send must not
// carry it.
func TestALocaleNeverFailsASend(t *testing.T) {
	srv := twiliotest.NewServer(t)
	client, err := twilio.New(twilio.Config{
		BaseURL: srv.URL, AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken,
		Service: twilio.Service{SID: twiliotest.ServiceSID},
	})
	require.NoError(t, err)
	for _, channel := range []verify.Channel{
		verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail,
	} {
		to := "+15005550006"
		if channel == verify.ChannelEmail {
			to = "a@example.com"
		}
		for _, locale := range []string{"bg", "en-US", "en-GB", "de-DE", "fr-CA", "pt-BR", "PT-br", "zh-Hant-HK", "hu", "x-none", "en"} {
			_, err := client.Send(t.Context(), to, verify.WithChannel(channel), verify.WithLocale(locale))
			assert.NoError(t, err, "%s by %s", locale, channel)
			require.NoError(t, client.Cancel(t.Context(), to))
		}
	}
}
