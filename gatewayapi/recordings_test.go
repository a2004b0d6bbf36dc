package gatewayapi

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
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
	acme      = "Acme: 123456 is your code. Never share it."
	reference = "00000000000000000000000000000001"
)

// letter is the message of most recordings.
func letter() otp.Message {
	return otp.Message{To: recipient, Channel: verify.ChannelSMS, Text: acme, TTL: 10 * time.Minute, Ref: reference}
}

// played returns a transport that plays these recordings.
func played(t *testing.T, files ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(files...)...)
}

// over is a client of the API that a file's name begins with.
func over(t *testing.T, client *http.Client, file string) *Client {
	c, err := New(Config{
		Token: "placeholder", Sender: "Acme", HTTPClient: client, Classic: strings.HasPrefix(file, "mtsms"),
	})
	require.NoError(t, err)
	return c
}

func replayed(t *testing.T, files ...string) *Client {
	return over(t, played(t, files...).Client(), files[0])
}

func TestDocumentedAcceptances(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*Client, *otp.Message){
		"single_202":              func(*Client, *otp.Message) {},
		"single_202_other":        func(_ *Client, m *otp.Message) { m.To = "+15017122661" },
		"single_202_no_reference": func(*Client, *otp.Message) {},
		"single_202_minimal":      func(_ *Client, m *otp.Message) { m.TTL, m.Ref = 0, "" },
		"single_202_settings": func(c *Client, m *otp.Message) {
			c.cfg.Priority = "urgent"
			m.Request = request(t, WithSender("Acme Shop"), WithLabel("login"))
		},
		"mtsms_200":         func(*Client, *otp.Message) {},
		"mtsms_200_details": func(*Client, *otp.Message) {},
		"mtsms_200_ucs2":    func(_ *Client, m *otp.Message) { m.Text = "代码 123456" },
		"mtsms_200_short":   func(_ *Client, m *otp.Message) { m.TTL = 30 * time.Second },
		"mtsms_200_minimal": func(c *Client, m *otp.Message) { c.cfg.Sender, m.TTL, m.Ref = "", 0, "" },
		"mtsms_200_settings": func(c *Client, m *otp.Message) {
			c.cfg.Priority, c.cfg.Class = "very_urgent", "secret"
			m.Request = request(t, WithLabel("login"))
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c, m := replayed(t, file), letter()
			change(c, &m)
			id, err := c.Deliver(t.Context(), m)
			require.NoError(t, err)
			assert.Contains(t, []string{"01AAAAAAAAAAAAAAAAAAAAAAAA", "421332671"}, id)
		})
	}
}

func request(t *testing.T, opts ...verify.SendOption) verify.SendRequest {
	req, err := verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}.SendRequest(recipient, opts...)
	require.NoError(t, err)
	return req
}

func TestPriorityIsSpelledAsEachAPIWantsIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		classic  bool
		priority string
		want     string
	}{
		"Messaging API":     {false, "urgent", "urgent"},
		"REST API":          {true, "very_urgent", "VERY_URGENT"},
		"REST API, its own": {true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Config{Token: "placeholder", Sender: "Acme", Classic: tc.classic, Priority: tc.priority}.withDefaults()
			require.NoError(t, err)
			var asked struct{ Priority string }
			require.NoError(t, json.Unmarshal(cfg.body(letter()), &asked))
			assert.Equal(t, tc.want, asked.Priority)
		})
	}
}

func TestExpiryIsWithinWhatTheVendorTakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ttl        time.Duration
		expiration string
		validity   int64
	}{
		"ten minutes":       {10 * time.Minute, "PT600S", 600},
		"not said":          {0, "", 0},
		"below zero":        {-time.Second, "", 0},
		"a moment":          {time.Millisecond, "PT1S", 60},
		"a second and more": {1999 * time.Millisecond, "PT1S", 60},
		"ninety and more":   {90*time.Second + 999*time.Millisecond, "PT90S", 90},
		"five days":         {5 * 24 * time.Hour, "PT432000S", 432000},
		"a year":            {365 * 24 * time.Hour, "PT432000S", 432000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.expiration, expiration(tc.ttl))
			assert.Equal(t, tc.validity, validity(tc.ttl))
		})
	}
}

var codeFile = regexp.MustCompile(`mtsms_[0-9]+_(0x[0-9A-F]{4})\.json$`)

func TestEveryListedCodeHasAnRecording(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mtsms_*.json")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		match := codeFile.FindStringSubmatch(file)
		if match == nil {
			continue
		}
		code, file := match[1], strings.TrimSuffix(filepath.Base(file), ".json")
		seen[code] = true
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plays := []string{file}
			if unprocessed[file] {
				plays = []string{file, file, file}
			}
			_, err := replayed(t, plays...).Deliver(t.Context(), letter())
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, code, e.VendorCode)
			if code != "0x0301" {
				assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
			}
		})
	}
	for code := range codes.All() {
		last, general := strings.CutPrefix(code, "..")
		switch {
		case general:
			assert.True(t, seen["0x03"+last], "the last byte %s is listed and has no recording", last)
		case isCode(code):
			assert.True(t, seen[code], "code %s is listed and has no recording", code)
		case code == "401" || code == "403": // without a code
			assert.FileExists(t, "testdata/single_"+code+".json")
		case code != "field":
			assert.FileExists(t, "testdata/single_422_"+code+".json", "the field is listed and has no recording")
		}
	}
}

// unprocessed are the refusals that the policy sends again at once.
var unprocessed = map[string]bool{
	"mtsms_401_0x0225": true, "mtsms_403_0x0305": true, "mtsms_403_0x0306": true, "mtsms_403_0x0309": true,
}

func TestDocumentedRefusals(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"single_401":                 verify.ErrUnauthorized,
		"single_403":                 verify.ErrUnauthorized,
		"single_403_0x0214":          verify.ErrTooManySends,
		"single_403_0x0215":          verify.ErrBlocked,
		"single_403_0x0216":          verify.ErrUnauthorized,
		"single_422_recipient":       verify.ErrInvalidRecipient,
		"single_422_sender":          verify.ErrRejected,
		"single_422_message":         verify.ErrRejected,
		"single_422_reference":       verify.ErrRejected,
		"single_422_expiration":      verify.ErrRejected,
		"single_422_priority":        verify.ErrRejected,
		"single_422_label":           verify.ErrRejected,
		"single_429_hour":            verify.ErrRateLimited,
		"single_500":                 verify.ErrOutcomeUnknown,
		"single_502_html":            verify.ErrOutcomeUnknown,
		"single_202_empty":           verify.ErrOutcomeUnknown,
		"single_202_twice":           verify.ErrOutcomeUnknown,
		"single_202_other_recipient": verify.ErrOutcomeUnknown,
		"single_202_truncated":       verify.ErrOutcomeUnknown,
		"single_307":                 verify.ErrOutcomeUnknown,
		"single_reply_lost":          verify.ErrOutcomeUnknown,
		"mtsms_500":                  verify.ErrOutcomeUnknown,
		"mtsms_200_empty":            verify.ErrOutcomeUnknown,
		"mtsms_200_html":             verify.ErrOutcomeUnknown,
		"mtsms_reply_lost":           verify.ErrOutcomeUnknown,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := replayed(t, file).Deliver(t.Context(), letter())
			assert.Equal(t, want, verify.OutcomeOf(err), "%v", err)
			assert.Empty(t, id)
		})
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, func(name string) bool { return codeFile.MatchString("testdata/" + name + ".json") })
}
