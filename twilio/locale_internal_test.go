package twilio

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

func TestLocaleIsTheNearestThatTheChannelHas(t *testing.T) {
	for asked, want := range map[string][2]string{ // by sms, in a call
		"en": {"en", "en"}, "en-US": {"en", "en"}, "en-GB": {"en", "en-GB"}, "de-DE": {"de", "de"}, "hu": {"hu", ""},
		"pt-BR": {"pt-BR", "pt-BR"}, "PT-br": {"pt-BR", "pt-BR"}, "pt-PT": {"pt", "pt"}, "zh-HK": {"zh-HK", "zh-HK"},
		"zh-Hant-HK": {"zh-HK", "zh-HK"}, "zh-TW": {"zh-HK", "zh-HK"}, "no": {"nb", "nb"}, "fil": {"tl", "tl"}, "bg": {"", ""}, "": {"", ""},
	} {
		req := verify.SendRequest{Channel: verify.ChannelSMS, Locale: asked}
		assert.Equal(t, want[0], localeOf(req), "%s by sms", asked)
		req.Channel = verify.ChannelVoice
		assert.Equal(t, want[1], localeOf(req), "%s in a call", asked)
		req.Channel = verify.ChannelEmail
		assert.Empty(t, localeOf(req), "%s by e-mail", asked)
	}
}
