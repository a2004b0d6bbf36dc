package auth0test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

func refuse(status int, code, text string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]any{"error": code, "error_description": text}}
}

// Refusal returns a fault that answers with one of Auth0's errors and has no effect.
func Refusal(status int, code, text string) Fault { return refuse(status, code, text).Fault() }

func missing(key string) *emulator.Answer {
	return refuse(http.StatusBadRequest, "invalid_request", "Missing required parameter: "+key)
}

// authenticated reads a request of the application, and refuses one of others.
func (e *Emulator) authenticated(r *http.Request) (emulator.Fields, *emulator.Answer) {
	f, err := emulator.ReadFields(r)
	secret, assertion := f.String("client_secret"), f.String("client_assertion")
	switch {
	case err != nil:
		return f, refuse(http.StatusBadRequest, "invalid_request", "the body is neither a form nor a JSON object")
	case f.String("client_id") == "":
		return f, missing("client_id")
	case secret == "" && assertion == "":
		return f, refuse(http.StatusForbidden, "unauthorized_client", "Client authentication is required")
	case f.String("client_id") != e.options.ClientID, assertion == "" && secret != e.options.ClientSecret:
		return f, refuse(http.StatusUnauthorized, "access_denied", "Unauthorized")
	case assertion != "":
		return f, refuse(http.StatusUnauthorized, "invalid_client", "The application has no key.")
	}
	return f, nil
}

var (
	phone   = regexp.MustCompile(`^\+[0-9]{1,15}$`)
	address = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// known are the properties of a start.
var known = []string{
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "connection", "email", "phone_number", "send", "authParams",
}

// key is what a recipient is known by: Auth0 writes addresses in small letters.
func key(to string) string { return strings.ToLower(to) }

// start makes a code in place of the one before, and delivers it.
func (e *Emulator) start(r *http.Request) *emulator.Answer {
	f, bad := e.authenticated(r)
	if bad != nil {
		return bad
	}
	connection, field, form := f.String("connection"), "phone_number", phone
	if connection == "email" {
		field, form = "email", address
	}
	to := f.String(field)
	for name := range f {
		if !slices.Contains(known, name) {
			return refuse(http.StatusBadRequest, "bad.request", "the following properties are not allowed: "+name)
		}
	}
	switch {
	case !f.Has("connection"):
		return refuse(http.StatusBadRequest, "bad.connection", "Missing required property: connection")
	case connection != "sms" && connection != "email":
		return refuse(http.StatusBadRequest, "bad.connection", "Connection does not exist")
	case to == "":
		return refuse(http.StatusBadRequest, "bad."+field, "Missing required property: "+field)
	case !form.MatchString(to):
		return refuse(http.StatusBadRequest, "bad."+field, "String does not match pattern: "+form.String())
	}
	m := Message{Vendor: "auth0", To: to, Channel: connection, Code: e.options.NewCode(e.options.Digits)}
	m.Text = "Your verification code is: " + m.Code
	if connection == "email" && f.String("send") != "code" {
		m.Text, m.Code = "https://"+e.options.Domain+"/passwordless/verify_redirect?verification_code="+m.Code, ""
	}
	now := e.Now()
	e.codes.Add(now, key(to), &code{digits: m.Code, at: now, used: m.Code == ""})
	return &emulator.Answer{Message: &m, Body: map[string]any{
		"_id": e.person(to).id, field: to, strings.TrimSuffix(field, "_number") + "_verified": true,
	}}
}

// token answers to all grants.
func (e *Emulator) token(r *http.Request) *emulator.Answer {
	f, bad := e.authenticated(r)
	if bad != nil {
		return bad
	}
	now := e.Now()
	const grants = "http://auth0.com/oauth/grant-type/"
	switch grant := f.String("grant_type"); grant {
	case grants + "passwordless/otp":
		return e.exchange(now, f)
	case grants + "mfa-otp", grants + "mfa-oob", grants + "mfa-recovery-code":
		return e.answer(now, strings.TrimPrefix(grant, grants), f)
	case "client_credentials":
		if f.String("audience") != "https://"+e.options.Domain+"/api/v2/" {
			return refuse(http.StatusForbidden, "access_denied", "Service not found: "+f.String("audience"))
		}
		return e.tokens(now, &person{}, f, "read:mfa_policies")
	case "":
		return missing("grant_type")
	}
	return refuse(http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+f.String("grant_type"))
}

// exchange compares a code with the newest.
func (e *Emulator) exchange(now time.Time, f emulator.Fields) *emulator.Answer {
	to, otp, realm := f.String("username"), f.String("otp"), f.String("realm")
	for _, name := range []string{"username", "otp", "realm"} {
		if f.String(name) == "" {
			return missing(name)
		}
	}
	what := "phone number"
	if realm == "email" {
		what = "email"
	}
	no := func(text string) *emulator.Answer { return refuse(http.StatusForbidden, "invalid_grant", text) }
	wrong := no("Wrong " + what + " or verification code.")
	c, ok := e.codes.Newest(now, key(to))
	switch {
	case !ok || c.used || (realm == "email") != strings.Contains(to, "@"):
		return wrong
	case !now.Before(c.at.Add(e.options.Life)):
		return no("The verification code has expired. Please try to login again.")
	case c.wrong >= maxAttempts:
		return no("You've reached the maximum number of attempts. Please try to login again.")
	case c.digits != otp:
		c.wrong++
		return wrong
	}
	c.used = true
	if e.options.MFARequired {
		return &emulator.Answer{Status: http.StatusForbidden, Body: map[string]any{
			"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": e.login(now, to),
		}}
	}
	return e.tokens(now, e.person(to), f, "openid profile email")
}

// tokens ends a log-in.
func (e *Emulator) tokens(now time.Time, who *person, f emulator.Fields, scope string) *emulator.Answer {
	token := e.begun(now, "emulated.", &session{person: who, access: true, management: who.id == ""})
	body := map[string]any{"access_token": token, "expires_in": int(tokenLife / time.Second), "token_type": "Bearer", "scope": scope}
	asked := strings.Fields(f.String("scope"))
	if slices.Contains(asked, "openid") {
		body["id_token"] = e.idToken(now, who)
	}
	if slices.Contains(asked, "offline_access") {
		body["refresh_token"] = "emulated." + emulator.Hex(16)
	}
	return &emulator.Answer{Body: body}
}

// idToken is signed by the application's secret, as Auth0 does where it is told to.
func (e *Emulator) idToken(now time.Time, who *person) string {
	claims, _ := json.Marshal(map[string]any{ // strings and numbers: no error
		"iss": "https://" + e.options.Domain + "/", "aud": e.options.ClientID, "sub": "auth0|" + who.id,
		"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "name": who.to,
	})
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(e.options.ClientSecret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// policies says of whom a second factor is demanded.
func (e *Emulator) policies(r *http.Request) *emulator.Answer {
	now := e.Now()
	if s, ok := e.sessions.Newest(now, emulator.Credential(r, "Bearer")); !ok || !s.management {
		return &emulator.Answer{Status: http.StatusUnauthorized, Body: map[string]any{
			"statusCode": http.StatusUnauthorized, "error": "Unauthorized", "message": "Invalid token",
		}}
	}
	all := []string{}
	if e.options.MFARequired {
		all = []string{"all-applications"}
	}
	return &emulator.Answer{Body: all}
}
