package vonage

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
)

const recipient = "+15005550006"

// repeated is a script of one file.
func repeated(file string, times int) []string {
	var plays []string
	for range times {
		plays = append(plays, file)
	}
	return plays
}

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"send_202":               {"", 1},
		"send_401":               {verify.ErrUnauthorized, 1},
		"send_401_jwt_expired":   {verify.ErrUnauthorized, 1},
		"send_402":               {verify.ErrUnauthorized, 1},
		"send_403_forbidden":     {verify.ErrUnauthorized, 1},
		"send_403_unprovisioned": {verify.ErrUnauthorized, 1},
		"send_403_suspended":     {verify.ErrUnauthorized, 1},
		"send_409":               {verify.ErrTooManySends, 1},
		"send_409_conflict":      {verify.ErrTooManySends, 1},
		"send_409_bare":          {verify.ErrTooManySends, 1},
		"send_422_to":            {verify.ErrInvalidRecipient, 1},
		"send_422_brand":         {verify.ErrRejected, 1},
		"send_422_object":        {verify.ErrRejected, 1},
		"send_429":               {verify.ErrRateLimited, 3},
		"send_500":               {verify.ErrOutcomeUnknown, 1},
		"send_reply_lost":        {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			_, err := over(t, recordings(t, repeated(file, tc.requests)...)).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"check_200":              {"", 1},
		"check_200_another":      {verify.ErrOutcomeUnknown, 1},
		"check_200_complete":     {verify.ErrOutcomeUnknown, 1},
		"check_200_without_body": {verify.ErrOutcomeUnknown, 1},
		"check_400":              {verify.ErrMismatch, 1},
		"check_400_bad_request":  {verify.ErrMismatch, 1},
		"check_400_other_title":  {verify.ErrRejected, 1},
		"check_401":              {verify.ErrUnauthorized, 1},
		"check_404":              {verify.ErrNotPending, 1},
		"check_404_html":         {verify.ErrOutcomeUnknown, 1},
		"check_404_proxy":        {verify.ErrOutcomeUnknown, 1},
		"check_404_elsewhere":    {verify.ErrOutcomeUnknown, 1},
		"check_409":              {verify.ErrRejected, 1},
		"check_409_no_code":      {verify.ErrRejected, 1},
		"check_410":              {verify.ErrTooManyAttempts, 1},
		"check_410_gone":         {verify.ErrTooManyAttempts, 1},
		"check_429":              {verify.ErrRateLimited, 2},
		"check_500":              {verify.ErrOutcomeUnknown, 2},
		"check_reply_lost":       {verify.ErrOutcomeUnknown, 2},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			client := over(t, recordings(t, append([]string{"send_202"}, repeated(file, tc.requests)...)...))
			_, err := client.Send(t.Context(), recipient)
			require.NoError(t, err)
			code := "123456"
			if tc.want == verify.ErrMismatch {
				code = "123457"
			}
			err = client.Check(t.Context(), recipient, code)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestDocumentedAnswersToACancellation(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"cancel_204": {"", 1},
		"cancel_404": {"", 1},
		"cancel_401": {verify.ErrUnauthorized, 1},
		"cancel_500": {verify.ErrOutcomeUnknown, 2},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			client := over(t, recordings(t, append([]string{"send_202"}, repeated(file, tc.requests)...)...))
			_, err := client.Send(t.Context(), recipient)
			require.NoError(t, err)
			err = client.Cancel(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

// The receipt says when the only step ends, which is when the next send is allowed.
func TestACodeWorksUntilTheNextMayBeSent(t *testing.T) {
	t.Parallel()
	before := time.Now()
	receipt, err := over(t, recordings(t, "send_202")).Send(t.Context(), recipient)
	require.NoError(t, err)
	assert.WithinDuration(t, before.Add(3*time.Minute), receipt.ExpiresAt, 5*time.Second)
	assert.Equal(t, receipt.ExpiresAt, receipt.ResendAt)
	assert.Equal(t, "c11236f4-00bf-4b89-84ba-88b25df97315", receipt.ID)
}

// The id in a 409 may be that of another product's verification.
func TestTheIDOfARefusalIsNotAdopted(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "send_409"))
	_, err := client.Send(t.Context(), recipient)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Zero(t, e.RetryAfter, "it is not ours: how long it runs is unknown")
	assert.Equal(t, "concurrent", e.VendorCode)
	require.ErrorIs(t, client.Check(t.Context(), recipient, "123456"), verify.ErrNotPending)
}

func TestASecondSendSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "send_202", "send_409"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	_, err = client.Send(t.Context(), recipient)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, verify.ErrTooManySends, e.Outcome)
	assert.InDelta(t, 3*time.Minute, e.RetryAfter, float64(5*time.Second))
}

func TestASendAfterACancellationSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	client := over(t, recordings(t, "send_202", "cancel_204", "send_409"))
	_, err := client.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, client.Cancel(t.Context(), recipient))
	_, err = client.Send(t.Context(), recipient)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, verify.ErrTooManySends, e.Outcome)
	assert.Equal(t, 15*time.Second, e.RetryAfter)
}

func TestDocumentedAnswersToAMessage(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want     verify.Outcome
		requests int
	}{
		"message_202":        {"", 1},
		"message_202_empty":  {verify.ErrOutcomeUnknown, 1},
		"message_401":        {verify.ErrUnauthorized, 1},
		"message_402":        {verify.ErrUnauthorized, 1},
		"message_403":        {verify.ErrUnauthorized, 1},
		"message_422":        {verify.ErrRejected, 1},
		"message_422_to":     {verify.ErrInvalidRecipient, 1},
		"message_429":        {verify.ErrRateLimited, 3},
		"message_500":        {verify.ErrOutcomeUnknown, 1},
		"message_reply_lost": {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			vendor := recordings(t, repeated(file, tc.requests)...)
			messages, err := NewMessages(MessagesConfig{APIKey: "placeholder", APISecret: "placeholder", From: "Acme", HTTPClient: vendor.Client()})
			require.NoError(t, err)
			id, err := messages.Deliver(t.Context(), otp.Message{To: recipient, Channel: verify.ChannelSMS, Text: "Your code is 123456", TTL: 10 * time.Minute})
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, tc.want == "", id != "")
			assert.Equal(t, tc.requests, vendor.Requests(http.MethodPost, "/v1/messages"))
		})
	}
}

func TestALocaleIsTheNearestThatVonageHas(t *testing.T) {
	t.Parallel()
	for hint, want := range map[string]string{
		"": "", "en": "en-us", "en-GB": "en-gb", "en_US": "en-us", "de": "de-de", "de-AT": "de-de", "es-MX": "es-mx", "es-AR": "es-es",
		"pt": "pt-br", "pt-PT": "pt-pt", "id": "id-id", "in": "id-id", "da": "", "zz-Zzzz": "", "d": "",
	} {
		assert.Equal(t, want, driver.NearestTag(locales, hint), "%q", hint)
	}
}

func TestEveryCodeHasAnOutcome(t *testing.T) {
	t.Parallel()
	for code, f := range codes.All() {
		assert.NotEqual(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(f.Outcome), code)
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
