package awsverify

import (
	"context"
	"io"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func emulatedAccount() Account {
	return Account{Region: awsverifytest.Region, AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey}
}

// A product is one of the two messengers.
type product struct {
	emulated func(t *testing.T, url string) otp.Messenger
	over     func(t *testing.T, client *http.Client) otp.Messenger
	faults   map[verifytest.Fault]awsverifytest.Fault
	prefix   string // of its recordings
	scripts  map[string][]string
}

var products = map[string]product{
	"SMS": {
		emulated: func(t *testing.T, url string) otp.Messenger {
			c, err := NewSMS(SMSConfig{Account: emulatedAccount(), From: sender, VoiceFrom: sender, BaseURL: url})
			require.NoError(t, err)
			return c
		},
		over: func(t *testing.T, client *http.Client) otp.Messenger {
			return overSMS(t, client, func(cfg *SMSConfig) { cfg.VoiceFrom = "" })
		},
		faults: smsFaults, prefix: "text",
		scripts: map[string][]string{
			"send_too_many": {"text_400_calls"}, "send_blocked": {"text_400_opted_out"},
			"send_refused_recipient": {"text_400_number"}, "bad_credentials": {"text_400_signature"},
			"send_rate_limited": {"text_400_throttled", "text_400_throttled", "text_400_throttled"},
		},
	},
	"SNS": {
		emulated: func(t *testing.T, url string) otp.Messenger {
			c, err := NewSNS(SNSConfig{Account: emulatedAccount(), BaseURL: url})
			require.NoError(t, err)
			return c
		},
		over:   func(t *testing.T, client *http.Client) otp.Messenger { return overSNS(t, client) },
		faults: snsFaults, prefix: "publish",
		scripts: map[string][]string{
			"send_too_many": {}, "send_blocked": {"publish_400_opted_out"}, // the first is not documented
			"send_refused_recipient": {"publish_400_number"}, "bad_credentials": {"publish_403_signature"},
			"send_rate_limited": {"publish_429", "publish_429", "publish_429"},
		},
	},
}

// smsFaults are what AWS shows for each. A messenger checks no codes, so those of a check
// are the engine's own.
var smsFaults = with(lost, map[verifytest.Fault]awsverifytest.Fault{
	verifytest.FaultRateLimited:          awsverifytest.Refusal(400, "ThrottlingException", ""),
	verifytest.FaultRateLimitedForAnHour: hour(awsverifytest.Refusal(429, "ThrottlingException", "")),
	verifytest.FaultTooManySends:         awsverifytest.Refusal(400, "ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT"),
	verifytest.FaultBlocked:              awsverifytest.Refusal(400, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
	verifytest.FaultRefusedRecipient:     {Status: 400, Body: `{"__type":"ValidationException","Fields":[{"Name":"DestinationPhoneNumber"}]}`},
	verifytest.FaultBadCredentials:       awsverifytest.Refusal(400, "UnrecognizedClientException", ""),
	verifytest.FaultServerError:          effect(awsverifytest.Refusal(500, "InternalServerException", "")),
})

var snsFaults = with(lost, map[verifytest.Fault]awsverifytest.Fault{
	verifytest.FaultRateLimited:          awsverifytest.SNSRefusal(429, "Throttled"),
	verifytest.FaultRateLimitedForAnHour: hour(awsverifytest.SNSRefusal(429, "Throttled")),
	verifytest.FaultBlocked:              awsverifytest.SNSRefusal(400, "OptedOut"),
	verifytest.FaultRefusedRecipient:     {Status: 400, Body: `<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber Reason: x</Message></Error></ErrorResponse>`},
	verifytest.FaultBadCredentials:       awsverifytest.SNSRefusal(403, "SignatureDoesNotMatch"),
	verifytest.FaultServerError:          effect(awsverifytest.SNSRefusal(500, "InternalError")),
})

// lost are the faults after which a message may leave, whatever the product.
var lost = map[verifytest.Fault]awsverifytest.Fault{
	verifytest.FaultBadGateway:  {Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:   {Break: awsverifytest.Close, Effect: true},
	verifytest.FaultTimeout:     {Delay: time.Hour},
	verifytest.FaultTruncated:   {Break: awsverifytest.Truncate},
	verifytest.FaultUnknownBody: {Status: 200, Effect: true, Body: `{"status":"ok"}`},
	verifytest.FaultRedirected:  {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
}

func with(maps ...map[verifytest.Fault]awsverifytest.Fault) map[verifytest.Fault]awsverifytest.Fault {
	all := map[verifytest.Fault]awsverifytest.Fault{}
	for _, m := range maps {
		for f, fault := range m {
			all[f] = fault
		}
	}
	return all
}

func hour(f awsverifytest.Fault) awsverifytest.Fault {
	f.Header = f.Header.Clone()
	f.Header.Set("Retry-After", "3600")
	return f
}

func effect(f awsverifytest.Fault) awsverifytest.Fault {
	f.Effect = true
	return f
}

func on(operation string, f awsverifytest.Fault) awsverifytest.Fault {
	f.On = operation
	return f
}

func TestMessengersOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, p := range products {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
				srv := awsverifytest.NewServer(t)
				client := p.emulated(t, srv.URL)
				t.Cleanup(func() { assert.NoError(t, client.(io.Closer).Close()) })
				return verifytest.MessengerTarget{
					Messenger: client, Arrived: srv.LastText, Effects: srv.Effects,
					Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client.(io.Closer), p.faults, f) },
					Secrets: []string{awsverifytest.SecretAccessKey},
				}
			})
		})
	}
}

// recorded writes what the recordings were made with.
type recorded struct{ otp.Messenger }

func (r recorded) Deliver(ctx context.Context, m otp.Message) (string, error) {
	m.Text, m.Ref = written, reference
	return r.Messenger.Deliver(ctx, m)
}

// scripts are the recordings of the scenarios that make other requests than one
// healthy Send, or none. What begins with an underscore begins with the product's prefix.
var scripts = map[string][]string{
	"send_bad_recipient":            {},
	"send_unsupported_channel":      {},
	"send_unsupported_digits":       {},
	"send_unsupported_scope":        {},
	"canceled_before":               {},
	"check_never_sent":              {},
	"check_malformed":               {},
	"idempotency_key_malformed":     {},
	"check_bad_recipient":           {},
	"cancel_nothing":                {},
	"capabilities_honest":           {},
	"capabilities_channel_voice":    {},
	"capabilities_channel_whatsapp": {},
	"capabilities_channel_email":    {},
	"capabilities_digits_4":         {},
	"capabilities_digits_5":         {},
	"check_expired":                 {},
	"send_unreachable":              {"_refused", "_refused", "_refused"},
	"send_rate_limited_for_an_hour": {"_429_hour"},
	"send_server_error":             {"_500"},
	"send_bad_gateway":              {"_502_html"},
	"send_reply_lost":               {"_reply_lost"},
	"send_timeout":                  {"_hang"},
	"send_truncated":                {"_200_truncated"},
	"send_unknown_body":             {"_200_empty"},
	"send_redirected":               {"_307"},
	"concurrent_sends_and_checks":   {"_200", "_200_other"},
}

// Of these no test has the whole name: "text_refused", "text_hang", "publish_refused",
// "publish_hang", "text_200_other", "publish_200_other".
func (p product) script(scenario string) []string {
	files, own := p.scripts[scenario]
	if !own {
		var scripted bool
		if files, scripted = scripts[scenario]; !scripted {
			files = []string{"_200"}
		}
	}
	all := make([]string, len(files))
	for i, file := range files {
		if all[i] = file; file[0] == '_' {
			all[i] = p.prefix + file
		}
	}
	return all
}

func TestMessengersOverRecordings(t *testing.T) {
	t.Parallel()
	for name, p := range products {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
				vendor := played(t, p.script(path.Base(t.Name()))...)
				return verifytest.MessengerTarget{
					Messenger: recorded{p.over(t, vendor.Client())},
					Effects:   func() int { return vendor.Requests(http.MethodPost, "/") },
					Fault: func(f verifytest.Fault) bool {
						_, known := p.faults[f]
						return known || f == verifytest.FaultUnreachable
					},
					Secrets: []string{"placeholder"},
				}
			})
		})
	}
}
