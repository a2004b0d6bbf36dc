package gherkin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cucumber/godog"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/camara"
	"github.com/go2fa/verify/camara/camaratest"
)

// What the scenarios leave to the operator. Each of the numbers but the first is refused.
const (
	phone, otherOperator, landline, without, barred = "+15005550006", "+15005550001", "+15005550002", "+15005550003", "+15005550004"

	tries, sends, longest = 3, 3, 160 // max_try, max_send and the longest message

	own = "ONE_TIME_PASSWORD_SMS."
)

// outcomes are what our client says to each code of an answer to a send and to a check.
// UNAUTHENTICATED is so after a new token was refused as well.
var outcomes = map[string][2]verify.Outcome{
	"INVALID_ARGUMENT":               {verify.ErrRejected, verify.ErrRejected},
	"UNAUTHENTICATED":                {verify.ErrUnauthorized, verify.ErrUnauthorized},
	"NOT_FOUND":                      {verify.ErrInvalidRecipient, verify.ErrNotPending},
	own + "MAX_OTP_CODES_EXCEEDED":   {verify.ErrTooManySends},
	own + "PHONE_NUMBER_NOT_ALLOWED": {verify.ErrInvalidRecipient},
	own + "PHONE_NUMBER_BLOCKED":     {verify.ErrBlocked},
	own + "INVALID_OTP":              {1: verify.ErrMismatch},
	own + "VERIFICATION_EXPIRED":     {1: verify.ErrNotPending},
	own + "VERIFICATION_FAILED":      {1: verify.ErrTooManyAttempts},
}

// The project's scenarios and its OpenAPI description, unchanged.
func TestTheOperatorsScenarios(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/one-time-password-sms.yaml")
	require.NoError(t, err)
	doc.Servers = openapi3.Servers{{URL: "/one-time-password-sms/v1"}} // the host is each operator's
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	var played atomic.Int64
	suite := godog.TestSuite{
		Name: "camara",
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			played.Add(1)
			(&world{doc: doc, router: router}).steps(sc)
		},
		Options: &godog.Options{Format: "progress", Output: io.Discard, Paths: []string{"testdata"}, Strict: true, TestingT: t},
	}
	assert.Zero(t, suite.Run(), "a step that is not known is a failure")
	assert.Equal(t, int64(32), played.Load())
}

// A world is one scenario: an operator, and a client whose request is made what the
// scenario says on its way.
type world struct {
	doc    *openapi3.T
	router routers.Router

	operator *camaratest.Emulator
	client   *camara.Client
	check    bool // the operation is validate-code
	bare     bool // no x-correlator: our client always has one, and is not asked

	to, code      string         // what the client is called with
	set           map[string]any // properties of the body in place of the client's; nil: left out
	body          *string        // the whole body in its place
	authorization *string        // the header in its place; "": left out
	played        bool           // the request of the scenario is under way

	firstID string // the authenticationId that came last
	request *http.Request
	answer  *http.Response
	read    []byte
	outcome error
	receipt verify.Receipt
}

// begin makes the operator and the client of a scenario.
func (w *world) begin(sc *godog.Scenario) error {
	w.operator = camaratest.New(camaratest.Options{
		Start: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), MaxTry: tries, MaxSends: sends - 1, MaxMessage: longest,
		Refused: map[string]string{
			otherOperator: "NOT_FOUND", landline: own + "PHONE_NUMBER_NOT_ALLOWED", without: own + "PHONE_NUMBER_NOT_ALLOWED", barred: own + "PHONE_NUMBER_BLOCKED",
		},
	})
	for _, tag := range sc.Tags {
		w.bare = w.bare || strings.Contains(tag.Name, "without_x-correlator")
	}
	w.to, w.set = phone, map[string]any{}
	var err error
	w.client, err = camara.New(camara.Config{
		ClientID: camaratest.ClientID, ClientSecret: camaratest.ClientSecret, TokenURL: camaratest.TokenPath,
		APIRoot: camaratest.APIRoot, HTTPClient: &http.Client{Transport: w},
	})
	return err
}

// RoundTrip carries each request of the client to the operator. The one of the scenario
// is changed on its way, and its answer kept.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(r.URL.Path, "/one-time-password-sms/") {
		return w.ask(r, raw)
	}
	if err := w.keeps(r, raw); err != nil {
		return nil, fmt.Errorf("our own request breaks the API's description: %w", err)
	}
	if !w.played {
		return w.ask(r, raw)
	}
	return w.play(r, raw)
}

// ask has the operator answer.
func (w *world) ask(r *http.Request, body []byte) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer := newRecorder()
	w.operator.ServeHTTP(answer, r)
	return answer.response(r), nil
}

// keeps validates a request against the description.
func (w *world) keeps(r *http.Request, body []byte) error {
	_, err := w.validated(r, body)
	return err
}

func (w *world) validated(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := w.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	return input, openapi3filter.ValidateRequest(r.Context(), input)
}

// play sends the request of the scenario, and validates the answer against the
// description, whatever it is.
func (w *world) play(r *http.Request, body []byte) (*http.Response, error) {
	input, _ := w.validated(r, body) // the client's own, of which the operation counts
	r = r.Clone(r.Context())
	if w.bare {
		r.Header.Del("X-Correlator")
	}
	if w.authorization != nil {
		r.Header.Del("Authorization")
		if *w.authorization != "" {
			r.Header.Set("Authorization", *w.authorization)
		}
	}
	body, err := w.changed(body)
	if err != nil {
		return nil, err
	}
	resp, err := w.ask(r, body)
	if err != nil {
		return nil, err
	}
	w.request, w.answer = r, resp
	if w.read, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(w.read))
	return resp, openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(w.read)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

// changed is the body that the scenario wants.
func (w *world) changed(body []byte) ([]byte, error) {
	if w.body != nil {
		return []byte(*w.body), nil
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	for key, value := range w.set {
		fields[key] = value
		if value == nil {
			delete(fields, key)
		}
	}
	return json.Marshal(fields)
}

// retrieved has the client send a code, whose id and text are known then.
func (w *world) retrieved() error {
	receipt, err := w.client.Send(context.Background(), w.to)
	if err == nil {
		w.firstID, w.code = receipt.ID, w.operator.Code(w.to)
	}
	return err
}

// sent makes the request. What the client need not ask, since it knows the answer, is
// asked without it.
func (w *world) sent() error {
	if w.check && w.firstID == "" {
		if err := w.retrieved(); err != nil {
			return err
		}
	}
	w.played = true
	if !w.bare {
		if w.check {
			w.outcome = w.client.Check(context.Background(), w.to, w.code)
		} else {
			w.receipt, w.outcome = w.client.Send(context.Background(), w.to)
		}
	}
	if w.answer != nil {
		return nil
	}
	path, body := "send-code", fmt.Sprintf(`{"phoneNumber":%q,"message":"{{code}}"}`, w.to)
	if w.check {
		path, body = "validate-code", fmt.Sprintf(`{"authenticationId":%q,"code":%q}`, w.firstID, w.code)
	}
	r, err := http.NewRequest(http.MethodPost, "https://"+camaratest.APIRoot+"/one-time-password-sms/v1/"+path, http.NoBody)
	if err != nil {
		return err
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + w.operator.NewToken()}, "X-Correlator": {"a-1"}}
	_, err = w.play(r, []byte(body))
	return err
}

// A recorder keeps an answer.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{status: http.StatusOK, header: http.Header{}} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *recorder) response(req *http.Request) *http.Response {
	return &http.Response{
		StatusCode: r.status, Header: r.header, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(r.body.Bytes())), ContentLength: int64(r.body.Len()),
	}
}

// want is an assertion as a step returns it.
func want(so bool, says string, got ...any) error {
	if so {
		return nil
	}
	return errors.New(says + ": " + fmt.Sprint(got...))
}
