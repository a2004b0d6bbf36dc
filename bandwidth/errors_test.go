package bandwidth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shapes are the four of Bandwidth's errors. Each quotes a recipient, as prose may.
var shapes = map[string]string{
	"error":   `{"error":"+15005550006 is no good","requestId":"abc12312-abcd-1234-abcd-1234abcd1234"}`,
	"message": `{"message":"Unauthorized"}`,
	"Message": `{"Message":"User is not authorized to access this resource with an explicit deny"}`,
	"result":  `{"result":"+15005550006 is no good"}`,
	"both":    `{"error":"a","message":"b"}`,
}

func TestRefusalsMeanTheSameInEveryShape(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status      int
		send, check verify.Outcome
	}{
		"a field":                 {400, verify.ErrRejected, verify.ErrRejected},
		"no access":               {401, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"a wrong password":        {403, verify.ErrUnauthorized, verify.ErrUnauthorized},
		"not found":               {404, verify.ErrRejected, verify.ErrRejected},
		"a timeout of theirs":     {408, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"another media type":      {415, verify.ErrRejected, verify.ErrRejected},
		"too many":                {429, verify.ErrRateLimited, verify.ErrTooManyAttempts},
		"failed":                  {500, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"a gateway":               {502, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
		"unavailable, or so said": {503, verify.ErrOutcomeUnknown, verify.ErrOutcomeUnknown},
	} {
		for shape, body := range shapes {
			t.Run(name+" as "+shape, func(t *testing.T) {
				t.Parallel()
				client, srv := emulated(t)
				fault := bandwidthtest.Fault{On: "/code/", Status: tc.status, Body: body, Times: -1}
				fault.Header = http.Header{"X-Amzn-Requestid": {"abc12312-abcd-1234-abcd-1234abcd1234"}, "Retry-After": {"3600"}}
				srv.Fail(fault)

				_, err := client.Send(t.Context(), phone)
				assert.Equal(t, tc.send, verify.OutcomeOf(err), "send: %v", err)
				assertFacts(t, err, tc.status)
				again := 0
				if tc.status == http.StatusUnauthorized {
					again = 1 // under a new token
				}
				assert.Equal(t, 1+again, srv.Requests()-srv.Tokens(), "a refusal is not sent again")

				err = client.Check(t.Context(), phone, "123456")
				assert.Equal(t, tc.check, verify.OutcomeOf(err), "check: %v", err)
				assertFacts(t, err, tc.status)
				assert.Zero(t, srv.Effects())
			})
		}
	}
}

func assertFacts(t *testing.T, err error, status int) {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, status, e.HTTPStatus)
	assert.Equal(t, "abc12312-abcd-1234-abcd-1234abcd1234", e.RequestID)
	assert.NotContains(t, err.Error(), "5005550006", "the vendor's prose is never quoted")
}

func TestDetailHelpsTheOperator(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status      int
		send, check string
	}{
		"a field":                       {400, "check From and the channel's application id", "a field is not valid"},
		"no access to the account":      {401, "AccountID", "AccountID"},
		"what is often a password":      {403, "the credentials are wrong, or MFA is not active", "the credentials are wrong"},
		"a limit":                       {429, "queue is full", "too many wrong codes"},
		"a failure, or the application": {500, "unless the application id is unknown", "the code may be spent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			fault := bandwidthtest.Refusal(tc.status)
			fault.Times, fault.On = -1, "/code/"
			fault.Header = http.Header{"Retry-After": {"3600"}}
			srv.Fail(fault)
			_, err := client.Send(t.Context(), phone)
			require.ErrorContains(t, err, tc.send)
			require.ErrorContains(t, client.Check(t.Context(), phone, "123456"), tc.check)
		})
	}
}

func TestWaitOfAGuessedNumber(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header string
		want   time.Duration
	}{
		"as documented":       {"", 2 * time.Minute},
		"as the answer tells": {"35", 35 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			fault := bandwidthtest.Refusal(http.StatusTooManyRequests)
			fault.On = "check"
			if tc.header != "" {
				fault.Header = http.Header{"Retry-After": {tc.header}}
			}
			srv.Fail(fault)
			err := client.Check(t.Context(), phone, "123456")
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, verify.ErrTooManyAttempts, e.Outcome)
			assert.Equal(t, tc.want, e.RetryAfter)
			assert.Equal(t, 1, e.Requests)
		})
	}
}

func TestThrottleIsTriedAgain(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	fault := bandwidthtest.Refusal(http.StatusTooManyRequests)
	fault.On = "send"
	srv.Fail(fault)
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 2, receipt.Requests)
	assert.Equal(t, 1, srv.Effects())
}

func TestBodyThatIsNotBandwidths(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a page":           `<html>`,
		"an empty object":  `{}`,
		"another shape":    `{"type":"x","description":"y"}`,
		"a message object": `{"message":{"id":"x"}}`,
		"the error twice":  `{"error":"a","error":"b"}`,
		"all capitals":     `{"MESSAGE":"Unauthorized"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(bandwidthtest.Fault{On: "/code/", Status: 404, Body: body}, bandwidthtest.Fault{On: "/code/", Status: 404, Body: body})
			require.ErrorIs(t, client.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown,
				"a proxy's refusal is not the vendor's")
			_, err := client.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrRejected)
			assert.ErrorContains(t, err, "proxy")
		})
	}
}
