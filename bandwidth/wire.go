package bandwidth

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://dev.bandwidth.com/apis/mfa-apis/mfa/, and for a token
// https://dev.bandwidth.com/docs/account/credentials/migration.
const (
	messagingRoute = "/accounts/{account}/code/messaging"
	voiceRoute     = "/accounts/{account}/code/voice"
	verifyRoute    = "/accounts/{account}/code/verify"
	tokenPath      = "/api/v1/oauth2/token"
)

// defaultScope is what Bandwidth calls the empty scope.
const defaultScope = "2FA"

// errScope refuses a name that may be the empty scope's in disguise.
var errScope = errors.New("2FA is what Bandwidth calls the empty scope: choose another name")

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	message, err := c.messageFor(send)
	switch {
	case err != nil:
		return driver.Call{}, err
	case strings.EqualFold(send.Scope, defaultScope):
		return driver.Call{}, errScope
	}
	route, application, callbackURL := messagingRoute, c.cfg.SMSApplicationID, c.cfg.CallbackURL
	if send.Channel == verify.ChannelVoice {
		route, application, callbackURL = voiceRoute, c.cfg.VoiceApplicationID, "" // callbacks are of messages only
	}
	body, err := json.Marshal(struct {
		To            string `json:"to"`
		From          string `json:"from"`
		ApplicationID string `json:"applicationId"`
		Scope         string `json:"scope,omitempty"`
		Message       string `json:"message"`
		Digits        int    `json:"digits"`
		CallbackURL   string `json:"callbackUrl,omitempty"`
	}{send.To, c.cfg.From, application, send.Scope, message, send.Digits, callbackURL})
	return driver.Call{Route: route, Args: []string{c.cfg.AccountID}, JSON: body}, err
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

// readSend wants Bandwidth's reference: it says that the code was accepted.
func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	key, id := "messageId", ""
	if send.Channel == verify.ChannelVoice {
		key = "callId"
	}
	if err := driver.Scan(reply.Body, driver.Field{Key: key, To: &id, Need: true}); err != nil {
		return verify.Receipt{}, err
	}
	if id == "" {
		return verify.Receipt{}, errors.New("the answer's reference is empty")
	}
	return verify.Receipt{ID: driver.ReceiptID(id), ExpiresAt: reply.Began.Add(c.cfg.Expiry)}, nil
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	if strings.EqualFold(check.Scope, defaultScope) {
		return driver.Call{}, errScope
	}
	body, err := json.Marshal(struct {
		To      string `json:"to"`
		Scope   string `json:"scope,omitempty"`
		Minutes int    `json:"expirationTimeInMinutes"`
		Code    string `json:"code"`
	}{check.To, check.Scope, int(c.cfg.Expiry / time.Minute), check.Code})
	return driver.Call{Route: verifyRoute, Args: []string{c.cfg.AccountID}, JSON: body}, err
}

// readCheck wants valid to be there. Bandwidth names neither the recipient nor
// the scope.
func readCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var valid bool
	var problem []byte
	err := driver.Scan(reply.Body,
		driver.Field{Key: "valid", To: &valid, Need: true},
		driver.Field{Key: "error", To: &problem},
	)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case len(problem) > 0:
		return driver.Verdict{}, errors.New("the answer contradicts itself")
	case valid:
		return driver.Approved(""), nil
	}
	return driver.Denied(verify.ErrMismatch).WithDetail("Bandwidth answers a wrong, an old and an unknown code alike"), nil
}

// pause is how long Bandwidth checks no code of a number after too many wrong
// ones: https://dev.bandwidth.com/docs/mfa/errors.
const pause = 2 * time.Minute

// statuses says what each status means, since Bandwidth has no codes:
// https://dev.bandwidth.com/docs/mfa/errors.
var statuses = map[int]driver.Failure{
	http.StatusBadRequest:          {Outcome: verify.ErrRejected, Detail: "a field is not valid: check From and the channel's application id, else the number"},
	http.StatusUnauthorized:        {Outcome: verify.ErrUnauthorized, Detail: "the credentials are wrong or have no access to AccountID"},
	http.StatusForbidden:           {Outcome: verify.ErrUnauthorized, Detail: "the credentials are wrong, or MFA is not active for them, or BaseURL is wrong: Bandwidth answers all alike"},
	http.StatusNotFound:            {Outcome: verify.ErrRejected, Detail: "the call was not found: check BaseURL and AccountID"},
	http.StatusTooManyRequests:     {Outcome: verify.ErrRateLimited, Detail: "the account's messages or calls come too fast, or their queue is full"},
	http.StatusInternalServerError: {Outcome: verify.ErrOutcomeUnknown, Detail: "Bandwidth failed: a message may have left, unless the application id is unknown"},
}

// checkStatuses says what a status means to a check alone.
var checkStatuses = map[int]driver.Failure{
	http.StatusBadRequest:          {Outcome: verify.ErrRejected, Detail: "a field is not valid"},
	http.StatusTooManyRequests:     {Outcome: verify.ErrTooManyAttempts, Detail: "too many wrong codes of this number", RetryAfter: pause},
	http.StatusInternalServerError: {Outcome: verify.ErrOutcomeUnknown, Detail: "Bandwidth failed: the code may be spent"},
}

// readError reads an error by its status.
func readError(op string, status int, body []byte) driver.Failure {
	if !isError(body) {
		return driver.Failure{}
	}
	f, known := checkStatuses[status]
	if op != "check" || !known {
		f, known = statuses[status]
	}
	if !known {
		f = driver.Unlisted(status)
	}
	return f
}

// isError knows the shapes of Bandwidth's errors: {"error":"...","requestId":
// "..."}, {"message":"..."}, {"Message":"..."}, and {"result":"..."} of old. What
// they say is never read: it may quote the recipient.
func isError(body []byte) bool {
	var texts [4][]byte
	err := driver.Scan(body,
		driver.Field{Key: "error", To: &texts[0]},
		driver.Field{Key: "message", To: &texts[1]},
		driver.Field{Key: "Message", To: &texts[2]},
		driver.Field{Key: "result", To: &texts[3]},
	)
	return err == nil && slices.ContainsFunc(texts[:], func(text []byte) bool { return text != nil })
}
