package telegramtest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// Limits of parameters: https://core.telegram.org/gateway/api.
const (
	minTTL     = 30
	maxTTL     = 3600
	maxPayload = 128
	maxURL     = 256
)

// A request is one message, asked for or sent.
type request struct {
	id, to, payload string
	delivery        string // "sent" or "revoked"; empty: not sent
	at              time.Time
}

// Parameters are those of a method, as texts.
type parameters map[string]string

// read takes parameters from the query, from a form and from JSON.
func read(r *http.Request) (parameters, bool) {
	p := parameters{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		object, err := emulator.ReadObject(r)
		for key, value := range object {
			switch value := value.(type) {
			case string:
				p[key] = value
			case json.Number:
				p[key] = value.String()
			default:
				return p, false
			}
		}
		return p, err == nil
	}
	err := r.ParseForm()
	for key := range r.Form {
		p[key] = r.Form.Get(key)
	}
	return p, err == nil
}

func isDigits(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// reach says what is wrong with a number, or nothing.
func (e *Emulator) reach(to string) *emulator.Answer {
	digits, plus := strings.CutPrefix(to, "+")
	switch {
	case !plus || !isDigits(digits, 7, 15) || digits[0] == '0':
		return refuse("PHONE_NUMBER_INVALID")
	case slices.Contains(e.options.Absent, to):
		return refuse("PHONE_NUMBER_NOT_AVAILABLE")
	}
	return nil
}

// pay opens a request for a message if the funds suffice. The lock is held.
func (e *Emulator) pay(to string) (*request, *emulator.Answer) {
	if e.cents < price {
		return nil, refuse("BALANCE_NOT_ENOUGH")
	}
	e.cents -= price
	q := &request{id: emulator.Digits(15) + emulator.Hex(3), to: to, at: e.Now()}
	e.requests.Add(e.Now(), q.id, q)
	return q, nil
}

func (e *Emulator) ability(p parameters) *emulator.Answer {
	to := p["phone_number"]
	if f := e.reach(to); f != nil {
		return f
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	q, f := e.pay(to)
	if f != nil {
		return f
	}
	status := e.status(q)
	status["remaining_balance"] = float64(e.cents) / 100
	return comply(status)
}

// wrong returns the error word for the parameters of a message, or "".
func (p parameters) wrong() string {
	ttl, err := strconv.Atoi(cmp.Or(p["ttl"], strconv.Itoa(maxTTL)))
	back := p["callback_url"]
	switch {
	case !isDigits(p["code"], 4, 8):
		return "CODE_INVALID"
	case err != nil || ttl < minTTL || ttl > maxTTL:
		return "TTL_INVALID"
	case len(p["payload"]) > maxPayload:
		return "PAYLOAD_INVALID"
	case back != "" && (len(back) > maxURL || !strings.HasPrefix(back, "https://")):
		return "CALLBACK_URL_INVALID"
	}
	return ""
}

func (e *Emulator) send(p parameters) *emulator.Answer {
	if f := e.reach(p["phone_number"]); f != nil {
		return f
	}
	if word := p.wrong(); word != "" {
		return refuse(word)
	}
	status, f := e.post(p)
	if f != nil {
		return f
	}
	e.Deliver(Message{
		Vendor: "telegram", ID: status["request_id"].(string), To: p["phone_number"], Channel: "telegram", Code: p["code"],
		Text: p["code"] + " is your verification code. For your security, do not share it.",
	})
	return comply(status)
}

// post marks one request as sent, a new one if none is named.
func (e *Emulator) post(p parameters) (status map[string]any, f *emulator.Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var q *request
	if id := p["request_id"]; id == "" {
		if q, f = e.pay(p["phone_number"]); f != nil {
			return nil, f
		}
	} else if q, f = e.paid(id, p["phone_number"]); f != nil {
		return nil, f
	}
	q.payload, q.delivery, q.at = p["payload"], "sent", e.Now()
	return e.status(q), nil
}

// paid finds a request that was paid and not sent.
func (e *Emulator) paid(id, to string) (*request, *emulator.Answer) {
	q, known := e.requests.Newest(e.Now(), id)
	switch {
	case !known:
		return nil, refuse("REQUEST_ID_INVALID")
	case q.to != to:
		return nil, refuse("PHONE_NUMBER_MISMATCH")
	case q.delivery != "":
		return nil, refuse("MESSAGE_ALREADY_SENT")
	}
	return q, nil
}

func (e *Emulator) check(p parameters) *emulator.Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, f := e.find(p)
	if f != nil {
		return f
	}
	return comply(e.status(q))
}

func (e *Emulator) revoke(p parameters) *emulator.Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, f := e.find(p)
	if f != nil {
		return f
	}
	q.delivery, q.at = "revoked", e.Now()
	return comply(true)
}

func (e *Emulator) find(p parameters) (*request, *emulator.Answer) {
	if p["request_id"] == "" {
		return nil, refuse("REQUEST_ID_REQUIRED")
	}
	q, known := e.requests.Newest(e.Now(), p["request_id"])
	if !known {
		return nil, refuse("REQUEST_ID_INVALID")
	}
	return q, nil
}

// status is a RequestStatus.
func (e *Emulator) status(q *request) map[string]any {
	s := map[string]any{"request_id": q.id, "phone_number": q.to, "request_cost": float64(price) / 100}
	if q.delivery != "" {
		s["delivery_status"] = map[string]any{"status": q.delivery, "updated_at": q.at.Unix()}
	}
	if q.payload != "" {
		s["payload"] = q.payload
	}
	return s
}
