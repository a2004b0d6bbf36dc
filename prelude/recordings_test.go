package prelude

import (
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const recipient = "+15005550006"

// The channel is the one that Prelude used, whatever was asked for.
func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Channel{
		"create_200":                verify.ChannelSMS,
		"create_200_retry":          verify.ChannelApp,
		"create_200_rcs":            verify.ChannelRCS,
		"create_200_challenged":     verify.ChannelWhatsApp,
		"create_200_shadow_blocked": verify.ChannelSMS,
	} {
		receipt, err := over(t, recordings(t, file)).Send(t.Context(), recipient)
		require.NoError(t, err, file)
		assert.Equal(t, "vrf_01jnh4zt8vfq5r71n1sx9yvx5m", receipt.ID)
		assert.Equal(t, want, receipt.Channel, file)
		assert.Equal(t, 6, receipt.Digits)
		assert.Zero(t, receipt.ExpiresAt, "the window is a setting that no answer tells")
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"create_200_repeated_attempts":    verify.ErrTooManySends,
		"create_200_invalid_phone_line":   verify.ErrInvalidRecipient,
		"create_200_invalid_phone_number": verify.ErrInvalidRecipient,
		"create_200_in_block_list":        verify.ErrBlocked,
		"create_200_suspicious":           verify.ErrBlocked,
		"create_200_expired_signature":    verify.ErrRejected,
		"create_200_invalid_signature":    verify.ErrRejected,
		"create_400_invalid_phone_number": verify.ErrInvalidRecipient,
		"create_400_invalid_line_type":    verify.ErrInvalidRecipient,
		"create_400_invalid_template_id":  verify.ErrRejected,
		"create_401_invalid_bearer_token": verify.ErrUnauthorized,
		"create_403_insufficient_balance": verify.ErrUnauthorized,
		"create_429_hour":                 verify.ErrRateLimited,
		"create_500":                      verify.ErrOutcomeUnknown,
		"create_502_html":                 verify.ErrOutcomeUnknown,
		"create_200_empty":                verify.ErrOutcomeUnknown,
	} {
		_, err := over(t, recordings(t, file)).Send(t.Context(), recipient)
		assert.Equal(t, want, verify.OutcomeOf(err), "%s: %v", file, err)
		var e *verify.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 1, e.Requests)
	}
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"check_200":                      "",
		"check_200_over":                 verify.ErrNotPending,
		"check_404_html":                 verify.ErrOutcomeUnknown,
		"check_401_invalid_bearer_token": verify.ErrUnauthorized,
		"check_429_hour":                 verify.ErrRateLimited,
	} {
		err := over(t, recordings(t, file)).Check(t.Context(), recipient, "123456")
		assert.Equal(t, want, verify.OutcomeOf(err), "%s: %v", file, err)
	}
	err := over(t, recordings(t, "check_200_failure_other")).Check(t.Context(), "+15017122661", "123456")
	assert.Equal(t, verify.ErrMismatch, verify.OutcomeOf(err))
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	require.NoError(t, over(t, recordings(t, "probe_400")).Probe(t.Context()))
	require.ErrorIs(t, over(t, recordings(t, "probe_401")).Probe(t.Context()), verify.ErrUnauthorized)
}

// What comes after a lost answer to a check is no proof that the code was wrong.
func TestANoAfterALostAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	err := over(t, recordings(t, "check_reply_lost", "check_200_over")).Check(t.Context(), recipient, "123456")
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
}

func TestALostAnswerToASendIsOneRequest(t *testing.T) {
	t.Parallel()
	_, err := over(t, recordings(t, "create_reply_lost")).Send(t.Context(), recipient)
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
}

func TestEveryCodeOfTheTableIsRead(t *testing.T) {
	t.Parallel()
	assert.Len(t, codes.All(), 12)
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
