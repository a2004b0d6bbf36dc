package telnyxtest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The statuses of a verification.
const pending, accepted, expired = "pending", "accepted", "expired"

func (e *Emulator) routes() (routes []emulator.Route) {
	for _, prefix := range []string{"", "/v2"} {
		path := prefix + "/verifications/"
		routes = append(routes,
			emulator.Route{On: "send", Pattern: "POST " + path + "{type}", Serve: e.send},
			emulator.Route{On: "check", Pattern: "POST " + path + "by_phone_number/{to}/actions/verify", Serve: e.check},
			emulator.Route{On: "check", Pattern: "POST " + path + "{id}/actions/verify", Serve: e.check},
			emulator.Route{On: "fetch", Pattern: "GET " + path + "by_phone_number/{to}", Serve: e.list},
			emulator.Route{On: "fetch", Pattern: "GET " + path + "{id}", Serve: e.fetch},
			emulator.Route{On: "profile", Pattern: "GET " + prefix + "/verify_profiles/{id}", Serve: e.profile},
		)
	}
	return routes
}

// titles are those of the platform's errors:
// https://developers.telnyx.com/development/api-fundamentals/api-errors.
var titles = map[string]string{
	"10002": "Invalid phone number", "10005": "Resource not found", "10007": "Unexpected error", "10009": "Authentication failed",
	"10010": "Authorization failed", "10011": "Too many requests", "10015": "Bad Request", "10016": "Phone number must be in +E.164 format",
	"10027": "Unprocessable entity", "20100": "Insufficient funds",
}

func refuse(status int, code, pointer string) *emulator.Answer {
	one := map[string]any{"code": code, "title": titles[code], "detail": titles[code]}
	if pointer != "" {
		one["source"] = map[string]string{"pointer": pointer}
	}
	return &emulator.Answer{Status: status, Body: map[string]any{"errors": []any{one}}}
}

func notFound() *emulator.Answer { return refuse(http.StatusNotFound, "10005", "") }

// Refusal returns a fault that answers with an error of the platform, such as
// "10011", and has no effect.
func Refusal(status int, code string) Fault { return refuse(status, code, "").Fault() }

// channels are the kinds of a verification, by what a person calls them.
var channels = map[string]string{"sms": "sms", "call": "voice", "whatsapp": "whatsapp", "flashcall": "voice"}

// send makes a code, which ends the one before, and delivers it.
func (e *Emulator) send(r *http.Request) *emulator.Answer {
	v := &verification{id: emulator.UUID(), kind: r.PathValue("type"), status: pending, at: e.Now()}
	if channels[v.kind] == "" {
		return notFound()
	}
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "10015", "")
	}
	to, _ := f.Text("phone_number", 32)
	if !emulator.IsPhone(to) {
		return refuse(http.StatusBadRequest, "10016", "/phone_number")
	}
	profile, _ := f.Text("verify_profile_id", 64)
	digits, known := e.profiles[profile]
	seconds, ok := f.Whole("timeout_secs", 1, 86400)
	switch {
	case !f.Has("verify_profile_id"):
		return refuse(http.StatusUnprocessableEntity, "10027", "/verify_profile_id")
	case !known:
		return notFound()
	case !f.Has("timeout_secs"):
		seconds = 300
	case !ok:
		return refuse(http.StatusBadRequest, "10015", "/timeout_secs")
	}
	v.recipient, v.seconds, v.code = recipient{to, profile}, seconds, e.options.NewCode(digits)
	if own, _ := f.Text("custom_code", 10); own != "" && v.kind != "flashcall" {
		v.code = own
	}
	e.byTo.Add(v.at, v.recipient, v)
	e.byID.Add(v.at, v.id, v)
	return &emulator.Answer{Body: map[string]any{"data": v.record(v.at)}, Message: &Message{
		Vendor: "telnyx", ID: v.id, To: to, Channel: channels[v.kind], Scope: profile, Code: v.code,
		Text: "Your " + AppName + " verification code is: " + v.code + ".",
	}}
}

// state is the status at a time.
func (v *verification) state(now time.Time) string {
	if v.status == pending && !now.Before(v.at.Add(time.Duration(v.seconds)*time.Second)) {
		return expired
	}
	return v.status
}

// record is what the API tells of a verification.
func (v *verification) record(now time.Time) map[string]any {
	at := v.at.Format("2006-01-02T15:04:05.000000")
	return map[string]any{
		"id": v.id, "type": v.kind, "status": v.state(now), "phone_number": v.to, "verify_profile_id": v.profile,
		"timeout_secs": v.seconds, "custom_code": nil, "record_type": "verification", "created_at": at, "updated_at": at,
	}
}

// check compares a code, of a number in a profile or of an id.
func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "10015", "")
	}
	now, id := e.Now(), r.PathValue("id")
	v, known := e.byID.Newest(now, id)
	if id == "" {
		profile, _ := f.Text("verify_profile_id", 64)
		v, known = e.byTo.Newest(now, recipient{r.PathValue("to"), profile})
	}
	typed, ok := f.Text("code", 32)
	switch {
	case id == "" && !f.Has("verify_profile_id"):
		return refuse(http.StatusUnprocessableEntity, "10027", "/verify_profile_id")
	case !known:
		return notFound()
	case !ok || typed == "":
		return refuse(http.StatusBadRequest, "10015", "/code")
	}
	answer := "rejected"
	switch {
	case v.state(now) == expired:
		answer = "expired"
	case v.status != pending:
	case v.wrong >= maxAttempts:
		answer = "max_attempts_exceeded"
	case typed == v.code:
		answer, v.status = "accepted", accepted
	default:
		v.wrong++
	}
	if e.options.SchemaOnly && answer != "accepted" {
		answer = "rejected"
	}
	return &emulator.Answer{Body: map[string]any{"data": map[string]string{"phone_number": v.to, "response_code": answer}}}
}

func (e *Emulator) fetch(r *http.Request) *emulator.Answer {
	now := e.Now()
	v, ok := e.byID.Newest(now, r.PathValue("id"))
	if !ok {
		return notFound()
	}
	return &emulator.Answer{Body: map[string]any{"data": v.record(now)}}
}

// list tells of all verifications of a number, in every profile.
func (e *Emulator) list(r *http.Request) *emulator.Answer {
	now, records := e.Now(), []any{}
	for profile := range e.profiles {
		for _, v := range e.byTo.Get(now, recipient{r.PathValue("to"), profile}) {
			records = append(records, v.record(now))
		}
	}
	return &emulator.Answer{Body: map[string]any{"data": records, "meta": map[string]int{
		"page_number": 1, "page_size": 25, "total_pages": 1, "total_results": len(records),
	}}}
}

func (e *Emulator) profile(r *http.Request) *emulator.Answer {
	id := r.PathValue("id")
	digits, known := e.profiles[id]
	if !known {
		return notFound()
	}
	channel := map[string]any{"app_name": AppName, "code_length": digits, "default_verification_timeout_secs": 300}
	return &emulator.Answer{Body: map[string]any{"data": map[string]any{
		"id": id, "name": AppName, "record_type": "verification_profile", "language": "en-US",
		"sms": channel, "call": channel, "whatsapp": channel,
	}}}
}
