package camara

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
)

const recipient = "+15005550006"

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want      verify.Outcome
		code      string
		elsewhere bool
		requests  []string
	}{
		"send_200":             {},
		"send_400":             {want: verify.ErrRejected, code: "INVALID_ARGUMENT"},
		"send_401":             {want: verify.ErrUnauthorized, code: "UNAUTHENTICATED", requests: []string{"send_401", "token_200", "send_401"}},
		"send_403_permission":  {want: verify.ErrUnauthorized, code: "PERMISSION_DENIED"},
		"send_403_max":         {want: verify.ErrTooManySends, code: "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"},
		"send_403_not_allowed": {want: verify.ErrInvalidRecipient, code: "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED"},
		"send_403_blocked":     {want: verify.ErrBlocked, code: "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED"},
		"send_404":             {want: verify.ErrInvalidRecipient, code: "NOT_FOUND", elsewhere: true},
		"send_404_identifier":  {want: verify.ErrInvalidRecipient, code: "IDENTIFIER_NOT_FOUND", elsewhere: true},
		"send_404_html":        {want: verify.ErrRejected},
		"send_422":             {want: verify.ErrInvalidRecipient, code: "SERVICE_NOT_APPLICABLE"},
		"send_429":             {want: verify.ErrRateLimited, code: "TOO_MANY_REQUESTS", requests: []string{"send_429", "send_429", "send_429"}},
		"send_429_quota":       {want: verify.ErrRateLimited, code: "QUOTA_EXCEEDED", requests: []string{"send_429_quota", "send_429_quota", "send_429_quota"}},
		"send_500":             {want: verify.ErrOutcomeUnknown, code: "INTERNAL"},
		"send_502_html":        {want: verify.ErrOutcomeUnknown},
		"send_503":             {want: verify.ErrOutcomeUnknown, code: "UNAVAILABLE"},
		"send_reply_lost":      {want: verify.ErrOutcomeUnknown},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			if tc.requests == nil {
				tc.requests = []string{file}
			}
			_, err := over(t, recordings(t, tc.requests...)).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			if tc.want == "" {
				return
			}
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.code, e.VendorCode)
			assert.Equal(t, tc.elsewhere, e.Elsewhere, "another operator may serve the number")
		})
	}
}

// No check is made twice, but under a new token: a lost answer is one request.
func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"check_204":          "",
		"check_204_stranger": verify.ErrOutcomeUnknown,
		"check_204_bare":     verify.ErrOutcomeUnknown,
		"check_200":          verify.ErrOutcomeUnknown,
		"check_400_failed":   verify.ErrTooManyAttempts,
		"check_400_expired":  verify.ErrNotPending,
		"check_400_argument": verify.ErrRejected,
		"check_400_range":    verify.ErrRejected,
		"check_400_unlisted": verify.ErrRejected,
		"check_400_status":   verify.ErrOutcomeUnknown,
		"check_403":          verify.ErrUnauthorized,
		"check_403_blocked":  verify.ErrRejected,
		"check_404":          verify.ErrNotPending,
		"check_404_html":     verify.ErrOutcomeUnknown,
		"check_429_hour":     verify.ErrRateLimited,
		"check_500":          verify.ErrOutcomeUnknown,
		"check_reply_lost":   verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			client := over(t, recordings(t, "send_200", file))
			_, err := client.Send(t.Context(), recipient)
			require.NoError(t, err)
			err = client.Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestAThrottledCheckIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "send_200", "check_429", "check_429", "check_429"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.ErrorIs(t, client.Check(t.Context(), recipient, "123456"), verify.ErrRateLimited)
}

func TestAWrongCodeIsAMismatch(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "send_200", "check_400_wrong"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.ErrorIs(t, client.Check(t.Context(), recipient, "123457"), verify.ErrMismatch)
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	vendor := fixture.New(t, fixture.Files("token_401")...)
	_, err := over(t, vendor).Send(t.Context(), recipient)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	require.ErrorContains(t, err, "the purpose in TokenScope")
}

// What only a check or only a send is answered is not believed elsewhere.
func TestAnAnswerBelongsToItsCall(t *testing.T) {
	t.Parallel()
	for code, f := range codes.All() {
		body := []byte(`{"status":400,"code":"` + code + `","message":"-"}`)
		send, check := readError("send", 400, body).Outcome, readError("check", 400, body).Outcome
		switch f.Outcome {
		case verify.ErrMismatch, verify.ErrTooManyAttempts, verify.ErrNotPending:
			assert.Equal(t, []verify.Outcome{verify.ErrRejected, f.Outcome}, []verify.Outcome{send, check}, code)
		case verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrBlocked:
			assert.Equal(t, []verify.Outcome{f.Outcome, verify.ErrRejected}, []verify.Outcome{send, check}, code)
		default:
			assert.Equal(t, []verify.Outcome{f.Outcome, f.Outcome}, []verify.Outcome{send, check}, code)
		}
		assert.Equal(t, verify.ErrOutcomeUnknown, readError("send", 503, []byte(`{"status":503,"code":"`+code+`"}`)).Outcome, "a server that failed may have sent: %s", code)
	}
}

func TestAnErrorNeedsItsEnvelope(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": ``, "a page": `<html>`, "no code": `{"status":400}`, "no status": `{"code":"NOT_FOUND"}`, "another status": `{"status":404,"code":"NOT_FOUND"}`,
		"a code twice": `{"status":400,"code":"A","code":"NOT_FOUND"}`, "a number": `{"status":400,"code":1}`, "in a list": `[{"status":400,"code":"NOT_FOUND"}]`,
	} {
		assert.Zero(t, readError("check", 400, []byte(body)), name)
	}
}

func TestProbeTellsOfAWrongAddress(t *testing.T) {
	t.Parallel()
	err := over(t, fixture.New(t, fixture.Files("token_200", "probe_404")...)).Probe(t.Context())
	require.ErrorIs(t, err, verify.ErrRejected)
	require.ErrorContains(t, err, "check APIRoot and Version")
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
