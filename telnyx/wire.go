package telnyx

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://developers.telnyx.com/docs/identity/verify/quickstart and, for
// Probe, https://developers.telnyx.com/api/verify/create-verify-profile.
const (
	sendRoute    = "/verifications/{type}"
	checkRoute   = "/verifications/by_phone_number/{to}/actions/verify"
	profileRoute = "/verify_profiles/{profile}"
)

// typeOf is what Telnyx calls a channel.
func typeOf(c verify.Channel) string {
	if c == verify.ChannelVoice {
		return "call"
	}
	return string(c)
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	profile := c.profiles[send.Scope]
	if send.Digits != 0 && send.Digits != profile.CodeLength {
		return driver.Call{}, errors.New("the profile of this scope sends codes of another length")
	}
	body, err := json.Marshal(struct {
		To      string `json:"phone_number"`
		Profile string `json:"verify_profile_id"`
		Seconds int    `json:"timeout_secs"`
	}{send.To, profile.ID, int(c.expiry / time.Second)})
	return driver.Call{Route: sendRoute, Args: []string{typeOf(send.Channel)}, JSON: body}, err
}

// readSend wants a verification of this recipient and profile. The examples of
// Telnyx's own pages say "accepted" of a new one, the text "pending".
func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	profile := c.profiles[send.Scope]
	var id, status, to, of string
	var seconds json.RawMessage
	err := scanData(reply.Body,
		driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "status", To: &status, Need: true},
		driver.Field{Key: "phone_number", To: &to, Need: true}, driver.Field{Key: "verify_profile_id", To: &of},
		driver.Field{Key: "timeout_secs", To: &seconds},
	)
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case id == "":
		return verify.Receipt{}, errors.New("the answer's reference is empty")
	case status != "pending" && status != "accepted":
		return verify.Receipt{}, errors.New("the verification is not pending after all")
	case !driver.IsSubject(to, send.To) || of != "" && !strings.EqualFold(of, profile.ID):
		return verify.Receipt{}, errors.New("the answer speaks of another recipient or profile")
	}
	life := c.expiry
	if n, err := strconv.Atoi(string(seconds)); err == nil && n > 0 && n <= int(life/time.Second) {
		life = time.Duration(n) * time.Second
	}
	return verify.Receipt{ID: driver.ReceiptID(id), Digits: profile.CodeLength, ExpiresAt: reply.Began.Add(life)}, nil
}

// scanData reads the object under "data".
func scanData(body []byte, fields ...driver.Field) error {
	var data json.RawMessage
	if err := driver.Scan(body, driver.Field{Key: "data", To: &data, Need: true}); err != nil {
		return err
	}
	return driver.Scan(data, fields...)
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		Code    string `json:"code"`
		Profile string `json:"verify_profile_id"`
	}{check.Code, c.profiles[check.Scope].ID})
	return driver.Call{Route: checkRoute, Args: []string{check.To}, JSON: body}, err
}

// readCheck believes nothing that is said of another recipient. The last two words
// are the quickstart's and not the schema's.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var answer, to string
	err := scanData(reply.Body,
		driver.Field{Key: "response_code", To: &answer, Need: true}, driver.Field{Key: "phone_number", To: &to, Need: true})
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case !driver.IsSubject(to, check.To):
		return driver.Verdict{}, errors.New("the answer speaks of another recipient")
	case answer == "accepted":
		return driver.Approved(to), nil
	case answer == "rejected":
		return driver.Denied(verify.ErrMismatch).WithDetail("Telnyx may answer a wrong, an old, a used and an unknown code alike"), nil
	case answer == "expired":
		return driver.Denied(verify.ErrNotPending), nil
	case answer == "max_attempts_exceeded":
		return driver.Denied(verify.ErrTooManyAttempts), nil
	}
	return driver.Verdict{}, nil
}

// Probe reads each profile, which takes a good API key, and compares the code
// length of its channels with Config. Whether a channel delivers only a Send can
// tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.ProbeScopes(ctx, "profile", slices.Collect(maps.Keys(c.profiles)), func(scope string) (string, error) {
		profile := c.profiles[scope]
		reply, err := c.api.Client.Do(ctx, driver.Call{
			Op: "probe", Method: http.MethodGet, Route: profileRoute, Args: []string{profile.ID}, Repeatable: true,
		})
		var e *verify.Error
		if errors.As(err, &e) && e.VendorCode == codeNotFound {
			return "was not found: check its ID", nil
		}
		if err != nil {
			return "", err
		}
		found, err := profile.differences(reply.Body)
		if err != nil {
			return "", c.api.Client.Unknown("probe", reply, err.Error())
		}
		return found, nil
	})
}

// differences says what is wrong with the code lengths of a profile's channels. One
// that is not set up has none.
func (p Profile) differences(body []byte) (string, error) {
	var id string
	var channels [3]json.RawMessage
	err := scanData(body, driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "sms", To: &channels[0]},
		driver.Field{Key: "call", To: &channels[1]}, driver.Field{Key: "whatsapp", To: &channels[2]})
	if err == nil && !strings.EqualFold(id, p.ID) {
		err = errors.New("the answer speaks of another profile")
	}
	var found []string
	for i, name := range [...]string{"sms", "call", "whatsapp"} {
		if err != nil || channels[i] == nil {
			continue
		}
		var digits string
		if err = driver.Scan(channels[i], driver.Field{Key: "code_length", To: &digits, Number: true}); err != nil {
			continue
		}
		length, wrong := strconv.Atoi(digits)
		switch {
		case digits == "":
			found = append(found, "leaves the code length of "+name+" to Telnyx, whose pages disagree about it: set it in the portal")
		case wrong != nil || length < minDigits || length > maxDigits:
			err = errors.New("the answer's code length is none")
		case p.CodeLength != 0 && length != p.CodeLength:
			found = append(found, "sends "+digits+" digits by "+name+", not "+strconv.Itoa(p.CodeLength)+": set its CodeLength to "+digits)
		}
	}
	return strings.Join(found, " and "), err
}

const codeNotFound = "10005"

// codes are those of the whole platform, as far as Verify may answer them:
// https://developers.telnyx.com/development/api-fundamentals/api-errors. Which ones
// Verify uses is not documented.
var codes = driver.Codes{Text: `
10002 invalid_recipient not a valid phone number
10016 invalid_recipient not a phone number in E.164 form
10009 unauthorized the API key is wrong
10010 unauthorized the API key lacks a permission
10038 unauthorized the account may not use this
10039 unauthorized the account's level does not allow this destination
20100 unauthorized the account has no funds
40333 unauthorized the spend limit is reached
10011 rate_limited the account's requests come too fast
10027 rejected the request could not be processed: check the profile and its allowed destinations
10007 outcome_unknown Telnyx failed
10037 outcome_unknown Telnyx failed
`}

// readError reads {"errors":[{"code":"10002","title":"..."}]}. The first decides. A
// code that is not listed means what its status means.
func readError(op string, status int, body []byte) driver.Failure {
	var list json.RawMessage
	var each []json.RawMessage
	var code string
	if driver.Scan(body, driver.Field{Key: "errors", To: &list, Need: true}) != nil ||
		json.Unmarshal(list, &each) != nil || len(each) == 0 ||
		driver.Scan(each[0], driver.Field{Key: "code", To: &code, Need: true, Number: true}) != nil {
		return driver.Failure{}
	}
	f, known := codes.Find(code)
	switch {
	case code == codeNotFound && op == "check":
		f = driver.Failure{Outcome: verify.ErrNotPending}
	case code == codeNotFound:
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "the profile was not found: check its ID"}
	case len(code) == 5 && code >= "20001" && code <= "20017": // all about keys and accounts
		f = driver.Failure{Outcome: verify.ErrUnauthorized, Detail: "the API key or the account is not active, or lacks access"}
	case !known:
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
}
