package awsverify

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recipient = "+15005550006"
	reference = "00000000000000000000000000000001"
	sender    = "+15017122661"
	written   = "123456 is your code."
	sentID    = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
)

func account() Account {
	return Account{Region: "eu-central-1", AccessKeyID: "AKIDplaceholder", SecretAccessKey: "placeholder"}
}

// letter is the message of most recordings.
func letter() otp.Message {
	return otp.Message{To: recipient, Channel: verify.ChannelSMS, Text: written, TTL: 10 * time.Minute, Ref: reference}
}

// played returns a transport that plays these recordings.
func played(t *testing.T, files ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(files...)...)
}

func overSMS(t *testing.T, client *http.Client, change ...func(*SMSConfig)) *SMS {
	cfg := SMSConfig{Account: account(), From: sender, VoiceFrom: "phone-a1b2c3d4", HTTPClient: client}
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewSMS(cfg)
	require.NoError(t, err)
	return c
}

func overSNS(t *testing.T, client *http.Client, change ...func(*SNSConfig)) *SNS {
	cfg := SNSConfig{Account: account(), HTTPClient: client}
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewSNS(cfg)
	require.NoError(t, err)
	return c
}

func TestDocumentedAcceptancesOfAText(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*SMSConfig, *otp.Message){
		"text_200": func(*SMSConfig, *otp.Message) {},
		"text_200_settings": func(cfg *SMSConfig, _ *otp.Message) {
			cfg.ConfigurationSet, cfg.ProtectConfiguration, cfg.MaxPrice = "codes", "protect-a1b2c3d4", "0.10"
			cfg.INEntityID, cfg.INTemplateID = "1101456324675322", "1107161513287163"
		},
		"text_200_minimal": func(cfg *SMSConfig, m *otp.Message) { cfg.From, m.TTL, m.Ref = "", 0, "" },
		"voice_200": func(cfg *SMSConfig, m *otp.Message) {
			cfg.Voice, cfg.MaxPrice = "NAJA", "0.10"
			m.Channel, m.Text = verify.ChannelVoice, "1, 2, 3, 4, 5, 6 is your code."
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			m := letter()
			c := overSMS(t, played(t, file).Client(), func(cfg *SMSConfig) { change(cfg, &m) })
			id, err := c.Deliver(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, sentID, id)
		})
	}
}

func TestDocumentedRefusalsOfAText(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		outcome verify.Outcome
		code    string
	}{
		"text_400_opted_out":           {verify.ErrBlocked, "DESTINATION_PHONE_NUMBER_OPTED_OUT"},
		"text_400_country_blocked":     {verify.ErrBlocked, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"},
		"text_400_number_blocked":      {verify.ErrBlocked, "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"},
		"text_400_country_not_enabled": {verify.ErrBlocked, "COUNTRY_NOT_ENABLED"},
		"text_400_sandbox":             {verify.ErrUnauthorized, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"},
		"text_400_spend_limit":         {verify.ErrUnauthorized, "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"},
		"text_400_denied":              {verify.ErrUnauthorized, "ACCOUNT_DISABLED"},
		"text_400_permission":          {verify.ErrUnauthorized, "AccessDeniedException"},
		"text_400_signature":           {verify.ErrUnauthorized, "UnrecognizedClientException"},
		"text_400_number":              {verify.ErrInvalidRecipient, "FIELD_VALIDATION_FAILED"},
		"text_400_from":                {verify.ErrRejected, "FIELD_VALIDATION_FAILED"},
		"text_400_price":               {verify.ErrRejected, "PRICE_OVER_THRESHOLD"},
		"text_400_nobody_sends":        {verify.ErrRejected, "NO_ORIGINATION_IDENTITIES_FOUND"},
		"text_400_not_found":           {verify.ErrRejected, "ResourceNotFoundException"},
		"text_400_unlisted":            {verify.ErrRejected, "A_REASON_OF_TOMORROW"},
		"text_400_calls":               {verify.ErrTooManySends, "DAILY_DESTINATION_CALL_LIMIT"},
		"text_429_hour":                {verify.ErrRateLimited, "ThrottlingException"},
		"text_500":                     {verify.ErrOutcomeUnknown, "InternalServerException"},
		"text_502_html":                {verify.ErrOutcomeUnknown, ""},
		"text_403_html":                {verify.ErrRejected, ""},
		"text_200_empty":               {verify.ErrOutcomeUnknown, ""},
		"text_200_twice":               {verify.ErrOutcomeUnknown, ""},
		"text_200_number":              {verify.ErrOutcomeUnknown, ""},
		"text_200_truncated":           {verify.ErrOutcomeUnknown, ""},
		"text_307":                     {verify.ErrOutcomeUnknown, ""},
		"text_reply_lost":              {verify.ErrOutcomeUnknown, ""},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := overSMS(t, played(t, file).Client()).Deliver(t.Context(), letter())
			assert.Empty(t, id)
			refused(t, err, want.outcome, want.code)
		})
	}
}

// refused asserts an error after one request, with the vendor's word.
func refused(t *testing.T, err error, want verify.Outcome, code string) {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, want, e.Outcome, "%v", err)
	assert.Equal(t, code, e.VendorCode)
	assert.Equal(t, 1, e.Requests)
}

// A throttle says that nothing was done, so that it is repeated within the call.
func TestAThrottleIsRepeated(t *testing.T) {
	t.Parallel()
	id, err := overSMS(t, played(t, "text_400_throttled", "text_200").Client()).Deliver(t.Context(), letter())
	require.NoError(t, err)
	assert.Equal(t, sentID, id)
	_, err = overSNS(t, played(t, "publish_429", "publish_400_throttling", "publish_200").Client()).Deliver(t.Context(), letter())
	require.NoError(t, err)
	_, err = overNotify(t, played(t, "code_429", "code_200").Client()).Send(t.Context(), recipient)
	require.NoError(t, err)
}

func TestDocumentedAcceptancesOfSNS(t *testing.T) {
	t.Parallel()
	for file, change := range map[string]func(*SNSConfig){
		"publish_200": func(*SNSConfig) {},
		"publish_200_settings": func(cfg *SNSConfig) {
			cfg.SenderID, cfg.From, cfg.MaxPrice = "Acme", sender, "0.10"
			cfg.INEntityID, cfg.INTemplateID = "1101456324675322", "1107161513287163"
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := overSNS(t, played(t, file).Client(), change).Deliver(t.Context(), letter())
			require.NoError(t, err)
			assert.Equal(t, sentID, id)
		})
	}
}

func TestDocumentedRefusalsOfSNS(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		outcome verify.Outcome
		code    string
	}{
		"publish_400_number":        {verify.ErrInvalidRecipient, "InvalidParameter"},
		"publish_400_parameter":     {verify.ErrRejected, "InvalidParameter"},
		"publish_400_opted_out":     {verify.ErrBlocked, "OptedOut"},
		"publish_403_authorization": {verify.ErrUnauthorized, "AuthorizationError"},
		"publish_403_key":           {verify.ErrUnauthorized, "InvalidClientTokenId"},
		"publish_403_signature":     {verify.ErrUnauthorized, "SignatureDoesNotMatch"},
		"publish_403_unlisted":      {verify.ErrRejected, "CodeOfTomorrow"},
		"publish_429_hour":          {verify.ErrRateLimited, "Throttled"},
		"publish_500":               {verify.ErrOutcomeUnknown, "InternalError"},
		"publish_503":               {verify.ErrOutcomeUnknown, "ServiceUnavailable"},
		"publish_502_html":          {verify.ErrOutcomeUnknown, ""},
		"publish_200_empty":         {verify.ErrOutcomeUnknown, ""},
		"publish_200_html":          {verify.ErrOutcomeUnknown, ""},
		"publish_200_no_id":         {verify.ErrOutcomeUnknown, ""},
		"publish_200_half":          {verify.ErrOutcomeUnknown, ""},
		"publish_200_twice":         {verify.ErrOutcomeUnknown, ""},
		"publish_200_two":           {verify.ErrOutcomeUnknown, ""},
		"publish_200_elsewhere":     {verify.ErrOutcomeUnknown, ""},
		"publish_200_doctype":       {verify.ErrOutcomeUnknown, ""},
		"publish_200_tail":          {verify.ErrOutcomeUnknown, ""},
		"publish_200_json":          {verify.ErrOutcomeUnknown, ""},
		"publish_200_truncated":     {verify.ErrOutcomeUnknown, ""},
		"publish_307":               {verify.ErrOutcomeUnknown, ""},
		"publish_reply_lost":        {verify.ErrOutcomeUnknown, ""},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			id, err := overSNS(t, played(t, file).Client()).Deliver(t.Context(), letter())
			assert.Empty(t, id)
			refused(t, err, want.outcome, want.code)
		})
	}
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{
		"text_probe_400":     "",
		"text_probe_denied":  verify.ErrUnauthorized,
		"text_probe_200":     verify.ErrOutcomeUnknown,
		"publish_probe_400":  "",
		"publish_probe_403":  verify.ErrUnauthorized,
		"validate_probe_400": "",
		"validate_probe_403": verify.ErrUnauthorized,
	} {
		client := played(t, file).Client()
		probers := map[string]verify.Prober{"text": overSMS(t, client), "publish": overSNS(t, client), "validate": overNotify(t, client)}
		kind, _, _ := strings.Cut(file, "_")
		assert.Equal(t, want, verify.OutcomeOf(probers[kind].Probe(t.Context())), file)
	}
}

func TestEveryRecordingIsNamedByATest(t *testing.T) {
	t.Parallel()
	fixture.EachIsNamed(t, nil)
}

// Each word is read by its name or its reason, and says what an operator can do. A server's
// fault is unknown whatever it is called, but for a throttle.
func TestEveryListedWordIsRead(t *testing.T) {
	t.Parallel()
	require.Len(t, codes.All(), 79)
	for word, listed := range codes.All() {
		for name, read := range map[string]func(status int) driver.Failure{
			"a name": func(status int) driver.Failure {
				return readJSONError(status, nil, []byte(`{"__type":"x.y#`+word+`:z"}`))
			},
			"a header": func(status int) driver.Failure {
				return readJSONError(status, http.Header{"X-Amzn-Errortype": {word + ":http://x"}}, []byte(`{}`))
			},
			"a reason": func(status int) driver.Failure {
				return readJSONError(status, nil, []byte(`{"__type":"x","Reason":"`+word+`"}`))
			},
			"XML": func(status int) driver.Failure {
				return readXMLError(status, nil, []byte(`<ErrorResponse><Error><Code>`+word+`</Code></Error></ErrorResponse>`))
			},
		} {
			f := read(http.StatusBadRequest)
			assert.Equal(t, listed.Outcome, f.Outcome, "%s as %s", word, name)
			assert.Equal(t, word, f.Code, name)
			assert.NotEmpty(t, f.Detail, "%s as %s", word, name)
			want := verify.ErrOutcomeUnknown
			if listed.Outcome == verify.ErrRateLimited {
				want = verify.ErrRateLimited
			}
			assert.Equal(t, want, read(http.StatusServiceUnavailable).Outcome, "%s as %s", word, name)
		}
	}
	assert.Zero(t, readJSONError(400, nil, []byte(`{"message":"x"}`)), "AWS names every error")
	assert.Zero(t, readXMLError(400, nil, []byte(`<ErrorResponse><Error/></ErrorResponse>`)))
}
