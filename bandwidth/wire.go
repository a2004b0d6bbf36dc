package bandwidth

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

// The calls: https://dev.bandwidth.com/apis/mfa-apis/mfa/, and for a token
// https://dev.bandwidth.com/docs/account/credentials/migration.
const (
	messagingRoute = "/accounts/{account}/code/messaging"
	voiceRoute     = "/accounts/{account}/code/voice"
	verifyRoute    = "/accounts/{account}/code/verify"
	tokenPath      = "/api/v1/oauth2/token"
)

// channels are those that an application may serve.
var channels = [...]verify.Channel{verify.ChannelSMS, verify.ChannelVoice}

func codeRoute(c verify.Channel) string {
	if c == verify.ChannelVoice {
		return voiceRoute
	}
	return messagingRoute
}

// defaultScope is what Bandwidth calls the empty scope.
const defaultScope = "2FA"

// refuseScope refuses a name that may be the empty scope's in disguise.
func refuseScope(scope string) string {
	if strings.EqualFold(scope, defaultScope) {
		return "2FA is what Bandwidth calls the empty scope: choose another name"
	}
	return ""
}

// codeBody writes what asks for a new code, or says why it cannot.
func (s *settings) codeBody(req verify.SendRequest) (body []byte, refusal string) {
	message, refusal := s.messageFor(req)
	if refusal == "" {
		refusal = refuseScope(req.Scope)
	}
	if refusal != "" {
		return nil, refusal
	}
	callbackURL := s.callbackURL
	if req.Channel == verify.ChannelVoice {
		callbackURL = "" // of messages only
	}
	body, _ = json.Marshal(struct { // strings and a number always marshal
		To            string `json:"to"`
		From          string `json:"from"`
		ApplicationID string `json:"applicationId"`
		Scope         string `json:"scope,omitempty"`
		Message       string `json:"message"`
		Digits        int    `json:"digits"`
		CallbackURL   string `json:"callbackUrl,omitempty"`
	}{req.To, s.from, s.applications[req.Channel], req.Scope, message, req.Digits, callbackURL})
	return body, ""
}

// verifyBody writes what asks about a code, or says why it cannot.
func (s *settings) verifyBody(req verify.CheckRequest) (body []byte, refusal string) {
	if refusal := refuseScope(req.Scope); refusal != "" {
		return nil, refusal
	}
	body, _ = json.Marshal(struct { // strings and a number always marshal
		To      string `json:"to"`
		Scope   string `json:"scope,omitempty"`
		Minutes int    `json:"expirationTimeInMinutes"`
		Code    string `json:"code"`
	}{req.To, req.Scope, int(s.expiry / time.Minute), req.Code})
	return body, ""
}

// readCode reads the answer to a send strictly: Bandwidth's reference is what
// says that the code was accepted.
func (c *Client) readCode(reply rest.Reply, channel verify.Channel) (id string, err error) {
	key := "messageId"
	if channel == verify.ChannelVoice {
		key = "callId"
	}
	err = rest.Scan(reply.Body, rest.Field{Key: key, To: &id, Need: true})
	switch {
	case err != nil:
		return "", c.rest.Unknown("send", reply, err.Error())
	case id == "":
		return "", c.rest.Unknown("send", reply, "the answer's reference is empty")
	case !isReference(id):
		return "", nil
	}
	return id, nil
}

// readVerify reads the answer to a check strictly. Bandwidth echoes neither the
// recipient nor the scope.
func (c *Client) readVerify(reply rest.Reply) (valid bool, err error) {
	var problem []byte
	err = rest.Scan(reply.Body,
		rest.Field{Key: "valid", To: &valid, Need: true},
		rest.Field{Key: "error", To: &problem},
	)
	switch {
	case err != nil:
		return false, c.rest.Unknown("check", reply, err.Error())
	case len(problem) > 0:
		return false, c.rest.Unknown("check", reply, "the answer contradicts itself")
	}
	return valid, nil
}

// isReference keeps anything that may be a number or a text out of receipts.
func isReference(s string) bool {
	return isID(s, 128) && strings.Trim(s, "0123456789") != ""
}

// isID knows up to most of [A-Za-z0-9_-].
func isID(s string, most int) bool {
	return s != "" && len(s) <= most &&
		strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// isUser knows a name that Basic carries: RFC 7617 section 2.
func isUser(s string) bool { return s != "" && !strings.Contains(s, ":") }

const messageRule = "must be at most 2048 characters with {CODE} once, and no braces but those of {NAME} and {SCOPE}"

// isMessage knows a template: a brace that is none of ours is a misspelled
// placeholder, which a person would read instead of the code.
func isMessage(s string) bool {
	rest := strings.NewReplacer("{CODE}", "", "{NAME}", "", "{SCOPE}", "").Replace(s)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxMessage &&
		strings.Count(s, "{CODE}") == 1 && !strings.ContainsAny(rest, "{}") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) })
}

// isPublicHost knows a host name of two or more labels whose last one is no
// number, as that of an address would be, and no domain for private use
// (RFC 6761, RFC 6762, RFC 8375 and ICANN's reservation of internal).
func isPublicHost(host string) bool {
	labels := strings.Split(strings.ToLower(host), ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(last, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
		last == "" || last[0] < 'a' || last[0] > 'z' {
		return false
	}
	switch last {
	case "localhost", "local", "internal", "invalid", "test", "onion", "localdomain", "lan", "home", "corp":
		return false
	}
	return !strings.HasSuffix(strings.ToLower(host), ".home.arpa")
}
