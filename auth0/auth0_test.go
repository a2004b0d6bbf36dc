package auth0_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/auth0"
	"github.com/go2fa/verify/auth0/auth0test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone   = "+15005550006"
	mailbox = "a@example.com"
)

func valid() auth0.Config {
	return auth0.Config{Domain: auth0test.Domain, ClientID: auth0test.ClientID, ClientSecret: auth0test.ClientSecret}
}

func emulated(t *testing.T, o auth0test.Options, change ...func(*auth0.Config)) (*auth0.Client, *auth0test.Server) {
	srv := auth0test.NewServer(t, o)
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := auth0.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestALostAnswerToASendIsOneMessage(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, auth0test.Options{})
	srv.Fail(auth0test.Fault{On: "send", Break: auth0test.Close, Effect: true})
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects())
	assert.Equal(t, 1, srv.Requests())
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)), "the message arrived and its code is good")
}

// Three attempts are all that a code has, so none is spent twice.
func TestALostAnswerToACheckIsOneAttempt(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, auth0test.Options{})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	requests := srv.Requests()
	srv.Fail(auth0test.Fault{On: "check", Break: auth0test.Reset, Effect: true})
	require.ErrorIs(t, client.Check(t.Context(), phone, wrong(srv.Code(phone))), verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Requests()-requests)
	for range 2 {
		require.ErrorIs(t, client.Check(t.Context(), phone, wrong(srv.Code(phone))), verify.ErrMismatch)
	}
	assert.Empty(t, srv.Code(phone), "that was the third")
}

func TestWrongCodesRunOut(t *testing.T) {
	t.Parallel()
	for _, to := range []string{phone, mailbox} {
		client, srv := emulated(t, auth0test.Options{})
		_, err := client.Send(t.Context(), to)
		require.NoError(t, err)
		code := srv.Code(to)
		for range 3 {
			require.ErrorIs(t, client.Check(t.Context(), to, wrong(code)), verify.ErrMismatch)
		}
		require.ErrorIs(t, client.Check(t.Context(), to, code), verify.ErrTooManyAttempts, "even the right code")
		_, err = client.Send(t.Context(), to)
		require.NoError(t, err)
		require.NoError(t, client.Check(t.Context(), to, srv.Code(to)), "a new code has attempts of its own")
	}
}

func TestOnlyTheNewestCodeWorks(t *testing.T) {
	t.Parallel()
	codes := []string{"111111", "222222"}
	client, _ := emulated(t, auth0test.Options{NewCode: func(int) string {
		code := codes[0]
		codes = codes[1:]
		return code
	}})
	for range 2 {
		_, err := client.Send(t.Context(), mailbox)
		require.NoError(t, err)
	}
	require.ErrorIs(t, client.Check(t.Context(), mailbox, "111111"), verify.ErrMismatch)
	require.NoError(t, client.Check(t.Context(), "A@example.com", "222222"), "an address in capitals is the same one")
}

func TestAnExpiredCodeIsNotPending(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, auth0test.Options{Life: time.Minute})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone)
	srv.Advance(time.Minute)
	require.ErrorIs(t, client.Check(t.Context(), phone, code), verify.ErrNotPending)
}

// The emulated tenant demands a factor of everybody: a right code is refused, which
// Probe would have told.
func TestASecondFactorOfEverybodyIsToldByProbe(t *testing.T) {
	t.Parallel()
	for demanded, want := range map[bool]verify.Outcome{false: "", true: verify.ErrRejected} {
		client, srv := emulated(t, auth0test.Options{MFARequired: demanded})
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		for name, err := range map[string]error{
			"probe": client.Probe(t.Context()), "check": client.Check(t.Context(), phone, srv.Code(phone)),
		} {
			assert.Equal(t, want, verify.OutcomeOf(err), name)
			if demanded {
				var e *verify.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, "mfa_required", e.VendorCode, name)
			}
		}
	}
}

func TestAProbeIsNobodysAttemptAndNoMessage(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, auth0test.Options{})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, client.Probe(t.Context()))
	}
	assert.Equal(t, 1, srv.Effects())
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)))
}

func TestATokenWithItsScopes(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string][2]bool{"": {}, "openid": {true, false}, "openid offline_access": {true, true}} {
		var mu sync.Mutex
		var got []auth0.Tokens
		client, srv := emulated(t, auth0test.Options{}, func(c *auth0.Config) {
			c.TokenScope = scope
			c.OnTokens = func(_ context.Context, to string, tokens auth0.Tokens) error {
				mu.Lock()
				defer mu.Unlock()
				assert.Equal(t, phone, to)
				got = append(got, tokens)
				return nil
			}
		})
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		require.ErrorIs(t, client.Check(t.Context(), phone, wrong(srv.Code(phone))), verify.ErrMismatch)
		require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)))
		require.Len(t, got, 1)
		assert.NotEmpty(t, got[0].AccessToken)
		assert.Equal(t, 24*time.Hour, got[0].ExpiresIn)
		assert.Equal(t, want, [2]bool{got[0].IDToken != "", got[0].RefreshToken != ""}, scope)
	}
}

func TestAPhoneMayBeOffered(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, auth0test.Options{}, func(c *auth0.Config) { c.Connections = []string{"email"} })
	_, err := client.Send(t.Context(), phone)
	require.Error(t, err)
	assert.Zero(t, srv.Requests(), "what is not turned on is not asked for")
}

// R44: secrets and people are in no print.
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	const canary = "canary-canary"
	cfg := auth0.Config{ClientSecret: canary, PrivateKey: []byte(canary)}
	client, err := auth0.New(auth0.Config{Domain: auth0test.Domain, ClientID: "a", ClientSecret: canary})
	require.NoError(t, err)
	mfa, err := auth0.NewMFA(auth0.Config{Domain: auth0test.Domain, ClientID: "a", ClientSecret: canary})
	require.NoError(t, err)
	for _, v := range []any{
		cfg, &cfg, client, mfa, *mfa,
		auth0.Tokens{AccessToken: canary, IDToken: canary, RefreshToken: canary, RecoveryCode: canary},
		auth0.Challenge{OOBCode: canary}, &auth0.Challenge{OOBCode: canary},
		auth0.Association{Secret: canary, BarcodeURI: canary, OOBCode: canary, RecoveryCodes: []string{canary}},
	} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("made", "it", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "it", v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %d", v, v, v, v, v), string(text), log.String()} {
			assert.NotContains(t, s, canary)
			assert.NotContains(t, s, "99 97 110 97 114 121", "as bytes")
		}
	}
}

// A client that New did not make refuses calls, and does not panic.
func TestZeroClients(t *testing.T) {
	t.Parallel()
	var client auth0.Client
	require.ErrorIs(t, client.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
	require.NoError(t, client.Close())
	var mfa auth0.MFA
	_, err := mfa.Authenticators(t.Context(), "token")
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = mfa.Challenge(t.Context(), "token", auth0.Authenticator{})
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = mfa.Associate(t.Context(), "token", auth0.FactorOTP, "")
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = mfa.AnswerOTP(t.Context(), "token", "123456")
	require.ErrorIs(t, err, verify.ErrUnsupported)
	require.ErrorIs(t, mfa.Delete(t.Context(), "token", "sms|dev_1"), verify.ErrUnsupported)
	require.NoError(t, mfa.Close())
}

// wrong is a code of the same length that is another one.
func wrong(code string) string {
	return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
}
