package auth0test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as apps have it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// A person is a user of the tenant.
type person struct {
	id, to   string
	factors  []*factor
	recovery string
	pushes   []*challenge
}

type factor struct {
	id, kind, channel, to string
	secret                []byte
	active                bool
}

// A session is what a token stands for: a log-in that wants a second factor, or its
// end.
type session struct {
	*person
	access, management bool
	at                 time.Time
	challenges         map[string]*challenge // by oob_code
}

type challenge struct {
	*factor
	code     string
	answered string // "approved" or "denied", of a push
}

// enrolled reports whether there is a factor that was confirmed.
func (p *person) enrolled() bool {
	return slices.ContainsFunc(p.factors, func(f *factor) bool { return f.active })
}

// person returns who is known by a recipient.
func (e *Emulator) person(to string) *person {
	p := e.people[key(to)]
	if p == nil {
		p = &person{id: emulator.Hex(12), to: to}
		e.people[key(to)] = p
	}
	return p
}

// Login returns the mfa_token of a log-in that asks a person for a second factor.
func (e *Emulator) Login(to string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.login(now, to)
}

func (e *Emulator) login(now time.Time, to string) string {
	return e.begun(now, "Fe26.2*", &session{person: e.person(to)})
}

// AccessToken returns an access token of a person for the MFA API.
func (e *Emulator) AccessToken(to string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.begun(now, "emulated.", &session{person: e.person(to), access: true})
}

// begun keeps a session and returns its token.
func (e *Emulator) begun(now time.Time, prefix string, s *session) (token string) {
	token = prefix + emulator.Hex(16)
	s.at, s.challenges = now, map[string]*challenge{}
	e.sessions.Add(now, token, s)
	return token
}

// AnswerPush answers a person's newest push, and reports whether there is one.
func (e *Emulator) AnswerPush(to string, approve bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.person(to)
	if len(p.pushes) == 0 {
		return false
	}
	p.pushes[len(p.pushes)-1].answered = map[bool]string{true: "approved", false: "denied"}[approve]
	return true
}

// OTP returns what an authenticator app shows now for a secret in base 32, or "" if
// it is none.
func (e *Emulator) OTP(secret string) string {
	raw, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		return ""
	}
	return otp(raw, e.Now())
}

// otp is RFC 6238 with six digits and 30 seconds.
func otp(secret []byte, at time.Time) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30) // a hash takes all
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// session finds what a token stands for.
func (e *Emulator) session(now time.Time, token string) (*session, *emulator.Answer) {
	s, ok := e.sessions.Newest(now, token)
	switch {
	case !ok || s.management:
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Malformed mfa_token")
	case !s.access && !now.Before(s.at.Add(loginLife)):
		return nil, refuse(http.StatusForbidden, "expired_token", "mfa_token is expired")
	}
	return s, nil
}

// bearer finds whose token a request bears.
func (e *Emulator) bearer(r *http.Request) (*session, *emulator.Answer) {
	s, bad := e.session(e.Now(), emulator.Credential(r, "Bearer"))
	if bad != nil {
		return nil, refuse(http.StatusUnauthorized, "invalid_token", "The token is invalid")
	}
	return s, nil
}

// begin makes a challenge of a factor, and the message that bears its code.
func (e *Emulator) begin(s *session, f *factor) (oob string, m *Message) {
	c := &challenge{factor: f}
	oob = "Fe26.2*" + emulator.Hex(16)
	s.challenges[oob] = c
	if f.channel == "auth0" {
		s.pushes = append(s.pushes, c)
		return oob, nil
	}
	c.code = e.options.NewCode(6)
	return oob, &Message{Vendor: "auth0", To: f.to, Channel: f.channel, Code: c.code, Text: "Your verification code is: " + c.code}
}

// challenge picks a factor and sends its code.
func (e *Emulator) challenge(r *http.Request) *emulator.Answer {
	f, bad := e.authenticated(r)
	if bad != nil {
		return bad
	}
	s, bad := e.session(e.Now(), f.String("mfa_token"))
	if bad != nil {
		return bad
	}
	kinds, id := strings.Fields(f.String("challenge_type")), f.String("authenticator_id")
	at := slices.IndexFunc(s.factors, func(one *factor) bool {
		return one.active && slices.Contains(kinds, one.kind) && (id == "" || id == one.id)
	})
	switch {
	case !s.enrolled():
		return refuse(http.StatusForbidden, "association_required", "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.")
	case at < 0:
		return refuse(http.StatusBadRequest, "unsupported_challenge_type", "User does not have any authenticators for the requested challenge types")
	case s.factors[at].kind == "otp":
		return &emulator.Answer{Body: map[string]any{"challenge_type": "otp"}}
	}
	oob, m := e.begin(s, s.factors[at])
	body := map[string]any{"challenge_type": "oob", "oob_code": oob}
	if m != nil {
		body["binding_method"] = "prompt"
	}
	return &emulator.Answer{Body: body, Message: m}
}

// prefixes begin the ids of factors by their channel, or by their kind.
var prefixes = map[string]string{"sms": "sms", "voice": "voice", "email": "email", "auth0": "push", "otp": "totp"}

// associate begins to enroll a factor.
func (e *Emulator) associate(r *http.Request) *emulator.Answer {
	f, bad := e.authenticated(r)
	if bad != nil {
		return bad
	}
	list := func(key string) string {
		words, _ := f[key].([]any)
		text, _ := emulator.First(words).(string)
		return text
	}
	one := &factor{kind: list("authenticator_types"), channel: list("oob_channels"), to: f.String("phone_number") + f.String("email")}
	prefix := prefixes[one.channel]
	if one.kind == "otp" {
		prefix = prefixes["otp"]
	}
	switch {
	case prefix == "" || one.kind != "otp" && one.kind != "oob":
		return refuse(http.StatusBadRequest, "invalid_request", "Unsupported authenticator type or channel")
	case (prefix == "sms" || prefix == "voice") && !phone.MatchString(one.to), prefix == "email" && !address.MatchString(one.to):
		return refuse(http.StatusBadRequest, "invalid_request", "Missing or malformed phone_number or email")
	}
	s, bad := e.bearer(r)
	switch {
	case bad != nil:
		return bad
	case !s.access && s.enrolled():
		return refuse(http.StatusForbidden, "access_denied", "User is already enrolled.")
	}
	one.id = prefix + "|dev_" + emulator.Hex(8)
	s.factors = append(s.factors, one)
	body := map[string]any{"authenticator_type": one.kind}
	if s.recovery == "" {
		s.recovery = strings.ToUpper(emulator.Hex(12))
		body["recovery_codes"] = []string{s.recovery}
	}
	uri := "otpauth://totp/" + e.options.Domain + ":" + url.PathEscape(s.to) + "?"
	if one.kind == "otp" {
		one.secret = []byte(emulator.Hex(10))
		secret := base32.StdEncoding.EncodeToString(one.secret)
		body["secret"], body["barcode_uri"] = secret, uri+"secret="+secret
		return &emulator.Answer{Body: body}
	}
	oob, m := e.begin(s, one)
	body["oob_channel"], body["oob_code"] = one.channel, oob
	if m == nil {
		body["barcode_uri"] = uri + "enrollment_tx_id=" + emulator.Hex(16)
	} else {
		body["binding_method"] = "prompt"
	}
	return &emulator.Answer{Body: body, Message: m}
}

// answer ends a log-in by a second factor.
func (e *Emulator) answer(now time.Time, grant string, f emulator.Fields) *emulator.Answer {
	if f.String("mfa_token") == "" {
		return missing("mfa_token")
	}
	s, bad := e.session(now, f.String("mfa_token"))
	if bad != nil {
		return bad
	}
	if bad = s.judge(now, grant, f); bad != nil {
		return bad
	}
	answer := e.tokens(now, s.person, f, "openid profile")
	if grant == "mfa-recovery-code" {
		s.recovery = strings.ToUpper(emulator.Hex(12))
		answer.Body.(map[string]any)["recovery_code"] = s.recovery
	}
	if !s.access {
		e.sessions.Remove(f.String("mfa_token"))
	}
	return answer
}

// judge compares an answer, and returns nil if it is right.
func (s *session) judge(now time.Time, grant string, f emulator.Fields) *emulator.Answer {
	wrong := func(key string) *emulator.Answer {
		return refuse(http.StatusForbidden, "invalid_grant", "Invalid "+key+".")
	}
	switch grant {
	case "mfa-recovery-code":
		return emulator.When(s.recovery == "" || f.String("recovery_code") != s.recovery, wrong("recovery_code"))
	case "mfa-otp":
		for _, one := range s.factors {
			for _, skew := range []time.Duration{0, -30 * time.Second, 30 * time.Second} {
				if one.kind == "otp" && f.String("otp") == otp(one.secret, now.Add(skew)) {
					one.active = true
					return nil
				}
			}
		}
		return wrong("otp_code")
	}
	c := s.challenges[f.String("oob_code")]
	switch {
	case c == nil:
		return refuse(http.StatusBadRequest, "invalid_request", "The oob_code doesn't match the mfa_token")
	case c.channel == "auth0" && c.answered == "":
		return refuse(http.StatusBadRequest, "authorization_pending", "Authorization pending: please repeat the request in a few seconds.")
	case c.channel == "auth0" && c.answered == "denied":
		return refuse(http.StatusBadRequest, "access_denied", "MFA Authorization rejected.")
	case c.channel != "auth0" && f.String("binding_code") == "":
		return missing("binding_code")
	case c.channel != "auth0" && f.String("binding_code") != c.code:
		return wrong("binding_code")
	}
	c.active = true
	return nil
}

// list tells a person's factors.
func (e *Emulator) list(r *http.Request) *emulator.Answer {
	s, bad := e.bearer(r)
	if bad != nil {
		return bad
	}
	all := []map[string]any{}
	for _, one := range s.factors {
		record := map[string]any{"id": one.id, "authenticator_type": one.kind, "active": one.active}
		if one.channel != "" {
			record["oob_channel"] = one.channel
		}
		if n := len(one.to) - 4; n > 0 {
			record["name"] = strings.Repeat("X", n) + one.to[n:]
		}
		all = append(all, record)
	}
	if s.recovery != "" {
		all = append(all, map[string]any{"id": "recovery-code|dev_" + s.id[:16], "authenticator_type": "recovery-code", "active": true})
	}
	return &emulator.Answer{Body: all}
}

// remove deletes a factor, for an access token only.
func (e *Emulator) remove(r *http.Request) *emulator.Answer {
	s, bad := e.bearer(r)
	switch {
	case bad != nil:
		return bad
	case !s.access:
		return refuse(http.StatusForbidden, "insufficient_scope", "Insufficient scope, expected: remove:authenticators")
	}
	at := slices.IndexFunc(s.factors, func(one *factor) bool { return one.id == r.PathValue("id") })
	if at < 0 {
		return refuse(http.StatusNotFound, "invalid_authenticator", "The authenticator does not exist")
	}
	s.factors = slices.Delete(s.factors, at, at+1)
	return &emulator.Answer{Status: http.StatusNoContent}
}
