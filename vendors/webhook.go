package vendors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go2fa/verify"
)

// maxWebhook is what the handler of this module that reads most reads, WhatsApp's.
const maxWebhook = 3 << 20 // bytes

// Webhook makes a handler of signed requests whose secrets may change while the
// program runs:
//
//	reports, err := vendors.Webhook([]string{"file:/run/secrets/new", "file:/run/secrets/old"},
//		func(secrets []string) (http.Handler, error) {
//			cfg.AuthTokens = secrets
//			return twilio.NewReports(cfg, handle)
//		})
//
// Each of secrets is written like a value of a DSN. If the handler answers 401 or 403,
// those that are file: or secret: are read again, at most once in a minute, and if they
// have changed the request is handled once more, by a handler of the new ones. One that
// is empty or cannot be read keeps the old ones, as does one that open refuses. What
// open keeps between requests, such as a [github.com/go2fa/verify/delivery.Seen], must be
// made outside of it: each handler would begin with an empty one.
//
// Options are those of [Open]: WithSecrets, and WithObserver, which is told of
// "webhook-secrets".
//
// A body of more than 3 MB is answered with 413, whatever the handler would read.
func Webhook(secrets []string, open func(secrets []string) (http.Handler, error), opts ...Option) (http.Handler, error) {
	if open == nil || len(secrets) == 0 {
		return nil, errors.New("vendors: a Webhook needs secrets, and a func that makes its handler of them")
	}
	o := with(opts)
	secrets = slices.Clone(secrets)
	ctx, cancel := context.WithTimeout(context.Background(), secretsTime)
	defer cancel()
	values, err := o.readOnce(ctx, secrets)
	if err != nil {
		return nil, errors.New("vendors: a secret of a Webhook cannot be read, or is empty")
	}
	made, err := open(slices.Clone(values))
	if err != nil {
		return nil, err
	}
	return &rotatingHandler{&rotation[http.Handler]{
		vendor: "webhook-secrets", observe: o.observer, trusted: true,
		now:  &generation[http.Handler]{client: made, values: values},
		read: func(ctx context.Context) ([]string, error) { return o.readAll(ctx, secrets) },
		make: func(values []string) (http.Handler, error) { return open(slices.Clone(values)) },
	}}, nil
}

type rotatingHandler struct{ r *rotation[http.Handler] }

// ServeHTTP implements [http.Handler].
func (h *rotatingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	last, _ := called(r.Context(), h.r, true, func(ctx context.Context, handler http.Handler) (*held, error) {
		again := r.WithContext(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		answer := &held{header: http.Header{}, status: http.StatusOK}
		handler.ServeHTTP(answer, again)
		if answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden {
			return answer, verify.ErrUnauthorized
		}
		return answer, nil
	})
	last.write(w)
}

// A held answer is one that may be replaced by another one.
type held struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *held) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *held) WriteHeader(status int) {
	if !a.written {
		a.status, a.written = status, true
	}
}

// Write implements [http.ResponseWriter].
func (a *held) Write(b []byte) (int, error) {
	a.written = true
	return a.body.Write(b)
}

func (a *held) write(w http.ResponseWriter) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // the caller is gone if it fails
}
