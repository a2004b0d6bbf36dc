package telnyx

import (
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const recipient = "+15005550006"

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, channel := range map[string]verify.Channel{
		"sms_200": verify.ChannelSMS, "sms_200_accepted": verify.ChannelSMS,
		"call_200": verify.ChannelVoice, "whatsapp_200": verify.ChannelWhatsApp,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			receipt, err := over(t, recordings(t, file)).Send(t.Context(), recipient, verify.WithChannel(channel))
			require.NoError(t, err)
			assert.Equal(t, "12ade33a-21c0-473b-b055-b3c836e1c290", receipt.ID)
			assert.Equal(t, 6, receipt.Digits)
			assert.WithinDuration(t, began.Add(5*time.Minute), receipt.ExpiresAt, time.Second)
		})
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"sms_400_10016":      {verify.ErrInvalidRecipient, 1},
		"sms_400_10002":      {verify.ErrInvalidRecipient, 1},
		"sms_401_10009":      {verify.ErrUnauthorized, 1},
		"sms_403_10039":      {verify.ErrUnauthorized, 1},
		"sms_404_10005":      {verify.ErrRejected, 1},
		"sms_422_10027":      {verify.ErrRejected, 1},
		"sms_429_10011":      {verify.ErrRateLimited, 3},
		"sms_429_10011_hour": {verify.ErrRateLimited, 1},
		"sms_429_40333":      {verify.ErrUnauthorized, 1},
		"sms_500_10007":      {verify.ErrOutcomeUnknown, 1},
		"sms_502_html":       {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, tc.requests)
			for i := range plays {
				plays[i] = file
			}
			_, err := over(t, recordings(t, plays...)).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.requests, e.Requests)
			assert.NotZero(t, e.HTTPStatus)
		})
	}
}

// The quickstart's two answers are read as well as the schema's two.
func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"verify_200_accepted":              "",
		"verify_200_rejected":              verify.ErrMismatch,
		"verify_200_expired":               verify.ErrNotPending,
		"verify_200_max_attempts_exceeded": verify.ErrTooManyAttempts,
		"verify_200_subject":               verify.ErrOutcomeUnknown,
		"verify_404_10005":                 verify.ErrNotPending,
		"verify_404_html":                  verify.ErrOutcomeUnknown,
		"verify_401_10009":                 verify.ErrUnauthorized,
		"verify_429_10011_hour":            verify.ErrRateLimited,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := over(t, recordings(t, file)).Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	probe := func(file string, digits int) error {
		c := over(t, recordings(t, file))
		delete(c.profiles, "login")
		c.profiles[""] = Profile{ID: profileID, CodeLength: digits}
		return c.Probe(t.Context())
	}
	require.NoError(t, probe("profile_200", 6))
	require.NoError(t, probe("profile_200", 0), "any length is asked about")
	require.ErrorContains(t, probe("profile_200", 8), "sends 6 digits by sms, not 8: set its CodeLength to 6; the profile of the empty scope sends 6 digits by call")
	require.ErrorContains(t, probe("profile_404_10005", 6), "the profile of the empty scope was not found: check its ID")
}

// What comes after a lost answer to a check is no proof that the code was wrong.
func TestANoAfterALostAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"verify_200_rejected", "verify_200_expired", "verify_404_10005"} {
		err := over(t, recordings(t, "verify_reply_lost", file)).Check(t.Context(), recipient, "123456")
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), file)
	}
}

func TestALostAnswerToASendIsOneRequest(t *testing.T) {
	t.Parallel()
	_, err := over(t, recordings(t, "sms_reply_lost")).Send(t.Context(), recipient)
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
