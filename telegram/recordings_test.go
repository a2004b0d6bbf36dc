package telegram

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recipient = "+15005550006"
	reference = "00000000000000000000000000000001"
	requested = "987650abcdef"
)

// letter is the message of most recordings.
func letter() otp.CodeMessage {
	return otp.CodeMessage{To: recipient, Channel: verify.ChannelTelegram, Code: "123456", TTL: 10 * time.Minute, Ref: reference}
}

// played returns a transport that plays these recordings.
func played(t *testing.T, files ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(files...)...)
}

func over(t *testing.T, client *http.Client) *Client {
	c, err := New(Config{Token: "placeholder", HTTPClient: client})
	require.NoError(t, err)
	return c
}

func TestDocumentedAcceptances(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*Client, *otp.CodeMessage){
		"send_200":         func(*Client, *otp.CodeMessage) {},
		"send_200_minimal": func(_ *Client, m *otp.CodeMessage) { m.TTL, m.Ref = 0, "" },
		"send_200_sender":  func(c *Client, _ *otp.CodeMessage) { c.cfg.Sender = "acme_codes" },
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c, m := over(t, played(t, "ability_200", file).Client()), letter()
			change(c, &m)
			id, err := c.DeliverCode(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, requested, id)
		})
	}
}

// A question that fails has sent nothing, whatever became of it; a message may have
// gone.
func TestDocumentedRefusals(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"ability_401":              verify.ErrUnauthorized,
		"ability_flood_wait":       verify.ErrRateLimited,
		"ability_unlisted":         verify.ErrRejected,
		"ability_reply_lost":       verify.ErrUnavailable,
		"ability_500":              verify.ErrUnavailable,
		"ability_502_html":         verify.ErrUnavailable,
		"ability_200_empty":        verify.ErrUnavailable,
		"ability_200_other_number": verify.ErrUnavailable,
		"ability_200_no_request":   verify.ErrUnavailable,

		"send_phone_number_not_available": verify.ErrInvalidRecipient,
		"send_phone_number_invalid":       verify.ErrInvalidRecipient,
		"send_access_token_invalid":       verify.ErrUnauthorized,
		"send_flood_wait":                 verify.ErrRateLimited,
		"send_429_hour":                   verify.ErrRateLimited,
		"send_unlisted":                   verify.ErrRejected,
		"send_message_already_sent":       verify.ErrOutcomeUnknown,
		"send_500":                        verify.ErrOutcomeUnknown,
		"send_502_html":                   verify.ErrOutcomeUnknown,
		"send_307":                        verify.ErrOutcomeUnknown,
		"send_reply_lost":                 verify.ErrOutcomeUnknown,
		"send_200_truncated":              verify.ErrOutcomeUnknown,
		"send_200_empty":                  verify.ErrOutcomeUnknown,
		"send_200_no_result":              verify.ErrOutcomeUnknown,
		"send_200_other_request":          verify.ErrOutcomeUnknown,
		"send_200_expired":                verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			files, requests := []string{file}, 1
			if strings.HasPrefix(file, "send") {
				files, requests = []string{"ability_200", file}, 2
			}
			id, err := over(t, played(t, files...).Client()).DeliverCode(t.Context(), letter())
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
			assert.Empty(t, id)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, requests, e.Requests, "both calls are counted")
		})
	}
}

func TestEveryListedWordHasARecording(t *testing.T) {
	t.Parallel()
	for word, listed := range codes.All() {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			_, err := over(t, played(t, "ability_"+strings.ToLower(word)).Client()).DeliverCode(t.Context(), letter())
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, word, e.VendorCode)
			assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
			want := listed.Outcome
			if word == "MESSAGE_ALREADY_SENT" {
				want = verify.ErrUnavailable // it was a question
			}
			assert.Equal(t, want, e.Outcome)
			assert.Equal(t, word == "PHONE_NUMBER_NOT_FOUND" || word == "PHONE_NUMBER_NOT_AVAILABLE", e.Elsewhere,
				"another vendor reaches a person who is not on Telegram, and no other fault is of that kind")
		})
	}
}

func TestThrottleNamesItsTime(t *testing.T) {
	t.Parallel()
	_, err := over(t, played(t, "ability_200", "send_flood_wait").Client()).DeliverCode(t.Context(), letter())
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, time.Hour, e.RetryAfter)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"status_request_id_invalid":   "",
		"status_access_token_invalid": verify.ErrUnauthorized,
		"status_200":                  verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, verify.OutcomeOf(over(t, played(t, file).Client()).Probe(t.Context())))
		})
	}
}

func TestExpiryIsWithinWhatTheVendorTakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ttl  time.Duration
		want int64
	}{
		"ten minutes":  {10 * time.Minute, 600},
		"not said":     {0, 0},
		"below zero":   {-time.Second, 0},
		"a moment":     {time.Millisecond, 30},
		"and a moment": {90*time.Second + 999*time.Millisecond, 90},
		"a year":       {365 * 24 * time.Hour, 3600},
	} {
		assert.Equal(t, tc.want, seconds(tc.ttl), name)
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for word := range codes.All() {
		listed["ability_"+strings.ToLower(word)] = true
	}
	fixture.EachIsNamed(t, func(name string) bool { return listed[name] })
}
