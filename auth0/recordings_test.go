package auth0

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	number  = "+15005550006"
	mailbox = "a@example.com"
)

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		to      string
		channel verify.Channel
	}{
		"start_200":       {number, verify.ChannelSMS},
		"start_200_email": {mailbox, verify.ChannelEmail},
	} {
		receipt, err := over(t, recordings(t, file)).Send(t.Context(), tc.to)
		require.NoError(t, err)
		assert.Equal(t, tc.channel, receipt.Channel)
		assert.Equal(t, "00000000000000000000000a", receipt.ID)
		assert.Zero(t, receipt.Digits, "the connection knows it, and we do not")
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		code     string
		requests int
	}{
		"start_200_subject":             {verify.ErrOutcomeUnknown, "", 1},
		"start_400_tenant":              {verify.ErrUnauthorized, "bad.tenant", 1},
		"start_400_client_id":           {verify.ErrUnauthorized, "bad.client_id", 1},
		"start_400_connection":          {verify.ErrUnauthorized, "bad.connection", 1},
		"start_400_connection_disabled": {verify.ErrUnauthorized, "bad.connection", 1},
		"start_400_auth_params":         {verify.ErrRejected, "bad.authParams", 1},
		"start_400_request":             {verify.ErrRejected, "bad.request", 1},
		"start_400_phone_number":        {verify.ErrInvalidRecipient, "bad.phone_number", 1},
		"start_400_provider":            {verify.ErrOutcomeUnknown, "sms_provider_error", 1},
		"start_400_gateway":             {verify.ErrOutcomeUnknown, "sms_provider_error", 1},
		"start_400_provider_21211":      {verify.ErrInvalidRecipient, "sms_provider_error", 1},
		"start_400_provider_21614":      {verify.ErrInvalidRecipient, "sms_provider_error", 1},
		"start_400_provider_21408":      {verify.ErrBlocked, "sms_provider_error", 1},
		"start_400_provider_21610":      {verify.ErrBlocked, "sms_provider_error", 1},
		"start_401":                     {verify.ErrUnauthorized, "access_denied", 1},
		"start_403":                     {verify.ErrUnauthorized, "unauthorized_client", 1},
		"start_429":                     {verify.ErrRateLimited, "too_many_requests", 3},
		"start_429_reset":               {verify.ErrRateLimited, "too_many_requests", 1},
		"start_500":                     {verify.ErrOutcomeUnknown, "server_error", 1},
		"start_502_html":                {verify.ErrOutcomeUnknown, "", 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			_, err := over(t, recordings(t, slices.Repeat([]string{file}, tc.requests)...)).Send(t.Context(), number)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, tc.code, e.VendorCode)
			assert.Equal(t, tc.requests, e.Requests)
		})
	}
	_, err := over(t, recordings(t, "start_400_email")).Send(t.Context(), mailbox)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
}

func TestAThrottleEndsAtItsReset(t *testing.T) {
	t.Parallel()
	_, err := over(t, recordings(t, "start_429_reset")).Send(t.Context(), number)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 10*time.Minute, e.RetryAfter)
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want verify.Outcome
		code string
	}{
		"token_200_bare":             {"", ""},
		"token_200_empty":            {verify.ErrOutcomeUnknown, ""},
		"token_200_no_token":         {verify.ErrOutcomeUnknown, ""},
		"token_200_twice":            {verify.ErrOutcomeUnknown, ""},
		"token_200_error":            {verify.ErrOutcomeUnknown, ""},
		"token_201":                  {verify.ErrOutcomeUnknown, ""},
		"token_403_gone":             {verify.ErrMismatch, "invalid_grant"},
		"token_403_too_many":         {verify.ErrTooManyAttempts, "invalid_grant"},
		"token_403_expired":          {verify.ErrNotPending, "invalid_grant"},
		"token_403_expired_denied":   {verify.ErrNotPending, "access_denied"},
		"token_403_grant_off":        {verify.ErrUnauthorized, "unauthorized_client"},
		"token_403_mfa_required":     {verify.ErrRejected, "mfa_required"},
		"token_403_mfa_requirements": {verify.ErrRejected, "mfa_required"},
		"token_401_mfa_required":     {verify.ErrRejected, "mfa_required"},
		"token_403_access_denied":    {verify.ErrRejected, "access_denied"},
		"token_401":                  {verify.ErrUnauthorized, "access_denied"},
		"token_401_invalid_client":   {verify.ErrUnauthorized, "invalid_client"},
		"token_401_blocked":          {verify.ErrBlocked, "unauthorized"},
		"token_400_invalid_request":  {verify.ErrRejected, "invalid_request"},
		"token_400_grant":            {verify.ErrRejected, "unsupported_grant_type"},
		"token_400_old":              {verify.ErrBlocked, "too_many_attempts"},
		"token_429_attempts":         {verify.ErrBlocked, "too_many_attempts"},
		"token_429_logins":           {verify.ErrBlocked, "too_many_logins"},
		"token_429_hour":             {verify.ErrRateLimited, "too_many_requests"},
		"token_404_html":             {verify.ErrOutcomeUnknown, ""},
		"token_500_wrong":            {verify.ErrOutcomeUnknown, "invalid_grant"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := over(t, recordings(t, file)).Check(t.Context(), number, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			if errors.As(err, &e) {
				assert.Equal(t, tc.code, e.VendorCode)
				assert.Equal(t, 1, e.Requests, "a second attempt is one of three")
			}
		})
	}
	err := over(t, recordings(t, "token_403_wrong_email")).Check(t.Context(), mailbox, "123457")
	require.ErrorIs(t, err, verify.ErrMismatch)
	err = over(t, recordings(t, "token_403_gone_first")).Check(t.Context(), number, "1234567890")
	require.ErrorIs(t, err, verify.ErrMismatch)
}

// The tokens that Auth0 recorded, as they are handed over.
func TestTokensAreHandedOverBeforeTheYes(t *testing.T) {
	t.Parallel()
	for file, to := range map[string]string{"token_200": number, "token_200_email": mailbox} {
		var got Tokens
		var of string
		client := over(t, recordings(t, file), func(c *Config) {
			c.Audience, c.TokenScope = "https://api.example.com", "openid profile email offline_access"
			c.OnTokens = func(_ context.Context, to string, tokens Tokens) error {
				of, got = to, tokens
				return nil
			}
		})
		require.NoError(t, client.Check(t.Context(), to, "123456"))
		assert.Equal(t, to, of)
		assert.Equal(t, Tokens{
			AccessToken: "placeholder-access-token", RefreshToken: "placeholder-refresh-token", ExpiresIn: 24 * time.Hour,
		}, got)
	}
}

func TestTokensThatNobodyTookAreNoYes(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "token_200_bare"), func(c *Config) {
		c.OnTokens = func(context.Context, string, Tokens) error {
			return errors.New("placeholder-access-token of " + number)
		}
	})
	err := client.Check(t.Context(), number, "123456")
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
	assert.NotContains(t, err.Error(), "placeholder")
	assert.NotContains(t, err.Error(), number)
}

func TestNobodyIsHandedTokensWithoutAYes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"token_200_empty", "token_200_no_token", "token_200_twice", "token_200_error", "token_201", "token_403_gone", "token_403_mfa_required"} {
		client := over(t, recordings(t, file), func(c *Config) {
			c.OnTokens = func(context.Context, string, Tokens) error {
				t.Errorf("%s: tokens", file)
				return nil
			}
		})
		require.Error(t, client.Check(t.Context(), number, "123456"))
	}
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files []string
		want  verify.Outcome
		code  string
	}{
		"all is well":                     {[]string{"probe_400", "management_200", "policies_200"}, "", ""},
		"a factor is demanded of all":     {[]string{"probe_400", "management_200", "policies_200_always"}, verify.ErrRejected, "mfa_required"},
		"no grant for the Management API": {[]string{"probe_400", "management_403"}, "", ""},
		"no permission for the policy":    {[]string{"probe_400", "management_200", "policies_403"}, "", ""},
		"the Management API fails":        {[]string{"probe_400", "management_500", "management_500"}, verify.ErrOutcomeUnknown, "server_error"},
		"a policy that is none":           {[]string{"probe_400", "management_200", "policies_200_object"}, verify.ErrOutcomeUnknown, ""},
		"a wrong secret":                  {[]string{"probe_401"}, verify.ErrUnauthorized, "access_denied"},
		"no grant for codes":              {[]string{"probe_403"}, verify.ErrUnauthorized, "unauthorized_client"},
		"tokens without a code":           {[]string{"probe_200"}, verify.ErrOutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := over(t, recordings(t, tc.files...)).Probe(t.Context())
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			if errors.As(err, &e) {
				assert.Equal(t, tc.code, e.VendorCode)
			}
		})
	}
}

// Each token between machines is one of the tenant's quota.
func TestProbesShareOneTokenOfTheManagementAPI(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "probe_400", "management_200", "policies_200", "probe_400", "policies_200", "probe_400", "policies_403",
		"probe_400", "policies_401", "probe_400", "management_200", "policies_200_always"))
	for range 4 {
		require.NoError(t, client.Probe(t.Context()))
	}
	require.ErrorIs(t, client.Probe(t.Context()), verify.ErrRejected, "a refused token is not kept")
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
