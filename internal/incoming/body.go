package incoming

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

// Body reads the body of a POST of a content type, of at most so many bytes. If it does
// not return one it has answered: with 405, 415, 413, or 400 for one that ends too early.
func Body(w http.ResponseWriter, r *http.Request, contentType string, most int64) (body []byte, ok bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil, false
	case err != nil || kind != contentType:
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil, false
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil, false
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, false
	}
	return body, true
}
