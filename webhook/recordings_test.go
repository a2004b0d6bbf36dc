package webhook

import (
	"net/http"
	"os"
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
	acme      = "Your Acme code is 123456"
	endpoint  = "https://messages.example.com/otp"
	secret    = "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="
)

// letter is the message of most recordings.
func letter() otp.Message {
	return otp.Message{To: recipient, Channel: verify.ChannelSMS, Text: acme, TTL: 10 * time.Minute, Ref: reference}
}

// played returns a transport that plays these recordings.
func played(t *testing.T, files ...string) *fixture.Transport {
	x := fixture.New(t, fixture.Files(files...)...)
	x.Credential = "Webhook-Signature"
	return x
}

func over(t *testing.T, client *http.Client, channels ...string) *Client {
	c, err := New(Config{URL: endpoint, Secrets: []string{secret}, Channels: channels, HTTPClient: client})
	require.NoError(t, err)
	return c
}

func TestEveryWholeAnswerOfClass2xxIsAYesUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*otp.Message){
		"message_204":         func(*otp.Message) {},
		"message_204_minimal": func(m *otp.Message) { m.TTL = 0 },
		"message_204_hints":   func(m *otp.Message) { m.Channel, m.Request.Locale = verify.ChannelVoice, "da-DK" },
		"message_204_other":   func(m *otp.Message) { m.To = "+15017122661" },
		"message_200_json":    func(*otp.Message) {},
		"message_200_text":    func(*otp.Message) {},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			m := letter()
			change(&m)
			id, err := over(t, played(t, file).Client(), "sms", "voice").Deliver(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, reference, id, "the id that the endpoint knows")
		})
	}
}

func TestDocumentedRefusals(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"message_401":            verify.ErrUnauthorized,
		"message_404_html":       verify.ErrRejected,
		"message_404_unlisted":   verify.ErrRejected,
		"message_429_hour":       verify.ErrRateLimited,
		"message_500":            verify.ErrOutcomeUnknown,
		"message_502_html":       verify.ErrOutcomeUnknown,
		"message_503":            verify.ErrOutcomeUnknown,
		"message_307":            verify.ErrOutcomeUnknown,
		"message_reply_lost":     verify.ErrOutcomeUnknown,
		"message_200_truncated":  verify.ErrOutcomeUnknown,
		"message_200_html":       verify.ErrOutcomeUnknown,
		"message_200_broken":     verify.ErrOutcomeUnknown,
		"message_200_error_form": verify.ErrOutcomeUnknown,
		"message_200_unlisted":   verify.ErrOutcomeUnknown,
		"message_200_blocked":    verify.ErrBlocked,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := over(t, played(t, file).Client()).Deliver(t.Context(), letter())
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
			assert.Empty(t, id)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, 1, e.Requests, "what may have been read is posted once")
		})
	}
}

// statuses are those of docs/hooks.md.
var statuses = map[string]string{
	"invalid_recipient": "422", "not_reachable": "422", "unsupported": "422", "blocked": "403", "too_many_sends": "429",
	"rate_limited": "429", "unauthorized": "401", "rejected": "400", "unavailable": "503", "outcome_unknown": "502",
}

func TestEveryListedWordHasARecording(t *testing.T) {
	t.Parallel()
	for word, listed := range codes.All() {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			files := []string{"message_" + statuses[word] + "_" + word}
			if word == "unavailable" {
				files = append(files, files[0], files[0]) // it surely sent nothing
			}
			_, err := over(t, played(t, files...).Client()).Deliver(t.Context(), letter())
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, word, e.VendorCode)
			assert.Equal(t, listed.Outcome, e.Outcome)
			assert.Equal(t, len(files), e.Requests)
			assert.Equal(t, word == "not_reachable", e.Elsewhere, "another messenger may serve this recipient")
			if statuses[word] == "429" {
				assert.Equal(t, time.Minute, e.RetryAfter)
			}
			if word != "not_reachable" {
				assert.Equal(t, string(listed.Outcome), word, "the words are those of package verify")
			}
		})
	}
	page, err := os.ReadFile("../docs/hooks.md")
	require.NoError(t, err)
	for word, status := range statuses {
		assert.True(t, strings.Contains(string(page), "| "+status+" | `"+word+"` |"), "docs/hooks.md does not list %s", word)
	}
	assert.Len(t, codes.All(), len(statuses))
}

func TestProbeIsAnsweredLikeAMessage(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"probe_204":              "",
		"probe_401_unauthorized": verify.ErrUnauthorized,
		"probe_400_rejected":     verify.ErrRejected,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := over(t, played(t, file).Client()).Probe(t.Context())
			if want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, want, verify.OutcomeOf(err))
		})
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for word := range codes.All() {
		listed["message_"+statuses[word]+"_"+word] = true
	}
	fixture.EachIsNamed(t, func(name string) bool { return listed[name] })
}
