// Package authytest emulates the legacy Authy API, for tests and demos: no account,
// no network, no cost.
//
//	srv := authytest.NewServer(t)
//	users, err := authy.NewUsers(authy.Config{BaseURL: srv.URL, APIKey: authytest.APIKey})
//
//	err = users.Register(ctx, "a@example.com", to)
//	_, err = users.Send(ctx, to)
//	err = users.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Users, phone verification and OneTouch, as far as Authy's own client libraries
// can tell: paths in all their spellings, parameters as a form, as JSON or in the
// query, statuses, bodies and error codes. A person with the app is not sent an
// SMS unless it is forced; a check without force approves anything until a right
// code was typed once; a code for an action is good for that action alone; a
// phone verification repeats its code for ten minutes.
//
// Authy does not document the following, and the emulator does it so: a code to a
// user lives ten minutes, and a new one ends the one before in the same action; a
// code of the app lives until it is used, and is good in every action; a phone
// registered twice has one id; the eleventh message and the eleventh wrong code
// within an hour are refused with 60003; a push to a person without the app is
// refused with status 400. Parameters without a meaning here are ignored.
//
// The package is longer than other emulators: it is two products and signed
// callbacks, and since Authy is closed to new customers it is what is left to test
// against.
package authytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The application that zero [Options] emulate.
const (
	APIKey  = "emulatedauthyapikey0000000000000"
	AppName = "Acme"
)

// The limits of codes. Authy documents the first alone, and for phone
// verification only.
const (
	life        = 10 * time.Minute
	maxSends    = 10
	maxAttempts = 10
	counted     = time.Hour
)

// Options describe an application.
type Options struct {
	APIKey  string `dsn:"api_key"` // Defaults to [APIKey].
	AppName string // The name in messages. Defaults to [AppName].
	Digits  int    `dsn:"digits,optional"` // Of a code to a user, 6 to 10. Defaults to 7.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{APIKey: APIKey, AppName: AppName, Digits: 7, NewCode: emulator.Digits}

// An Emulator is the Authy API in memory: an [http.Handler] for the paths below
// /protected/json and /onetouch/json. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu        sync.Mutex
	users     map[string]*user         // by id
	ids       map[string]string        // of users, by phone
	apps      map[string]bool          // phones that have the app
	phones    map[string]*verification // the last one, by phone
	byUUID    map[string]*verification
	approvals map[string]*approval
	sends     emulator.List[string, struct{}] // by id of the user
	wrong     emulator.List[string, struct{}] // wrong codes, likewise
	nextID    int
}

// New returns an emulator of the application that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	e := &Emulator{
		options: opts, nextID: 1000, users: map[string]*user{}, ids: map[string]string{}, apps: map[string]bool{},
		phones: map[string]*verification{}, byUUID: map[string]*verification{}, approvals: map[string]*approval{},
	}
	e.sends.Life, e.wrong.Life = counted, counted
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(),
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
	})
	return e
}

// routes name the operations of both products by one word in Fault.On.
func (e *Emulator) routes() []emulator.Route {
	const users, phones, onetouch = "/protected/json/users", "/protected/json/phones/verification", "/onetouch/json"
	return []emulator.Route{
		{On: "register", Pattern: "POST " + users + "/new", Serve: e.serve((*call).register)},
		{On: "delete", Pattern: "POST " + users + "/{id}/{verb}", Serve: e.serve((*call).remove)},
		{On: "status", Pattern: "GET " + users + "/{id}/status", Serve: e.serve((*call).userStatus)},
		{On: "send", Pattern: "GET /protected/json/sms/{id}", Serve: e.serve((*call).sms)},
		{On: "send", Pattern: "GET /protected/json/call/{id}", Serve: e.serve((*call).voice)},
		{On: "check", Pattern: "GET /protected/json/verify/{code}/{id}", Serve: e.serve((*call).check)},
		{On: "send", Pattern: "POST " + phones + "/start", Serve: e.serve((*call).start)},
		{On: "check", Pattern: "GET " + phones + "/check", Serve: e.serve((*call).checkPhone)},
		{On: "status", Pattern: "GET " + phones + "/status", Serve: e.serve((*call).phoneStatus)},
		{On: "request approval", Pattern: "POST " + onetouch + "/users/{id}/approval_requests", Serve: e.serve((*call).requestApproval)},
		{On: "fetch approval", Pattern: "GET " + onetouch + "/approval_requests/{id}", Serve: e.serve((*call).fetchApproval)},
		{On: "app details", Pattern: "GET /protected/json/app/details", Serve: e.serve((*call).details)},
	}
}

// A call is one request that may be answered.
type call struct {
	*Emulator
	*http.Request
	params params
	now    time.Time
	sent   *Message // to be delivered
}

// serve takes the key from the header, or from the parameters as the oldest
// clients send it. The operation runs with the lock held.
func (e *Emulator) serve(operation func(*call) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		p, ok := readParams(r)
		switch {
		case !ok:
			return refuse(http.StatusBadRequest, 60002)
		case cmp.Or(r.Header.Get("X-Authy-API-Key"), p["api_key"]) != e.options.APIKey:
			return refuse(http.StatusUnauthorized, 60001)
		}
		c := &call{Emulator: e, Request: r, params: p, now: e.Now()}
		e.mu.Lock()
		a := operation(c)
		e.mu.Unlock()
		if c.sent != nil {
			e.Deliver(*c.sent)
		}
		return a
	}
}

// message is a code as the phone shows or reads it.
func (c *call) message(to, channel, action, code string) *Message {
	return &Message{
		Vendor: "authy", To: to, Channel: channel, Scope: action, Code: code,
		Text: "Your " + c.options.AppName + " verification code is: " + code,
	}
}

// Code returns the code that would now be approved for to, or "" if there is
// none: of a user in an action, sent or shown by the app, or for the empty action
// also of a phone verification, whichever is the newest.
func (e *Emulator) Code(to, action string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	var code string
	var at time.Time
	if u := e.users[e.ids[to]]; u != nil && len(e.wrong.Get(now, u.id)) < maxAttempts {
		if t := u.newest(action, now); t != nil {
			code, at = t.code, t.at
		}
	}
	if v := e.phones[to]; action == "" && v.live(now) && v.attempts < maxAttempts && !v.sent.Before(at) {
		code = v.code
	}
	return code
}

// InstallApp gives the person with a phone the Authy app, before or after the
// registration: messages that are not forced are ignored from now on, and
// pushes arrive.
func (e *Emulator) InstallApp(to string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.apps[to] = true
	if u := e.users[e.ids[to]]; u != nil {
		u.app = true
	}
}

// Register makes the person with a phone a user, or finds the one that has it, and
// returns the id. The country is the calling code, without a plus.
func (e *Emulator) Register(email, country, to string) (id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.enrol(email, country, to)
}

func (e *Emulator) enrol(email, country, to string) (id string) {
	id, known := e.ids[to]
	if !known {
		id = strconv.Itoa(e.nextID)
		e.nextID++
		e.ids[to] = id
		e.users[id] = &user{id: id, phone: to, country: country, app: e.apps[to], tokens: map[string]*token{}}
	}
	e.users[id].email = email
	return id
}

// details tell of the application, as recorded in
// https://github.com/ck-developer/authy (tests/Mock/AuthyDetailsSuccess.txt).
func (c *call) details() *emulator.Answer {
	return says(object{
		"app":     object{"name": c.options.AppName, "plan": "starter", "sms_enabled": true, "app_id": 1, "onetouch_enabled": true},
		"message": "Application information.", "success": true,
	})
}

// params are what a request says, in the query and in the body, by the names of
// a form: "user[email]". Authy's clients write forms and JSON, and one of them
// gives a body to a GET.
type params map[string]string

func readParams(r *http.Request) (params, bool) {
	p := params{}
	p.addAll(r.URL.Query())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false
	}
	if strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		var given map[string]any
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		if d.Decode(&given) != nil {
			return nil, false
		}
		p.addObject("", given)
		return p, true
	}
	values, err := url.ParseQuery(string(body))
	p.addAll(values)
	return p, err == nil
}

func (p params) addAll(values url.Values) {
	for name := range values {
		p[name] = values.Get(name)
	}
}

func (p params) addObject(prefix string, given map[string]any) {
	for name, value := range given {
		if prefix != "" {
			name = prefix + "[" + name + "]"
		}
		switch v := value.(type) {
		case map[string]any:
			p.addObject(name, v)
		case nil:
		default:
			p[name] = fmt.Sprint(v)
		}
	}
}

// under returns the values below a name: "details[user]" under "details".
func (p params) under(name string) map[string]string {
	inner := map[string]string{}
	for key, value := range p {
		rest, ok := strings.CutPrefix(key, name+"[")
		if member, closed := strings.CutSuffix(rest, "]"); ok && closed {
			inner[member] = value
		}
	}
	return inner
}

// An object is a body of JSON; all have success and most a message.
type object = map[string]any

func says(body object) *emulator.Answer {
	return &emulator.Answer{Header: http.Header{"Content-Type": {"application/json;charset=utf-8"}}, Body: body}
}

func said(message string) *emulator.Answer { return says(object{"message": message, "success": true}) }

func notFound() *emulator.Answer {
	return &emulator.Answer{
		Status: http.StatusNotFound,
		Body:   "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs.",
	}
}

// texts are Authy's, as recorded or as its documents have them.
var texts = map[int]string{
	60001: "Invalid API key",
	60002: "Invalid request",
	60003: "DoS protection: User has requested too many tokens in the last hour.",
	60004: "Invalid parameter",
	60019: "Token is invalid. Token was used recently.",
	60020: "Token is invalid",
	60022: "Verification code is incorrect",
	60026: "User not found.",
	60027: "User was not valid",
	60033: "Phone number is invalid",
	60042: "Either uuid or country_code and phone number are required",
	60051: "No device was found for this user",
	60060: "Your account is suspended",
	60078: "Invalid country code",
	60082: "Can not send SMS to landline phone numbers",
	60083: "Phone number not provisioned with any carrier",
}

func refuse(status, code int) *emulator.Answer { return refuseWith(status, code, texts[code]) }

// refuseWith writes the code as a string, as Authy does.
func refuseWith(status, code int, message string) *emulator.Answer {
	a := says(object{
		"success": false, "error_code": strconv.Itoa(code), "message": message, "errors": object{"message": message},
	})
	a.Status = status
	return a
}

func wrongToken(code int) *emulator.Answer {
	a := refuse(http.StatusUnauthorized, code)
	a.Body.(object)["token"] = "is invalid"
	return a
}

func userNotFound() *emulator.Answer { return refuse(http.StatusNotFound, 60026) }

func missing(parameter string) *emulator.Answer {
	return refuseWith(http.StatusBadRequest, 60004, "Invalid parameter: "+parameter+" - Parameter is required")
}

// Refusal returns a fault that answers with an error of Authy's, in its shape,
// and has no effect.
func Refusal(status, code int) Fault {
	f := refuse(status, code).Fault()
	f.Header = nil
	return f
}

// Unsent returns a fault in which nothing is sent though the answer says success:
// it lacks the phone, and only its words tell.
func Unsent() Fault {
	return Fault{
		On: "send", Status: http.StatusOK,
		Body: `{"message":"An error ocurred while sending the SMS","success":true}`, //nolint:misspell // as Authy wrote it
	}
}

// A Server is an [Emulator] that listens.
type Server struct {
	*Emulator
	*emulator.Server
}

// NewServer starts a server that is closed when the test ends. It takes at most
// one Options.
func NewServer(t emulator.TB, opts ...Options) *Server {
	t.Helper()
	e, s := emulator.NewServer(t, New, opts)
	return &Server{e, s}
}

type (
	// A Fault is what Fail takes, and a Message what Messages returns: see package emulator. Fault.On may be
	// send, check, status, register, delete, request approval, fetch approval or app
	// details; the first three are those of phone verification too. The Scope of a
	// Message is the action, and the Channel of a push, which holds no code, is "app".
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
