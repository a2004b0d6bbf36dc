package twilio

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// acceptances says what each status of a new message means:
// https://www.twilio.com/docs/messaging/api/message-resource#message-status-values.
// The zero Outcome accepts. A message that is undelivered has left, and one that
// is scheduled may leave when its code is dead: they are not listed.
var acceptances = map[string]verify.Outcome{
	"accepted":  "",
	"queued":    "",
	"sending":   "",
	"sent":      "",
	"delivered": "",
	"failed":    verify.ErrRejected,
	"canceled":  verify.ErrRejected,
}

// messageRefusals says what each vendor code of Messaging means. Each stands at
// https://www.twilio.com/docs/api/errors/ and its number. What is not here means
// what it means to Verify.
var messageRefusals = map[string]driver.Failure{
	// The account and its credentials.
	"20008": {Outcome: verify.ErrUnauthorized, Detail: "test credentials do not work with this"},
	"20404": {Outcome: verify.ErrUnauthorized, Detail: "the account was not found: check AccountSID and the region"},
	"21607": {Outcome: verify.ErrUnauthorized, Detail: "a trial account sends from its trial number only"},
	"21660": {Outcome: verify.ErrUnauthorized, Detail: "From belongs to another account than the credentials"},
	"21701": {Outcome: verify.ErrUnauthorized, Detail: "the Messaging Service is not there, or of another account"},
	"30002": {Outcome: verify.ErrUnauthorized, Detail: "the account is suspended"},

	// The recipient.
	"21265": {Outcome: verify.ErrInvalidRecipient, Detail: "a short code takes no messages"},
	"21635": {Outcome: verify.ErrInvalidRecipient, Detail: "a landline takes no sms: offer a call"},

	// Limits.
	"21611": {Outcome: verify.ErrRateLimited, Detail: "too many messages of From are waiting"},
	"30001": {Outcome: verify.ErrRateLimited, Detail: "too many messages are waiting"},

	// Settings of the account or the call.
	"21212": {Outcome: verify.ErrRejected, Detail: "From is not valid"},
	"21266": {Outcome: verify.ErrRejected, Detail: "the recipient is From itself"},
	"21602": {Outcome: verify.ErrRejected, Detail: "the text is missing"},
	"21603": {Outcome: verify.ErrRejected, Detail: "nobody is said to send: set From or MessagingServiceSID"},
	"21604": {Outcome: verify.ErrRejected, Detail: "the recipient did not reach Twilio"},
	"21606": {Outcome: verify.ErrRejected, Detail: "From is not a sender of this account, or cannot reach this country by sms"},
	"21613": {Outcome: verify.ErrRejected, Detail: "From needs certification"},
	"21615": {Outcome: verify.ErrRejected, Detail: "From needs a local address"},
	"21616": {Outcome: verify.ErrRejected, Detail: "From matches several numbers of the account"},
	"21617": {Outcome: verify.ErrRejected, Detail: "the text is longer than 1600 characters"},
	"21618": {Outcome: verify.ErrRejected, Detail: "the text cannot be sent"},
	"21619": {Outcome: verify.ErrRejected, Detail: "the message could not be made"},
	"21659": {Outcome: verify.ErrRejected, Detail: "From is not a number of Twilio's, or a short code of another country"},
	"21661": {Outcome: verify.ErrRejected, Detail: "From cannot send sms"},
	"21703": {Outcome: verify.ErrRejected, Detail: "the Messaging Service has no sender for this recipient"},
	"21705": {Outcome: verify.ErrRejected, Detail: "MessagingServiceSID is not valid"},
	"30012": {Outcome: verify.ErrRejected, Detail: "the validity period is too short"},
	"30013": {Outcome: verify.ErrRejected, Detail: "the validity period is too long"},
}

// refusedMessage reads an error of Programmable Messaging's.
func refusedMessage(_ string, status int, body []byte) driver.Failure {
	code, ok := codeIn(body)
	if !ok {
		return driver.Failure{}
	}
	r, known := messageRefusals[code]
	if !known {
		r, known = refusals[code]
	}
	if !known {
		r = driver.Unlisted(status)
	}
	r.Code = code
	return r
}
