package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// What no error may hold.
const (
	recipient  = "+15005550006"
	code       = "918273"
	credential = "Basic Y2FuYXJ5LWNyZWRlbnRpYWw="
	token      = "Bearer canary-token"
	folder     = "canary-path"
	prose      = "canary prose"
)

var secrets = []string{
	recipient, recipient[1:], code, credential[6:], "canary", "127.0.0.1", "localhost", "http:", "https:",
}

const (
	soon    = time.Second     // for a call that is kept waiting
	enough  = 3 * time.Second // for a call with retries; it ends long before
	overdue = 100 * time.Millisecond

	attempts = 5
)

// A kind is one way to call a vendor.
type kind struct {
	send bool
	call driver.Call
}

// kinds are calls with a side effect, each in both methods.
func kinds() map[string]kind {
	form := driver.Form{}
	form.Add("To", recipient)
	form.Add("Code", code)
	post := driver.Call{Op: "send", Route: "/" + folder + "/{id}", Args: []string{"VA00"}, Form: form, Token: token}
	get := driver.Call{
		Op: "send", Method: http.MethodGet, Route: "/" + folder + "/{to}/{code}",
		Args: []string{recipient, code}, Query: form, Token: token,
	}
	return map[string]kind{
		"send":         {true, post},
		"send by GET":  {true, get},
		"check":        {false, repeatable(post)},
		"check by GET": {false, repeatable(get)},
	}
}

// posts are the kinds for what a method has no part in.
func posts() map[string]kind {
	all := kinds()
	return map[string]kind{"send": all["send"], "check": all["check"]}
}

func repeatable(c driver.Call) driver.Call {
	c.Op, c.Repeatable = "check", true
	return c
}

func newClient(t *testing.T, url string, theirs *http.Client) *driver.Client {
	t.Helper()
	c, err := driver.New(driver.Config{
		Vendor: "acme", BaseURL: url, Client: theirs, RequestID: "X-Request-Id",
		Header: map[string]string{"Authorization": credential}, ReadError: refused,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// refused reads error bodies as a vendor of this module does.
func refused(_ string, _ int, body []byte) driver.Failure {
	var code string
	if driver.Scan(body, driver.Field{Key: "code", To: &code, Number: true, Need: true}) != nil {
		return driver.Failure{}
	}
	kind, ok := map[string]verify.Outcome{
		"20003": verify.ErrUnauthorized,
		"20404": verify.ErrNotPending,
		"20429": verify.ErrRateLimited,
		"20503": verify.ErrUnavailable,
		"40001": verify.ErrMismatch,
		"60200": verify.ErrInvalidRecipient,
		"60202": verify.ErrTooManyAttempts,
		"60203": verify.ErrTooManySends,
		"60410": verify.ErrBlocked,
	}[code]
	if !ok {
		kind = verify.ErrRejected
	}
	return driver.Failure{Outcome: kind, Code: code}
}

// vendorError is the body of a vendor's error, with its prose.
func vendorError(code string) string {
	return fmt.Sprintf(`{"code": %s, "message": "%s: %s"}`, code, prose, recipient)
}

// ask makes one call and reads the answer as a vendor does.
func ask(ctx context.Context, c *driver.Client, call driver.Call) (driver.Reply, error) {
	reply, err := c.Do(ctx, call)
	if err != nil {
		return driver.Reply{}, err
	}
	var status string
	if err := driver.Scan(reply.Body, driver.Field{Key: "status", To: &status, Need: true}); err != nil {
		return driver.Reply{}, c.Unknown(call.Op, reply, err.Error())
	}
	return reply, nil
}

// timely asserts that f ends when it must. A busy machine makes anything late
// now and then; a call that does not watch the clock is late each time.
func timely(t *testing.T, within time.Duration, f func()) {
	t.Helper()
	var over time.Duration
	for range attempts {
		if over = delay(within, f); over < overdue {
			return
		}
	}
	assert.Less(t, over, overdue, "a call ends by its deadline and 100 ms")
}

// keepsConnection plays a round until it says that the connection was kept. On a
// busy machine net/http gives one up now and then, after a request whose end its
// own writer has not reported within 50 ms; what costs a connection costs it each
// time.
func keepsConnection(t *testing.T, round func() (kept bool)) {
	t.Helper()
	kept := false
	for i := 0; i < attempts && !kept; i++ {
		kept = round()
	}
	assert.True(t, kept, "the connection is used again")
}

// delay is how much later than it must f ends, by a timer of its own that waits
// for its turn a few times, as a call does when it ends.
func delay(within time.Duration, f func()) time.Duration {
	var rang atomic.Int64
	start := time.Now()
	timer := time.AfterFunc(within, func() {
		for range 10 {
			runtime.Gosched()
		}
		rang.Store(int64(time.Since(start)))
	})
	defer timer.Stop()
	f()
	if at := time.Duration(rang.Load()); at > 0 {
		return time.Since(start) - at
	}
	return 0
}

func outcomes() []verify.Outcome {
	return []verify.Outcome{
		verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrTooManySends,
		verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrUnsupported, verify.ErrUnauthorized,
		verify.ErrRejected, verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown,
	}
}

// assertOutcome asserts that err is kind and nothing else, and keeps secrets.
func assertOutcome(t *testing.T, err error, kind verify.Outcome) verify.Error {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	for _, o := range outcomes() {
		assert.Equal(t, o == kind, errors.Is(err, o), "%s, of %v", o, err)
	}
	assert.Equal(t, "acme", e.Vendor)
	assertPrivate(t, err)
	return *e
}

func assertPrivate(t *testing.T, err error) {
	t.Helper()
	var all strings.Builder
	print(&all, err)
	for _, secret := range secrets {
		assert.NotContains(t, all.String(), secret, "an error keeps secrets")
	}
	assert.NotContains(t, err.Error(), "\n")
}

// print writes err and everything it wraps under every verb.
func print(to *strings.Builder, err error) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		_, _ = fmt.Fprintf(to, verb+"\n", err)
	}
	_ = json.NewEncoder(to).Encode(err) // a foreign cause may not encode
	switch e := err.(type) {            //nolint:errorlint // each link of the chain gets its turn
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			print(to, cause)
		}
	case interface{ Unwrap() error }:
		print(to, e.Unwrap())
	}
}
