package twilio_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusalsMeanTheSameEverywhere(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status, code int
		send, check  verify.Outcome
	}{
		"wrong credentials":                {401, 20003, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a suspended account":              {403, 20005, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"test credentials":                 {403, 20008, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a feature switched off":           {403, 60204, verify.ErrRejected, verify.ErrRejected},
		"a channel switched off":           {400, 60223, verify.ErrRejected, verify.ErrRejected},
		"no credits left at SendGrid":      {401, 60603, verify.ErrRejected, verify.ErrRejected},
		"no permission at SendGrid":        {401, 60604, verify.ErrRejected, verify.ErrRejected},
		"a parameter without a name":       {400, 60200, verify.ErrRejected, verify.ErrRejected},
		"a landline":                       {403, 60205, verify.ErrInvalidRecipient, verify.ErrInvalidRecipient},
		"an opt-out":                       {400, 21610, verify.ErrBlocked, verify.ErrBlocked},
		"Fraud Guard":                      {403, 60410, verify.ErrBlocked, verify.ErrBlocked},
		"a country not permitted":          {403, 60605, verify.ErrBlocked, verify.ErrBlocked},
		"too many checks":                  {429, 60202, verify.ErrTooManySends, verify.ErrTooManyAttempts},
		"too many sends":                   {429, 60203, verify.ErrTooManySends, verify.ErrTooManySends},
		"too many at once for one number":  {429, 60212, verify.ErrTooManySends, verify.ErrTooManySends},
		"too many of one number":           {429, 60626, verify.ErrTooManySends, verify.ErrTooManySends},
		"too many of an account's hour":    {429, 60728, verify.ErrRateLimited, verify.ErrRateLimited},
		"a sign-up taken for a fraud":      {403, 60412, verify.ErrBlocked, verify.ErrBlocked},
		"a device taken for a risk":        {400, 60413, verify.ErrBlocked, verify.ErrBlocked},
		"a domain that is denied":          {400, 60237, verify.ErrInvalidRecipient, verify.ErrInvalidRecipient},
		"a number that was canceled":       {400, 60625, verify.ErrInvalidRecipient, verify.ErrInvalidRecipient},
		"no registration for a country":    {400, 60250, verify.ErrRejected, verify.ErrRejected},
		"a warning: another text was sent": {400, 60239, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"a verification that is over":      {404, 60431, verify.ErrNotPending, verify.ErrNotPending},
		"a trial that is over":             {403, 575001, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"not found":                        {404, 20404, verify.ErrRejected, verify.ErrNotPending},
		"failed":                           {500, 20500, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"an unlisted code":                 {400, 99999, verify.ErrRejected, verify.ErrRejected},
		"an unlisted code with 401":        {401, 99999, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"an unlisted code with 403":        {403, 99999, verify.ErrRejected, verify.ErrRejected},
		"an unlisted code with 408":        {408, 99999, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"an unlisted code with 502":        {502, 99999, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			fault := twiliotest.Refusal(tc.status, tc.code)
			fault.Times = -1
			srv.Fail(fault)

			_, err := client.Send(t.Context(), phone)
			assert.Equal(t, tc.send, verify.OutcomeOf(err), "send: %v", err)
			assertFacts(t, err, tc.status, tc.code)
			assert.Equal(t, 1, srv.Requests(), "a refusal is not sent again")

			err = client.Check(t.Context(), phone, "123456")
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

func TestDeclaredUnprocessedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{20503, 20409, 20162} {
		client, srv := emulated(t)
		srv.Fail(twiliotest.Refusal(http.StatusServiceUnavailable, code))
		receipt, err := client.Send(t.Context(), phone)
		require.NoError(t, err, code)
		assert.Equal(t, 2, receipt.Requests)
		assert.Equal(t, 1, srv.Effects())
	}
}

func TestThrottleIsTriedAgain(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Refusal(http.StatusTooManyRequests, 20429))
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 2, receipt.Requests)
}

func TestUnlistedThrottle(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	fault := twiliotest.Refusal(http.StatusTooManyRequests, 99999)
	fault.Header = http.Header{"Retry-After": {"3600"}}
	srv.Fail(fault)
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrRateLimited)
}

func TestBodyThatIsNotTwilios(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Fault{Status: 404, Body: `{"error":"not found"}`}, twiliotest.Fault{Status: 404, Body: `<html>`})
	require.ErrorIs(t, client.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown,
		"a proxy's 404 is not the vendor's word that nothing is pending")
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrRejected)
}
