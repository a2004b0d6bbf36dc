package authy_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// played is a transport that plays these recordings.
func played(t *testing.T, names ...string) *fixture.Transport {
	t.Helper()
	vendor := fixture.New(t, fixture.Files(names...)...)
	vendor.Credential = "X-Authy-API-Key"
	return vendor
}

// replayed is a client of users that is answered from these recordings, and knows
// two people.
func replayed(t *testing.T, vendor *fixture.Transport, changes ...func(*authy.Config)) *authy.Users {
	t.Helper()
	directory := new(authy.MemoryDirectory)
	require.NoError(t, directory.SetAuthyID(t.Context(), phone, "1000"))
	require.NoError(t, directory.SetAuthyID(t.Context(), other, "1001"))
	cfg := authy.Config{APIKey: "placeholder", Directory: directory, HTTPClient: vendor.Client()}
	for _, change := range changes {
		change(&cfg)
	}
	users, err := authy.NewUsers(cfg)
	require.NoError(t, err)
	return users
}

func replayedPhone(t *testing.T, vendor *fixture.Transport) *authy.Phone {
	t.Helper()
	client, err := authy.NewPhone(authy.Config{APIKey: "placeholder", HTTPClient: vendor.Client()})
	require.NoError(t, err)
	return client
}

var refusalFile = regexp.MustCompile(`([a-z_]+)_[0-9]{3}_(6[0-9]{4})\.json$`)

func TestEveryListedCodeHasAnRecording(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		match := refusalFile.FindStringSubmatch(file)
		if match == nil {
			continue
		}
		endpoint, code := match[1], match[2]
		seen[code] = true
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := callOf(t, endpoint, []string{name})
			if endpoint == "users_remove" && code == "60026" {
				require.NoError(t, err, "gone is gone")
				return
			}
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, code, e.VendorCode)
			if e.Outcome != verify.ErrMismatch && e.Outcome != verify.ErrNotPending {
				assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
			}
		})
	}
	for _, code := range authy.ListedCodes() {
		assert.True(t, seen[code], "code %s is listed and has no recording", code)
	}
}

// callOf makes the call that a recording answers.
func callOf(t *testing.T, endpoint string, plays []string) error {
	vendor := played(t, plays...)
	users, client := replayed(t, vendor), replayedPhone(t, vendor)
	switch endpoint {
	case "sms":
		_, err := users.Send(t.Context(), phone)
		return err
	case "verify":
		return users.Check(t.Context(), phone, "1234567")
	case "users_new":
		return users.Register(t.Context(), address, phone)
	case "users_remove":
		return users.Delete(t.Context(), phone)
	case "start":
		_, err := client.Send(t.Context(), phone)
		return err
	case "check":
		return client.Check(t.Context(), phone, "123456")
	case "approval_requests":
		_, err := users.RequestApproval(t.Context(), phone, authy.Approval{Message: "Log in to Acme?"})
		return err
	case "approval_request":
		_, err := users.FetchApproval(t.Context(), phone, question)
		return err
	}
	t.Fatalf("no call for %s", endpoint)
	return nil
}

func TestDocumentedAnswersToASend(t *testing.T) {
	t.Parallel()
	voice := verify.WithChannel(verify.ChannelVoice)
	payment := func(c *authy.Config) { c.ActionMessages = map[string]string{"payment": "Pay 40 EUR to Acme"} }
	for file, tc := range map[string]struct {
		opts    []verify.SendOption
		change  func(*authy.Config)
		channel verify.Channel
	}{
		"sms_200_sent":           {nil, func(*authy.Config) {}, verify.ChannelSMS},
		"sms_200_forced":         {nil, func(c *authy.Config) { c.ForceSMS = true }, verify.ChannelSMS},
		"sms_200_locale":         {[]verify.SendOption{verify.WithLocale("da-DK")}, func(*authy.Config) {}, verify.ChannelSMS},
		"sms_200_action":         {[]verify.SendOption{verify.WithScope("login")}, payment, verify.ChannelSMS},
		"sms_200_action_message": {[]verify.SendOption{verify.WithScope("payment"), verify.WithLocale("pt-BR")}, payment, verify.ChannelSMS},
		"sms_200_ignored":        {nil, func(*authy.Config) {}, verify.ChannelApp},
		"call_200_started":       {[]verify.SendOption{voice}, func(*authy.Config) {}, verify.ChannelVoice},
		"call_200_ignored":       {[]verify.SendOption{voice}, func(*authy.Config) {}, verify.ChannelApp},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			receipt, err := replayed(t, played(t, file), tc.change).Send(t.Context(), phone, tc.opts...)
			require.NoError(t, err)
			assert.Equal(t, tc.channel, receipt.Channel)
		})
	}
	_, err := replayed(t, played(t, "sms_200_unsent")).Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
}

func TestDocumentedAnswersToACheck(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"verify_200_valid":         "",
		"verify_200_valid_boolean": "",
		"verify_401_60020":         verify.ErrMismatch,
		"verify_401_older":         verify.ErrMismatch,
		"verify_401_60019":         verify.ErrNotPending,
		"verify_401_60001":         verify.ErrUnauthorized,
		"verify_404_60026":         verify.ErrNotPending,
		"verify_429_60003":         verify.ErrTooManyAttempts,
		"verify_200_html":          verify.ErrOutcomeUnknown,
		"verify_200_twice":         verify.ErrOutcomeUnknown,
		"verify_200_unknown":       verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := replayed(t, played(t, file)).Check(t.Context(), phone, "1234567")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
	for file, want := range map[string]verify.Outcome{
		"check_200_correct": "",
		"check_401_60022":   verify.ErrMismatch,
		"check_404_60023":   verify.ErrNotPending,
		"check_401_60001":   verify.ErrUnauthorized,
		"check_429_60003":   verify.ErrTooManyAttempts,
		"check_200_unknown": verify.ErrOutcomeUnknown,
		"check_200_text":    verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			err := replayedPhone(t, played(t, file)).Check(t.Context(), phone, "123456")
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestDocumentedAnswersToAStart(t *testing.T) {
	t.Parallel()
	for file, opts := range map[string][]verify.SendOption{
		"start_200_sms":       nil,
		"start_200_call":      {verify.WithChannel(verify.ChannelVoice)},
		"start_200_locale":    {verify.WithLocale("da")},
		"start_200_10_digits": {verify.WithDigits(10)},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			receipt, err := replayedPhone(t, played(t, file)).Send(t.Context(), phone, opts...)
			require.NoError(t, err)
			assert.Equal(t, "b8ebcd40-1234-5678-3fb5-0e5d6a065904", receipt.ID)
			assert.WithinDuration(t, time.Now().Add(599*time.Second), receipt.ExpiresAt, 5*time.Second)
		})
	}
	receipt, err := replayedPhone(t, played(t, "start_200_sandbox")).Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Empty(t, receipt.ID)
	assert.Zero(t, receipt.ExpiresAt)
}

func TestDocumentedAnswersAboutAUser(t *testing.T) {
	t.Parallel()
	require.NoError(t, replayed(t, played(t, "users_new_200")).Register(t.Context(), address, phone))
	for _, file := range []string{"users_remove_200", "users_remove_200_removed"} {
		require.NoError(t, replayed(t, played(t, file)).Delete(t.Context(), phone), file)
	}
	status, err := replayed(t, played(t, "users_status_200")).Status(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, authy.Status{Confirmed: true, Registered: true, Devices: []string{"authy_chrome", "android"}}, status)
	status, err = replayed(t, played(t, "users_status_200_detailed")).Status(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, authy.Status{Confirmed: true, Devices: []string{}}, status)
}

func TestDocumentedAnswersAboutAnApproval(t *testing.T) {
	t.Parallel()
	id, err := replayed(t, played(t, "approval_requests_200")).RequestApproval(t.Context(), phone, authy.Approval{
		Message: "Log in to Acme?", Details: map[string]string{"username": "User"}, Hidden: map[string]string{"ip_address": "203.0.113.7"},
		Logos: map[string]string{"low": "https://example.com/b.png", "default": "https://example.com/a.png"},
	})
	require.NoError(t, err)
	assert.Equal(t, question, id)
	for _, want := range []authy.ApprovalStatus{authy.Pending, authy.Approved, authy.Denied, authy.Expired} {
		status, err := replayed(t, played(t, "approval_request_200_"+string(want))).FetchApproval(t.Context(), phone, question)
		require.NoError(t, err, want)
		assert.Equal(t, want, status)
	}
}
