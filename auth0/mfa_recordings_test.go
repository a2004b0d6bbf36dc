package auth0

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mfaOver(t *testing.T, names ...string) *MFA {
	m, err := NewMFA(placeholders(recordings(t, names...).Client()))
	require.NoError(t, err)
	return m
}

const login = "placeholder-mfa"

// What an MFA does is not what a Verifier promises: whoever takes one for the other
// would send to nobody, or approve somebody else's log-in.
func TestAnMFAIsNoVerifier(t *testing.T) {
	t.Parallel()
	for _, m := range []any{new(MFA), MFA{}} {
		_, verifier := m.(verify.Verifier)
		_, sender := m.(verify.Sender)
		_, checker := m.(verify.Checker)
		_, canceler := m.(verify.Canceler)
		assert.False(t, verifier || sender || checker || canceler)
	}
}

// The answers to an answer, by the grant that asked.
func TestDocumentedAnswersToASecondFactor(t *testing.T) {
	t.Parallel()
	push := func(m *MFA) (Tokens, error) { return m.AnswerOOB(t.Context(), login, "placeholder-oob", "") }
	code := func(m *MFA) (Tokens, error) { return m.AnswerOOB(t.Context(), login, "placeholder-oob", "123456") }
	app := func(m *MFA) (Tokens, error) { return m.AnswerOTP(t.Context(), login, "123456") }
	recovery := func(m *MFA) (Tokens, error) {
		return m.AnswerRecoveryCode(t.Context(), login, "AAAAAAAAAAAAAAAAAAAAAAAA")
	}
	for file, tc := range map[string]struct {
		answer func(*MFA) (Tokens, error)
		want   verify.Outcome
		code   string
		wait   time.Duration
	}{
		"mfa_oob_200":           {push, "", "", 0},
		"mfa_oob_400_pending":   {push, verify.ErrRejected, "authorization_pending", 5 * time.Second},
		"mfa_oob_400_slow_down": {push, verify.ErrRejected, "slow_down", 10 * time.Second},
		"mfa_oob_400_denied":    {push, verify.ErrRejected, "access_denied", 0},
		"mfa_oob_403_denied":    {push, verify.ErrRejected, "invalid_grant", 0},
		"mfa_oob_403_wrong":     {code, verify.ErrMismatch, "invalid_grant", 0},
		"mfa_oob_400_other":     {code, verify.ErrRejected, "invalid_request", 0},
		"mfa_otp_200":           {app, "", "", 0},
		"mfa_otp_403_wrong":     {app, verify.ErrMismatch, "invalid_grant", 0},
		"mfa_otp_403_malformed": {app, verify.ErrNotPending, "invalid_grant", 0},
		"mfa_otp_403_expired":   {app, verify.ErrNotPending, "expired_token", 0},
		"mfa_otp_429_failed":    {app, verify.ErrTooManyAttempts, "too_many_requests", 0},
		"mfa_otp_reply_lost":    {app, verify.ErrOutcomeUnknown, "", 0},
		"mfa_recovery_200":      {recovery, "", "", 0},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			tokens, err := tc.answer(mfaOver(t, file))
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, tc.want == "", tokens.AccessToken == "placeholder-access-token")
			assert.Equal(t, tc.wait != 0, IsPending(err))
			var e *verify.Error
			if errors.As(err, &e) {
				assert.Equal(t, tc.code, e.VendorCode)
				assert.Equal(t, tc.wait, e.RetryAfter)
				assert.Equal(t, 1, e.Requests, "a second attempt is never made")
			}
		})
	}
	tokens, err := mfaOver(t, "mfa_recovery_200").AnswerRecoveryCode(t.Context(), login, "AAAAAAAAAAAAAAAAAAAAAAAA")
	require.NoError(t, err)
	assert.Equal(t, "BBBBBBBBBBBBBBBBBBBBBBBB", tokens.RecoveryCode)
	assert.Equal(t, "openid profile", tokens.Scope)
	assert.Equal(t, 24*time.Hour, tokens.ExpiresIn)
}

func TestDocumentedAnswersToAChallenge(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		of   Authenticator
		want Challenge
		err  verify.Outcome
	}{
		"challenge_200_push":        {Authenticator{ID: "push|dev_1", Type: "oob"}, Challenge{Type: "oob", OOBCode: "placeholder-oob"}, ""},
		"challenge_200_otp":         {Authenticator{ID: "totp|dev_1", Type: "otp"}, Challenge{Type: "otp"}, ""},
		"challenge_200_sms":         {Authenticator{ID: "sms|dev_1", Type: "oob"}, Challenge{Type: "oob", OOBCode: "placeholder-oob", Prompt: true}, ""},
		"challenge_200_any":         {Authenticator{}, Challenge{Type: "otp"}, ""},
		"challenge_200_unknown":     {Authenticator{}, Challenge{}, verify.ErrOutcomeUnknown},
		"challenge_400_unsupported": {Authenticator{Type: "oob"}, Challenge{}, verify.ErrRejected},
		"challenge_403_association": {Authenticator{Type: "oob"}, Challenge{}, verify.ErrRejected},
		"challenge_reply_lost":      {Authenticator{Type: "oob"}, Challenge{}, verify.ErrOutcomeUnknown},
	} {
		got, err := mfaOver(t, file).Challenge(t.Context(), login, tc.of)
		assert.Equal(t, tc.err, verify.OutcomeOf(err), "%s: %v", file, err)
		assert.Equal(t, tc.want, got, file)
	}
}

func TestDocumentedAnswersToAnAssociation(t *testing.T) {
	t.Parallel()
	codes := []string{"AAAAAAAAAAAAAAAAAAAAAAAA"}
	for file, tc := range map[string]struct {
		factor Factor
		to     string
		want   Association
		err    verify.Outcome
	}{
		"associate_200_push": {FactorPush, "", Association{
			OOBCode: "placeholder-oob", BarcodeURI: "otpauth://totp/placeholder:user?enrollment_tx_id=placeholder&base_url=https%3A%2F%2Fexample.com",
		}, ""},
		"associate_200_sms":   {FactorSMS, number, Association{OOBCode: "placeholder-oob", Prompt: true, RecoveryCodes: codes}, ""},
		"associate_200_voice": {FactorVoice, number, Association{OOBCode: "placeholder-oob", Prompt: true}, ""},
		"associate_200_email": {FactorEmail, mailbox, Association{OOBCode: "placeholder-oob", Prompt: true, RecoveryCodes: codes}, ""},
		"associate_200_otp": {FactorOTP, "", Association{
			Secret: "placeholder", BarcodeURI: "otpauth://totp/placeholder:user?secret=placeholder&algorithm=SHA1&digits=6&period=30",
		}, ""},
		"associate_200_other": {FactorOTP, "", Association{}, verify.ErrOutcomeUnknown},
		"associate_401":       {FactorOTP, "", Association{}, verify.ErrNotPending},
	} {
		got, err := mfaOver(t, file).Associate(t.Context(), login, tc.factor, tc.to)
		assert.Equal(t, tc.err, verify.OutcomeOf(err), "%s: %v", file, err)
		assert.Equal(t, tc.want, got, file)
	}
}

func TestDocumentedListOfAuthenticators(t *testing.T) {
	t.Parallel()
	list, err := mfaOver(t, "list_200").Authenticators(t.Context(), login)
	require.NoError(t, err)
	require.Len(t, list, 6)
	assert.Equal(t, Authenticator{ID: "sms|dev_1", Type: "oob", Channel: "sms", Name: "XXXXXXXXX0006"}, list[0])
	assert.Equal(t, Authenticator{ID: "recovery-code|dev_2", Type: "recovery-code"}, list[1])
	assert.Equal(t, Authenticator{ID: "email|dev_6", Type: "oob", Channel: "email", Name: "****@exam*******", Active: true}, list[5])
	for file, want := range map[string]verify.Outcome{
		"list_200_object": verify.ErrOutcomeUnknown, "list_200_nameless": verify.ErrOutcomeUnknown, "list_401": verify.ErrNotPending,
	} {
		list, err := mfaOver(t, file).Authenticators(t.Context(), login)
		assert.Equal(t, want, verify.OutcomeOf(err), file)
		assert.Nil(t, list)
	}
}

func TestDocumentedAnswersToADeletion(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"delete_204": "", "delete_403": verify.ErrUnauthorized, "delete_404": verify.ErrRejected,
	} {
		err := mfaOver(t, file).Delete(t.Context(), "placeholder-access-token", "push|dev_1")
		assert.Equal(t, want, verify.OutcomeOf(err), file)
	}
}

// What cannot be right costs no attempt, and what cannot be reached no message.
func TestWhatIsRefusedMakesNoRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tc := range map[string]struct {
		call func(*MFA) error
		want verify.Outcome
	}{
		"a code of letters":     {func(m *MFA) error { _, err := m.AnswerOTP(ctx, login, "abcdef"); return err }, verify.ErrMismatch},
		"no code":               {func(m *MFA) error { _, err := m.AnswerOTP(ctx, login, ""); return err }, verify.ErrMismatch},
		"a message's of spaces": {func(m *MFA) error { _, err := m.AnswerOOB(ctx, login, "placeholder-oob", "12 34"); return err }, verify.ErrMismatch},
		"no recovery code":      {func(m *MFA) error { _, err := m.AnswerRecoveryCode(ctx, login, ""); return err }, verify.ErrMismatch},
		"no log-in":             {func(m *MFA) error { _, err := m.AnswerOTP(ctx, "", "123456"); return err }, verify.ErrNotPending},
		"a list of nobody":      {func(m *MFA) error { _, err := m.Authenticators(ctx, ""); return err }, verify.ErrNotPending},
		"a recovery challenge": {func(m *MFA) error {
			_, err := m.Challenge(ctx, login, Authenticator{Type: "recovery-code"})
			return err
		}, verify.ErrUnsupported},
		"an address by sms":   {func(m *MFA) error { _, err := m.Associate(ctx, login, FactorSMS, mailbox); return err }, verify.ErrInvalidRecipient},
		"a number by email":   {func(m *MFA) error { _, err := m.Associate(ctx, login, FactorEmail, number); return err }, verify.ErrInvalidRecipient},
		"an app at a number":  {func(m *MFA) error { _, err := m.Associate(ctx, login, FactorOTP, number); return err }, verify.ErrInvalidRecipient},
		"an unknown factor":   {func(m *MFA) error { _, err := m.Associate(ctx, login, "duo", ""); return err }, verify.ErrUnsupported},
		"an id that is a way": {func(m *MFA) error { return m.Delete(ctx, login, "../../oauth/token") }, verify.ErrUnsupported},
		"an id that is none":  {func(m *MFA) error { return m.Delete(ctx, login, "") }, verify.ErrUnsupported},
		"a token in two lines": {func(m *MFA) error {
			return m.Delete(ctx, "a\r\nX-Evil: b", "push|dev_1")
		}, verify.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.call(mfaOver(t))
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}
