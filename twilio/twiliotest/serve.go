package twiliotest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A call is one request that may be answered.
type call struct {
	*Emulator
	target
	settings Service
	form     url.Values
	now      time.Time
	r        *http.Request
}

func (e *Emulator) serve(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	status, body := e.answer(r)

	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Twilio-Concurrent-Requests", "1")
	h.Set("Twilio-Request-Id", "RQ"+emulator.Hex(16))
	h.Set("Twilio-Request-Duration", fmt.Sprintf("%.3f", time.Since(begin).Seconds()))
	h.Set("X-Home-Region", "us1")
	h.Set("X-Api-Domain", domain(r))
	if f, ok := body.(*failure); ok {
		f.headers(h)
	}
	emulator.JSON(w, status, body)
}

// answer returns a status and a resource or a failure.
func (e *Emulator) answer(r *http.Request) (int, any) {
	if account, ok := messagesOf(r); ok {
		return e.answerMessages(r, account)
	}
	c, f := e.call(r)
	if f != nil {
		return f.Status, f
	}

	var body any
	status := http.StatusOK
	switch c.operation {
	case "service":
		body = c.serviceBody()
	case "send":
		status = http.StatusCreated
		body, f = c.send()
	case "check":
		body, f = c.check()
	case "fetch":
		body, f = c.fetch()
	case "update":
		body, f = c.update()
	}
	if f != nil {
		return f.Status, f
	}
	return status, body
}

// call asks who calls, for what, in which Service, with which parameters. A
// body that is no form has none.
func (e *Emulator) call(r *http.Request) (call, *failure) {
	if f := e.authenticate(r); f != nil {
		return call{}, f
	}
	t, f := route(r)
	if f != nil {
		return call{}, f
	}
	settings, ok := e.services[t.service]
	if !ok {
		return call{}, notFound(r)
	}

	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	return call{e, t, settings, r.PostForm, e.clock.Now(), r}, nil
}

// byRecipient says that the subject in the path is a recipient, not a SID.
func (c call) byRecipient() bool {
	return !strings.HasPrefix(c.subject, "VE")
}
