package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// An Answer is what a vendor says to a request, whether it complies or refuses.
type Answer struct {
	Status int         // Defaults to 200.
	Header http.Header // Replaces those of API.Header.

	// Body is text if it is a string, nothing if it is nil, and JSON otherwise.
	// Header may call it by another Content-Type.
	Body any

	// Message is delivered before the answer is given, and once API.Lock is free; so are
	// Messages, where one request sends several. Defaults to none.
	Message  *Message
	Messages []Message
}

// Fault returns a fault that answers so and has no effect.
func (a *Answer) Fault() Fault {
	f := Fault{Status: a.status(), Header: a.Header.Clone(), Body: a.text()}
	if _, ok := a.Body.(string); ok && f.Header.Get("Content-Type") == "" {
		if f.Header == nil {
			f.Header = http.Header{}
		}
		f.Header.Set("Content-Type", plain)
	}
	return f
}

const plain = "text/plain; charset=utf-8"

func (a *Answer) status() int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}

func (a *Answer) text() string {
	switch body := a.Body.(type) {
	case nil:
		return ""
	case string:
		return body
	default:
		b, _ := json.Marshal(body) // an emulator's bodies always encode
		return string(b)
	}
}

func (a *Answer) write(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, a.Header)
	text := a.text()
	if h.Get("Content-Type") == "" && text != "" {
		h.Set("Content-Type", "application/json")
		if _, ok := a.Body.(string); ok {
			h.Set("Content-Type", plain)
		}
	}
	w.WriteHeader(a.status())
	_, _ = w.Write([]byte(text)) //nolint:gosec // the client has gone: nobody to tell; no browser reads an emulator's answers
}

// Headers makes an API's Header of pairs. In a value {uuid} and {hex} stand for a new id
// of each answer: a [UUID], or 16 bytes in [Hex].
func Headers(pairs ...string) func(http.Header, *http.Request) {
	return func(h http.Header, _ *http.Request) {
		ids := strings.NewReplacer("{uuid}", UUID(), "{hex}", Hex(16))
		for pair := range slices.Chunk(pairs, 2) {
			h.Set(pair[0], ids.Replace(pair[1]))
		}
	}
}
