package bandwidthtest

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// A refusal is an error in one of Bandwidth's shapes; nil means that nothing is
// wrong.
type refusal = *emulator.Answer

// documented are the errors of https://dev.bandwidth.com/docs/mfa/errors: the key
// of the text, and the text. Those under "error" carry the request's id.
var documented = map[int][2]string{
	http.StatusBadRequest:          {"error", "to number is required"},
	http.StatusUnauthorized:        {"message", "Unauthorized"},
	http.StatusForbidden:           {"Message", "User is not authorized to access this resource with an explicit deny"},
	http.StatusTooManyRequests:     {"error", "This number has exceeded verification attempts, please wait 2 minutes"},
	http.StatusInternalServerError: {"error", "Internal Error"},
}

// refuse returns the documented error of a status, or else that of 500.
func refuse(status int) refusal {
	said, ok := documented[status]
	if !ok {
		said = documented[http.StatusInternalServerError]
	}
	return says(status, said[0], said[1])
}

func says(status int, key, text string) refusal {
	if key != "error" {
		return &emulator.Answer{Status: status, Body: map[string]string{key: text}}
	}
	id := emulator.UUID()
	return &emulator.Answer{
		Status: status, Header: http.Header{"X-Amzn-Requestid": {id}},
		Body: map[string]string{key: text, "requestId": id},
	}
}

func badRequest(text string) refusal { return says(http.StatusBadRequest, "error", text) }

// notFound is what an AWS gateway says of a path that it does not know.
func notFound() refusal { return says(http.StatusForbidden, "message", "Missing Authentication Token") }

// Refusal returns a fault that answers with the error that Bandwidth documents
// for a status, or else with that of 500, and has no effect.
func Refusal(status int) Fault {
	f := refuse(status).Fault()
	if id := f.Header.Get("X-Amzn-Requestid"); id != "" {
		f.Header = nil
		f.Body = strings.Replace(f.Body, id, "00000000-0000-4000-8000-000000000000", 1)
	}
	return f
}

// routes are Bandwidth's, each with and without its prefix.
func (e *Emulator) routes() []emulator.Route {
	routes := []emulator.Route{{On: "token", Pattern: "POST /api/v1/oauth2/token", Serve: e.token}}
	for _, prefix := range []string{"", "/api/v1"} {
		path := "POST " + prefix + "/accounts/{account}/code/"
		routes = append(routes,
			emulator.Route{On: "send", Pattern: path + "messaging", Serve: e.authorized(e.sendMessage)},
			emulator.Route{On: "send", Pattern: path + "voice", Serve: e.authorized(e.sendCall)},
			emulator.Route{On: "check", Pattern: path + "verify", Serve: e.authorized(e.check)},
		)
	}
	return routes
}

// token hands out an access token for the API credential; its errors are those of
// RFC 6749 section 5.2.
func (e *Emulator) token(r *http.Request) *emulator.Answer {
	user, password, ok := r.BasicAuth()
	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	switch {
	case !ok || user != e.options.ClientID || password != e.options.ClientSecret:
		return &emulator.Answer{Status: http.StatusUnauthorized, Body: map[string]string{"error": "invalid_client"}}
	case r.PostForm.Get("grant_type") != "client_credentials":
		return &emulator.Answer{Status: http.StatusBadRequest, Body: map[string]string{"error": "unsupported_grant_type"}}
	}
	token := e.NewToken()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.issued++
	return &emulator.Answer{Body: map[string]any{
		"access_token": token, "expires_in": int(e.options.TokenLife / time.Second), "token_type": "bearer",
	}}
}

// authorized accepts a token that has not ended, and reads a body for JSON
// whatever it is called, as Bandwidth does: its own examples say text/plain.
func (e *Emulator) authorized(operation func(fields) (any, refusal)) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		if f := e.authenticate(r); f != nil {
			return f
		}
		object, err := emulator.ReadObject(r)
		switch {
		case errors.Is(err, emulator.ErrNotJSON):
			return badRequest("body is not a JSON object")
		case err != nil:
			return badRequest("body is too large")
		}
		body, f := operation(fields{object})
		if f != nil {
			return f
		}
		return &emulator.Answer{Body: body}
	}
}

func (e *Emulator) authenticate(r *http.Request) refusal {
	e.mu.Lock()
	defer e.mu.Unlock()
	// API users and their passwords end on 2026-12-02. A wrong password was answered
	// with 403, not 401, as the tests of Bandwidth's libraries show.
	if _, _, basic := r.BasicAuth(); basic {
		return refuse(http.StatusForbidden)
	}
	if len(e.tokens.Get(e.Now(), emulator.Credential(r, "Bearer"))) == 0 {
		return refuse(http.StatusUnauthorized)
	}
	if r.PathValue("account") != e.options.AccountID {
		return refuse(http.StatusUnauthorized)
	}
	return nil
}

func (e *Emulator) sendMessage(f fields) (any, refusal) {
	id := strconv.FormatInt(e.Now().UnixMilli(), 10) + emulator.Hex(8)
	return map[string]string{"messageId": id}, e.send(f, id, "sms", e.options.SMSApplicationID)
}

func (e *Emulator) sendCall(f fields) (any, refusal) {
	id := "c-" + emulator.Hex(4) + "-" + emulator.UUID()
	return map[string]string{"callId": id}, e.send(f, "", "voice", e.options.VoiceApplicationID)
}

// send makes a code beside those that still work, and delivers it.
func (e *Emulator) send(f fields, id, channel, application string) refusal {
	to, bad := f.recipient()
	if bad == nil {
		bad = e.sender(f, application)
	}
	if bad != nil {
		return bad
	}
	text, bad := f.text("message", 2048)
	if bad == nil && !strings.Contains(text, "{CODE}") {
		bad = badRequest("message must contain {CODE}")
	}
	if bad != nil {
		return bad
	}
	digits, bad := f.number("digits", 4, 8)
	if bad == nil && digits != float64(int(digits)) {
		bad = badRequest("digits is invalid")
	}
	if bad != nil {
		return bad
	}

	now, made := e.Now(), e.options.NewCode(int(digits))
	e.mu.Lock()
	e.codes.Add(now, to, &code{digits: made, at: now})
	e.mu.Unlock()
	e.Deliver(Message{
		Vendor: "bandwidth", ID: id, To: to.to, Channel: channel, Scope: to.scope, Code: made,
		Text: strings.NewReplacer("{CODE}", made, "{NAME}", e.options.Name, "{SCOPE}", to.scope).Replace(text),
	})
	return nil
}

// sender refuses a number or an application that is not the account's, or of
// the other channel.
func (e *Emulator) sender(f fields, want string) refusal {
	from, bad := f.phone("from")
	if bad != nil {
		return bad
	}
	application, bad := f.text("applicationId", 50)
	switch {
	case bad != nil:
		return bad
	case application == "":
		return badRequest("applicationId is required")
	case application != want:
		return badRequest("applicationId is invalid")
	case from != e.options.From:
		return badRequest("from number does not belong to the application")
	}
	_, bad = f.text("callbackUrl", 2048)
	return bad
}

// check compares a code with all that are young enough. A wrong one is no error:
// the answer says that it is not valid.
func (e *Emulator) check(f fields) (any, refusal) {
	to, bad := f.recipient()
	if bad != nil {
		return nil, bad
	}
	minutes, bad := f.number("expirationTimeInMinutes", 1, 15)
	if bad != nil {
		return nil, bad
	}
	typed, bad := f.text("code", 8)
	if bad == nil && len(typed) < 4 {
		bad = badRequest("code is invalid")
	}
	if bad != nil {
		return nil, bad
	}

	now, age := e.Now(), time.Duration(minutes*float64(time.Minute))
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.wrong.Get(now, to.to)) >= maxAttempts {
		return nil, refuse(http.StatusTooManyRequests)
	}
	for _, c := range e.codes.Get(now, to) {
		if c.digits == typed && !c.used && now.Before(c.at.Add(age)) {
			c.used = true
			return map[string]bool{"valid": true}, nil
		}
	}
	e.wrong.Add(now, to.to, struct{}{})
	return map[string]bool{"valid": false}, nil
}

var phone = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// fields are the body of a request, with Bandwidth's words for what is wrong.
type fields struct{ emulator.Fields }

// text returns a field that may be missing.
func (f fields) text(key string, maxRunes int) (string, refusal) {
	text, ok := f.Text(key, maxRunes)
	if !ok {
		return "", badRequest(key + " is invalid")
	}
	return text, nil
}

// number returns a number within limits, whatever its notation.
func (f fields) number(key string, low, high float64) (float64, refusal) {
	n, ok := f.Number(key, low, high)
	switch {
	case !f.Has(key):
		return 0, badRequest(key + " is required")
	case !ok:
		return 0, badRequest(key + " is invalid")
	}
	return n, nil
}

// phone returns a number that must be there.
func (f fields) phone(key string) (string, refusal) {
	number, bad := f.text(key, 32)
	switch {
	case bad != nil:
		return "", bad
	case number == "":
		return "", badRequest(key + " number is required")
	case !phone.MatchString(number):
		return "", badRequest(key + " number is invalid")
	}
	return number, nil
}

// recipient returns whom a request is about, and what for.
func (f fields) recipient() (recipient, refusal) {
	to, bad := f.phone("to")
	if bad != nil {
		return recipient{}, bad
	}
	scope, bad := f.text("scope", 25)
	return newRecipient(to, scope), bad
}
