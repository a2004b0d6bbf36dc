package camaratest

import (
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

func (e *Emulator) routes() []emulator.Route {
	const api = "POST /one-time-password-sms/v1/"
	return []emulator.Route{
		{On: "token", Pattern: "POST " + e.options.TokenPath, Serve: e.token},
		{On: "send", Pattern: api + "send-code", Serve: e.authorized(e.send)},
		{On: "check", Pattern: api + "validate-code", Serve: e.authorized(e.check)},
	}
}

const own = "ONE_TIME_PASSWORD_SMS."

// texts are those of the API's errors.
var texts = map[string]string{
	"INVALID_ARGUMENT":               "Client specified an invalid argument, request body or query param.",
	"OUT_OF_RANGE":                   "Client specified an invalid range.",
	"UNAUTHENTICATED":                "Request not authenticated due to missing, invalid, or expired credentials.",
	"PERMISSION_DENIED":              "Client does not have sufficient permissions to perform this action.",
	"NOT_FOUND":                      "The specified resource is not found.",
	"TOO_MANY_REQUESTS":              "Rate limit reached.",
	"QUOTA_EXCEEDED":                 "Out of resource quota.",
	"INTERNAL":                       "Unknown server error. Typically a server bug.",
	"UNAVAILABLE":                    "Service Unavailable.",
	own + "INVALID_OTP":              "The provided OTP is not valid for this authenticationId",
	own + "VERIFICATION_EXPIRED":     "The authenticationId is no longer valid",
	own + "VERIFICATION_FAILED":      "The maximum number of attempts for this authenticationId was exceeded without providing a valid OTP",
	own + "MAX_OTP_CODES_EXCEEDED":   "Too many OTPs have been requested for this MSISDN. Try later.",
	own + "PHONE_NUMBER_NOT_ALLOWED": "Phone_number can't receive an SMS due to business reasons in the operator.",
	own + "PHONE_NUMBER_BLOCKED":     "Phone_number is blocked to receive SMS due to any blocking business reason in the operator.",
}

func refuse(status int, code string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]any{"status": status, "code": code, "message": texts[code]}}
}

func invalid() *emulator.Answer { return refuse(http.StatusBadRequest, "INVALID_ARGUMENT") }

func notFound() *emulator.Answer { return refuse(http.StatusNotFound, "NOT_FOUND") }

// Refusal returns a fault that answers with an error of the API, such as
// "TOO_MANY_REQUESTS", and has no effect.
func Refusal(status int, code string) Fault { return refuse(status, code).Fault() }

// isCorrelator knows the API's pattern, but for an empty one, which nobody could echo.
var isCorrelator = regexp.MustCompile(`^[a-zA-Z0-9_:;./<>{}-]{1,256}$`).MatchString

// authorized holds an operation to an access token, and reads its body.
func (e *Emulator) authorized(operation func(emulator.Fields) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		if _, known := e.tokens.Newest(e.Now(), emulator.Credential(r, "Bearer")); !known {
			return refuse(http.StatusUnauthorized, "UNAUTHENTICATED")
		}
		f, err := emulator.ReadObject(r)
		if correlator := r.Header.Get("X-Correlator"); err != nil || correlator != "" && !isCorrelator(correlator) {
			return invalid()
		}
		return operation(f)
	}
}

var isPhone = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`).MatchString

// send makes a code, which ends the one before, and delivers it.
func (e *Emulator) send(f emulator.Fields) *emulator.Answer {
	to, _ := f.Text("phoneNumber", 16)
	message, ok := f.Text("message", e.options.MaxMessage)
	if !ok || !isPhone(to) || !strings.Contains(message, "{{code}}") {
		return invalid()
	}
	switch code := e.options.Refused[to]; code {
	case "":
	case "NOT_FOUND":
		return notFound()
	default:
		return refuse(http.StatusForbidden, code)
	}
	now := e.Now()
	if limit := e.options.MaxSends; limit > 0 && len(e.sends.Get(now, to)) >= limit {
		return refuse(http.StatusForbidden, own+"MAX_OTP_CODES_EXCEEDED")
	}
	v := &verification{id: emulator.UUID(), to: to, code: e.options.NewCode(e.options.Digits), at: now}
	e.sends.Add(now, to, struct{}{})
	e.byTo.Add(now, to, v)
	e.byID.Add(now, v.id, v)
	return &emulator.Answer{
		Body:    map[string]string{"authenticationId": v.id},
		Message: &Message{Vendor: "camara", To: to, Channel: "sms", Code: v.code, Text: strings.ReplaceAll(message, "{{code}}", v.code)},
	}
}

// problem says why a code is not accepted, or "". The lock is held.
func (e *Emulator) problem(v *verification, now time.Time) string {
	newest, _ := e.byTo.Newest(now, v.to)
	switch {
	case v.wrong >= e.options.MaxTry:
		return own + "VERIFICATION_FAILED"
	case v.used, v != newest, !now.Before(v.at.Add(e.options.Life)):
		return own + "VERIFICATION_EXPIRED"
	}
	return ""
}

func (e *Emulator) check(f emulator.Fields) *emulator.Answer {
	id, isID := f.Text("authenticationId", 36)
	typed, isCode := f.Text("code", 10)
	if !isID || !isCode || id == "" || typed == "" {
		return invalid()
	}
	now := e.Now()
	v, ok := e.byID.Newest(now, id)
	if !ok {
		return notFound()
	}
	problem := e.problem(v, now)
	switch {
	case problem != "":
	case typed == v.code:
		v.used = true
		return &emulator.Answer{Status: http.StatusNoContent}
	default:
		v.wrong++
		problem = own + "INVALID_OTP"
		if v.wrong >= e.options.MaxTry {
			problem = own + "VERIFICATION_FAILED"
		}
	}
	return refuse(http.StatusBadRequest, problem)
}

// token hands out an access token; its errors are those of RFC 6749 section 5.2.
func (e *Emulator) token(r *http.Request) *emulator.Answer {
	fault := func(status int, code string) *emulator.Answer {
		return &emulator.Answer{Status: status, Body: map[string]string{"error": code}}
	}
	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	switch scope := r.PostForm.Get("scope"); {
	case !e.isClient(r):
		return fault(http.StatusUnauthorized, "invalid_client")
	case r.PostForm.Get("grant_type") != "client_credentials":
		return fault(http.StatusBadRequest, "unsupported_grant_type")
	case !isScope(scope):
		return fault(http.StatusBadRequest, "invalid_scope")
	default:
		e.issued++
		return &emulator.Answer{Body: map[string]any{
			"access_token": e.newToken(), "token_type": "Bearer", "expires_in": int(e.options.TokenLife / time.Second), "scope": scope,
		}}
	}
}

// isScope wants the API's scope and exactly one purpose, as the profile of CAMARA does.
func isScope(scope string) bool {
	purposes, api := 0, false
	for word := range strings.FieldsSeq(scope) {
		api = api || word == "one-time-password-sms:send-validate"
		if strings.HasPrefix(word, "dpv:") {
			purposes++
		}
	}
	return api && purposes == 1 && utf8.ValidString(scope)
}

// isClient knows the account by its secret, or by an assertion: OpenID Connect Core 1.0
// section 9. An assertion says the time of the client, so that it is compared with that
// of this machine, which Advance does not move.
func (e *Emulator) isClient(r *http.Request) bool {
	if user, password, basic := r.BasicAuth(); basic {
		return user == e.options.ClientID && password == e.options.ClientSecret
	}
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	claims, ok := emulator.JWT(r.PostForm.Get("client_assertion"), e.key)
	now := time.Now()
	issuer, _ := claims.Text("iss", 256)
	subject, _ := claims.Text("sub", 256)
	audience, _ := claims.Text("aud", 2048)
	id, _ := claims.Text("jti", 256)
	end, isGood := claims.Number("exp", float64(now.Unix()), float64(now.Add(assertionLife).Unix()))
	issued, isIssued := claims.Number("iat", end-assertionLife.Seconds(), end)
	_, seen := e.used.Newest(now, id)
	e.used.Add(now, id, struct{}{})
	return ok && r.PostForm.Get("client_assertion_type") == kind && issuer == e.options.ClientID && subject == issuer &&
		strings.HasSuffix(audience, "://"+r.Host+e.options.TokenPath) && id != "" && !seen && isGood && isIssued && issued > 0
}
