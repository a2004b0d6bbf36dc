package stress

import (
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/webhook/webhooktest"
)

// A said is one answer of a vendor's own, and what it means.
type said struct {
	status int
	body   string
	means  verify.Outcome
}

func (s said) step() step { return reply(s.status, s.body, "Content-Type", "application/json") }

// facts are what a vendor says to a call in its own words. What it cannot say is
// left out.
type facts struct {
	refused, account, blocked, gone, limited, no *said
	contradictions, unknown                      []string // bodies of class 2xx
}

func saying(f twiliotest.Fault, means verify.Outcome) *said {
	return &said{f.Status, f.Body, means}
}

// another is somebody whom no call of these tests is about.
const another = "+15017122661"

// vendorFacts are by kind and operation.
var vendorFacts = map[string]map[string]facts{
	"twilio": {
		"send": {
			refused: &said{400, `{"code":60200,"message":"Invalid parameter ` + "`To`" + `","status":400}`, verify.ErrInvalidRecipient},
			account: saying(twiliotest.Refusal(401, 20003), verify.ErrUnauthorized),
			blocked: saying(twiliotest.Refusal(403, 60410), verify.ErrBlocked),
			gone:    saying(twiliotest.Refusal(404, 20404), verify.ErrRejected),
			limited: saying(twiliotest.Refusal(429, 60203), verify.ErrTooManySends),
			contradictions: []string{
				`{"status":"pending","valid":false,"to":"` + another + `"}`,
				`{"status":"pending","service_sid":"VA00000000000000000000000000000009"}`,
			},
			unknown: []string{`{"status":true}`, `{"Status":"pending"}`},
		},
		"check": {
			refused: saying(twiliotest.Refusal(400, 60200), verify.ErrRejected),
			account: saying(twiliotest.Refusal(401, 20003), verify.ErrUnauthorized),
			blocked: saying(twiliotest.Refusal(403, 60410), verify.ErrBlocked),
			gone:    saying(twiliotest.Refusal(404, 20404), verify.ErrNotPending),
			limited: saying(twiliotest.Refusal(429, 60202), verify.ErrTooManyAttempts),
			no:      &said{200, `{"status":"pending","valid":false}`, verify.ErrMismatch},
			contradictions: []string{
				`{"status":"pending","valid":true}`, `{"status":"approved","valid":false}`,
				`{"status":"approved","valid":true,"to":"` + another + `"}`,
			},
			unknown: []string{`{"status":"approved","status":"pending","valid":true}`, `{"status":1,"valid":true}`},
		},
	},
	"bandwidth": {
		"send": {
			refused:        saying(bandwidthtest.Refusal(400), verify.ErrRejected),
			account:        saying(bandwidthtest.Refusal(403), verify.ErrUnauthorized),
			gone:           &said{404, `{"message":"Not Found"}`, verify.ErrRejected},
			contradictions: []string{`{"messageId":""}`},
			unknown:        []string{`{"messageid":"a"}`, `{"messageId":1}`, `{"messageId":"a","messageId":"b"}`},
		},
		"check": {
			refused:        saying(bandwidthtest.Refusal(400), verify.ErrRejected),
			account:        saying(bandwidthtest.Refusal(403), verify.ErrUnauthorized),
			gone:           &said{200, `{"valid":false}`, verify.ErrMismatch}, // one word for both
			limited:        saying(bandwidthtest.Refusal(429), verify.ErrTooManyAttempts),
			no:             &said{200, `{"valid":false}`, verify.ErrMismatch},
			contradictions: []string{`{"valid":true,"error":"no"}`},
			unknown:        []string{`{"valid":"true"}`, `{"Valid":true}`, `{"valid":true,"valid":false}`},
		},
	},
	"gatewayapi": {
		"send": {
			refused:        saying(gatewayapitest.Invalid("recipient"), verify.ErrInvalidRecipient),
			account:        saying(gatewayapitest.Refusal(403, ""), verify.ErrUnauthorized),
			blocked:        saying(gatewayapitest.Refusal(403, "0x0215"), verify.ErrBlocked),
			gone:           saying(gatewayapitest.Refusal(404, "0x0001"), verify.ErrRejected),
			limited:        saying(gatewayapitest.Refusal(403, "0x0214"), verify.ErrTooManySends),
			contradictions: []string{`{"msg_id":"01A","recipient":15017122661,"reference":null}`},
			unknown:        []string{`{"msg_id":1}`, `{"MSG_ID":"01A"}`},
		},
	},
	"twilio-sms": {
		"send": {
			refused: &said{400, `{"code":21211,"status":400}`, verify.ErrInvalidRecipient},
			account: &said{401, `{"code":20003,"status":401}`, verify.ErrUnauthorized},
			blocked: &said{400, `{"code":21610,"status":400}`, verify.ErrBlocked},
			unknown: []string{`{"sid":1}`, `{"SID":"SM00000000000000000000000000000000"}`},
		},
	},
	"webhook": {
		"send": {
			refused: saying(webhooktest.Refusal(422, "invalid_recipient"), verify.ErrInvalidRecipient),
			account: saying(webhooktest.Refusal(401, "unauthorized"), verify.ErrUnauthorized),
			blocked: saying(webhooktest.Refusal(403, "blocked"), verify.ErrBlocked),
			gone:    saying(webhooktest.Refusal(404, "Not Found"), verify.ErrRejected),
			limited: saying(webhooktest.Refusal(429, "too_many_sends"), verify.ErrTooManySends),
			no:      saying(webhooktest.Refusal(200, "rejected"), verify.ErrRejected),
			unknown: []string{`{"error":true}`, `{"error":"tired"}`, `{"error":"blocked","error":"rejected"}`},
		},
	},
	"aws-sms": {
		"send": {
			refused: &said{400, `{"__type":"ValidationException","Fields":[{"Name":"DestinationPhoneNumber"}]}`, verify.ErrInvalidRecipient},
			account: &said{400, `{"__type":"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_NOT_VERIFIED"}`, verify.ErrUnauthorized},
			blocked: &said{400, `{"__type":"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}`, verify.ErrBlocked},
			gone:    &said{400, `{"__type":"ResourceNotFoundException"}`, verify.ErrRejected},
			limited: &said{400, `{"__type":"ServiceQuotaExceededException","Reason":"DAILY_DESTINATION_CALL_LIMIT"}`, verify.ErrTooManySends},
			unknown: []string{`{"MessageId":true}`, `{"messageId":"a"}`, `{"MessageId":""}`},
		},
	},
	"aws-sns": {
		"send": {
			refused: &said{400, `<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber Reason: x</Message></Error></ErrorResponse>`, verify.ErrInvalidRecipient},
			account: &said{403, `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>`, verify.ErrUnauthorized},
			blocked: &said{400, `<ErrorResponse><Error><Code>OptedOut</Code></Error></ErrorResponse>`, verify.ErrBlocked},
			gone:    &said{404, `<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>`, verify.ErrRejected},
			unknown: []string{`<PublishResponse><MessageId>a</MessageId></PublishResponse>`, `<PublishResponse><PublishResult><MessageId>a</MessageId></PublishResult>`},
		},
	},
	"aws": {
		"send": {
			refused: &said{400, `{"__type":"ValidationException","fieldList":[{"path":"/destinationIdentity"}]}`, verify.ErrInvalidRecipient},
			account: &said{403, `{"__type":"AccessDeniedException"}`, verify.ErrUnauthorized},
			gone:    &said{404, `{"__type":"ResourceNotFoundException"}`, verify.ErrRejected},
			unknown: []string{`{"messageId":"a"}`, `{"messageId":1,"verificationId":2}`},
		},
		"check": {
			refused:        &said{400, `{"__type":"ValidationException","fieldList":[{"path":"/code"}]}`, verify.ErrRejected},
			account:        &said{403, `{"__type":"AccessDeniedException"}`, verify.ErrUnauthorized},
			no:             &said{200, `{"status":"INVALID"}`, verify.ErrMismatch},
			contradictions: []string{`{"status":"VALID","status":"INVALID"}`},
			unknown:        []string{`{"status":true}`, `{"Status":"VALID"}`, `{"status":"valid"}`},
		},
	},
	"authy": {
		"send": phoneFacts("send"), "check": phoneFacts("check"),
	},
	"authy users": {
		"send": usersFacts("send"), "check": usersFacts("check"),
	},
}

// authyFacts are those of both products.
func authyFacts(op string) facts {
	f := facts{
		refused: saying(authytest.Refusal(400, 60033), verify.ErrInvalidRecipient),
		account: saying(authytest.Refusal(401, 60001), verify.ErrUnauthorized),
		blocked: saying(authytest.Refusal(403, 60115), verify.ErrBlocked),
		limited: saying(authytest.Refusal(429, 60003), verify.ErrTooManySends),
		no:      &said{http.StatusOK, `{"success":false,"message":"x"}`, verify.ErrRejected},
		unknown: []string{`{"success":1}`, `{"Success":true}`, `{"success":true,"success":false}`},
	}
	if op == "check" {
		f.limited.means = verify.ErrTooManyAttempts
	}
	return f
}

func phoneFacts(op string) facts {
	f := authyFacts(op)
	f.contradictions = []string{`{"success":true,"success":true}`}
	if op == "check" {
		f.gone = saying(authytest.Refusal(404, 60023), verify.ErrNotPending)
		f.contradictions = []string{`{"success":true,"error_code":"60022"}`, `{"success":"true"}`}
	}
	return f
}

func usersFacts(op string) facts {
	f := authyFacts(op)
	f.contradictions = []string{`{"success":true,"message":"x"}`} // it names no phone
	if op == "check" {
		f.gone = saying(authytest.Refusal(404, 60026), verify.ErrNotPending)
		f.contradictions = []string{`{"success":"true","token":"is invalid"}`, `{"success":"false","token":"is valid"}`}
		f.no = &said{http.StatusOK, `{"success":"false","token":"is invalid"}`, verify.ErrMismatch}
	}
	return f
}
