package awsverify

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func overNotify(t *testing.T, client *http.Client, change ...func(*NotifyConfig)) *Notify {
	cfg := NotifyConfig{Account: account(), From: sender, VoiceFrom: "phone-a1b2c3d4", CodeConfiguration: "ncc-abc12345678901234", HTTPClient: client}
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewNotify(cfg)
	require.NoError(t, err)
	return c
}

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	began := time.Now()
	for file, tc := range map[string]struct {
		change func(*NotifyConfig)
		opts   []verify.SendOption
		life   time.Duration
	}{
		"code_200":       {func(*NotifyConfig) {}, nil, 10 * time.Minute},
		"code_200_login": {func(*NotifyConfig) {}, []verify.SendOption{verify.WithScope("login")}, 10 * time.Minute},
		"code_200_settings": {func(cfg *NotifyConfig) {
			cfg.CodeConfiguration, cfg.Template, cfg.NotifyTemplate = "", "Acme: {{code}}", "notify-code-verification-english-001"
			cfg.Expiry, cfg.MaxAttempts, cfg.ConfigurationSet = 5*time.Minute, 5, "codes"
			cfg.INEntityID, cfg.INTemplateID = "1101456324675322", "1107161513287163"
		}, nil, 5 * time.Minute},
		"code_200_voice_template": {func(cfg *NotifyConfig) {
			cfg.CodeConfiguration, cfg.Template = "", "Acme: {{code}}"
		}, []verify.SendOption{verify.WithChannel(verify.ChannelVoice)}, 10 * time.Minute},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			receipt, err := overNotify(t, played(t, file).Client(), tc.change).Send(t.Context(), recipient, tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, sentID, receipt.ID)
			assert.Equal(t, 6, receipt.Digits)
			assert.WithinDuration(t, began.Add(tc.life), receipt.ExpiresAt, 20*time.Second)
		})
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		outcome verify.Outcome
		code    string
	}{
		"code_400_number":    {verify.ErrInvalidRecipient, "ValidationException"},
		"code_400_field":     {verify.ErrRejected, "ValidationException"},
		"code_400_header":    {verify.ErrRejected, "ValidationException"},
		"code_402":           {verify.ErrRejected, "ServiceQuotaExceededException"},
		"code_403":           {verify.ErrUnauthorized, "AccessDeniedException"},
		"code_409":           {verify.ErrRejected, "ConflictException"},
		"code_429_hour":      {verify.ErrRateLimited, "ThrottlingException"},
		"code_500":           {verify.ErrOutcomeUnknown, "InternalServerException"},
		"code_502_html":      {verify.ErrOutcomeUnknown, ""},
		"code_200_empty":     {verify.ErrOutcomeUnknown, ""},
		"code_200_half":      {verify.ErrOutcomeUnknown, ""},
		"code_200_truncated": {verify.ErrOutcomeUnknown, ""},
		"code_307":           {verify.ErrOutcomeUnknown, ""},
		"code_reply_lost":    {verify.ErrOutcomeUnknown, ""},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			_, err := overNotify(t, played(t, file).Client()).Send(t.Context(), recipient)
			refused(t, err, want.outcome, want.code)
		})
	}
}

// Without references AWS alone decides, and these are its answers.
func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"validate_200":           "",
		"validate_200_invalid":   verify.ErrMismatch,
		"validate_200_empty":     verify.ErrOutcomeUnknown,
		"validate_200_lower":     verify.ErrOutcomeUnknown,
		"validate_200_twice":     verify.ErrOutcomeUnknown,
		"validate_200_truncated": verify.ErrOutcomeUnknown,
		"validate_403":           verify.ErrUnauthorized,
		"validate_429_hour":      verify.ErrRateLimited,
		"validate_500":           verify.ErrOutcomeUnknown,
		"validate_404_html":      verify.ErrOutcomeUnknown,
		"validate_reply_lost":    verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := overNotify(t, played(t, file).Client(), func(cfg *NotifyConfig) { cfg.Stateless = true })
			err := c.Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}
