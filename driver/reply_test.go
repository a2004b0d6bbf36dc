package driver_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

func TestUnknown(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(201, `{"status": "odd"}`, "X-Request-Id: RQ00"))
	c := newClient(t, s.URL, nil)
	reply, err := c.Do(t.Context(), kinds()["check"].call)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), reply.Began, enough)
	reply.Began = time.Time{}
	assert.Equal(t, driver.Reply{Status: 201, Body: []byte(`{"status": "odd"}`), RequestID: "RQ00", Requests: 1}, reply)

	e := assertOutcome(t, c.Unknown("check", reply, "the status is none we know"), unknown)
	assert.Equal(t, verify.Error{
		Vendor: "acme", Op: "check", Outcome: unknown, Detail: "the status is none we know",
		HTTPStatus: 201, RequestID: "RQ00", Requests: 1,
	}, e)
}

// A vendor that says no in an answer of class 2xx may say there how long to wait.
func TestARefusalOfClass2xxKeepsItsRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		head []string
		want time.Duration
	}{
		"in the header": {[]string{"Retry-After: 3600"}, time.Hour},
		"in the body":   {nil, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(200, `{"status": "throttled"}`, tc.head...))
			c := newClient(t, s.URL, nil)
			reply, err := c.Do(t.Context(), kinds()["send"].call)
			require.NoError(t, err)
			e := assertOutcome(t, c.Failed("send", reply, driver.Failure{Outcome: verify.ErrRateLimited, RetryAfter: time.Minute}), verify.ErrRateLimited)
			assert.Equal(t, tc.want, e.RetryAfter)
		})
	}
}

// A client without a Refused reads every refusal as one that is not the vendor's.
func TestNoRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(400, vendorError("60200")))
	c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: s.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	_, err = c.Do(t.Context(), kinds()["send"].call)
	assertOutcome(t, err, verify.ErrRejected)
}

// A Refused is asked of error bodies alone.
func TestRefusedIsNotAskedOfNothing(t *testing.T) {
	t.Parallel()
	for _, step := range []step{answer(400, ""), answer(302, "{}"), answer(200, "{}"), broken(head(400))} {
		s := newServer(t, step)
		c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: s.URL, ReadError: func(string, int, []byte) driver.Failure {
			t.Error("asked")
			return driver.Failure{}
		}})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, c.Close()) })
		_, _ = c.Do(t.Context(), kinds()["send"].call) // any end will do
	}
}

// A vendor may name its error in the header alone. A call's own ReadError still comes first.
func TestAnErrorNamedInTheHeader(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		step step
		want string
	}{
		"without a body": {answer(400, ""), ""}, "a redirect": {answer(302, "{}"), ""}, "a yes": {answer(200, "{}"), ""},
		"an error": {answer(400, "{}", "X-Error: Throttled"), "Throttled"},
	} {
		s := newServer(t, tc.step)
		c, err := driver.New(driver.Config{
			Vendor: "acme", BaseURL: s.URL, ReadError: refused,
			ReadErrorHeader: func(status int, header http.Header, body []byte) driver.Failure {
				assert.Equal(t, "400 Throttled {}", strconv.Itoa(status)+" "+header.Get("X-Error")+" "+string(body), "nothing else is asked about")
				return driver.Failure{Outcome: verify.ErrBlocked, Code: header.Get("X-Error")}
			},
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, c.Close()) })
		_, err = c.Do(t.Context(), kinds()["send"].call)
		assert.Equal(t, tc.want != "", verify.OutcomeOf(err) == verify.ErrBlocked, name)
		if tc.want != "" {
			assert.Equal(t, tc.want, assertOutcome(t, err, verify.ErrBlocked).VendorCode)
		}
	}
	s := newServer(t, answer(400, "{}", "X-Error: Throttled"))
	c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: s.URL, ReadErrorHeader: func(int, http.Header, []byte) driver.Failure {
		t.Error("asked")
		return driver.Failure{}
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	call := kinds()["send"].call
	call.ReadError = func(string, int, []byte) driver.Failure { return driver.Failure{Outcome: verify.ErrBlocked} }
	_, err = c.Do(t.Context(), call)
	assertOutcome(t, err, verify.ErrBlocked)
}

// What a vendor's Refused says of a wait counts where the header is silent.
func TestRefusedRetryAfter(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(429, "{}"), answer(429, "{}", "Retry-After: 7"))
	c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: s.URL, ReadError: func(op string, status int, body []byte) driver.Failure {
		assert.Equal(t, "send 429 {}", op+" "+strconv.Itoa(status)+" "+string(body))
		return driver.Failure{Outcome: verify.ErrTooManySends, Detail: "too many", RetryAfter: 1 << 40, Code: "sends.limit"}
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	for _, want := range []int64{1 << 40, 7e9} {
		_, err = c.Do(t.Context(), kinds()["send"].call)
		e := assertOutcome(t, err, verify.ErrTooManySends)
		assert.EqualValues(t, want, e.RetryAfter)
		assert.Equal(t, "too many", e.Detail)
		assert.Equal(t, "sends.limit", e.VendorCode)
	}
}

// A reference of the vendor is told to support, unless it may be a person's
// number or a forged line.
func TestRequestID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ header, want string }{
		"a reference":        {"RQ0123456789abcdef", "RQ0123456789abcdef"},
		"with separators":    {"req_1.2-3~4:5", "req_1.2-3~4:5"},
		"a recipient":        {recipient, ""},
		"digits of one":      {recipient[1:], ""},
		"digits with colons": {"1500555:0006", ""},
		"digits and a bar":   {"1500555_0006~", ""},
		"a forged line":      {"x [ERR] forged", ""},
		"an address":         {"a@example.com", ""},
		"too long":           {"x" + fmt.Sprintf("%064d", 0), ""},
		"none":               {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(200, accepted, "X-Request-Id: "+test.header), answer(500, "", "X-Request-Id: "+test.header))
			c := newClient(t, s.URL, nil)
			reply, err := c.Do(t.Context(), kinds()["send"].call)
			require.NoError(t, err)
			assert.Equal(t, test.want, reply.RequestID)

			_, err = c.Do(t.Context(), kinds()["send"].call)
			assert.Equal(t, test.want, assertOutcome(t, err, unknown).RequestID)
		})
	}
}

// A vendor code is told unless it may be a person's number, a code that was
// typed, or prose.
func TestVendorCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ code, want string }{
		"a number":             {"20429", "20429"},
		"a name":               {"mfa_required", "mfa_required"},
		"hexadecimal":          {"0x0213", "0x0213"},
		"none":                 {"", ""},
		"a code that was sent": {code, ""},
		"a recipient":          {recipient, ""},
		"digits of one":        {recipient[1:], ""},
		"prose":                {"the code " + code + " is wrong", ""},
		"a forged line":        {"x\n[ERR] forged", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(400, "{}"))
			c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: s.URL, ReadError: func(string, int, []byte) driver.Failure {
				return driver.Failure{Outcome: verify.ErrRejected, Code: test.code}
			}})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, c.Close()) })
			_, err = c.Do(t.Context(), kinds()["send"].call)
			assert.Equal(t, test.want, assertOutcome(t, err, verify.ErrRejected).VendorCode)
		})
	}
}
