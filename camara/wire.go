package camara

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://github.com/camaraproject/OTPValidation,
// code/API_definitions/one-time-password-sms.yaml of r3.2.
const (
	sendRoute  = "send-code"
	checkRoute = "validate-code"

	// correlatorHeader is sent with each request, and comes back with each answer.
	correlatorHeader = "X-Correlator"
)

func (c *Client) route(operation string) string {
	return "/one-time-password-sms/" + c.cfg.Version + "/" + operation
}

// correlatorOf names a check. It is the same for the same check, so that the answer can
// be held against it, and nobody can make it, or read a code in it, without our secret.
func (c *Client) correlatorOf(check driver.Check) string {
	h := hex.EncodeToString(driver.MAC(c.secret, "check "+check.Reference+" "+check.Code)[:16])
	return "verify-" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// correlator names any other request.
func correlator() string { return "verify-" + driver.RandomID() }

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	message, err := c.messageFor(send)
	if err != nil {
		return driver.Call{}, err
	}
	body, err := json.Marshal(struct {
		PhoneNumber string `json:"phoneNumber"`
		Message     string `json:"message"`
	}{send.To, message})
	header := map[string]string{correlatorHeader: correlator()}
	return driver.Call{Route: c.route(sendRoute), JSON: body, Header: header}, err
}

// messageFor returns the message of one Send, or says why it cannot be sent.
func (c *Client) messageFor(send driver.Send) (string, error) {
	messages := verify.VendorOptions[messageOption](send.SendRequest, vendor)
	switch {
	case len(messages) == 0:
		return c.cfg.Message, nil
	case len(messages) > 1:
		return "", errors.New("a message is given once")
	case !isMessage(string(messages[0])):
		return "", errors.New("a message " + messageRule)
	}
	return string(messages[0]), nil
}

func (c *Client) readSend(_ driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id string
	if err := driver.Scan(reply.Body, driver.Field{Key: "authenticationId", To: &id, Need: true}); err != nil {
		return verify.Receipt{}, err
	}
	if !driver.IsID(id, maxID) {
		return verify.Receipt{}, errors.New("the answer's authenticationId is none, without which the code cannot be checked")
	}
	return verify.Receipt{ID: id, ExpiresAt: reply.Began.Add(c.cfg.Expiry)}, nil
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		ID   string `json:"authenticationId"`
		Code string `json:"code"`
	}{check.Reference, check.Code})
	header := map[string]string{correlatorHeader: c.correlatorOf(check)}
	return driver.Call{Route: c.route(checkRoute), JSON: body, Header: header}, err
}

// readCheck knows one yes: 204, which has no body and names nobody. The reference says
// whose code it is, and the correlator that it is the answer to our question.
func (c *Client) readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	switch {
	case reply.Status != http.StatusNoContent || len(reply.Body) > 0:
		return driver.Verdict{}, errors.New("the answer is neither 204 nor an error")
	case reply.RequestID != c.correlatorOf(check):
		return driver.Verdict{}, errors.New(withoutCorrelator)
	}
	return driver.Approved(""), nil
}

const withoutCorrelator = "the answer does not carry the x-correlator of our request: does a proxy answer for the operator, or strip it"

const notFound = "NOT_FOUND"

// codes are those of the API, and of the list that all APIs of CAMARA share:
// https://github.com/camaraproject/OTPValidation, code/common/CAMARA_common.yaml.
var codes = driver.Codes{Text: `
ONE_TIME_PASSWORD_SMS.INVALID_OTP mismatch the code is wrong
ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED too_many_attempts the operator counts no further attempt
ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED not_pending the code is too old, was used, or a newer one was sent
ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED too_many_sends the operator sends this number no more codes for now
ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED invalid_recipient the operator says that the number cannot receive text messages
ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED blocked the operator bars text messages to the number
INVALID_ARGUMENT rejected the operator refused the request: it may allow fewer characters in Message
OUT_OF_RANGE rejected the operator refused the request: it may allow fewer characters in Message
UNAUTHENTICATED unauthorized the operator refused the access token
PERMISSION_DENIED unauthorized the access token lacks the scope of the API: check TokenScope and the contract
TOO_MANY_REQUESTS rate_limited requests come faster than the operator allows
QUOTA_EXCEEDED rate_limited the quota of the contract is used up
SERVICE_NOT_APPLICABLE invalid_recipient the operator does not offer the service for the number
`}

// readError reads {"status":400,"code":"...","message":"..."}. A code that is not listed
// means what its status means.
func readError(op string, status int, body []byte) driver.Failure {
	var told, code string
	if driver.Scan(body, driver.Field{Key: "status", To: &told, Need: true, Number: true},
		driver.Field{Key: "code", To: &code, Need: true}) != nil || told != strconv.Itoa(status) {
		return driver.Failure{}
	}
	f, known := codes.Find(code)
	switch isUnknown := code == notFound || code == "IDENTIFIER_NOT_FOUND"; {
	case status >= http.StatusInternalServerError || !isUnknown && (!known || belongsElsewhere(op, f.Outcome)):
		f = driver.Unlisted(status)
	case isUnknown && op == "check":
		f = driver.Failure{Outcome: verify.ErrNotPending}
	case isUnknown && op == "send":
		f = driver.Failure{Outcome: verify.ErrInvalidRecipient, Elsewhere: true, Detail: "the number is not one of this operator, or APIRoot and Version are wrong: Probe tells"}
	case isUnknown:
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "the operator does not know this address: check APIRoot and Version"}
	}
	f.Code = code
	return f
}

// belongsElsewhere knows the answers to a check that make no sense for a send, and those
// to a send that make none for anything else.
func belongsElsewhere(op string, outcome verify.Outcome) bool {
	switch outcome {
	case verify.ErrMismatch, verify.ErrTooManyAttempts, verify.ErrNotPending:
		return op != "check"
	case verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrBlocked:
		return op != "send"
	}
	return false
}
