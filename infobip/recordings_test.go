package infobip

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
)

const recipient = "+15005550006"

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"sms_200":                {"", 1},
		"sms_200_not_sent":       {verify.ErrInvalidRecipient, 1},
		"sms_200_not_configured": {verify.ErrRejected, 1},
		"sms_400":                {verify.ErrRejected, 1},
		"sms_401":                {verify.ErrUnauthorized, 1},
		"sms_403":                {verify.ErrUnauthorized, 1},
		"sms_404":                {verify.ErrRejected, 1},
		"sms_429":                {verify.ErrRateLimited, 3},
		"sms_500":                {verify.ErrOutcomeUnknown, 1},
		"sms_reply_lost":         {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, tc.requests)
			for i := range plays {
				plays[i] = file
			}
			_, err := over(t, recordings(t, plays...)).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

// No check is made twice: a lost answer is one request.
func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"verify_200":             "",
		"verify_200_none_left":   "",
		"verify_200_wrong_last":  verify.ErrTooManyAttempts,
		"verify_200_expired":     verify.ErrNotPending,
		"verify_200_no_more":     verify.ErrTooManyAttempts,
		"verify_200_pin_expired": verify.ErrOutcomeUnknown,
		"verify_200_subject":     verify.ErrOutcomeUnknown,
		"verify_200_pin":         verify.ErrOutcomeUnknown,
		"verify_400":             verify.ErrRejected,
		"verify_401":             verify.ErrUnauthorized,
		"verify_403":             verify.ErrUnauthorized,
		"verify_404":             verify.ErrNotPending,
		"verify_404_html":        verify.ErrOutcomeUnknown,
		"verify_429_hour":        verify.ErrRateLimited,
		"verify_500":             verify.ErrOutcomeUnknown,
		"verify_reply_lost":      verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			client := over(t, recordings(t, "sms_200", file))
			_, err := client.Send(t.Context(), recipient)
			require.NoError(t, err)
			err = client.Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestAttemptsRemainingAreTold(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "sms_200", "verify_200_wrong"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	var e *verify.Error
	require.ErrorAs(t, client.Check(t.Context(), recipient, "123457"), &e)
	assert.Equal(t, 9, e.AttemptsLeft)
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"application_200_strict":  "",
		"application_200":         "allowMultiplePinVerifications to false",
		"application_200_default": "set its pinTimeToLive to 10m; the application of the empty scope accepts a code again",
		"application_404":         "was not found",
	} {
		client := over(t, recordings(t, file))
		delete(client.applications, "login")
		err := client.Probe(t.Context())
		if want == "" {
			require.NoError(t, err, file)
			continue
		}
		require.ErrorContains(t, err, want, file)
	}
}

// A yes about the code of another send is no yes, though it is for this recipient.
func TestAnApprovalOfAnotherPinIsNone(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "sms_200", "verify_200_pin"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.ErrorIs(t, client.Check(t.Context(), recipient, "123456"), verify.ErrOutcomeUnknown)
}

func TestAPinTimeToLiveIsRead(t *testing.T) {
	t.Parallel()
	const none = -1
	for text, want := range map[string]time.Duration{
		"15m": 15 * time.Minute, "600s": 10 * time.Minute, "1500ms": 1500 * time.Millisecond, "2h": 2 * time.Hour, "3d": 72 * time.Hour,
		"m": time.Minute, "ms": time.Millisecond, "d": 24 * time.Hour, "0s": 0, "366d": 366 * 24 * time.Hour,
		"": none, "15": none, "-1m": none, "1.5h": none, "1w": none, "15 m": none, "367d": none, "99999999999999999999s": none, "9223372036854775807d": none, "15M": none,
	} {
		got, ok := duration(text)
		if want == none {
			assert.False(t, ok, "%q", text)
			continue
		}
		assert.True(t, ok, "%q", text)
		assert.Equal(t, want, got, "%q", text)
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
