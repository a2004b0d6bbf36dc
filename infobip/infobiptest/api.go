package infobiptest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

func (e *Emulator) routes() []emulator.Route {
	const pins, applications = "/2fa/2/pin", "/2fa/2/applications/{application}"
	sms := func(r *http.Request) *emulator.Answer { return e.send(r, "sms") }
	voice := func(r *http.Request) *emulator.Answer { return e.send(r, "voice") }
	return []emulator.Route{
		{On: "send", Pattern: "POST " + pins, Serve: sms},
		{On: "send", Pattern: "POST " + pins + "/{$}", Serve: sms},
		{On: "send", Pattern: "POST " + pins + "/voice", Serve: voice},
		{On: "send", Pattern: "POST " + pins + "/{pin}/resend", Serve: func(r *http.Request) *emulator.Answer { return e.resend(r, "sms") }},
		{On: "send", Pattern: "POST " + pins + "/{pin}/resend/voice", Serve: func(r *http.Request) *emulator.Answer { return e.resend(r, "voice") }},
		{On: "check", Pattern: "POST " + pins + "/{pin}/verify", Serve: e.check},
		{On: "fetch", Pattern: "GET " + applications + "/verifications", Serve: e.list},
		{On: "application", Pattern: "GET " + applications, Serve: e.application},
	}
}

// texts are those of the API's errors.
var texts = map[string]string{
	"BAD_REQUEST": "Bad request", "UNAUTHORIZED": "Unauthorized", "FORBIDDEN": "Forbidden", "NOT_FOUND": "Not found",
	"TOO_MANY_REQUESTS": "Too many requests", "GENERAL_ERROR": "Something went wrong. Please contact support.",
}

func refuse(status int, id string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]any{
		"requestError": map[string]any{"serviceException": map[string]any{"messageId": id, "text": texts[id]}},
	}}
}

func badRequest() *emulator.Answer { return refuse(http.StatusBadRequest, "BAD_REQUEST") }

func notFound() *emulator.Answer { return refuse(http.StatusNotFound, "NOT_FOUND") }

// Refusal returns a fault that answers with an error of the API, such as
// "BAD_REQUEST", and has no effect.
func Refusal(status int, id string) Fault { return refuse(status, id).Fault() }

var phone = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

// send makes a PIN and delivers it.
func (e *Emulator) send(r *http.Request, channel string) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return badRequest()
	}
	to, _ := f.Text("to", 32)
	id, _ := f.Text("applicationId", 64)
	template, _ := f.Text("messageId", 64)
	application, known := e.applications[id]
	switch {
	case !phone.MatchString(to), id == "", template == "":
		return badRequest()
	case !known, template != application.SMSTemplate && template != application.VoiceTemplate:
		return notFound()
	}
	p := &pin{
		recipient: recipient{"+" + to, id}, id: strings.ToUpper(emulator.Hex(16)),
		code: e.options.NewCode(application.CodeLength), at: e.Now(),
	}
	e.byTo.Add(p.at, p.recipient, p)
	e.byID.Add(p.at, p.id, p)
	return p.deliver(channel)
}

// deliver answers to a send, and sends.
func (p *pin) deliver(channel string) *emulator.Answer {
	answer := map[string]any{"pinId": p.id, "to": p.to[1:]}
	if channel == "voice" {
		answer["callStatus"] = "PENDING_ACCEPTED"
	} else {
		answer["ncStatus"], answer["smsStatus"] = "NC_DESTINATION_REACHABLE", "MESSAGE_SENT"
	}
	return &emulator.Answer{Body: answer, Message: &Message{
		Vendor: "infobip", ID: p.id, To: p.to, Channel: channel, Scope: p.application, Code: p.code, Text: "Your pin is " + p.code,
	}}
}

// resend delivers the same PIN again.
func (e *Emulator) resend(r *http.Request, channel string) *emulator.Answer {
	p, ok := e.byID.Newest(e.Now(), r.PathValue("pin"))
	if !ok {
		return notFound()
	}
	return p.deliver(channel)
}

// problem says why a PIN is not accepted, or "".
func (e *Emulator) problem(p *pin, now time.Time) string {
	switch {
	case !now.Before(p.at.Add(e.options.TimeToLive)), !p.verified.IsZero() && !e.options.Multiple:
		return "TTL_EXPIRED"
	case p.wrong >= attempts:
		return "NO_MORE_PIN_ATTEMPTS"
	}
	return ""
}

func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return badRequest()
	}
	typed, ok := f.Text("pin", 32)
	if !ok || typed == "" {
		return badRequest()
	}
	now := e.Now()
	p, ok := e.byID.Newest(now, r.PathValue("pin"))
	if !ok {
		return notFound()
	}
	problem := e.problem(p, now)
	if problem == "" && typed != p.code {
		problem = "WRONG_PIN"
		p.wrong++
	}
	answer := map[string]any{
		"pinId": p.id, "msisdn": p.to[1:], "verified": problem == "", "attemptsRemaining": attempts - p.wrong,
	}
	if problem != "" {
		answer["pinError"] = problem
	} else {
		p.verified = now
	}
	return &emulator.Answer{Body: answer}
}

// list tells of the PINs of a number in an application.
func (e *Emulator) list(r *http.Request) *emulator.Answer {
	if _, known := e.applications[r.PathValue("application")]; !known {
		return notFound()
	}
	now, records := e.Now(), []any{}
	for _, p := range e.byTo.Get(now, recipient{"+" + r.FormValue("msisdn"), r.PathValue("application")}) {
		record := map[string]any{"msisdn": p.to[1:], "verified": !p.verified.IsZero(), "sentAt": p.at.Unix()}
		if !p.verified.IsZero() {
			record["verifiedAt"] = p.verified.Unix()
		}
		records = append(records, record)
	}
	return &emulator.Answer{Body: map[string]any{"verifications": records}}
}

func (e *Emulator) application(r *http.Request) *emulator.Answer {
	id := r.PathValue("application")
	if _, known := e.applications[id]; !known {
		return notFound()
	}
	return &emulator.Answer{Body: map[string]any{
		"applicationId": id, "name": "Acme", "enabled": true,
		"configuration": map[string]any{
			"pinAttempts": attempts, "allowMultiplePinVerifications": e.options.Multiple,
			"pinTimeToLive":  strconv.Itoa(int(e.options.TimeToLive/time.Second)) + "s",
			"verifyPinLimit": "1/3s", "sendPinPerApplicationLimit": "10000/1d", "sendPinPerPhoneNumberLimit": "3/1d",
		},
	}}
}
