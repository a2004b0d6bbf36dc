package bird

import (
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const number = "+15005550006"

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		asked, traveled verify.Channel
	}{
		"create_200":          {verify.ChannelSMS, verify.ChannelSMS},
		"create_200_whatsapp": {verify.ChannelWhatsApp, verify.ChannelWhatsApp},
		"create_200_voice":    {verify.ChannelVoice, verify.ChannelVoice},
		"create_200_telegram": {verify.ChannelSMS, verify.ChannelApp},
	} {
		receipt, err := over(t, recordings(t, file)).Send(t.Context(), number, verify.WithChannel(tc.asked))
		require.NoError(t, err)
		assert.Equal(t, tc.traveled, receipt.Channel, file)
		assert.Equal(t, "ver_placeholder", receipt.ID)
		assert.Equal(t, 6, receipt.Digits)
		assert.Equal(t, time.Date(2026, 11, 28, 12, 10, 0, 0, time.UTC), receipt.ExpiresAt)
		assert.False(t, receipt.PossibleDuplicate)
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"create_200_blocked": {verify.ErrBlocked, 1},
		"create_200_failed":  {verify.ErrOutcomeUnknown, 1},
		"create_401":         {verify.ErrUnauthorized, 1},
		"create_402":         {verify.ErrUnauthorized, 1},
		"create_403":         {verify.ErrUnauthorized, 1},
		"create_409_E01004":  {verify.ErrOutcomeUnknown, 1},
		"create_409_E01005":  {verify.ErrOutcomeUnknown, 1},
		"create_421":         {verify.ErrRejected, 1},
		"create_422":         {verify.ErrRejected, 1},
		"create_422_to":      {verify.ErrInvalidRecipient, 1},
		"create_429":         {verify.ErrTooManySends, 1},
		"create_429_html":    {verify.ErrRateLimited, 3},
		"create_500":         {verify.ErrOutcomeUnknown, 1},
		"create_503_E01033":  {verify.ErrUnavailable, 3},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, tc.requests)
			for i := range plays {
				plays[i] = file
			}
			_, err := over(t, recordings(t, plays...)).Send(t.Context(), number)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.requests, e.Requests)
		})
	}
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"check_200":           "",
		"check_200_expired":   verify.ErrNotPending,
		"check_200_exhausted": verify.ErrTooManyAttempts,
		"check_200_blocked":   verify.ErrBlocked,
		"check_200_subject":   verify.ErrOutcomeUnknown,
		"check_404_E13000":    verify.ErrNotPending,
		"check_404_html":      verify.ErrOutcomeUnknown,
		"check_401":           verify.ErrUnauthorized,
		"check_429_hour":      verify.ErrRateLimited,
	} {
		err := over(t, recordings(t, file)).Check(t.Context(), number, "123456")
		assert.Equal(t, want, verify.OutcomeOf(err), "%s: %v", file, err)
	}
	err := over(t, recordings(t, "check_200_incorrect")).Check(t.Context(), number, "123457")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, verify.ErrMismatch, e.Outcome)
	assert.Equal(t, 2, e.AttemptsLeft)
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	require.NoError(t, over(t, recordings(t, "probe_422")).Probe(t.Context()))
	require.ErrorIs(t, over(t, recordings(t, "probe_401")).Probe(t.Context()), verify.ErrUnauthorized)
}

// What comes after a lost answer is no proof: neither that the code was wrong, nor
// that nothing was sent.
func TestANoAfterALostAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	err := over(t, recordings(t, "check_reply_lost", "check_404_E13000")).Check(t.Context(), number, "123456")
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
	for _, file := range []string{"create_409_E01004", "create_429", "create_200_blocked", "create_422_to", "create_503_E01033"} {
		c := over(t, recordings(t, "create_reply_lost", file))
		c.repeatLost = true
		_, err := c.Send(t.Context(), number)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), file)
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
