package driver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

func TestEachChannelHasItsLanguages(t *testing.T) {
	t.Parallel()
	locales := driver.Locales{Text: "# spoken ones\nvoice,whatsapp en en-GB\n\nemail\n* en de\n"}
	for name, test := range map[string]struct {
		channel      verify.Channel
		locale, want string
	}{
		"the first of a line":      {verify.ChannelVoice, "en-GB", "en-GB"},
		"the second of a line":     {verify.ChannelWhatsApp, "en-GB", "en-GB"},
		"a language it has not":    {verify.ChannelVoice, "de", ""},
		"a channel without any":    {verify.ChannelEmail, "en", ""},
		"all others":               {verify.ChannelSMS, "de-AT", "de"},
		"all others, another case": {verify.ChannelSMS, "EN-gb", "en"},
		"nothing asked for":        {verify.ChannelSMS, "", ""},
	} {
		assert.Equal(t, test.want, locales.Nearest(test.channel, test.locale), name)
	}
	assert.Empty(t, driver.Locales{Text: "voice en"}.Nearest(verify.ChannelSMS, "en"), "no line is about the channel")
}

func TestNearestTag(t *testing.T) {
	t.Parallel()
	const list = "en-us en-gb pt-br pt de"
	for locale, want := range map[string]string{
		"en-GB": "en-gb", "en-AU": "en-us", "en": "en-us", "pt": "pt", "pt-PT": "pt", "PT-br": "pt-br", "de-AT": "de", "fr": "", "": "", "e": "",
	} {
		assert.Equal(t, want, driver.NearestTag(list, locale), locale)
	}
	assert.Empty(t, driver.NearestTag("", "en"))
}
