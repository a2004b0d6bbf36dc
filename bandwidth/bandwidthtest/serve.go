package bandwidthtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A call is one request that may be answered.
type call struct {
	*Emulator
	target
	fields fields
	now    time.Time
}

func (e *Emulator) serve(w http.ResponseWriter, r *http.Request) {
	body, f := e.answer(r)

	requestID := uuid()
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Amzn-Requestid", requestID)
	if f != nil {
		emulator.JSON(w, f.status, json.RawMessage(f.body(requestID)))
		return
	}
	emulator.JSON(w, http.StatusOK, body)
}

// answer returns a resource or a failure.
func (e *Emulator) answer(r *http.Request) (any, *failure) {
	t, f := route(r)
	if f != nil {
		return nil, f
	}
	if t.operation == "token" {
		return e.token(r)
	}
	if f := e.authenticate(r, t); f != nil {
		return nil, f
	}
	fields, f := readFields(r)
	if f != nil {
		return nil, f
	}

	c := call{e, t, fields, e.clock.Now()}
	if t.operation == "check" {
		return c.check()
	}
	return c.send()
}

// readFields takes a body for JSON whatever it is called, as Bandwidth does: its
// own examples say text/plain.
func readFields(r *http.Request) (fields, *failure) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest("body is too large")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var f fields
	if d.Decode(&f) != nil || f == nil || d.More() {
		return nil, badRequest("body is not a JSON object")
	}
	return f, nil
}

// uuid returns a random id in AWS's form.
func uuid() string {
	h := emulator.Hex(16)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
