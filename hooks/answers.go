package hooks

import (
	"encoding/json"
	"net/http"

	"github.com/go2fa/verify"
)

// sentence is what a person may read, in place of anything that a vendor said.
func sentence(o verify.Outcome) string {
	switch o {
	case verify.ErrInvalidRecipient:
		return "This phone number cannot receive a code."
	case verify.ErrTooManySends, verify.ErrRateLimited:
		return "Too many codes were sent. Try again later."
	case verify.ErrBlocked:
		return "No code can be sent to this phone number."
	case verify.ErrOutcomeUnknown:
		return "The code may not arrive. Ask for another one if it does not."
	}
	return "No code can be sent at the moment. Try again later."
}

func statusOf(o verify.Outcome) int {
	switch o {
	case verify.ErrInvalidRecipient, verify.ErrUnsupported:
		return http.StatusUnprocessableEntity
	case verify.ErrTooManySends, verify.ErrRateLimited:
		return http.StatusTooManyRequests
	case verify.ErrBlocked:
		return http.StatusForbidden
	case verify.ErrOutcomeUnknown:
		return http.StatusBadGateway
	}
	return http.StatusServiceUnavailable
}

// byStatus answers a server that looks at the status, and may show or keep the rest.
func byStatus(sent int) func(http.ResponseWriter, verify.Outcome) {
	return func(w http.ResponseWriter, o verify.Outcome) {
		if o == "" {
			w.WriteHeader(sent)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(statusOf(o))
		_, _ = w.Write([]byte(sentence(o)))
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
