package twilio

import (
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replayed is a client that is answered from these recordings.
func replayed(t *testing.T, files ...string) *Client {
	return over(t, fixture.New(t, fixture.Files(files...)...).Client())
}

func over(t *testing.T, client *http.Client) *Client {
	c, err := New(Config{
		AccountSID: "AC00000000000000000000000000000000", AuthToken: "placeholder",
		Service: Service{SID: "VA00000000000000000000000000000000"}, HTTPClient: client,
	})
	require.NoError(t, err)
	return c
}

const recipient = "+15005550006"

var refusalFile = regexp.MustCompile(`verifications_[0-9]+_([0-9]+)\.json$`)

// retried are the codes that the policy sends again at once, and how often.
var retried = map[string]int{"20162": 3, "20409": 3, "20503": 3, "60245": 3, "60624": 3}

func TestEveryListedCodeHasAnRecording(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/verifications_*.json")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		match := refusalFile.FindStringSubmatch(file)
		if match == nil {
			continue
		}
		code := match[1]
		seen[code] = true
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			plays := make([]string, max(retried[code], 1))
			for i := range plays {
				plays[i] = file
			}
			_, err := over(t, fixture.New(t, plays...).Client()).Send(t.Context(), recipient)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, code, e.VendorCode)
			assert.Equal(t, "RQ00000000000000000000000000000000", e.RequestID)
			assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
		})
	}
	for line := range codes.All() {
		code, _, _ := strings.Cut(strings.TrimPrefix(line, "send:"), ".")
		assert.True(t, seen[code], "code %s is listed and has no recording", code)
	}
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"verificationcheck_200_approved":             "",
		"verificationcheck_201_approved":             "",
		"verificationcheck_200_canceled":             verify.ErrNotPending,
		"verificationcheck_200_expired":              verify.ErrNotPending,
		"verificationcheck_200_deleted":              verify.ErrNotPending,
		"verificationcheck_200_max_attempts_reached": verify.ErrTooManyAttempts,
		"verificationcheck_200_failed":               verify.ErrNotPending,
		"verificationcheck_404_20404":                verify.ErrNotPending,
		"verificationcheck_429_60202":                verify.ErrTooManyAttempts,
		"verificationcheck_401_20003":                verify.ErrUnauthorized,
		"verificationcheck_400_60200":                verify.ErrRejected,
		"verificationcheck_200_other_recipient":      verify.ErrOutcomeUnknown,
		"verificationcheck_200_status_twice":         verify.ErrOutcomeUnknown,
		"verificationcheck_200_html":                 verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := replayed(t, file).Check(t.Context(), recipient, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	for file, opts := range map[string][]verify.SendOption{
		"verifications_201_sms":      nil,
		"verifications_201_again":    nil,
		"verifications_201_call":     {verify.WithChannel(verify.ChannelVoice)},
		"verifications_201_whatsapp": {verify.WithChannel(verify.ChannelWhatsApp)},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			receipt, err := replayed(t, file).Send(t.Context(), recipient, opts...)
			require.NoError(t, err)
			assert.Equal(t, "VE00000000000000000000000000000001", receipt.ID)
		})
	}
	_, err := replayed(t, "verifications_201_options").Send(t.Context(), recipient,
		verify.WithLocale("en"), verify.WithClientIP(netip.MustParseAddr("192.0.2.1")),
		WithTemplate("HJ00000000000000000000000000000000"), WithSubstitution("name", "Example"),
		WithTag("tenant", "12345"), WithRateLimit("end_user_ip", "192.0.2.1"), WithAppHash("AAAAAAAAAAA"))
	require.NoError(t, err)
	bound, err := New(Config{
		AccountSID: "AC00000000000000000000000000000000", AuthToken: "placeholder",
		Service:    Service{SID: "VA00000000000000000000000000000000", PSD2: true},
		HTTPClient: fixture.New(t, "testdata/verifications_201_psd2.json").Client(),
	})
	require.NoError(t, err)
	_, err = bound.Send(t.Context(), recipient, verify.WithTransaction("EUR 39.99", "Acme"))
	require.NoError(t, err)
	_, err = replayed(t, "verifications_201_email").Send(t.Context(), "a@example.com")
	require.NoError(t, err)
	require.NoError(t, replayed(t, "verification_200_canceled").Cancel(t.Context(), recipient))
	require.NoError(t, replayed(t, "verification_404_20404_update").Cancel(t.Context(), recipient))
	_, err = replayed(t, "verification_200_pending").Fetch(t.Context(), recipient)
	require.NoError(t, err)
	_, err = replayed(t, "verification_404_20404_fetch").Fetch(t.Context(), recipient)
	require.ErrorIs(t, err, verify.ErrNotPending)
}
