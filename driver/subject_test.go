package driver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A yes about somebody else is none. Two addresses that Unicode folds into one are two.
func TestIsSubjectKnowsOnePersonFromAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		subject, to string
		want        bool
	}{
		"the number":                  {"+15005550006", "+15005550006", true},
		"the number without its plus": {"15005550006", "+15005550006", true},
		"another number":              {"+15005550007", "+15005550006", false},
		"an address in another case":  {"Kay.Smith@Example.com", "kay.smith@example.com", true},
		"a Kelvin sign for a k":       {"\u212aay.smith@example.com", "kay.smith@example.com", false},
		"a long s for an s":           {"kay.\u017fmith@example.com", "kay.smith@example.com", false},
		"nobody":                      {"", "kay.smith@example.com", false},
	} {
		assert.Equal(t, test.want, driver.IsSubject(test.subject, test.to), name)
	}
}

// Some vendors spell a number in another way than they were asked about.
func TestIsNearSubjectTakesAnotherSpellingOfOneSubscriber(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		subject, to string
		want        bool
	}{
		"the number":                 {"+15005550006", "+15005550006", true},
		"Mexico's second spelling":   {"+5215512345678", "+525512345678", true},
		"Argentina's":                {"+5491123456789", "+541123456789", true},
		"another country":            {"+5215005550006", "+15005550006", false},
		"another area":               {"+15015550006", "+15005550006", false},
		"another subscriber":         {"+15005550007", "+15005550006", false},
		"the end alone":              {"5550006", "+15005550006", false},
		"an address for a number":    {"a@example.com", "+15005550006", false},
		"an address in another case": {"Kay@Example.com", "kay@example.com", true},
		"another address":            {"kay@example.com", "key@example.com", false},
		"a Kelvin sign for a k":      {"\u212aay@example.com", "kay@example.com", false},
		"nobody":                     {"", "kay@example.com", false},
	} {
		assert.Equal(t, test.want, driver.IsNearSubject(test.subject, test.to), name)
	}
}

func TestAChannelIsFoundByTheVendorsWord(t *testing.T) {
	t.Parallel()
	words := map[verify.Channel]string{verify.ChannelSMS: "sms", verify.ChannelVoice: "call"}
	assert.Equal(t, verify.ChannelVoice, driver.ChannelOf(words, "CALL"))
	assert.Equal(t, verify.ChannelSMS, driver.ChannelOf(words, "sms"))
	assert.Empty(t, driver.ChannelOf(words, "voice"), "the word is the vendor's")
	assert.Empty(t, driver.ChannelOf(words, ""))
}
