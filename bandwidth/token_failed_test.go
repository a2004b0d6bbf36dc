package bandwidth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) bandwidthtest.Fault {
		return bandwidthtest.Fault{On: "token", Times: -1, Status: status, Body: body}
	}
	throttled := answer(429, `{"error":"slow_down"}`)
	throttled.Header = http.Header{"Retry-After": {"3600"}}
	for name, tc := range map[string]struct {
		fault bandwidthtest.Fault
		want  verify.Outcome
		says  string
	}{
		"wrong credentials":         {answer(401, `{"error":"invalid_client"}`), verify.ErrUnauthorized, "check ClientID, ClientSecret and TokenURL"},
		"wrong credentials, by 400": {answer(400, `{"error":"invalid_client"}`), verify.ErrUnauthorized, "check ClientID"},
		"forbidden":                 {answer(403, `{"Message":"Forbidden"}`), verify.ErrUnauthorized, "check ClientID"},
		"401 from who knows whom":   {answer(401, `<html>`), verify.ErrUnauthorized, "refused"},
		"not found":                 {answer(404, `{"message":"Not Found"}`), verify.ErrUnauthorized, "TokenURL"},
		"not found by a proxy":      {answer(404, `<html>`), verify.ErrUnavailable, "proxy"},
		"throttled":                 {throttled, verify.ErrRateLimited, "no access token"},
		"failed":                    {answer(500, `{"error":"server_error"}`), verify.ErrUnavailable, "no access token"},
		"a gateway":                 {answer(502, `<html>`), verify.ErrUnavailable, "no access token"},
		"a page":                    {answer(200, `<html>`), verify.ErrUnavailable, "not one JSON object"},
		"no token":                  {answer(200, `{"expires_in":3600}`), verify.ErrUnavailable, "missing"},
		"a token of null":           {answer(200, `{"access_token":null,"expires_in":3600}`), verify.ErrUnavailable, "missing"},
		"an empty token":            {answer(200, `{"access_token":"","expires_in":3600}`), verify.ErrUnavailable, "not a token"},
		"two tokens":                {answer(200, `{"access_token":"a","access_token":"b","expires_in":3600}`), verify.ErrUnavailable, "twice"},
		"a token with a space":      {answer(200, `{"access_token":"a b","expires_in":3600}`), verify.ErrUnavailable, "not a token"},
		"a token with a line break": {answer(200, `{"access_token":"a\r\nX-Evil: 1","expires_in":3600}`), verify.ErrUnavailable, "not a token"},
		"a token of other letters":  {answer(200, `{"access_token":"é","expires_in":3600}`), verify.ErrUnavailable, "not a token"},
		"no end":                    {answer(200, `{"access_token":"canary-token"}`), verify.ErrUnavailable, "missing"},
		"an end before the start":   {answer(200, `{"access_token":"canary-token","expires_in":-1}`), verify.ErrUnavailable, "another type"},
		"an end in words":           {answer(200, `{"access_token":"canary-token","expires_in":"soon"}`), verify.ErrUnavailable, "not a token"},
		"half an answer":            {bandwidthtest.Fault{On: "token", Times: -1, Break: bandwidthtest.Truncate}, verify.ErrUnavailable, "no access token"},
		"a lost answer":             {bandwidthtest.Fault{On: "token", Times: -1, Break: bandwidthtest.Reset, Effect: true}, verify.ErrUnavailable, "no access token"},
		"an answer without an end":  {bandwidthtest.Fault{On: "token", Times: -1, Pad: 1 << 20}, verify.ErrUnavailable, "64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(tc.fault)
			_, err := client.Send(t.Context(), phone)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			require.ErrorContains(t, err, "bandwidth: send: ")
			require.ErrorContains(t, err, tc.says)
			assertNoSecret(t, err)

			err = client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			require.ErrorContains(t, err, "bandwidth: check: ")
			assertNoSecret(t, err)
			assert.Zero(t, srv.Effects())
		})
	}
}

func assertNoSecret(t *testing.T, v any) {
	t.Helper()
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", v, v, v, v)} {
		for _, secret := range []string{"canary-token", "emulated.", "Bearer", "Basic", bandwidthtest.ClientSecret, "://", "123456", phone} {
			assert.NotContains(t, text, secret)
		}
	}
}

func TestThrottleOfTheTokenTellsHowLong(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(bandwidthtest.Fault{On: "token", Status: 429, Body: `{"error":"slow_down"}`, Header: http.Header{"Retry-After": {"3600"}}})
	_, err := client.Send(t.Context(), phone)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, time.Hour, e.RetryAfter)
	assert.Equal(t, 1, srv.Requests())
}

func TestOutageOfTheTokenHostWhileATokenWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		pass(time.Hour - 30*time.Second)
		e.Fail(bandwidthtest.Fault{On: "token", Status: 503, Times: -1})
		begun := time.Now()
		for range 10 {
			_, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
		}
		assert.Zero(t, time.Since(begun), "nobody waits for a renewal while the token works")
		synctest.Wait()

		pass(time.Minute)
		_, err = client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable, "the token has ended")
		e.Heal()
		_, err = client.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, 12, e.Effects())
	})
}

func TestCallEndsInItsTimeWithItsToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		hang := bandwidthtest.Fault{On: "token", Delay: time.Hour, Times: -1}
		e.Fail(hang)
		begun := time.Now()
		_, err := client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Equal(t, 5*time.Second, time.Since(begun), "a token takes no more")
		e.Heal()

		e.Fail(bandwidthtest.Fault{On: "token", Delay: 4 * time.Second})
		e.Fail(bandwidthtest.Fault{On: "/code/", Delay: time.Hour, Times: -1})
		begun = time.Now()
		_, err = client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		assert.Equal(t, 15*time.Second, time.Since(begun))

		pass(time.Hour)
		e.Fail(bandwidthtest.Fault{On: "token", Delay: 2 * time.Second})
		begun = time.Now()
		err = client.Check(t.Context(), phone, "123456")
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		assert.Equal(t, 10*time.Second, time.Since(begun))
	})
}

func TestSecondTokenTakesNoMoreThanTheTimeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		late := bandwidthtest.Refusal(http.StatusUnauthorized)
		late.On, late.Delay = "send", 12*time.Second
		e.Fail(late, bandwidthtest.Fault{On: "token", Delay: time.Hour})
		begun := time.Now()
		_, err = client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 15*time.Second, time.Since(begun))
		assert.Equal(t, 1, e.Effects())
		pass(time.Hour) // the renewal ends on its own
	})
}

func TestWhereCallsAndTokensGo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ base, token, wantToken, wantCall string }{
		"by default": {
			"", "", "https://api.bandwidth.com/api/v1/oauth2/token",
			"https://mfa.bandwidth.com/api/v1/accounts/9900000/code/voice",
		},
		"with a base URL": {
			"http://emulator:4010", "", "http://emulator:4010/api/v1/oauth2/token",
			"http://emulator:4010/accounts/9900000/code/voice",
		},
		"with a base URL's slash": {
			"http://emulator:4010/", "", "http://emulator:4010/api/v1/oauth2/token",
			"http://emulator:4010/accounts/9900000/code/voice",
		},
		"with a token URL": {
			"", "https://test.api.bandwidth.com/api/v1/oauth2/token", "https://test.api.bandwidth.com/api/v1/oauth2/token",
			"https://mfa.bandwidth.com/api/v1/accounts/9900000/code/voice",
		},
		"with both": {
			"https://proxy.example/mfa", "https://proxy.example/token", "https://proxy.example/token",
			"https://proxy.example/mfa/accounts/9900000/code/voice",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			cfg := valid()
			cfg.BaseURL, cfg.TokenURL = tc.base, tc.token
			cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				w := httptest.NewRecorder()
				_, _ = w.WriteString(`{"access_token":"canary-token","expires_in":3600,"callId":"c-00000000"}`)
				return w.Result(), nil
			})}
			client, err := bandwidth.New(cfg)
			require.NoError(t, err)
			_, err = client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
			require.NoError(t, err)
			assert.Equal(t, []string{tc.wantToken, tc.wantCall}, asked)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSecretAndTokenStayApart(t *testing.T) {
	t.Parallel()
	e := bandwidthtest.New(bandwidthtest.Options{})
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		_, _, basic := r.BasicAuth()
		assert.Equal(t, r.URL.Host == "api.bandwidth.com", basic)
		assert.Equal(t, r.URL.Host == "mfa.bandwidth.com", strings.HasPrefix(r.Header.Get("Authorization"), "Bearer emulated."))
		return direct{e}.RoundTrip(r)
	})}
	client, err := bandwidth.New(cfg)
	require.NoError(t, err)
	_, err = client.Send(t.Context(), phone)
	require.NoError(t, err)
	assertNoSecret(t, client)
	assertNoSecret(t, *client)
}
