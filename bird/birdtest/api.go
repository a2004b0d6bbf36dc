package birdtest

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// types are the kinds of errors by their status.
var types = map[int]string{
	http.StatusBadRequest: "bad_request_error", http.StatusUnauthorized: "auth_error", http.StatusPaymentRequired: "billing_error",
	http.StatusForbidden: "permission_error", http.StatusNotFound: "not_found_error", http.StatusConflict: "conflict_error",
	http.StatusMisdirectedRequest: "misdirected_error", http.StatusUnprocessableEntity: "validation_error",
	http.StatusTooManyRequests: "rate_limit_error", http.StatusServiceUnavailable: "service_unavailable_error",
}

func refuse(status int, code, param string) *emulator.Answer {
	kind := cmp.Or(types[status], "internal_error")
	one := map[string]any{
		"type": kind, "code": code, "name": strings.TrimSuffix(kind, "_error"), "message": "refused by the emulator",
		"doc_url": "https://bird.com/docs", "request_id": emulator.UUID(),
	}
	if param != "" {
		one["param"] = param
	}
	return &emulator.Answer{Status: status, Body: map[string]any{"error": one}}
}

// Refusal returns a fault that answers with an error of a code, such as "E13000", and
// for 422 of a field, such as "to.phone_number". It has no effect.
func Refusal(status int, code, param string) Fault { return refuse(status, code, param).Fault() }

// kept is a request that was done, with its answer; none yet: it is running.
type kept struct {
	body   string
	answer *emulator.Answer
}

// idempotent answers a request whose key it knows as it did before.
func (e *Emulator) idempotent(serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || e.options.NotRetained {
			return serve(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return refuse(http.StatusRequestEntityTooLarge, "E01002", "")
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		now, mine := e.Now(), &kept{body: r.URL.Path + string(body)}
		e.mu.Lock()
		k, known := e.kept.Newest(now, key)
		if !known {
			e.kept.Add(now, key, mine)
		}
		e.mu.Unlock()
		switch {
		case known && k.body != mine.body:
			return refuse(http.StatusConflict, "E01005", "")
		case known && k.answer == nil:
			return refuse(http.StatusConflict, "E01004", "")
		case known:
			return k.answer
		}
		answer := serve(r)
		e.mu.Lock()
		defer e.mu.Unlock()
		mine.answer = answer
		return answer
	}
}

// to reads the addresses of a request.
func to(f emulator.Fields) (recipient, *emulator.Answer) {
	object := f.Object("to")
	number, ok := object.Text("phone_number", 32)
	email, fine := object.Text("email", 254)
	switch {
	case number == "" && email == "":
		return recipient{}, refuse(http.StatusUnprocessableEntity, "E01006", "to")
	case !ok || number != "" && !emulator.IsPhone(number):
		return recipient{}, refuse(http.StatusUnprocessableEntity, "E01006", "to.phone_number")
	case !fine || email != "" && !strings.Contains(email, "@"):
		return recipient{}, refuse(http.StatusUnprocessableEntity, "E01006", "to.email")
	}
	return recipient{number, strings.ToLower(email)}, nil
}

// pending returns the verification that is in progress. The lock is held.
func (e *Emulator) pending(now time.Time, who recipient) *verification {
	if v, ok := e.byTo.Newest(now, who); ok && v.status == "pending" {
		return v
	}
	return nil
}

// send starts a verification, or sends a fresh code of the one in progress.
func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "E01000", "")
	}
	who, bad := to(f)
	if bad != nil {
		return bad
	}
	options, digits := f.Object("options"), e.options.Digits
	if options.Has("code_length") {
		n, ok := options.Number("code_length", 4, 8)
		if !ok || n != float64(int(n)) {
			return refuse(http.StatusUnprocessableEntity, "E01006", "options.code_length")
		}
		digits = int(n)
	}
	channel := firstChannel(options["channels"], who)
	if channel == "" {
		return refuse(http.StatusUnprocessableEntity, "E01006", "options.channels")
	}

	now := e.Now()
	e.mu.Lock()
	v := e.pending(now, who)
	fresh := v == nil || !now.Before(v.created.Add(life))
	if !fresh && now.Before(v.sent.Add(e.options.Cooldown)) {
		defer e.mu.Unlock()
		return &emulator.Answer{Body: v.record(now)}
	}
	if fresh {
		v = &verification{recipient: who, id: "ver_" + emulator.Hex(12), status: "pending", created: now}
		e.byTo.Add(now, who, v)
	}
	code := e.options.NewCode(digits)
	v.codes, v.sent, v.channel = append(v.codes, code), now, channel
	record := v.record(now)
	e.mu.Unlock()
	address := cmp.Or(emulator.When(channel == "email", who.email), who.phone)
	shown := cmp.Or(emulator.When(channel == "telegram", "app"), channel)
	e.Deliver(Message{Vendor: "bird", ID: v.id, To: address, Channel: shown, Code: code, Text: code + " is your verification code."})
	return &emulator.Answer{Body: record}
}

// firstChannel is the first of a request's channels that reaches the recipient, of
// all if none is named: a phone is not sms by itself.
func firstChannel(named any, who recipient) string {
	var all []string
	if who.phone != "" {
		all = []string{"whatsapp", "sms", "telegram", "voice"}
	}
	if who.email != "" {
		all = append(all, "email")
	}
	list, given := named.([]any)
	if !given {
		return all[0]
	}
	for _, name := range list {
		if s, ok := name.(string); ok && slices.Contains(all, s) {
			return s
		}
	}
	return ""
}

// record is what the API tells of a verification.
func (v *verification) record(now time.Time) map[string]any {
	record := map[string]any{
		"id": v.id, "status": v.status, "reason": emulator.OrNull(v.reason), "channels": []map[string]string{{"channel": v.channel}},
		"last_channel": v.channel, "metadata": map[string]any{},
		"verified_at": emulator.OrNull(emulator.When(v.status == "verified", now.Format(time.RFC3339))),
		"created_at":  v.created.Format(time.RFC3339), "updated_at": now.Format(time.RFC3339), "expires_at": v.created.Add(life).Format(time.RFC3339),
	}
	who := map[string]string{"phone_number": v.phone, "email": v.email}
	maps.DeleteFunc(who, func(_, address string) bool { return address == "" })
	record["to"] = who
	return record
}

// check compares a code with all of the verification in progress. Its end is told
// once; after that there is none.
func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "E01000", "")
	}
	who, bad := to(f)
	if bad != nil {
		return bad
	}
	typed, ok := f.Text("code", 32)
	if !ok || typed == "" {
		return refuse(http.StatusUnprocessableEntity, "E01006", "code")
	}
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.pending(now, who)
	if v == nil {
		return refuse(http.StatusNotFound, "E13000", "")
	}
	reason, left := "incorrect_code", any(nil)
	switch {
	case !now.Before(v.created.Add(life)):
		reason, v.status, v.reason = "expired", "expired", "ttl_elapsed"
	case slices.Contains(v.codes, typed):
		reason, v.status = "", "verified"
	default:
		if v.wrong++; v.wrong < maxAttempts {
			left = maxAttempts - v.wrong
		} else {
			reason, v.status, v.reason = "attempts_exhausted", "failed", "attempts_exhausted"
		}
	}
	return &emulator.Answer{Body: map[string]any{
		"success": v.status == "verified", "reason": emulator.OrNull(reason), "attempts_remaining": left, "verification": v.record(now),
	}}
}
