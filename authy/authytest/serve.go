package authytest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A call is one request that may be answered.
type call struct {
	*Emulator
	target
	params params
	now    time.Time
}

func (e *Emulator) serve(w http.ResponseWriter, r *http.Request) {
	t := route(r)
	if t.operation == "" {
		http.Error(w, "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs.", http.StatusNotFound)
		return
	}
	status, body := e.answer(r, t)
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	emulator.JSON(w, status, body)
}

// answer returns a status and what an operation says, or a failure.
func (e *Emulator) answer(r *http.Request, t target) (int, any) {
	p, f := readParams(r)
	switch {
	case f != nil:
		return f.status, f
	case !e.authentic(r, p):
		f = refusal(http.StatusUnauthorized, 60001)
		return f.status, f
	}

	c := call{e, t, p, e.clock.Now()}
	body, f := operations[t.operation](c)
	if f != nil {
		return f.status, f
	}
	return http.StatusOK, body
}

// authentic takes the key from the header, or from the parameters as the oldest
// clients send it.
func (e *Emulator) authentic(r *http.Request, p params) bool {
	key := r.Header.Get("X-Authy-API-Key")
	if key == "" {
		key = p["api_key"]
	}
	return key == e.key
}

var operations = map[string]func(call) (any, *failure){
	"register":         call.register,
	"delete":           call.remove,
	"status":           call.userStatus,
	"send":             call.send,
	"check":            call.check,
	"phone send":       call.start,
	"phone check":      call.checkPhone,
	"phone status":     call.phoneStatus,
	"request approval": call.requestApproval,
	"fetch approval":   call.fetchApproval,
	"app details":      call.details,
}

// An answer is a body of JSON; all have success and most a message.
type answer map[string]any

func said(message string) answer { return answer{"message": message, "success": true} }
