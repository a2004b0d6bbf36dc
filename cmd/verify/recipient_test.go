package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func TestASecondSpellingOfAPhoneIsAUsageError(t *testing.T) {
	srv := twiliotest.NewServer(t)
	got := start(t, nil, "send", "-dsn", dsnOf(srv), "-to", "+4407400123456")
	assert.Equal(t, 2, got.status)
	assert.Empty(t, got.out)
	assert.Equal(t, "verify: twilio: send: invalid recipient: digit 3 of the phone number is a 0 that is dialled inside the country only: "+
		"leave it out after +44\n", got.err)
}

func TestAnyLocaleSends(t *testing.T) {
	for name, locale := range map[string]string{
		"as operating systems say it": "en_US",
		"as browsers say anything":    "*",
		"as browsers say it":          "en-US,en;q=0.9",
		"60 characters":               "zh-cmn-Hans-CN-pinyin-u-co-pinyin-x-private-subtags-of-a-tag",
		"a private tag":               "x-" + strings.Repeat("pirate-", 8) + "ha",
		"none":                        "C",
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, nil, "send", "-dsn", dsnOf(twiliotest.NewServer(t)), "-to", to, "-locale", locale)
			assert.Equal(t, 0, got.status, got.err)
		})
	}
}
