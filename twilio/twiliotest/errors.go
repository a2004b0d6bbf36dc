package twiliotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// A failure is an error in Twilio's shape.
type failure struct {
	Code     int    `json:"code"`
	Detail   string `json:"detail,omitempty"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`

	retryAfter time.Duration
}

// texts are Twilio's, as recorded or as its error dictionary has them.
var texts = map[int]string{
	20003: "Authenticate",
	20004: "Method not allowed",
	20404: "The requested resource was not found",
	20429: "Too many requests",
	20500: "Internal Server Error",
	20503: "Service unavailable",
	21211: "Invalid 'To' Phone Number",
	21212: "Invalid 'From' Phone Number",
	21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
	21602: "Message body is required",
	21603: "A 'From' phone number is required",
	21604: "A 'To' phone number is required",
	21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination/account",
	21610: "Attempt to send to unsubscribed recipient",
	21611: "This 'From' number has exceeded the maximum number of queued messages",
	21612: "Message cannot be sent with the current combination of 'To' and/or 'From' parameters",
	21614: "'To' number is not a valid mobile number",
	21617: "The concatenated message body exceeds the 1600 character limit",
	21705: "The Messaging Service Sid is invalid",
	30012: "TTL is too small",
	30013: "TTL is too big",
	60200: "Invalid parameter",
	60202: "Max check attempts reached",
	60203: "Max send attempts reached",
	60204: "Custom code not allowed",
	60205: "SMS is not supported by landline phone number",
	60206: "'Amount' & 'Payee' params are required",
	60212: "Too many concurrent requests for phone number",
	60214: "Call channel is not supported when using PSD2",
	60221: "No target verification specified",
	60223: "Delivery channel disabled",
	60329: "Verify SNA does not work with `psd2_enabled`",
	60408: "TemplateSid is only supported for the SMS channel",
	60410: "Verification delivery attempt blocked",
	60602: "App hash can only be used with SMS channel",
	60605: "Verification delivery attempt blocked",
}

func refusal(status, code int, message string) *failure {
	return &failure{
		Code:     code,
		Message:  message,
		MoreInfo: fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code),
		Status:   status,
	}
}

// invalid is 60200 in the wording of Twilio's answers, which quote the value.
func invalid(parameter, value string) *failure {
	return refusal(http.StatusBadRequest, 60200, fmt.Sprintf("Invalid parameter `%s`: %s", parameter, value))
}

func badRequest(code int) *failure {
	return refusal(http.StatusBadRequest, code, texts[code])
}

func tooMany(code int) *failure {
	return refusal(http.StatusTooManyRequests, code, texts[code])
}

func unauthorized(message string) *failure {
	f := refusal(http.StatusUnauthorized, 20003, message)
	f.Detail = "Your AccountSid or AuthToken was incorrect."
	return f
}

// notFound is also what becomes of a verification that is over.
func notFound(r *http.Request) *failure {
	return refusal(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

func (f *failure) headers(h http.Header) {
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
}

// String returns the body of the answer.
func (f *failure) String() string {
	b, _ := json.Marshal(f) // numbers and strings always encode
	return string(b)
}
