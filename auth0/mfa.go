package auth0

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls of the MFA API: https://auth0.com/docs/secure/multi-factor-authentication/multi-factor-authentication-developer-resources/mfa-api.
const (
	challengeRoute      = "/mfa/challenge"
	associateRoute      = "/mfa/associate"
	authenticatorsRoute = "/mfa/authenticators"
	authenticatorRoute  = "/mfa/authenticators/{id}"

	grantOTP      = "http://auth0.com/oauth/grant-type/mfa-otp"
	grantOOB      = "http://auth0.com/oauth/grant-type/mfa-oob"
	grantRecovery = "http://auth0.com/oauth/grant-type/mfa-recovery-code"
)

// An MFA speaks to the second factors of a person who is about to log in to Auth0.
// Its words are Auth0's, and its errors are [verify.Error]s with our outcomes.
//
//	list, err := mfa.Authenticators(ctx, mfaToken)
//	challenge, err := mfa.Challenge(ctx, mfaToken, list[0])
//	tokens, err := mfa.AnswerOOB(ctx, mfaToken, challenge.OOBCode, typed)
//
// It is no [verify.Verifier]: Auth0 chooses the recipient, which is a factor that the
// person enrolled, each log-in has a token of its own, the mfa_token of an answer
// with the error mfa_required, and a right code ends that log-in alone.
//
// A token that is wrong or too old is ErrNotPending: the person logs in again. It
// is safe for concurrent use.
type MFA struct{ tenant *tenant }

// NewMFA checks cfg and makes an MFA. Its settings of codes and tokens do not count.
// It does no I/O. Its errors name the field at fault and never its value.
func NewMFA(cfg Config) (*MFA, error) {
	t, err := newTenant(cfg)
	if err != nil {
		return nil, err
	}
	return &MFA{t}, nil
}

// Format keeps the credentials of an MFA out of every print.
func (MFA) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("auth0.MFA{[hidden]}")) }

// Close is that of a [Client].
func (m *MFA) Close() error { return m.client().Close() }

// client is nil, which refuses every call, if NewMFA did not make m.
func (m *MFA) client() *driver.Client {
	if m.tenant == nil {
		return nil
	}
	return m.tenant.api
}

// An Authenticator is a factor that a person enrolled.
type Authenticator struct {
	ID      string // "sms|dev_..."
	Type    string // "otp", "oob" or "recovery-code"
	Channel string // of an oob: "sms", "voice", "email", or "auth0" for a push
	Name    string // such as a number, most of it masked by Auth0
	Active  bool   // false until an answer confirmed it
}

// Authenticators lists a person's factors. The token is an mfa_token, or an access
// token for the MFA API with the scope read:authenticators.
func (m *MFA) Authenticators(ctx context.Context, token string) ([]Authenticator, error) {
	reply, err := m.do(ctx, driver.Call{
		Op: "list", Method: http.MethodGet, Route: authenticatorsRoute, Token: driver.Bearer(token), Repeatable: true,
	}, token)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if json.Unmarshal(reply.Body, &list) != nil {
		return nil, m.client().Unknown("list", reply, "the answer is not a list")
	}
	all := make([]Authenticator, len(list))
	for i, one := range list {
		a := &all[i]
		err := driver.Scan(one, driver.Field{Key: "id", To: &a.ID, Need: true},
			driver.Field{Key: "authenticator_type", To: &a.Type, Need: true}, driver.Field{Key: "oob_channel", To: &a.Channel},
			driver.Field{Key: "name", To: &a.Name}, driver.Field{Key: "active", To: &a.Active, Need: true})
		if err != nil {
			return nil, m.client().Unknown("list", reply, err.Error())
		}
	}
	return all, nil
}

// A Challenge says what to answer with.
type Challenge struct {
	Type    string // "otp": AnswerOTP; "oob": AnswerOOB
	OOBCode string `json:"-"` // of an oob
	Prompt  bool   // the person types a code, as with SMS; if false it is a push: ask with an empty code until there is an answer
}

// Format keeps a Challenge out of every print.
func (Challenge) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("auth0.Challenge{[hidden]}")) }

// Challenge has Auth0 send a code or a push to a factor, or says that an
// authenticator app is to be asked. The zero Authenticator leaves the choice to
// Auth0. A lost answer is ErrOutcomeUnknown: the message may arrive.
func (m *MFA) Challenge(ctx context.Context, mfaToken string, a Authenticator) (c Challenge, err error) {
	if !slices.Contains([]string{"", "otp", "oob"}, a.Type) {
		return c, m.refuse("challenge", verify.ErrUnsupported, "a recovery code is answered without a challenge")
	}
	reply, err := m.post(ctx, "challenge", challengeRoute, mfaToken, func(app application) any {
		return struct {
			application
			Token string `json:"mfa_token"`
			Type  string `json:"challenge_type"`
			ID    string `json:"authenticator_id,omitempty"`
		}{app, mfaToken, cmp.Or(a.Type, "otp oob"), a.ID}
	}, "")
	if err != nil {
		return c, err
	}
	var binding string
	err = driver.Scan(reply.Body, driver.Field{Key: "challenge_type", To: &c.Type, Need: true},
		driver.Field{Key: "oob_code", To: &c.OOBCode}, driver.Field{Key: "binding_method", To: &binding})
	c.Prompt = binding == "prompt"
	if err == nil && c.Type != "otp" && (c.Type != "oob" || c.OOBCode == "") {
		err = errors.New("the challenge is none that is known")
	}
	if err != nil {
		return Challenge{}, m.client().Unknown("challenge", reply, err.Error())
	}
	return c, nil
}

// AnswerOTP tells the code of an authenticator app.
func (m *MFA) AnswerOTP(ctx context.Context, mfaToken, code string) (Tokens, error) {
	return m.answer(ctx, mfaToken, grantOTP, isDigits(code), "otp", code)
}

// AnswerOOB tells the code that the person read in a message. For a push there is
// none: ask with an empty one, and again after Error.RetryAfter while the error
// [IsPending].
func (m *MFA) AnswerOOB(ctx context.Context, mfaToken, oobCode, code string) (Tokens, error) {
	return m.answer(ctx, mfaToken, grantOOB, code == "" || isDigits(code), "oob_code", oobCode, "binding_code", code)
}

// AnswerRecoveryCode tells a recovery code. Auth0 makes a new one: show the person
// Tokens.RecoveryCode.
func (m *MFA) AnswerRecoveryCode(ctx context.Context, mfaToken, code string) (Tokens, error) {
	return m.answer(ctx, mfaToken, grantRecovery, driver.IsID(code, maxID), "recovery_code", code)
}

// IsPending reports that nobody answered a push so far. Error.RetryAfter says when to
// ask again.
func IsPending(err error) bool {
	var e *verify.Error
	return errors.As(err, &e) && (e.VendorCode == "authorization_pending" || e.VendorCode == "slow_down")
}

// isDigits knows what can be a code.
func isDigits(s string) bool {
	return s != "" && len(s) <= maxDigits && strings.Trim(s, "0123456789") == ""
}

// answer asks for the tokens of a log-in. A request that may have been read is not
// made again: it would be a second attempt.
func (m *MFA) answer(ctx context.Context, mfaToken, grant string, plausible bool, pairs ...string) (Tokens, error) {
	switch {
	case m.tenant == nil:
		return Tokens{}, m.refuse("check", verify.ErrUnsupported, "the MFA was not made by NewMFA")
	case !plausible:
		return Tokens{}, m.refuse("check", verify.ErrMismatch, "")
	}
	form, err := m.tenant.form(grant, append(pairs, "mfa_token", mfaToken)...)
	if err != nil {
		return Tokens{}, err
	}
	reply, err := m.do(ctx, driver.Call{Op: "check", Route: tokenRoute, Form: form}, mfaToken)
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := readTokens(reply)
	if err != nil {
		return Tokens{}, m.client().Unknown("check", reply, err.Error())
	}
	return tokens, nil
}

// A Factor is what can be enrolled.
type Factor string

// The factors.
const (
	FactorOTP   Factor = "otp" // an authenticator app
	FactorSMS   Factor = "sms"
	FactorVoice Factor = "voice"
	FactorEmail Factor = "email"
	FactorPush  Factor = "auth0" // Auth0's app Guardian
)

// An Association is a factor that is enrolled as soon as one answer was right.
type Association struct {
	Secret        string   `json:"-"` // of FactorOTP, in base 32
	BarcodeURI    string   `json:"-"` // of FactorOTP and FactorPush: what the QR code holds
	OOBCode       string   `json:"-"` // of all others: for AnswerOOB
	Prompt        bool     // the person types a code
	RecoveryCodes []string `json:"-"` // of the first factor: show them once
}

// Format keeps an Association out of every print.
func (Association) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("auth0.Association{[hidden]}")) }

// Associate begins to enroll a factor: to is a phone number, an e-mail address, or
// empty for an app. The token is an mfa_token, for a person without any factor, or
// an access token for the MFA API with the scope enroll.
func (m *MFA) Associate(ctx context.Context, token string, factor Factor, to string) (a Association, err error) {
	kind, channels, phone, email := "oob", []Factor{factor}, "", ""
	fits := to == ""
	switch factor {
	case FactorOTP:
		kind, channels = "otp", nil
	case FactorPush:
	case FactorSMS, FactorVoice:
		fits, phone = verify.IsPhone(to), to
	case FactorEmail:
		fits, email = verify.IsEmail(to), to
	default:
		return a, m.refuse("associate", verify.ErrUnsupported, "no factor of Auth0 is called so")
	}
	if !fits {
		return a, m.refuse("associate", verify.ErrInvalidRecipient, "the recipient is not one of this factor")
	}
	reply, err := m.post(ctx, "associate", associateRoute, token, func(app application) any {
		return struct {
			application
			Types    []string `json:"authenticator_types"`
			Channels []Factor `json:"oob_channels,omitempty"`
			Phone    string   `json:"phone_number,omitempty"`
			Email    string   `json:"email,omitempty"`
		}{app, []string{kind}, channels, phone, email}
	}, driver.Bearer(token))
	if err != nil {
		return a, err
	}
	var binding, got string
	var recovery json.RawMessage
	err = driver.Scan(reply.Body, driver.Field{Key: "authenticator_type", To: &got, Need: true},
		driver.Field{Key: "secret", To: &a.Secret}, driver.Field{Key: "barcode_uri", To: &a.BarcodeURI},
		driver.Field{Key: "oob_code", To: &a.OOBCode}, driver.Field{Key: "binding_method", To: &binding},
		driver.Field{Key: "recovery_codes", To: &recovery})
	if err == nil && len(recovery) > 0 {
		err = json.Unmarshal(recovery, &a.RecoveryCodes)
	}
	if err != nil || got != kind || a.Secret+a.OOBCode == "" {
		return Association{}, m.client().Unknown("associate", reply, "the answer is not a factor of this kind")
	}
	a.Prompt = binding == "prompt"
	return a, nil
}

// Delete removes a factor: its Authenticator's ID. The token is an access token for
// the MFA API with the scope remove:authenticators; an mfa_token is not enough.
func (m *MFA) Delete(ctx context.Context, accessToken, id string) error {
	_, err := m.do(ctx, driver.Call{
		Op: "delete", Method: http.MethodDelete, Route: authenticatorRoute, Args: []string{id}, Token: driver.Bearer(accessToken),
	}, accessToken)
	return err
}

func (m *MFA) post(ctx context.Context, op, route, token string, body func(application) any, bearer string) (driver.Reply, error) {
	if m.tenant == nil {
		return driver.Reply{}, m.refuse(op, verify.ErrUnsupported, "the MFA was not made by NewMFA")
	}
	app, err := m.tenant.application()
	if err != nil {
		return driver.Reply{}, err
	}
	text, err := json.Marshal(body(app))
	if err != nil {
		return driver.Reply{}, err
	}
	return m.do(ctx, driver.Call{Op: op, Route: route, JSON: text, Token: bearer}, token)
}

// do refuses what cannot be a token, and makes the call.
func (m *MFA) do(ctx context.Context, call driver.Call, token string) (driver.Reply, error) {
	if token == "" {
		return driver.Reply{}, m.refuse(call.Op, verify.ErrNotPending, "the token of the log-in is missing")
	}
	return m.client().Do(ctx, call)
}

func (*MFA) refuse(op string, outcome verify.Outcome, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: outcome, Detail: detail}
}

// Tokens are what Auth0 issues after a right code. They are in no print and in no
// JSON.
type Tokens struct {
	AccessToken  string        `json:"-"`
	IDToken      string        `json:"-"` // with openid in Config.TokenScope. Its signature is not checked
	RefreshToken string        `json:"-"` // with offline_access in Config.TokenScope
	RecoveryCode string        `json:"-"` // of an MFA: the one to show in place of the one that was used
	Scope        string        // what was granted, if it is not what was asked for
	ExpiresIn    time.Duration // how long AccessToken works
}

// Format keeps Tokens out of every print.
func (Tokens) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("auth0.Tokens{[hidden]}")) }

var errNoToken = errors.New("the answer holds no access token, or an error as well")

// readTokens reads what a right code is answered with.
func readTokens(reply driver.Reply) (t Tokens, err error) {
	var seconds, failure string
	err = driver.Scan(reply.Body, driver.Field{Key: "access_token", To: &t.AccessToken, Need: true}, driver.Field{Key: "error", To: &failure},
		driver.Field{Key: "id_token", To: &t.IDToken}, driver.Field{Key: "refresh_token", To: &t.RefreshToken},
		driver.Field{Key: "recovery_code", To: &t.RecoveryCode}, driver.Field{Key: "scope", To: &t.Scope},
		driver.Field{Key: "expires_in", To: &seconds, Number: true})
	if err == nil && (reply.Status != http.StatusOK || t.AccessToken == "" || failure != "") {
		err = errNoToken
	}
	if err != nil {
		return Tokens{}, err
	}
	if n, err := strconv.ParseInt(seconds, 10, 32); err == nil {
		t.ExpiresIn = time.Duration(n) * time.Second
	}
	return t, nil
}

func (t *tenant) handOver(ctx context.Context, check driver.Check, reply driver.Reply) error {
	tokens, err := readTokens(reply)
	if err != nil {
		return err
	}
	return t.cfg.OnTokens(ctx, check.To, tokens)
}
