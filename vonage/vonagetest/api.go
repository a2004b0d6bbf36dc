package vonagetest

import (
	_ "embed" // the shapes
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

func (e *Emulator) routes() []emulator.Route {
	const one = "/v2/verify/{request}"
	return []emulator.Route{
		{On: "send", Pattern: "POST /v2/verify", Serve: e.send},
		{On: "send", Pattern: "POST /v2/verify/{$}", Serve: e.send},
		{On: "check", Pattern: "POST " + one, Serve: e.check},
		{On: "cancel", Pattern: "DELETE " + one, Serve: e.cancel},
		{On: "next", Pattern: "POST " + one + "/next_workflow", Serve: e.next},
		{On: "message", Pattern: "POST /v1/messages", Serve: e.message},
	}
}

// kinds are the errors of the API by the fragment of their type: the page that is
// meant, the title and the detail.
var kinds = map[string][3]string{
	"unauthorized":   {"", "Unauthorized", "You did not provide correct credentials."},
	"low-balance":    {"", "Low balance", "This request could not be performed due to your account balance being low."},
	"forbidden":      {"", "Forbidden", "Your account does not have permission to perform this action."},
	"throttled":      {"", "Rate Limit Hit", "Please wait, then retry your request"},
	"not-found":      {"", "Not Found", "Request was not found or it has been verified already."},
	"invalid-params": {"", "Invalid params", "The value of one or more parameters is invalid"},
	"internal-error": {"", "Internal Error", "Please try again later."},
	"invalid-code":   {"/verify", "Invalid Code", "The code you provided does not match the expected value."},
	"expired":        {"/verify", "Invalid Code", "An incorrect code has been provided too many times. Workflow terminated."},
	"concurrent":     {"/verify", "Conflict", "Concurrent verifications to the same number are not allowed"},
	"no-events":      {"/verify", "Conflict", "There are no more events left to trigger."},
}

func problem(status int, kind string) *emulator.Answer {
	words := kinds[kind]
	return &emulator.Answer{
		Status: status, Header: http.Header{"Content-Type": {"application/problem+json"}},
		Body: map[string]any{
			"type":  "https://developer.vonage.com/api-errors" + words[0] + "#" + kind,
			"title": words[1], "detail": words[2], "instance": emulator.UUID(),
		},
	}
}

func with(a *emulator.Answer, key string, value any) *emulator.Answer {
	a.Body.(map[string]any)[key] = value
	return a
}

func notFound(id string) *emulator.Answer {
	a := problem(http.StatusNotFound, "not-found")
	return with(a, "detail", strings.TrimSpace("Request "+id)+" was not found or it has been verified already.")
}

func invalid(parameter string) *emulator.Answer {
	return with(problem(http.StatusUnprocessableEntity, "invalid-params"), "invalid_parameters",
		[]any{map[string]any{"name": parameter, "reason": parameter + " is invalid"}})
}

// Refusal returns a fault that answers with an error of the API, by the fragment of
// its type, such as "throttled", and has no effect.
func Refusal(status int, kind string) Fault { return problem(status, kind).Fault() }

func (e *Emulator) authorized(serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		user, password, basic := r.BasicAuth()
		if basic && user == e.options.APIKey && password == e.options.APISecret || e.isToken(emulator.Credential(r, "Bearer")) {
			return serve(r)
		}
		return problem(http.StatusUnauthorized, "unauthorized")
	}
}

// isToken knows a token of the application by its key. A token says the time of the
// client, so that it is compared with that of this machine, which Advance does not move.
func (e *Emulator) isToken(token string) bool {
	claims, ok := emulator.JWT(token, e.key)
	now := float64(time.Now().Unix())
	id, _ := claims.Text("jti", 64)
	application, _ := claims.Text("application_id", 64)
	_, isIssued := claims.Number("iat", 0, now+60)
	_, isGood := claims.Number("exp", now+1, 1e12)
	return ok && application == e.options.ApplicationID && id != "" && isIssued && isGood
}

var (
	phone   = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	sender  = regexp.MustCompile(`^([1-9][0-9]{2,14}|[A-Za-z0-9]{3,11})$`)
)

// sends and messages say what the fields of a verification and of a text look like.
var (
	//go:embed shapes.txt
	shapes string
	//go:embed message_shapes.txt
	messageShapes string

	sends    = emulator.ReadShapes(shapes)
	messages = emulator.ReadShapes(messageShapes)
)

type step struct{ channel, to string }

// recipient is how a person is written elsewhere.
func (s step) recipient() string {
	if s.channel == "email" {
		return strings.ToLower(s.to)
	}
	return "+" + s.to
}

func readStep(f emulator.Fields) (s step, fault *emulator.Answer) {
	from, ok := f.Text("from", 254)
	s.channel, s.to = f.String("channel"), f.String("to")
	isTo, isFrom := phone, sender
	switch s.channel {
	case "sms", "voice":
	case "whatsapp":
		isFrom, ok = phone, ok && from != ""
	case "rcs":
		ok = ok && from != ""
	case "email":
		isTo, isFrom = address, address
	default:
		return s, invalid("channel")
	}
	switch {
	case !isTo.MatchString(s.to):
		return s, invalid("to")
	case !ok || from != "" && !isFrom.MatchString(from):
		return s, invalid("from")
	}
	return s, nil
}

// readWorkflow reads one to three steps.
func readWorkflow(f emulator.Fields) (steps []step, fault *emulator.Answer) {
	list, _ := f["workflow"].([]any)
	if len(list) == 0 || len(list) > 3 {
		return nil, invalid("workflow")
	}
	for _, item := range list {
		object, _ := item.(map[string]any)
		s, fault := readStep(object)
		if fault != nil {
			return nil, fault
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// send makes a verification, unless one of the recipient is pending.
func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return invalid("body")
	}
	if name := sends.Fault(f); name != "" {
		return invalid(name)
	}
	steps, fault := readWorkflow(f)
	if fault != nil {
		return fault
	}
	now, to := e.Now(), steps[0].recipient()
	if last, ok := e.byTo.Newest(now, to); ok && (last.pending(now) || last.lags(now, e.options.CancelLag)) {
		return with(problem(http.StatusConflict, "concurrent"), "request_id", last.id)
	}
	v := &verification{
		id: emulator.UUID(), code: e.options.NewCode(f.Int("code_length", 4)), steps: steps[1:],
		timeout: time.Duration(f.Int("channel_timeout", 180)) * time.Second, at: now,
	}
	e.byTo.Add(now, to, v)
	e.byID.Add(now, v.id, v)
	return &emulator.Answer{
		Status: http.StatusAccepted, Body: map[string]any{"request_id": v.id}, Message: v.message(steps[0], f.String("brand")),
	}
}

// message is a code as a person gets it.
func (v *verification) message(s step, brand string) *Message {
	return &Message{Vendor: "vonage", ID: v.id, To: s.recipient(), Channel: s.channel, Code: v.code, Text: "Your " + brand + " code is " + v.code}
}

// pendingOf returns the verification of a path, or what is answered without one.
func (e *Emulator) pendingOf(r *http.Request, now time.Time) (*verification, *emulator.Answer) {
	v, ok := e.byID.Newest(now, r.PathValue("request"))
	if !ok || !v.pending(now) {
		return nil, notFound(r.PathValue("request"))
	}
	return v, nil
}

func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	typed, ok := f.Text("code", 10)
	if err != nil || !ok || len(typed) < 4 {
		return invalid("code")
	}
	v, fault := e.pendingOf(r, e.Now())
	switch {
	case fault != nil:
		return fault
	case typed == v.code:
		v.over = true
		return &emulator.Answer{Body: map[string]any{"request_id": v.id, "status": "completed"}}
	}
	if v.wrong++; v.wrong >= attempts {
		v.over = true
		return problem(http.StatusGone, "expired")
	}
	return problem(http.StatusBadRequest, "invalid-code")
}

func (e *Emulator) cancel(r *http.Request) *emulator.Answer {
	now := e.Now()
	v, fault := e.pendingOf(r, now)
	if fault != nil {
		return fault
	}
	v.over, v.canceled = true, now
	return &emulator.Answer{Status: http.StatusNoContent}
}

// next goes on to the next step.
func (e *Emulator) next(r *http.Request) *emulator.Answer {
	now := e.Now()
	v, fault := e.pendingOf(r, now)
	switch {
	case fault != nil:
		return fault
	case len(v.steps) == 0:
		return problem(http.StatusConflict, "no-events")
	}
	s := v.steps[0]
	v.steps, v.at = v.steps[1:], now
	return &emulator.Answer{Message: v.message(s, "Vonage")}
}

// message delivers a text of the Messages API.
func (e *Emulator) message(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return invalid("body")
	}
	if name := messages.Fault(f); name != "" {
		return with(invalid(name), "type", "https://developer.vonage.com/api-errors/messages#1150")
	}
	text, id := f.String("text"), emulator.UUID()
	return &emulator.Answer{
		Status: http.StatusAccepted, Body: map[string]any{"message_uuid": id},
		Message: &Message{Vendor: "vonage", ID: id, To: "+" + f.String("to"), Channel: "sms", Code: emulator.CodeIn(text), Text: text},
	}
}
