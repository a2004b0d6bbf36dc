package authy_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/mocks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusalsMeanTheSameEverywhere(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status, code int
		send, check  verify.Outcome
	}{
		"a wrong key":                   {401, 60001, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a wrong code":                  {401, 60020, verify.ErrMismatch, verify.ErrMismatch},
		"a used code":                   {401, 60019, verify.ErrNotPending, verify.ErrNotPending},
		"a wrong code to a phone":       {401, 60022, verify.ErrMismatch, verify.ErrMismatch},
		"no code to a phone":            {404, 60023, verify.ErrNotPending, verify.ErrNotPending},
		"a user who is not there":       {404, 60026, verify.ErrInvalidRecipient, verify.ErrNotPending},
		"a user about to be deleted":    {400, 60127, verify.ErrInvalidRecipient, verify.ErrNotPending},
		"a number not in use":           {400, 60033, verify.ErrInvalidRecipient, verify.ErrInvalidRecipient},
		"a landline":                    {403, 60082, verify.ErrInvalidRecipient, verify.ErrInvalidRecipient},
		"a banned country":              {403, 60013, verify.ErrBlocked, verify.ErrBlocked},
		"an opt-out":                    {403, 60115, verify.ErrBlocked, verify.ErrBlocked},
		"a blocked user":                {403, 60107, verify.ErrBlocked, verify.ErrBlocked},
		"too many codes for one person": {429, 60003, verify.ErrTooManySends, verify.ErrTooManyAttempts},
		"the limit of sms":              {403, 60120, verify.ErrTooManySends, verify.ErrTooManyAttempts},
		"a suspended account":           {503, 60060, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a plan that is used up":        {403, 60009, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"sms switched off":              {403, 60007, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a missing parameter":           {400, 60004, verify.ErrRejected, verify.ErrRejected},
		"an unlisted code":              {400, 61999, verify.ErrRejected, verify.ErrRejected},
		"an unlisted code with 401":     {401, 61999, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"an unlisted code with 408":     {408, 61999, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"an unlisted code with 502":     {502, 61999, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t)
			before := srv.Requests()
			fault := authytest.Refusal(tc.status, tc.code)
			fault.Times = -1
			srv.Fail(fault)

			_, err := users.Send(t.Context(), phone)
			assert.Equal(t, tc.send, verify.OutcomeOf(err), "send: %v", err)
			assertFacts(t, err, tc.status, tc.code)
			assert.Equal(t, before+1, srv.Requests(), "a refusal is not sent again")

			err = users.Check(t.Context(), phone, "1234567")
			assert.Equal(t, tc.check, verify.OutcomeOf(err), "check: %v", err)
			assertFacts(t, err, tc.status, tc.code)
			assert.Zero(t, srv.Effects())
		})
	}
}

func assertFacts(t *testing.T, err error, status, code int) {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, status, e.HTTPStatus)
	assert.Equal(t, fmt.Sprint(code), e.VendorCode)
}

// The number decides whether a message can be sent, and a person chooses the
// number: a failure that counts would open a breaker for everybody.
func TestANumberThatTakesNoMessageOpensNoBreaker(t *testing.T) {
	t.Parallel()
	for _, code := range []int{60014, 60015} {
		users, srv := emulated(t)
		composite, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: users}, {Name: "other", Verifier: mocks.NewFake()}}})
		require.NoError(t, err)
		for i := range 30 {
			to := fmt.Sprintf("+1500555%04d", i)
			require.NoError(t, users.Register(t.Context(), address, to))
			srv.Fail(authytest.Refusal(http.StatusServiceUnavailable, code))
			_, err := composite.Send(t.Context(), to)
			require.ErrorIs(t, err, verify.ErrInvalidRecipient)
			assertFacts(t, err, http.StatusServiceUnavailable, code)
		}
		receipt, err := composite.Send(t.Context(), phone)
		require.NoError(t, err, "%d: somebody else", code)
		assert.Equal(t, "authy", receipt.Vendor)
		assert.Equal(t, 1, srv.Effects())
	}
}

func TestAnUnlistedThrottleIsTheVendors(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	fault := authytest.Refusal(429, 61999)
	fault.Header = http.Header{"Retry-After": {"3600"}}
	srv.Fail(fault)
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrRateLimited)
}

// Both are 401, and only one lets the person try again.
func TestAnswersWithoutACode(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		check  verify.Outcome
		send   verify.Outcome
	}{
		"an older wrong code":           {401, `{"errors":{"token":"is invalid"},"success":false}`, verify.ErrMismatch, verify.ErrUnauthorized},
		"a wrong code in words":         {401, `{"token":"is invalid","success":false}`, verify.ErrMismatch, verify.ErrUnauthorized},
		"another 401":                   {401, `{"message":"Invalid API key","success":false}`, verify.ErrOutcomeUnknown, verify.ErrUnauthorized},
		"a token in a list":             {401, `{"errors":[{"token":"is invalid"}]}`, verify.ErrOutcomeUnknown, verify.ErrUnauthorized},
		"a code that stands twice":      {401, `{"error_code":"60020","error_code":"60001"}`, verify.ErrOutcomeUnknown, verify.ErrUnauthorized},
		"a code that is a phone number": {401, `{"error_code":"+15005550006"}`, verify.ErrOutcomeUnknown, verify.ErrUnauthorized},
		"a code that is a code":         {400, `{"error_code":"1234567"}`, verify.ErrOutcomeUnknown, verify.ErrRejected},
		"a page of a proxy":             {403, `<html>+15005550006</html>`, verify.ErrOutcomeUnknown, verify.ErrRejected},
		"no such path":                  {404, `Requested URL was not found.`, verify.ErrOutcomeUnknown, verify.ErrRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t)
			srv.Fail(authytest.Fault{Times: -1, Status: tc.status, Body: tc.body})
			err := users.Check(t.Context(), phone, "1234567")
			require.Equal(t, tc.check, verify.OutcomeOf(err), "%v", err)
			assert.NotContains(t, err.Error(), "1234567")
			assert.NotContains(t, err.Error(), phone)
			_, err = users.Send(t.Context(), phone)
			require.Equal(t, tc.send, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestFailureInsideA200(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"a wrong code":               {`{"success":false,"token":"is invalid","error_code":"60020"}`, verify.ErrMismatch},
		"a wrong code, success text": {`{"success":"false","token":"is invalid"}`, verify.ErrMismatch},
		"a used code":                {`{"success":false,"token":"is invalid","error_code":60019}`, verify.ErrNotPending},
		"no reason":                  {`{"success":false}`, verify.ErrRejected},
		"a code that is a number":    {`{"success":false,"error_code":"15005550006"}`, verify.ErrRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv := emulated(t)
			answering(srv, 200, tc.body)
			err := users.Check(t.Context(), phone, "1234567")
			require.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.NotContains(t, err.Error(), "15005550006")
		})
	}
	users, srv := emulated(t)
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":false,"error_code":"60007"}`})
	_, err := users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":true,"cellphone":7}`})
	_, err = users.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
}
