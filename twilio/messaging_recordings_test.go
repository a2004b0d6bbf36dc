package twilio

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// carried has a message carried over these recordings.
func carried(t *testing.T, change func(*MessagingConfig, *otp.Message), files ...string) (string, error) {
	cfg := MessagingConfig{
		AccountSID: "AC00000000000000000000000000000000", AuthToken: "placeholder", From: "+15017122661",
	}
	m := otp.Message{
		To: recipient, Channel: verify.ChannelSMS, TTL: 10 * time.Minute,
		Text: "Acme: 123456 is your code. Never share it.",
	}
	if change != nil {
		change(&cfg, &m)
	}
	cfg.HTTPClient = fixture.New(t, files...).Client()
	messenger, err := NewMessaging(cfg)
	require.NoError(t, err)
	return messenger.Deliver(t.Context(), m)
}

func TestDocumentedAnswersToAMessage(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		change func(*MessagingConfig, *otp.Message)
		want   verify.Outcome
	}{
		"messages_201_queued": {nil, ""},
		"messages_201_accepted": {func(c *MessagingConfig, _ *otp.Message) {
			c.From, c.MessagingServiceSID = "", "MG00000000000000000000000000000000"
		}, ""},
		"messages_201_minimal":     {func(_ *MessagingConfig, m *otp.Message) { m.TTL = 0 }, ""},
		"messages_201_failed":      {nil, verify.ErrRejected},
		"messages_201_undelivered": {nil, verify.ErrOutcomeUnknown},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := carried(t, tc.change, filepath.Join("testdata", file+".json"))
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, tc.want == "", id == "SM00000000000000000000000000000001")
		})
	}
}

var messageFile = regexp.MustCompile(`messages_[0-9]+_([0-9]+)\.json$`)

func TestEveryListedCodeOfMessagingHasAnRecording(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/messages_*.json")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		match := messageFile.FindStringSubmatch(file)
		if match == nil {
			continue
		}
		code := match[1]
		seen[code] = true
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			plays := []string{file}
			if isThrottle(code) {
				plays = []string{file, file, file}
			}
			_, err := carried(t, nil, plays...)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, code, e.VendorCode)
			assert.Equal(t, "RQ00000000000000000000000000000000", e.RequestID)
			assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
		})
	}
	for code := range messagingCodes.All() {
		assert.True(t, seen[code], "code %s is listed and has no recording", code)
	}
}

func TestValidityIsWithinWhatTwilioTakes(t *testing.T) {
	t.Parallel()
	messenger, err := NewMessaging(MessagingConfig{
		AccountSID: "AC00000000000000000000000000000000", AuthToken: "placeholder", From: "+15017122661",
	})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		ttl  time.Duration
		want string
	}{
		"ten minutes":    {10 * time.Minute, "&ValidityPeriod=600"},
		"a moment":       {time.Millisecond, "&ValidityPeriod=1"},
		"not quite two":  {1999 * time.Millisecond, "&ValidityPeriod=1"},
		"more than most": {24 * time.Hour, "&ValidityPeriod=36000"},
		"not said":       {0, ""},
		"below zero":     {-time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, refusal := messenger.form(otp.Message{To: recipient, Channel: verify.ChannelSMS, Text: "Hi", TTL: tc.ttl})
			assert.Empty(t, refusal)
			assert.Equal(t, "To=%2B15005550006&From=%2B15017122661&Body=Hi"+tc.want, string(form))
		})
	}
}

func isThrottle(code string) bool {
	f, _ := messagingCodes.Find(code)
	return f.Outcome == verify.ErrRateLimited
}
