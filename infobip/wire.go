package infobip

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://www.infobip.com/docs/api/platform/2fa.
const (
	smsRoute         = "/2fa/2/pin"
	voiceRoute       = "/2fa/2/pin/voice"
	checkRoute       = "/2fa/2/pin/{pin}/verify"
	applicationRoute = "/2fa/2/applications/{application}"
)

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	application := c.applications[send.Scope]
	body, err := json.Marshal(struct {
		Application string `json:"applicationId"`
		Template    string `json:"messageId"`
		To          string `json:"to"`
	}{application.ID, application.template(send.Channel), strings.TrimPrefix(send.To, "+")})
	route := smsRoute
	if send.Channel == verify.ChannelVoice {
		route = voiceRoute
	}
	return driver.Call{Route: route, JSON: body}, err
}

// readSend wants a code for this recipient that was sent: an answer of 200 may also
// say that it was not.
func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id, to, sms, call, lookup string
	err := driver.Scan(reply.Body,
		driver.Field{Key: "pinId", To: &id}, driver.Field{Key: "to", To: &to, Need: true},
		driver.Field{Key: "smsStatus", To: &sms}, driver.Field{Key: "callStatus", To: &call},
		driver.Field{Key: "ncStatus", To: &lookup},
	)
	status, sent := sms, "MESSAGE_SENT"
	if send.Channel == verify.ChannelVoice {
		status, sent = call, "PENDING_ACCEPTED"
	}
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case !driver.IsSubject(to, send.To):
		return verify.Receipt{}, errors.New("the answer speaks of another recipient")
	case send.Channel == verify.ChannelSMS && status == "MESSAGE_NOT_SENT":
		return verify.Receipt{}, notSent(lookup)
	case status != sent:
		return verify.Receipt{}, errors.New("the answer does not say whether the message was sent")
	case !driver.IsID(id, maxID):
		return verify.Receipt{}, errors.New("the answer's pinId is none, without which the code cannot be checked")
	}
	return verify.Receipt{ID: id, ExpiresAt: reply.Began.Add(c.expiry)}, nil
}

// notSent is the no in an answer of 200, by what the lookup of the number found.
func notSent(lookup string) error {
	if lookup == "NC_DESTINATION_NOT_REACHABLE" || lookup == "NC_NOT_REACHABLE" {
		return driver.Failure{Outcome: verify.ErrInvalidRecipient, Code: lookup, Detail: "Infobip's number lookup says that the number is not reachable"}
	}
	return driver.Failure{Outcome: verify.ErrRejected, Code: lookup, Detail: "Infobip sent no message: check Number Lookup of the account"}
}

func newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		PIN string `json:"pin"`
	}{check.Code})
	return driver.Call{Route: checkRoute, Args: []string{check.Reference}, JSON: body}, err
}

// readCheck believes nothing that is said of another recipient or code. The words of
// pinError are not documented: these three are what clients of others read.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var verified *bool
	var id, to, problem string
	var left json.RawMessage
	err := driver.Scan(reply.Body,
		driver.Field{Key: "verified", To: &verified, Need: true}, driver.Field{Key: "msisdn", To: &to, Need: true},
		driver.Field{Key: "pinId", To: &id, Need: true}, driver.Field{Key: "pinError", To: &problem},
		driver.Field{Key: "attemptsRemaining", To: &left},
	)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case !driver.IsSubject(to, check.To) || id != check.Reference:
		return driver.Verdict{}, errors.New("the answer speaks of another recipient or code")
	case *verified && problem == "":
		return driver.Approved(to), nil
	case *verified:
		return driver.Verdict{}, errors.New("the answer is a yes with an error")
	}
	verdict := driver.Denied(denials[problem]).WithCode(problem)
	if n, err := strconv.Atoi(string(left)); err == nil && problem == "WRONG_PIN" {
		verdict = verdict.WithAttemptsLeft(n)
	}
	return verdict, nil
}

var denials = map[string]verify.Outcome{
	"WRONG_PIN":            verify.ErrMismatch,
	"TTL_EXPIRED":          verify.ErrNotPending,
	"NO_MORE_PIN_ATTEMPTS": verify.ErrTooManyAttempts,
}

// Probe reads each application, which takes an API key with the scope 2fa:manage, and
// says which of its settings are less strict than they should be. Whether a template
// delivers only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.ProbeScopes(ctx, driver.ScopeProbe{
		Noun: "application", Scopes: slices.Collect(maps.Keys(c.applications)), NotFound: codeNotFound, Hint: "check its ID",
		Call: func(scope string) driver.Call {
			return driver.Call{Route: applicationRoute, Args: []string{c.applications[scope].ID}}
		},
		ID: []string{"applicationId"}, Differences: differences,
	})
}

// differences says what is wrong with an application. What it leaves out has
// Infobip's default: 15m and true.
func differences(_ string, body []byte) (found []string, err error) {
	var enabled *bool
	var configuration json.RawMessage
	if err := driver.Scan(body, driver.Field{Key: "enabled", To: &enabled}, driver.Field{Key: "configuration", To: &configuration}); err != nil {
		return nil, err
	}
	life, again := "15m", true
	if configuration != nil {
		var text string
		var multiple *bool
		if err := driver.Scan(configuration, driver.Field{Key: "pinTimeToLive", To: &text},
			driver.Field{Key: "allowMultiplePinVerifications", To: &multiple}); err != nil {
			return nil, err
		}
		if text != "" {
			life = text
		}
		again = multiple == nil || *multiple
	}
	if enabled != nil && !*enabled {
		found = append(found, "is not enabled")
	}
	switch ttl, ok := duration(life); {
	case !ok:
		return nil, errors.New("the answer's pinTimeToLive cannot be read")
	case ttl > maxExpiry:
		found = append(found, "lets a code live for more than 10 minutes: set its pinTimeToLive to 10m")
	}
	if again {
		found = append(found, "accepts a code again: set its allowMultiplePinVerifications to false")
	}
	return found, nil
}

// units are those of a pinTimeToLive.
var units = []struct {
	name string
	unit time.Duration
}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}}

// duration reads "10m". The number may be left out, and is then 1.
func duration(text string) (time.Duration, bool) {
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		if number == "" {
			return u.unit, true
		}
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n <= int(366*24*time.Hour/u.unit) {
			return time.Duration(n) * u.unit, true
		}
	}
	return 0, false
}

const codeNotFound = "NOT_FOUND"

// codes are the API's general ones. Which ones 2FA answers beyond its limits is not
// documented.
var codes = driver.Codes{Text: `
UNAUTHORIZED unauthorized the API key is wrong
FORBIDDEN unauthorized the API key lacks the scope 2fa:pin:send, or 2fa:manage for a probe
NOT_FOUND rejected the application or its template was not found: check their ids
check:NOT_FOUND not_pending
TOO_MANY_REQUESTS rate_limited requests come faster than Infobip allows
BAD_REQUEST rejected Infobip could not read the request: check the recipient, the application and the template
GENERAL_ERROR outcome_unknown Infobip failed
`}

// readError reads {"requestError":{"serviceException":{"messageId":"...","text":"..."}}}.
// A messageId that is not listed means what its status means.
func readError(op string, status int, body []byte) driver.Failure {
	var code string
	if driver.ScanAt(body, []string{"requestError", "serviceException"}, driver.Field{Key: "messageId", To: &code, Need: true}) != nil {
		return driver.Failure{}
	}
	return codes.Failure(op, status, code)
}
