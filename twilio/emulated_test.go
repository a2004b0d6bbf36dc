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
	_, client := newEmulated(t)
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

func newEmulated(t *testing.T, opts ...twiliotest.Options) (*twiliotest.Server, *twilio.Client) {
	t.Helper()
	srv := twiliotest.NewServer(t, opts...)
	client, err := twilio.New(twilio.Config{
		BaseURL: srv.URL, AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken,
		Service: twilio.Service{SID: twiliotest.ServiceSID},
	})
	require.NoError(t, err)
	return srv, client
}

func TestAReceiptSaysThatTwilioUpgradedToRCS(t *testing.T) {
	srv, client := newEmulated(t, twiliotest.Options{Services: []twiliotest.Service{{RCS: true}}})
	receipt, err := client.Send(t.Context(), "+15005550006")
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelRCS, receipt.Channel)
	require.NoError(t, client.Check(t.Context(), "+15005550006", srv.Code("+15005550006", "")))
	_, err = client.Send(t.Context(), "+15005550006", verify.WithChannel(verify.ChannelRCS))
	require.ErrorIs(t, err, verify.ErrUnsupported, "it cannot be asked for")
}

func TestAFailedVerificationIsNotPending(t *testing.T) {
	srv, client := newEmulated(t)
	for _, status := range []string{"failed", "expired", "deleted", "canceled"} {
		_, err := client.Send(t.Context(), "+15005550006")
		require.NoError(t, err)
		require.True(t, srv.EndAs("+15005550006", "", status))
		require.ErrorIs(t, client.Check(t.Context(), "+15005550006", "123456"), verify.ErrNotPending, status)
	}
}
