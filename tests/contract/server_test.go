package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What AWS calls its JSON, and the XML of others, which is looked at as a text.
func init() {
	openapi3filter.RegisterBodyDecoder("application/x-amz-json-1.0", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/xml", openapi3filter.PlainBodyDecoder)
}

// A strict server validates each request against a contract before an emulator
// answers it, and each answer before it leaves.
type strict struct {
	URL string

	t        testing.TB
	router   routers.Router
	emulator http.Handler

	mu   sync.Mutex
	seen map[string]int // accepted requests by operationId
}

// newStrict serves a contract, given as a path from here, over an emulator. What
// breaks the contract fails the test.
func newStrict(t testing.TB, file string, emulator http.Handler) *strict {
	t.Helper()
	s := &strict{t: t, router: routerOf(t, file), emulator: emulator, seen: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func routerOf(t testing.TB, file string) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(context.Background()))
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return router
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	input, err := validate(s.router, r)
	if err != nil {
		s.t.Errorf("%s %s breaks the contract: %v", r.Method, r.URL.Path, err)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	s.mu.Lock()
	s.seen[input.Route.Operation.OperationID]++
	s.mu.Unlock()

	answer := httptest.NewRecorder()
	s.emulator.ServeHTTP(answer, r)
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
		Body: io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
	})
	assert.NoError(s.t, err, "the emulator's answer breaks the contract")
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client has gone: nobody to tell
}

// requests returns how many requests for an operation kept the contract.
func (s *strict) requests(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[operation]
}

// validate leaves the body of r to be read again.
func validate(router routers.Router, r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	for name, value := range params { // routed as they were escaped
		if params[name], err = url.PathUnescape(value); err != nil {
			return nil, err
		}
	}
	if err := fieldsKnown(route, r); err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:    authenticate,
			IncludeResponseStatus: true,
			MultiError:            true,
		},
	}
	return input, openapi3filter.ValidateRequest(r.Context(), input)
}

// fieldsKnown looks for fields of a form that the contract does not name, which
// the library passes over.
func fieldsKnown(route *routers.Route, r *http.Request) error {
	body := route.Operation.RequestBody
	if body == nil {
		return nil
	}
	form := body.Value.Content[formType]
	if form == nil || r.Header.Get("Content-Type") != formType {
		return nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	fields, err := url.ParseQuery(string(raw))
	if err != nil {
		return err
	}
	for name := range fields {
		if form.Schema.Value.Properties[name] == nil {
			return fmt.Errorf("the form has a field %q", name)
		}
	}
	return nil
}

const formType = "application/x-www-form-urlencoded"

// authenticate wants a credential of the scheme that the contract names.
func authenticate(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	given := in.RequestValidationInput.Request.Header
	switch s := in.SecurityScheme; {
	case s.Type == "apiKey" && s.In == "header" && given.Get(s.Name) != "":
		return nil
	case s.Type == "http" && strings.HasPrefix(strings.ToLower(given.Get("Authorization")), s.Scheme+" "):
		return nil
	}
	return errors.New("no credential of this scheme")
}

// broken asserts that a contract forbids each of these requests: one that
// forbids nothing proves nothing.
func broken(t *testing.T, file string, requests map[string]func() *http.Request) {
	t.Helper()
	router := routerOf(t, file)
	for name, request := range requests {
		t.Run(name, func(t *testing.T) {
			_, err := validate(router, request())
			assert.Error(t, err)
		})
	}
}
