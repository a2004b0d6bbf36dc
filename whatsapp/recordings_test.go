package whatsapp

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recipient = "+15005550006"
	numberID  = "106540352242922"
	sends     = "/v25.0/" + numberID + "/messages"
	sentID    = "wamid.placeholder"
)

// letter is the message of most recordings.
func letter() otp.CodeMessage {
	return otp.CodeMessage{To: recipient, Channel: verify.ChannelWhatsApp, Code: "123456", TTL: 10 * time.Minute}
}

// played returns a transport that plays these recordings.
func played(t *testing.T, files ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(files...)...)
}

func over(t *testing.T, client *http.Client) *Client {
	c, err := New(Config{
		Token: "placeholder", PhoneNumberID: numberID, Template: "verification_code",
		Languages: []string{"en_US", "da", "pt_BR"}, HTTPClient: client,
	})
	require.NoError(t, err)
	return c
}

func TestDocumentedAcceptances(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*otp.CodeMessage){
		"send_200":          func(*otp.CodeMessage) {},
		"send_200_digits":   func(*otp.CodeMessage) {},
		"send_200_accepted": func(*otp.CodeMessage) {},
		"send_200_moved":    func(m *otp.CodeMessage) { m.To = "+15017122661" },
		"send_200_da":       func(m *otp.CodeMessage) { m.Request.Locale = "da-DK" },
		"send_200_pt":       func(m *otp.CodeMessage) { m.Request.Locale = "pt-PT" },
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			m := letter()
			change(&m)
			id, err := over(t, played(t, file).Client()).DeliverCode(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, ID(sentID), id)
		})
	}
}

func TestDocumentedRefusals(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"send_permission": verify.ErrUnauthorized,
		"send_429_hour":   verify.ErrRateLimited,
		"send_unlisted":   verify.ErrRejected,
		"send_no_type":    verify.ErrRejected,

		"send_500":              verify.ErrOutcomeUnknown,
		"send_502_html":         verify.ErrOutcomeUnknown,
		"send_307":              verify.ErrOutcomeUnknown,
		"send_reply_lost":       verify.ErrOutcomeUnknown,
		"send_200_truncated":    verify.ErrOutcomeUnknown,
		"send_200_empty":        verify.ErrOutcomeUnknown,
		"send_200_no_id":        verify.ErrOutcomeUnknown,
		"send_200_two":          verify.ErrOutcomeUnknown,
		"send_200_other_number": verify.ErrOutcomeUnknown,
		"send_200_held":         verify.ErrOutcomeUnknown,
		"send_200_paused":       verify.ErrOutcomeUnknown,
		"send_200_unlisted":     verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := over(t, played(t, file).Client()).DeliverCode(t.Context(), letter())
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
			assert.Empty(t, id)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, 1, e.Requests, "no message is asked for twice")
			assert.False(t, e.Elsewhere)
		})
	}
}

func TestEveryListedCodeHasARecording(t *testing.T) {
	t.Parallel()
	reachable := map[string]bool{"131026": true, "130497": true, "130472": true, "131021": true}
	for code, listed := range codes.All() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			files := []string{"send_" + code}
			if listed.Outcome == verify.ErrRateLimited || listed.Outcome == verify.ErrUnavailable {
				files = append(files, files[0], files[0]) // nothing was done, so it is asked again
			}
			_, err := over(t, played(t, files...).Client()).DeliverCode(t.Context(), letter())
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, listed.Outcome, e.Outcome)
			assert.Equal(t, code, e.VendorCode)
			assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
			assert.Equal(t, len(files), e.Requests)
			assert.Equal(t, reachable[code], e.Elsewhere, "another vendor reaches a person whom WhatsApp does not, and no other fault is of that kind")
		})
	}
}

func TestACodeOfAPermissionIsFrom200To299(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]verify.Outcome{
		"200": verify.ErrUnauthorized, "299": verify.ErrUnauthorized,
		"199": verify.ErrRejected, "300": verify.ErrRejected, "2000": verify.ErrRejected,
	} {
		f := readError("send", http.StatusBadRequest, []byte(`{"error":{"message":"x","type":"OAuthException","code":`+code+`}}`))
		assert.Equal(t, want, f.Outcome, code)
		assert.Equal(t, code, f.Code)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"number_200":   "",
		"number_190":   verify.ErrUnauthorized,
		"number_100":   verify.ErrRejected,
		"number_other": verify.ErrOutcomeUnknown,
		"number_empty": verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			vendor := played(t, file)
			assert.Equal(t, want, verify.OutcomeOf(over(t, vendor.Client()).Probe(t.Context())))
			assert.Zero(t, vendor.Requests(http.MethodPost, sends), "it sends nothing")
		})
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for code := range codes.All() {
		listed["send_"+code] = true
	}
	fixture.EachIsNamed(t, func(name string) bool { return listed[name] })
}
