package preludetest

import (
	"cmp"
	"net/http"
	"net/netip"
	"regexp"

	"github.com/go2fa/verify/emulator"
)

// types are the kinds of errors by their status.
var types = map[int]string{
	http.StatusBadRequest: "bad_request", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
	http.StatusNotFound: "not_found", http.StatusTooManyRequests: "rate_limited",
}

func refuse(status int, code string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]any{
		"code": code, "type": cmp.Or(types[status], "internal"), "message": "refused by the emulator", "request_id": emulator.UUID(),
	}}
}

// Refusal returns a fault that answers with an error of a code, such as
// "invalid_phone_number", and has no effect.
func Refusal(status int, code string) Fault { return refuse(status, code).Fault() }

var (
	locale    = regexp.MustCompile(`^(|[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)$`)
	platforms = map[string]bool{"": true, "android": true, "ios": true, "ipados": true, "tvos": true, "web": true}
)

// shown are the channels of messages, by what a person calls them.
var shown = map[string]string{
	"sms": "sms", "rcs": "rcs", "whatsapp": "whatsapp", "telegram": "telegram", "viber": "app", "zalo": "app", "voice": "voice",
}

// number reads whom a request is about.
func number(f emulator.Fields) (to string, refused *emulator.Answer) {
	to = f.Object("target").String("value")
	switch kind := f.Object("target").String("type"); {
	case kind == "email_address":
		return "", refuse(http.StatusForbidden, "email_verification_not_allowed")
	case kind != "phone_number":
		return "", refuse(http.StatusBadRequest, "invalid_request")
	case !emulator.IsPhone(to):
		return "", refuse(http.StatusBadRequest, "invalid_phone_number")
	}
	return to, nil
}

// open returns the window that is open, or nil. The lock is held.
func (e *Emulator) open(to string) *window {
	w, known := e.windows.Newest(e.Now(), to)
	if !known || w.over || !e.Now().Before(w.began.Add(e.options.Window)) {
		return nil
	}
	return w
}

// send opens a window, or makes another attempt within it.
func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_request")
	}
	to, refused := number(f)
	if refused != nil {
		return refused
	}
	options, signals := f.Object("options"), f.Object("signals")
	digits, ok := options.Whole("code_size", 4, 8)
	preferred, voice := options.String("preferred_channel"), options.String("method") == "voice"
	ip := signals.String("ip")
	switch {
	case !options.Has("code_size"):
		digits = e.options.Digits
	case !ok:
		return refuse(http.StatusBadRequest, "invalid_code_size")
	}
	switch {
	case preferred != "" && (shown[preferred] == "" || preferred == "voice"), !platforms[signals.String("device_platform")]:
		return refuse(http.StatusBadRequest, "invalid_request")
	case !locale.MatchString(options.String("locale")):
		return refuse(http.StatusBadRequest, "invalid_locale")
	case ip != "" && !isAddress(ip):
		return refuse(http.StatusBadRequest, "invalid_request")
	case signals.String("device_platform") == "tvos":
		return e.answer("blocked", &window{id: id()}, "message", "suspicious", nil)
	}

	w, status := e.open(to), "retry"
	if w == nil {
		w, status = &window{id: id(), code: e.options.NewCode(digits), began: e.Now()}, "success"
		w.correlation = f.Object("metadata").String("correlation_id")
		e.windows.Add(w.began, to, w)
	}
	if most := e.options.Attempts; most > 0 && w.sends >= most {
		return e.answer("blocked", w, "message", "repeated_attempts", nil)
	}
	w.sends++
	method, channel := "message", cmp.Or(e.options.Route, preferred, "sms")
	if voice {
		method, channel = "voice", "voice"
	}
	return e.answer(status, w, method, "", &Message{
		Vendor: "prelude", To: to, Channel: shown[channel], Code: w.code, Text: w.code + " is your verification code.",
	}, channel, "sms")
}

func isAddress(ip string) bool {
	_, err := netip.ParseAddr(ip)
	return err == nil
}

func id() string { return "vrf_" + emulator.Hex(13) }

// answer is what the API tells of a verification. The route names a channel once.
func (e *Emulator) answer(status string, w *window, method, reason string, m *Message, route ...string) *emulator.Answer {
	body := map[string]any{"id": w.id, "status": status, "method": method, "request_id": emulator.UUID(), "metadata": metadata(w)}
	if reason != "" {
		body["reason"] = reason
	}
	if len(route) > 1 && (route[0] == route[1] || method == "voice") {
		route = route[:1]
	}
	if len(route) > 0 {
		body["channels"] = route
	}
	return &emulator.Answer{Body: body, Message: m}
}

func metadata(w *window) map[string]string {
	if w.correlation == "" {
		return map[string]string{}
	}
	return map[string]string{"correlation_id": w.correlation}
}

// check compares a code. A right one ends the window.
func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_request")
	}
	to, refused := number(f)
	typed := f.String("code")
	switch {
	case refused != nil:
		return refused
	case typed == "":
		return refuse(http.StatusBadRequest, "invalid_request")
	}
	w := e.open(to)
	if w == nil {
		return &emulator.Answer{Body: map[string]string{"status": "expired_or_not_found", "request_id": emulator.UUID()}}
	}
	status := "failure"
	if typed == w.code {
		status, w.over = "success", true
	} else if w.wrong++; w.wrong >= maxWrong {
		w.over = true
	}
	return &emulator.Answer{Body: map[string]any{"id": w.id, "status": status, "metadata": metadata(w), "request_id": emulator.UUID()}}
}
