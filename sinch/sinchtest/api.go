package sinchtest

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // Sinch signs it
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The statuses of a verification.
const pending, successful, failed, aborted, ended = "PENDING", "SUCCESSFUL", "FAIL", "ABORTED", "ended"

func (e *Emulator) routes() []emulator.Route {
	const path = "/verification/v1/verifications"
	byID := func(r *http.Request) (*verification, bool) { return e.byID.Newest(e.Now(), r.PathValue("id")) }
	byTo := func(r *http.Request) (*verification, bool) { return e.byTo.Newest(e.Now(), r.PathValue("to")) }
	byReference := func(r *http.Request) (*verification, bool) {
		return e.byReference.Newest(e.Now(), r.PathValue("reference"))
	}
	return []emulator.Route{
		{On: "send", Pattern: "POST " + path, Serve: e.send},
		{On: "check", Pattern: "PUT " + path + "/id/{id}", Serve: e.check(byID)},
		{On: "check", Pattern: "PUT " + path + "/number/{to}", Serve: e.check(byTo)},
		{On: "fetch", Pattern: "GET " + path + "/id/{id}", Serve: e.fetch(byID)},
		{On: "fetch", Pattern: "GET " + path + "/{method}/number/{to}", Serve: e.fetch(byTo)},
		{On: "fetch", Pattern: "GET " + path + "/reference/{reference}", Serve: e.fetch(byReference)},
	}
}

// refuse answers with a code, whose first three digits are the status.
func refuse(code int) *emulator.Answer {
	return &emulator.Answer{Status: code / 100, Body: map[string]any{
		"errorCode": code, "message": texts[strconv.Itoa(code)], "reference": emulator.UUID(),
	}}
}

func notFound() *emulator.Answer { return refuse(40400) }

// Refusal returns a fault that answers with an error of Sinch, such as 42900, and has no
// effect.
func Refusal(code int) Fault { return refuse(code).Fault() }

// signature is that of an application signed request, and of a callback.
func (e *Emulator) signature(r *http.Request, body []byte) string {
	sum := ""
	if len(body) > 0 {
		digest := md5.Sum(body) //nolint:gosec // see above
		sum = base64.StdEncoding.EncodeToString(digest[:])
	}
	h := hmac.New(sha256.New, e.secret)
	_, _ = fmt.Fprintf(h, "%s\n%s\n%s\nx-timestamp:%s\n%s",
		r.Method, sum, r.Header.Get("Content-Type"), r.Header.Get("X-Timestamp"), r.URL.EscapedPath())
	return "Application " + e.options.ApplicationKey + ":" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// authorized serves requests that are signed, or whose sender knows the secret.
func (e *Emulator) authorized(serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		if key, secret, ok := r.BasicAuth(); ok {
			switch {
			case key != e.options.ApplicationKey || secret != e.options.ApplicationSecret:
				return refuse(40100)
			case e.options.SignedOnly:
				return refuse(40303)
			}
			return serve(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return refuse(40003)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		_, err = time.Parse(time.RFC3339, r.Header.Get("X-Timestamp"))
		switch got := r.Header.Get("Authorization"); {
		case !strings.HasPrefix(got, "Application "+e.options.ApplicationKey+":"):
			return refuse(40100)
		case err != nil:
			return refuse(40101)
		case !hmac.Equal([]byte(got), []byte(e.signature(r, body))):
			return refuse(40102)
		}
		return serve(r)
	}
}

// channels are the methods that bring a code, by what a person calls them.
var channels = map[string]string{"sms": "sms", "callout": "voice", "whatsapp": "whatsapp"}

// send makes a code, which ends the one before, and delivers it.
func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(40003)
	}
	v := &verification{id: emulator.UUID(), status: pending, at: e.Now(), life: life}
	v.method, _ = f.Text("method", 16)
	v.to, _ = f.Object("identity").Text("endpoint", 32)
	v.reference, _ = f.Text("reference", 4096)
	kind, _ := f.Object("identity").Text("type", 16)
	expiry, _ := f.Object("smsOptions").Text("expiry", 8)
	switch {
	case kind != "number" || v.to == "":
		return refuse(40001)
	case !strings.HasPrefix(v.to, "+"):
		return refuse(40005)
	case !emulator.IsPhone(v.to):
		return refuse(40001)
	case v.method == "seamless" || v.method == "flashcall":
		return refuse(40300) // no code for a person to type
	case channels[v.method] == "":
		return refuse(40001)
	}
	if expiry != "" && v.method == "sms" {
		var ok bool
		if v.life, ok = clock(expiry); !ok {
			return refuse(40001)
		}
	}
	v.code = e.options.NewCode(4)
	if old, ok := e.byTo.Newest(v.at, v.to); ok && old.state(v.at) == pending {
		old.status, old.reason = aborted, ""
	}
	e.byTo.Add(v.at, v.to, v)
	e.byID.Add(v.at, v.id, v)
	e.byReference.Add(v.at, v.reference, v)
	return &emulator.Answer{Body: v.started(), Message: &Message{
		Vendor: "sinch", ID: v.id, To: v.to, Channel: channels[v.method], Code: v.code,
		Text: "Your verification code is " + v.code + ". Verified by " + AppName,
	}}
}

// clock reads HH:MM:SS.
func clock(text string) (time.Duration, bool) {
	at, err := time.Parse(time.TimeOnly, text)
	return at.Sub(at.Truncate(24 * time.Hour)), err == nil
}

// started is what the API tells of a new verification.
func (v *verification) started() map[string]any {
	answer := map[string]any{"id": v.id, "method": v.method, "_links": []any{
		map[string]string{"rel": "status", "href": "https://dc-euc1-std.verification.api.sinch.com/verification/v1/verifications/id/" + v.id, "method": "GET"},
		map[string]string{"rel": "report", "href": "https://dc-euc1-std.verification.api.sinch.com/verification/v1/verifications/id/" + v.id, "method": "PUT"},
	}}
	switch v.method {
	case "sms":
		answer["sms"] = map[string]any{"template": "Your verification code is {{CODE}}. Verified by " + AppName, "interceptionTimeout": 298, "codeType": "Numeric"}
	case "whatsapp":
		answer["whatsapp"] = map[string]any{"codeType": "Numeric"}
	}
	return answer
}

// state is the status at a time.
func (v *verification) state(now time.Time) string {
	if v.status == pending && !now.Before(v.at.Add(v.life)) {
		return failed
	}
	return v.status
}

// check compares a code: what Sinch calls a report. The method must be that of the start.
func (e *Emulator) check(find func(*http.Request) (*verification, bool)) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		f, err := emulator.ReadObject(r)
		if err != nil {
			return refuse(40003)
		}
		now := e.Now()
		v, ok := find(r)
		method, _ := f.Text("method", 16)
		typed, _ := f.Object(method).Text("code", 32)
		switch {
		case channels[method] == "" || typed == "":
			return refuse(40001)
		case !ok || method != v.method || v.status == ended || v.status == successful && !e.options.Again:
			return notFound()
		}
		status, reason := e.compare(v, typed, now)
		answer := map[string]any{"id": v.id, "method": v.method, "status": status}
		if reason != "" {
			answer["reason"] = reason
		}
		if v.method == "callout" {
			answer["callComplete"] = true
		}
		return &emulator.Answer{Body: answer}
	}
}

// compare is one attempt.
func (e *Emulator) compare(v *verification, typed string, now time.Time) (status, reason string) {
	switch {
	case v.state(now) == failed:
		return failed, "Expired"
	case v.status == aborted:
		return aborted, ""
	case typed == v.code:
		v.status = successful
		return successful, ""
	}
	v.wrong++
	if v.wrong >= attempts || e.options.OneTry {
		v.status = ended
	}
	return failed, "Invalid code"
}

// fetch tells of a verification.
func (e *Emulator) fetch(find func(*http.Request) (*verification, bool)) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		now := e.Now()
		v, ok := find(r)
		if method := r.PathValue("method"); !ok || method != "" && method != v.method {
			return notFound()
		}
		answer := map[string]any{
			"id": v.id, "method": v.method, "status": v.state(now), "identity": map[string]string{"type": "number", "endpoint": v.to},
			"verificationTimestamp": v.at.Format("2006-01-02T15:04:05.0000000"), "countryId": "US", "source": "manual",
		}
		if v.status == ended {
			answer["status"], answer["reason"] = failed, "Invalid code"
		}
		if v.reference != "" {
			answer["reference"] = v.reference
		}
		return &emulator.Answer{Body: answer}
	}
}
