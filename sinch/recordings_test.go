package sinch

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const recipient = "+15005550006"

// The first two are the test vectors of Sinch's library for Node.js, the third the example of
// https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request.
func TestSignaturesAreThoseOfSinchsVectors(t *testing.T) {
	t.Parallel()
	for want, tc := range map[string]struct {
		key, secret, method, path, contentType, stamp, body string
	}{
		"Application my-key-id:QP3OzQZVzRZAEev6DBLvJkgpiqyZPuXYsc7oyjUV0K8=": {
			"my-key-id", "bXkta2V5LXNlY3JldA==", http.MethodPost, "/path/pathParamValue", "application/json; charset=UTF-8", "2023-11-22T09:10:11.999Z",
			`{"identity":{"type":"number","endpoint":"+33444555666"},"method":"sms"}`,
		},
		"Application my-key-id:nsrLDvP6KVD/dAxb3IfAncdwjPFJVWSrseEFOcZge+A=": {
			"my-key-id", "bXkta2V5LXNlY3JldA==", http.MethodGet, "/path/pathParamValue", "application/json", "2023-11-22T09:10:11.999Z", "",
		},
		"Application 669E367E-6BBA-48AB-AF15-266871C28135:Tg6fMyo8mj9pYfWQ9ssbx3Tc1BNC87IEygAfLbJqZb4=": {
			"669E367E-6BBA-48AB-AF15-266871C28135", "BeIukql3pTKJ8RGL5zo0DA==", http.MethodPost, "/sinch/callback/ace", "application/json", "2014-09-24T10:59:41Z",
			`{"event":"ace","callid":"822aa4b7-05b4-4d83-87c7-1f835ee0b6f6_257","timestamp":"2014-09-24T10:59:41Z","version":1}`,
		},
	} {
		app, err := Config{ApplicationKey: tc.key, ApplicationSecret: tc.secret}.application()
		require.NoError(t, err)
		assert.Equal(t, want, app.authorization(app.mac(tc.method, tc.path, tc.contentType, tc.stamp, []byte(tc.body))))
	}
}

// What is signed is what is sent: the time, the path and the content type too.
func TestEachRequestIsSignedAsItIsSent(t *testing.T) {
	t.Parallel()
	app := application{"key", []byte("secret")}
	for _, body := range []string{`{"method":"sms"}`, ""} {
		r, err := http.NewRequest(http.MethodPut, "https://example.com/base/verification/v1/verifications/id/a?x=y", bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		require.NoError(t, app.sign(r, []byte(body)))
		stamp := r.Header.Get("X-Timestamp")
		at, err := time.Parse(time.RFC3339, stamp)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, time.Minute)
		assert.True(t, strings.HasSuffix(stamp, "Z"), "UTC")
		mac := app.mac(http.MethodPut, "/base/verification/v1/verifications/id/a", "application/json", stamp, []byte(body))
		assert.Equal(t, "Application key:"+base64.StdEncoding.EncodeToString(mac), r.Header.Get("Authorization"))
	}
}

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, channel := range map[string]verify.Channel{
		"sms_200": verify.ChannelSMS, "callout_200": verify.ChannelVoice, "whatsapp_200": verify.ChannelWhatsApp,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			receipt, err := over(t, recordings(t, file)).Send(t.Context(), recipient, verify.WithChannel(channel))
			require.NoError(t, err)
			assert.Equal(t, "1ce0ffee-c0de-5eed-d00d-f00dfeed1337", receipt.ID)
			assert.Equal(t, channel, receipt.Channel)
			assert.Zero(t, receipt.Digits, "Sinch does not say")
			assert.WithinDuration(t, began.Add(5*time.Minute), receipt.ExpiresAt, time.Second)
		})
	}
}

func TestDocumentedErrorsOfASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"sms_400_40001":      {verify.ErrRejected, 1},
		"sms_400_40003":      {verify.ErrRejected, 1},
		"sms_400_40005":      {verify.ErrInvalidRecipient, 1},
		"sms_401_40102":      {verify.ErrUnauthorized, 1},
		"sms_402_40200":      {verify.ErrUnauthorized, 1},
		"sms_403_40300":      {verify.ErrRejected, 1},
		"sms_403_40303":      {verify.ErrUnauthorized, 1},
		"sms_409_40900":      {verify.ErrRejected, 1},
		"sms_422_42202":      {verify.ErrUnauthorized, 1},
		"sms_429_42900":      {verify.ErrRateLimited, 3},
		"sms_429_42900_hour": {verify.ErrRateLimited, 1},
		"sms_429_42901":      {verify.ErrTooManySends, 1},
		"sms_500_50000":      {verify.ErrOutcomeUnknown, 1},
		"sms_502_html":       {verify.ErrOutcomeUnknown, 1},
		"sms_200_empty":      {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, tc.requests)
			for i := range plays {
				plays[i] = file
			}
			_, err := over(t, recordings(t, plays...)).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.requests, e.Requests)
		})
	}
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"report_200":             "",
		"report_200_pending":     verify.ErrMismatch,
		"report_200_expired":     verify.ErrNotPending,
		"report_200_aborted":     verify.ErrNotPending,
		"report_200_undelivered": verify.ErrNotPending,
		"report_200_fraud":       verify.ErrBlocked,
		"report_200_denied":      verify.ErrRejected,
		"report_200_credit":      verify.ErrUnauthorized,
		"report_200_internal":    verify.ErrOutcomeUnknown,
		"report_200_subject":     verify.ErrOutcomeUnknown,
		"report_404_40400":       verify.ErrNotPending,
		"report_404_html":        verify.ErrOutcomeUnknown,
		"report_401_40102":       verify.ErrUnauthorized,
		"report_429_42900_hour":  verify.ErrRateLimited,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := over(t, recordings(t, "sms_200", file))
			_, err := c.Send(t.Context(), recipient)
			require.NoError(t, err)
			err = c.Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

// The check has the method of its send: the recordings of another one would not play.
func TestACheckNamesTheMethodOfItsSend(t *testing.T) {
	t.Parallel()
	for channel, files := range map[verify.Channel][]string{
		verify.ChannelSMS:      {"sms_200", "report_200"},
		verify.ChannelVoice:    {"callout_200", "report_200_callout"},
		verify.ChannelWhatsApp: {"whatsapp_200", "report_200_whatsapp"},
	} {
		c := over(t, recordings(t, files...))
		_, err := c.Send(t.Context(), recipient, verify.WithChannel(channel))
		require.NoError(t, err)
		require.NoError(t, c.Check(t.Context(), recipient, "123456"))
	}
}

func TestALostAnswerIsOneRequest(t *testing.T) {
	t.Parallel()
	_, err := over(t, recordings(t, "sms_reply_lost")).Send(t.Context(), recipient)
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))

	c := over(t, recordings(t, "sms_200", "report_reply_lost"))
	_, err = c.Send(t.Context(), recipient)
	require.NoError(t, err)
	err = c.Check(t.Context(), recipient, "123456")
	assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), "a second one may be a second attempt")
}

func TestEveryCodeOfTheTableIsRead(t *testing.T) {
	t.Parallel()
	assert.Len(t, codes.All(), 27, "24 of Sinch, and three that mean something else to another call")
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
