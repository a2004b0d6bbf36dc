package emulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestDigitsAreAsManyAsAskedAndOfEveryKind(t *testing.T) {
	seen := map[rune]bool{}
	for range 200 {
		code := emulator.Digits(6)
		assert.Regexp(t, `^[0-9]{6}$`, code)
		for _, d := range code {
			seen[d] = true
		}
	}
	assert.Len(t, seen, 10)
}

func TestHexIsTwoDigitsAByte(t *testing.T) {
	assert.Regexp(t, `^[0-9a-f]{32}$`, emulator.Hex(16))
	assert.NotEqual(t, emulator.Hex(16), emulator.Hex(16))
	for range 100 {
		assert.Regexp(t, `[a-f]`, emulator.Hex(1), "digits alone may be taken for a number")
	}
	assert.Empty(t, emulator.Hex(0))
}

func TestUUIDHasFiveGroups(t *testing.T) {
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, emulator.UUID())
}

func TestClockMovesOnlyByAdvanceOnceItIsStopped(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	var c emulator.Core
	c.Start(emulator.API{Start: start})
	assert.Equal(t, start.UTC(), c.Now())
	c.Advance(10 * time.Minute)
	assert.Equal(t, start.Add(10*time.Minute).UTC(), c.Now())
	c.Deliver(emulator.Message{})
	assert.Equal(t, c.Now(), c.Messages()[0].At)
}

func TestClockRunsWithRealTimeByDefault(t *testing.T) {
	var c emulator.Core
	assert.WithinDuration(t, time.Now(), c.Now(), time.Minute)
	assert.Equal(t, time.UTC, c.Now().Location())
	c.Advance(24 * time.Hour)
	assert.WithinDuration(t, time.Now().Add(24*time.Hour), c.Now(), time.Minute)
}

func TestMessageIsWrittenWithTheKeysOfTheInbox(t *testing.T) {
	m := emulator.Message{
		Vendor: "twilio", To: "+15005550006", Channel: "sms", Scope: "login", Code: "123456",
		Text: "Your code is: 123456", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)),
	}
	b, err := json.Marshal(m)
	assert.NoError(t, err)
	assert.JSONEq(t, `{"vendor":"twilio","to":"+15005550006","channel":"sms","scope":"login","code":"123456",
		"text":"Your code is: 123456","at":"2026-01-02T02:04:05.000000000Z"}`, string(b))
}
