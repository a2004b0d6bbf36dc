package auth0

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://auth0.com/docs/api/authentication/passwordless/get-code-or-link
// and https://auth0.com/docs/api/authentication/passwordless/authenticate-user.
const (
	startRoute = "/passwordless/start"
	tokenRoute = "/oauth/token"
)

const grantPasswordless = "http://auth0.com/oauth/grant-type/passwordless/otp"

// An application is how a body names who asks.
type application struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret,omitempty"`
	Assertion     string `json:"client_assertion,omitempty"`
	AssertionType string `json:"client_assertion_type,omitempty"`
}

func (t *tenant) application() (application, error) {
	a := application{ClientID: t.cfg.ClientID, ClientSecret: t.cfg.ClientSecret}
	if t.jwt == nil {
		return a, nil
	}
	now := time.Now()
	assertion, err := t.jwt.Sign(map[string]any{
		"iss": a.ClientID, "sub": a.ClientID, "aud": "https://" + t.cfg.Domain + "/", "jti": driver.RandomID(),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
	})
	a.Assertion, a.AssertionType = assertion, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	return a, err
}

// form makes a request for a token, of all pairs of a key and a value that have one.
func (t *tenant) form(grant string, pairs ...string) (form driver.Form, err error) {
	a, err := t.application()
	pairs = append(pairs, "grant_type", grant, "client_id", a.ClientID, "client_secret", a.ClientSecret,
		"client_assertion", a.Assertion, "client_assertion_type", a.AssertionType)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			form.Add(pairs[i], pairs[i+1])
		}
	}
	return form, err
}

func (t *tenant) newSend(send driver.Send) (driver.Call, error) {
	a, err := t.application()
	if err != nil {
		return driver.Call{}, err
	}
	request := struct {
		application
		Connection verify.Channel `json:"connection"`
		Email      string         `json:"email,omitempty"`
		Phone      string         `json:"phone_number,omitempty"`
		Send       string         `json:"send"` // without it an email holds a link
	}{application: a, Connection: send.Channel, Send: "code"}
	if send.Channel == verify.ChannelEmail {
		request.Email = send.To
	} else {
		request.Phone = send.To
	}
	header := map[string]string{}
	if send.Locale != "" {
		header["X-Request-Language"] = send.Locale
	}
	if send.ClientIP.IsValid() {
		header["Auth0-Forwarded-For"] = send.ClientIP.String()
	}
	body, err := json.Marshal(request)
	return driver.Call{Route: startRoute, JSON: body, Header: header}, err
}

// readSend wants an id, and no other recipient.
func readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id, email, phone string
	err := driver.Scan(reply.Body, driver.Field{Key: "_id", To: &id, Need: true},
		driver.Field{Key: "email", To: &email}, driver.Field{Key: "phone_number", To: &phone})
	if to := email + phone; err == nil && to != "" && !driver.IsSubject(to, send.To) {
		err = errors.New("the answer speaks of another recipient")
	}
	return verify.Receipt{ID: driver.ReceiptID(id)}, err
}

func (t *tenant) newCheck(check driver.Check) (driver.Call, error) {
	realm := verify.ChannelSMS
	if verify.IsEmail(check.To) {
		realm = verify.ChannelEmail
	}
	form, err := t.form(grantPasswordless, "username", check.To, "otp", check.Code, "realm", string(realm),
		"audience", t.cfg.Audience, "scope", t.cfg.TokenScope)
	return driver.Call{Route: tokenRoute, Form: form}, err
}

// readCheck takes a token for a yes. It names nobody: Auth0 issued it for the
// recipient in the request.
func readCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	if _, err := readTokens(reply); err != nil {
		return driver.Verdict{}, err
	}
	return driver.Approved(""), nil
}

//go:embed codes.txt
var table string

var codes = driver.Codes{Text: table}

// sentences tell apart what Auth0 answers to an attempt under one name, mostly
// invalid_grant. Any other is a wrong code.
var sentences = map[string]verify.Outcome{
	"You've reached the maximum number of attempts. Please try to login again.": verify.ErrTooManyAttempts,
	"Too many failed codes. Wait for some minutes before retrying.":             verify.ErrTooManyAttempts,
	"The verification code has expired. Please try to login again.":             verify.ErrNotPending,
	"Malformed mfa_token":         verify.ErrNotPending,
	"MFA Authorization rejected.": verify.ErrRejected,
}

// readError reads {"error":"invalid_grant","error_description":"..."}, or the older
// {"code":"...","description":"..."}, as Auth0's own libraries do.
func readError(op string, status int, body []byte) driver.Failure {
	var code, old, text string
	if driver.Scan(body, driver.Field{Key: "error", To: &code}, driver.Field{Key: "code", To: &old},
		driver.Field{Key: "error_description", To: &text}) != nil || code+old == "" {
		return driver.Failure{}
	}
	code = cmp.Or(code, old)
	f, known := codes.Find(code)
	_, number, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(Code: ") // "... (Code: 21408)"
	provider, fromProvider := codes.Find(number)
	attempt := op == "check" && status < http.StatusInternalServerError
	switch outcome := sentences[text]; {
	case attempt && outcome != "":
		f = driver.Failure{Outcome: outcome}
	case attempt && code == "invalid_grant":
		f = driver.Failure{Outcome: verify.ErrMismatch}
	case code == "access_denied" && status == http.StatusUnauthorized:
		f, _ = codes.Find("invalid_client")
	case code == "sms_provider_error" && fromProvider:
		f = provider
	case !known:
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
}
