package telnyx

import (
	"cmp"
	"context"
	_ "embed"
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

// The calls: https://developers.telnyx.com/docs/identity/verify/quickstart and, for
// Probe, https://developers.telnyx.com/api/verify/create-verify-profile.
const (
	sendRoute    = "/verifications/{type}"
	checkRoute   = "/verifications/by_phone_number/{to}/actions/verify"
	profileRoute = "/verify_profiles/{profile}"
)

// data is where an answer holds what it says.
var data = []string{"data"}

// types are what Telnyx calls the channels.
var types = map[verify.Channel]string{verify.ChannelSMS: "sms", verify.ChannelVoice: "call", verify.ChannelWhatsApp: "whatsapp"}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	body, err := json.Marshal(struct {
		To      string `json:"phone_number"`
		Profile string `json:"verify_profile_id"`
		Seconds int    `json:"timeout_secs"`
	}{send.To, c.profiles[send.Scope].ID, int(c.expiry / time.Second)})
	return driver.Call{Route: sendRoute, Args: []string{types[send.Channel]}, JSON: body}, err
}

// readSend wants a verification of this recipient and profile. The examples of
// Telnyx's own pages say "accepted" of a new one, the text "pending".
func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id, status, to, of string
	var seconds json.RawMessage
	err := driver.ScanAt(reply.Body, data,
		driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "status", To: &status, Need: true},
		driver.Field{Key: "phone_number", To: &to, Need: true}, driver.Field{Key: "verify_profile_id", To: &of},
		driver.Field{Key: "timeout_secs", To: &seconds},
	)
	switch {
	case err != nil || id == "":
		return verify.Receipt{}, cmp.Or(err, errors.New("the answer's reference is empty"))
	case status != "pending" && status != "accepted":
		return verify.Receipt{}, errors.New("the verification is not pending after all")
	case !driver.IsSubject(to, send.To) || of != "" && !strings.EqualFold(of, c.profiles[send.Scope].ID):
		return verify.Receipt{}, errors.New("the answer speaks of another recipient or profile")
	}
	life := c.expiry
	if n, err := strconv.Atoi(string(seconds)); err == nil && n > 0 && n <= int(life/time.Second) {
		life = time.Duration(n) * time.Second
	}
	return verify.Receipt{ID: driver.ReceiptID(id), ExpiresAt: reply.Began.Add(life)}, nil
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		Code    string `json:"code"`
		Profile string `json:"verify_profile_id"`
	}{check.Code, c.profiles[check.Scope].ID})
	return driver.Call{Route: checkRoute, Args: []string{check.To}, JSON: body}, err
}

// readCheck believes nothing that is said of another recipient.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var answer, to string
	err := driver.ScanAt(reply.Body, data,
		driver.Field{Key: "response_code", To: &answer, Need: true}, driver.Field{Key: "phone_number", To: &to, Need: true})
	switch {
	case err != nil || !driver.IsSubject(to, check.To):
		return driver.Verdict{}, cmp.Or(err, errors.New("the answer speaks of another recipient"))
	case answer == "accepted":
		return driver.Approved(to), nil
	case answer == "rejected":
		return driver.Denied(verify.ErrMismatch).WithDetail("Telnyx may answer a wrong, an old, a used and an unknown code alike"), nil
	}
	return driver.Denied(denials[answer]), nil
}

// denials are the quickstart's words and not the schema's.
var denials = map[string]verify.Outcome{"expired": verify.ErrNotPending, "max_attempts_exceeded": verify.ErrTooManyAttempts}

// Probe reads each profile, which takes a good API key, and compares the code
// length of its channels with Config. Whether a channel delivers only a Send can
// tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.ProbeScopes(ctx, driver.ScopeProbe{
		Noun: "profile", Scopes: slices.Collect(maps.Keys(c.profiles)), NotFound: codeNotFound, Hint: "check its ID",
		Call: func(scope string) driver.Call {
			return driver.Call{Route: profileRoute, Args: []string{c.profiles[scope].ID}}
		},
		ID: []string{"data", "id"}, Differences: func(scope string, body []byte) ([]string, error) { return c.profiles[scope].differences(body) },
	})
}

// differences says what is wrong with the code lengths of a profile's channels. One
// that is not set up has none.
func (p Profile) differences(body []byte) (found []string, err error) {
	var channels [3]json.RawMessage
	err = driver.ScanAt(body, data, driver.Field{Key: "sms", To: &channels[0]},
		driver.Field{Key: "call", To: &channels[1]}, driver.Field{Key: "whatsapp", To: &channels[2]})
	for i, name := range [...]string{"sms", "call", "whatsapp"} {
		if err != nil || channels[i] == nil {
			continue
		}
		var digits string
		err = driver.Scan(channels[i], driver.Field{Key: "code_length", To: &digits, Number: true})
		fault := "leaves the code length of " + name + " to Telnyx, whose pages disagree about it: set it in the portal"
		if err == nil && digits != "" {
			fault, err = driver.CodeLength(digits, p.CodeLength, " by "+name)
		}
		if err == nil && fault != "" && (digits == "" || p.CodeLength != 0) {
			found = append(found, fault)
		}
	}
	return found, err
}

const codeNotFound = "10005"

// codesText says what codes mean. They are those of the whole platform; which ones
// Verify uses is not documented.
//
//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// readError reads {"errors":[{"code":"10002","title":"..."}]}. The first decides. A
// code that is not listed means what its status means.
var readError = codes.ReadError("errors", "0", "code")
