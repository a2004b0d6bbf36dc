package auth0_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/auth0"
	"github.com/go2fa/verify/auth0/auth0test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func emulatedMFA(t *testing.T) (*auth0.MFA, *auth0test.Server) {
	srv := auth0test.NewServer(t)
	cfg := valid()
	cfg.BaseURL = srv.URL
	mfa, err := auth0.NewMFA(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, mfa.Close()) })
	return mfa, srv
}

// A person enrolls a factor in one log-in, and ends it and the next by it.
func TestAFactorIsEnrolledAndAnswersTheNextLogin(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		factor auth0.Factor
		to     string
	}{
		"a message": {auth0.FactorSMS, phone}, "a call": {auth0.FactorVoice, phone}, "a mail": {auth0.FactorEmail, mailbox},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mfa, srv := emulatedMFA(t)
			token := srv.Login(mailbox)
			a, err := mfa.Associate(t.Context(), token, tc.factor, tc.to)
			require.NoError(t, err)
			assert.True(t, a.Prompt)
			assert.Len(t, a.RecoveryCodes, 1)
			code := srv.LastCode(tc.to, "")
			_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, wrong(code))
			require.ErrorIs(t, err, verify.ErrMismatch)
			tokens, err := mfa.AnswerOOB(t.Context(), token, a.OOBCode, code)
			require.NoError(t, err)
			assert.NotEmpty(t, tokens.AccessToken)
			_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, code)
			require.ErrorIs(t, err, verify.ErrNotPending, "the log-in is over")

			token = srv.Login(mailbox)
			list, err := mfa.Authenticators(t.Context(), token)
			require.NoError(t, err)
			require.Len(t, list, 2, "with a recovery code")
			assert.True(t, list[0].Active)
			assert.Equal(t, string(tc.factor), list[0].Channel)
			challenge, err := mfa.Challenge(t.Context(), token, list[0])
			require.NoError(t, err)
			assert.True(t, challenge.Prompt)
			assert.Equal(t, 2, srv.Effects())
			_, err = mfa.AnswerOOB(t.Context(), token, challenge.OOBCode, srv.LastCode(tc.to, ""))
			require.NoError(t, err)
			assert.Equal(t, 2, srv.Effects())
		})
	}
}

func TestAnAuthenticatorAppIsEnrolledAndAnswers(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	token := srv.Login(mailbox)
	a, err := mfa.Associate(t.Context(), token, auth0.FactorOTP, "")
	require.NoError(t, err)
	assert.Contains(t, a.BarcodeURI, a.Secret)
	list, err := mfa.Authenticators(t.Context(), token)
	require.NoError(t, err)
	assert.False(t, list[0].Active, "nothing confirmed it so far")
	_, err = mfa.AnswerOTP(t.Context(), token, srv.OTP(a.Secret))
	require.NoError(t, err)

	token = srv.Login(mailbox)
	challenge, err := mfa.Challenge(t.Context(), token, auth0.Authenticator{})
	require.NoError(t, err)
	assert.Equal(t, auth0.Challenge{Type: "otp"}, challenge)
	assert.Zero(t, srv.Effects())
	_, err = mfa.AnswerOTP(t.Context(), token, wrong(srv.OTP(a.Secret)))
	require.ErrorIs(t, err, verify.ErrMismatch)
	_, err = mfa.AnswerOTP(t.Context(), token, srv.OTP(a.Secret))
	require.NoError(t, err)
	_, err = mfa.Associate(t.Context(), srv.Login(mailbox), auth0.FactorSMS, phone)
	require.ErrorIs(t, err, verify.ErrRejected, "a log-in alone enrolls the first factor only")
}

func TestAPushIsAskedAboutUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	for approve, want := range map[bool]verify.Outcome{true: "", false: verify.ErrRejected} {
		mfa, srv := emulatedMFA(t)
		token := srv.Login(mailbox)
		a, err := mfa.Associate(t.Context(), token, auth0.FactorPush, "")
		require.NoError(t, err)
		assert.False(t, a.Prompt)
		_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, "")
		require.True(t, auth0.IsPending(err), "%v", err)
		require.ErrorIs(t, err, verify.ErrRejected)
		require.True(t, srv.AnswerPush(mailbox, approve))
		_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, "")
		assert.Equal(t, want, verify.OutcomeOf(err))
		assert.False(t, auth0.IsPending(err))
	}
}

func TestARecoveryCodeIsGoodOnceAndBringsTheNext(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	a, err := mfa.Associate(t.Context(), srv.Login(mailbox), auth0.FactorOTP, "")
	require.NoError(t, err)
	first := a.RecoveryCodes[0]
	tokens, err := mfa.AnswerRecoveryCode(t.Context(), srv.Login(mailbox), first)
	require.NoError(t, err)
	assert.NotEqual(t, first, tokens.RecoveryCode)
	_, err = mfa.AnswerRecoveryCode(t.Context(), srv.Login(mailbox), first)
	require.ErrorIs(t, err, verify.ErrMismatch)
	_, err = mfa.AnswerRecoveryCode(t.Context(), srv.Login(mailbox), tokens.RecoveryCode)
	require.NoError(t, err)
}

func TestAFactorIsDeletedByAnAccessTokenOnly(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	token := srv.AccessToken(mailbox)
	a, err := mfa.Associate(t.Context(), token, auth0.FactorSMS, phone)
	require.NoError(t, err)
	_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, srv.LastCode(phone, ""))
	require.NoError(t, err)
	list, err := mfa.Authenticators(t.Context(), token)
	require.NoError(t, err)
	require.ErrorIs(t, mfa.Delete(t.Context(), srv.Login(mailbox), list[0].ID), verify.ErrUnauthorized)
	require.NoError(t, mfa.Delete(t.Context(), token, list[0].ID))
	require.ErrorIs(t, mfa.Delete(t.Context(), token, list[0].ID), verify.ErrRejected)
	_, err = mfa.Challenge(t.Context(), srv.Login(mailbox), auth0.Authenticator{})
	require.ErrorIs(t, err, verify.ErrRejected, "nothing is enrolled")
}

func TestALoginEndsAfterTenMinutes(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	token := srv.Login(mailbox)
	srv.Advance(10 * time.Minute)
	_, err := mfa.AnswerOTP(t.Context(), token, "123456")
	require.ErrorIs(t, err, verify.ErrNotPending)
	_, err = mfa.Authenticators(t.Context(), token)
	require.ErrorIs(t, err, verify.ErrNotPending)
}

// The codes of one log-in are worth nothing in another, and passwordless codes
// nothing in both.
func TestLoginsAreKeptApart(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	a, err := mfa.Associate(t.Context(), srv.Login(mailbox), auth0.FactorSMS, phone)
	require.NoError(t, err)
	_, err = mfa.AnswerOOB(t.Context(), srv.Login("b@example.com"), a.OOBCode, srv.LastCode(phone, ""))
	require.ErrorIs(t, err, verify.ErrRejected)
	assert.Empty(t, srv.Code(phone))
}

func TestALostChallengeIsOneMessage(t *testing.T) {
	t.Parallel()
	mfa, srv := emulatedMFA(t)
	token := srv.AccessToken(mailbox)
	a, err := mfa.Associate(t.Context(), token, auth0.FactorSMS, phone)
	require.NoError(t, err)
	_, err = mfa.AnswerOOB(t.Context(), token, a.OOBCode, srv.LastCode(phone, ""))
	require.NoError(t, err)
	srv.Fail(auth0test.Fault{On: "challenge", Break: auth0test.Reset, Effect: true})
	_, err = mfa.Challenge(t.Context(), token, auth0.Authenticator{Type: "oob"})
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 2, srv.Effects())
}
