package vonage

import (
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://developer.vonage.com/en/api/verify.v2.
const (
	sendRoute = "/v2/verify"
	codeRoute = "/v2/verify/{request}"
	maxID     = 64
)

// A step is the only one of a verification: after a second one Vonage would send a
// second message by itself.
type step struct {
	Channel string `json:"channel"`
	To      string `json:"to"`
	From    string `json:"from,omitempty"`
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	from := map[verify.Channel]string{
		verify.ChannelSMS: c.cfg.From, verify.ChannelWhatsApp: c.cfg.WhatsAppFrom, verify.ChannelEmail: c.cfg.EmailFrom,
	}
	s := step{string(send.Channel), strings.TrimPrefix(send.To, "+"), from[send.Channel]}
	body, err := json.Marshal(struct {
		Brand    string  `json:"brand"`
		Locale   string  `json:"locale,omitempty"`
		Timeout  int     `json:"channel_timeout"`
		Digits   int     `json:"code_length"`
		Workflow [1]step `json:"workflow"`
	}{c.cfg.Brand, driver.NearestTag(locales, send.Locale), int(c.cfg.ChannelTimeout / time.Second), send.Digits, [1]step{s}})
	return driver.Call{Route: sendRoute, JSON: body}, err
}

// locales are those of Vonage's library for Node.js; none means en-us. Vonage knows
// more, but answers 422 to what it does not know.
const locales = "en-us en-gb es-es es-mx es-us it-it fr-fr de-de ru-ru hi-in pt-br pt-pt id-id"

func (c *Client) readSend(_ driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id string
	if err := driver.Scan(reply.Body, driver.Field{Key: "request_id", To: &id, Need: true}); err != nil {
		return verify.Receipt{}, err
	}
	if !driver.IsID(id, maxID) {
		return verify.Receipt{}, errors.New("the answer's request_id is none, without which the code cannot be checked")
	}
	end := reply.Began.Add(c.cfg.ChannelTimeout)
	return verify.Receipt{ID: id, ExpiresAt: end, ResendAt: end}, nil
}

func newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		Code string `json:"code"`
	}{check.Code})
	return driver.Call{Route: codeRoute, Args: []string{check.Reference}, JSON: body}, err
}

// readCheck believes nothing that is said of another verification, nor an answer
// without a body, which examples of older libraries have. Nobody is named: the
// reference alone says whose code it is.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var id, status string
	err := driver.Scan(reply.Body,
		driver.Field{Key: "request_id", To: &id, Need: true}, driver.Field{Key: "status", To: &status, Need: true})
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case id != check.Reference:
		return driver.Verdict{}, errors.New("the answer speaks of another verification")
	case status == "completed":
		return driver.Approved(""), nil
	}
	return driver.Verdict{}, errors.New("the answer is no yes, and no error either")
}

func newCancel(check driver.Check) (driver.Call, error) {
	return driver.Call{Method: http.MethodDelete, Route: codeRoute, Args: []string{check.Reference}}, nil
}

const notFound = "not-found"

// codesText says what the fragments of an error's type mean.
//
//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// A problem is an error of Vonage: RFC 9457.
type problem struct{ code, title string }

// readProblem returns the fragment of the type. Two documented answers have no type,
// and are known by the title of their status. What has another host is a proxy's.
func readProblem(status int, body []byte) (p problem, ok bool) {
	var kind string
	if driver.Scan(body, driver.Field{Key: "title", To: &p.title, Need: true}, driver.Field{Key: "type", To: &kind}) != nil {
		return p, false
	}
	if kind == "" {
		p.code = "conflict"
		return p, status == http.StatusConflict && p.title == "Conflict"
	}
	host, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(kind, "https://"), "www."), "/")
	_, p.code, ok = strings.Cut(rest, "#")
	return p, ok && (host == "developer.vonage.com" || host == "developer.nexmo.com") && driver.IsID(p.code, maxID)
}

func readError(op string, status int, body []byte) driver.Failure {
	p, ok := readProblem(status, body)
	if !ok {
		return driver.Failure{}
	}
	f, known := codes.Find(p.code)
	switch {
	case status >= http.StatusInternalServerError || !known && p.code != notFound && p.code != "bad-request":
		f = driver.Unlisted(status)
	case p.code == notFound && op != "send":
		f = driver.Failure{Outcome: verify.ErrNotPending}
	case p.code == notFound:
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "Vonage does not know this address: check BaseURL"}
	case p.code == "bad-request" && op == "check" && p.title == "Invalid Code":
		f = driver.Failure{Outcome: verify.ErrMismatch}
	case p.code == "bad-request":
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "Vonage could not read the request"}
	case op != "send" && f.Outcome == verify.ErrTooManySends:
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "this step of the verification takes no code"}
	case op == "send" && p.code == "invalid-params" && isAboutRecipient(body):
		f = driver.Failure{Outcome: verify.ErrInvalidRecipient, Detail: "Vonage refused the recipient"}
	}
	f.Code = p.code
	return f
}

// isAboutRecipient reports whether every parameter at fault is a recipient.
func isAboutRecipient(body []byte) bool {
	var parameters []struct {
		Name string `json:"name"`
	}
	var list json.RawMessage
	if driver.Scan(body, driver.Field{Key: "invalid_parameters", To: &list, Need: true}) != nil || json.Unmarshal(list, &parameters) != nil {
		return false
	}
	for _, p := range parameters {
		if p.Name[strings.LastIndexByte(p.Name, '.')+1:] != "to" {
			return false
		}
	}
	return len(parameters) > 0
}
