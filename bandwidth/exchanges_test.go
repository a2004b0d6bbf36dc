package bandwidth

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// played returns a transport that plays these exchanges, after that of a token.
func played(t *testing.T, files ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(append([]string{"token_200"}, files...)...)...)
}

func over(t *testing.T, client *http.Client) *Client {
	c, err := New(Config{
		AccountID: "9900000", ClientID: "placeholder-client", ClientSecret: "placeholder-secret",
		SMSApplicationID:   "00000000-0000-4000-8000-000000000001",
		VoiceApplicationID: "00000000-0000-4000-8000-000000000002",
		From:               "+15017122661", HTTPClient: client,
	})
	require.NoError(t, err)
	return c
}

func replayed(t *testing.T, files ...string) *Client { return over(t, played(t, files...).Client()) }

const recipient = "+15005550006"

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		opts []verify.SendOption
		id   string
	}{
		"messaging_200":       {nil, "1589228074636lm4k2je7j7jklbn2"},
		"messaging_200_login": {[]verify.SendOption{verify.WithScope("login")}, "1589228074636lm4k2je7j7jklbn2"},
		"voice_200":           {[]verify.SendOption{verify.WithChannel(verify.ChannelVoice)}, "c-15ac29a2-1331029c-2cb0-4a07-b215-b22865662d85"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			receipt, err := replayed(t, file).Send(t.Context(), recipient, tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, tc.id, receipt.ID)
		})
	}
}

func TestCallbackURLGoesWithMessagesOnly(t *testing.T) {
	t.Parallel()
	for file, channel := range map[string]verify.Channel{
		"messaging_200_callback": verify.ChannelSMS,
		"voice_200":              verify.ChannelVoice,
	} {
		c := replayed(t, file)
		c.cfg.CallbackURL = "https://app.example.com/status"
		_, err := c.Send(t.Context(), recipient, verify.WithChannel(channel))
		require.NoError(t, err)
	}
}

func TestDocumentedRefusalsOfASend(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct {
		want  verify.Outcome
		tries int
	}{
		"messaging_400":        {verify.ErrRejected, 1},
		"messaging_400_spec":   {verify.ErrRejected, 1},
		"messaging_400_result": {verify.ErrRejected, 1},
		"messaging_403":        {verify.ErrUnauthorized, 1},
		"messaging_403_spec":   {verify.ErrUnauthorized, 1},
		"messaging_429":        {verify.ErrRateLimited, 3},
		"messaging_429_hour":   {verify.ErrRateLimited, 1},
		"messaging_500":        {verify.ErrOutcomeUnknown, 1},
		"messaging_502_html":   {verify.ErrOutcomeUnknown, 1},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, tc.tries)
			for i := range plays {
				plays[i] = file
			}
			_, err := replayed(t, plays...).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.tries, e.Requests)
			assert.NotZero(t, e.HTTPStatus)
		})
	}
	_, err := replayed(t, "messaging_401", "token_200", "messaging_401").Send(t.Context(), recipient)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"verify_200_true":   "",
		"verify_200_gone":   verify.ErrMismatch,
		"verify_400":        verify.ErrRejected,
		"verify_403":        verify.ErrUnauthorized,
		"verify_429":        verify.ErrTooManyAttempts,
		"verify_200_empty":  verify.ErrOutcomeUnknown,
		"verify_200_html":   verify.ErrOutcomeUnknown,
		"verify_200_string": verify.ErrOutcomeUnknown,
		"verify_200_twice":  verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := replayed(t, file).Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
	require.ErrorIs(t, replayed(t, "verify_200_false").Check(t.Context(), recipient, "123457"), verify.ErrMismatch)
	require.ErrorIs(t, replayed(t, "verify_500", "verify_500").Check(t.Context(), recipient, "123456"), verify.ErrOutcomeUnknown)
	require.ErrorIs(t, replayed(t, "verify_401", "token_200", "verify_401").Check(t.Context(), recipient, "123456"), verify.ErrUnauthorized)
	require.NoError(t, replayed(t, "verify_401", "token_200", "verify_200_true").Check(t.Context(), recipient, "123456"))

	err := replayed(t, "verify_429").Check(t.Context(), recipient, "123456")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 2*time.Minute, e.RetryAfter)
}

func TestWithoutATokenNoExchangeIsPlayed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files []string
		want  verify.Outcome
	}{
		"refused": {[]string{"testdata/token_401.json"}, verify.ErrUnauthorized},
		"not reached": {[]string{"testdata/token_refused.json", "testdata/token_refused.json"},
			verify.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := over(t, fixture.New(t, tc.files...).Client()).Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}
