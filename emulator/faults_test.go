package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

const sent = `{"sent":true}`

func TestFaultWithAReply(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  emulator.Fault
		status int
		body   string
		header http.Header
		acts   int32
	}{
		"no fault that picks the request": {
			fault:  emulator.Fault{On: "elsewhere", Status: 500},
			status: 201, body: sent, acts: 1, header: http.Header{"Vendor": {"yes"}},
		},
		"unavailable, nothing done": {
			fault: emulator.Fault{Status: 503}, status: 503,
		},
		"throttled with a wait": {
			fault:  emulator.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"code":20429}`},
			status: 429, body: `{"code":20429}`,
			header: http.Header{"Retry-After": {"7"}, "Content-Type": {"application/json"}},
		},
		"a page of a gateway": {
			fault:  emulator.Fault{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>"},
			status: 502, body: "<html>", header: http.Header{"Content-Type": {"text/html"}},
		},
		"failed after it acted": {
			fault: emulator.Fault{Status: 500, Effect: true}, status: 500, acts: 1,
		},
		"sent elsewhere": {
			fault:  emulator.Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:9/"}}},
			status: 307, header: http.Header{"Location": {"http://127.0.0.1:9/"}},
		},
		"late": {
			fault:  emulator.Fault{Delay: time.Millisecond},
			status: 201, body: sent, acts: 1, header: http.Header{"Vendor": {"yes"}},
		},
		"drop by drop": {
			fault:  emulator.Fault{Drip: time.Microsecond},
			status: 201, body: sent, acts: 1, header: http.Header{"Vendor": {"yes"}},
		},
		"a body of a hundred thousand bytes": {
			fault: emulator.Fault{Pad: 100_000}, status: 201, body: sent + strings.Repeat(" ", 100_000), acts: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t)
			v.Fail(tt.fault)
			res, body, err := v.post("/send")
			require.NoError(t, err)
			assert.Equal(t, tt.status, res.StatusCode)
			assert.Equal(t, tt.body, body)
			assert.Equal(t, tt.acts, v.acts.Load())
			for key := range tt.header {
				assert.Equal(t, tt.header[key], res.Header[key])
			}
		})
	}
}

func TestFaultWithoutAProperReply(t *testing.T) {
	isEOF := func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
	isReset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	isMalformed := func(err error) bool { return strings.Contains(err.Error(), "malformed HTTP") }

	for name, tt := range map[string]struct {
		fault emulator.Fault
		is    func(error) bool
		acts  int32
	}{
		"reset before it acted":    {emulator.Fault{Break: emulator.Reset}, isReset, 0},
		"reset after it acted":     {emulator.Fault{Break: emulator.Reset, Effect: true}, isReset, 1},
		"closed before it acted":   {emulator.Fault{Break: emulator.Close}, isEOF, 0},
		"closed after it acted":    {emulator.Fault{Break: emulator.Close, Effect: true}, isEOF, 1},
		"cut in the body":          {emulator.Fault{Break: emulator.Truncate}, isEOF, 1},
		"cut where no body was":    {emulator.Fault{Break: emulator.Truncate, Status: 200}, isEOF, 0},
		"no HTTP, before it acted": {emulator.Fault{Break: emulator.Garbage}, isMalformed, 0},
		"no HTTP, after it acted":  {emulator.Fault{Break: emulator.Garbage, Effect: true}, isMalformed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t)
			v.Fail(tt.fault)
			_, _, err := v.post("/send")
			require.Error(t, err)
			assert.True(t, tt.is(err), "%v", err)
			assert.Equal(t, tt.acts, v.acts.Load())
		})
	}
}

func TestEmulatorLetsGoWhenTheClientGivesUp(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   emulator.Fault
		giveUp  func(v *vendor) // returns when the client's patience ends
		replied bool            // the reply has begun by then
		acts    int32
	}{
		"too late, though it acted":  {emulator.Fault{Delay: time.Hour}, func(v *vendor) { <-v.acted }, false, 1},
		"too late, and never acted":  {emulator.Fault{Delay: time.Hour, Status: 503}, func(v *vendor) { <-v.seen }, false, 0},
		"drop by drop for too long":  {emulator.Fault{Drip: time.Hour}, nil, true, 1},
		"a body that does not cease": {emulator.Fault{Pad: 1 << 50}, nil, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t)
			v.Fail(tt.fault)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if !tt.replied {
				go func() { tt.giveUp(v); cancel() }()
			}

			res, err := v.open(ctx, "/send")
			if tt.replied {
				require.NoError(t, err)
				defer func() { _ = res.Body.Close() }()
				cancel()
				_, err = io.ReadAll(res.Body)
			}
			require.ErrorIs(t, err, context.Canceled)
			<-v.over
			assert.Equal(t, tt.acts, v.acts.Load())
		})
	}
}

func TestFaultHitsAsManyRequestsAsItSays(t *testing.T) {
	for name, tt := range map[string]struct {
		faults []emulator.Fault
		want   []int // status of each request, alternately /send and /check
	}{
		"one fault hits one request":      {[]emulator.Fault{{Status: 500}}, []int{500, 201, 201, 201}},
		"a fault of two turns":            {[]emulator.Fault{{Status: 500, Times: 2}}, []int{500, 500, 201, 201}},
		"two faults, one after the other": {[]emulator.Fault{{Status: 500}, {Status: 503}}, []int{500, 503, 201, 201}},
		"only one operation":              {[]emulator.Fault{{Status: 500, On: "check"}}, []int{201, 500, 201, 201}},
		"by method and part of the path":  {[]emulator.Fault{{Status: 500, On: "POST /c", Times: 2}}, []int{201, 500, 201, 500}},
		"another method is not meant":     {[]emulator.Fault{{Status: 500, On: "GET /check"}}, []int{201, 201, 201, 201}},
		"each operation its own":          {[]emulator.Fault{{Status: 500, On: "check"}, {Status: 503}}, []int{503, 500, 201, 201}},
		"below zero there is no end":      {[]emulator.Fault{{Status: 500, Times: -1}}, []int{500, 500, 500, 500}},
		"without a fault nothing fails":   {nil, []int{201, 201, 201, 201}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t)
			v.Fail(tt.faults...)
			for i, want := range tt.want {
				res, _, err := v.post([]string{"/send", "/check"}[i%2])
				require.NoError(t, err)
				assert.Equal(t, want, res.StatusCode, "request %d", i)
			}
			assert.Equal(t, len(tt.want), v.Requests())

			v.Heal()
			res, _, err := v.post("/send")
			require.NoError(t, err)
			assert.Equal(t, http.StatusCreated, res.StatusCode, "healed")
		})
	}
}

func TestRequestThatIsTooLargeDoesNothing(t *testing.T) {
	for name, fault := range map[string][]emulator.Fault{
		"with a fault":    {{Effect: true, Status: 200}},
		"without a fault": nil,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			v.Fail(fault...)
			res, err := http.Post(v.URL+"/send", "text/plain", strings.NewReader(strings.Repeat("x", 2<<20)))
			if err == nil {
				_ = res.Body.Close()
			}
			assert.Zero(t, v.acts.Load())
		})
	}
}

func TestBreakWithoutAConnectionAbortsTheHandler(t *testing.T) {
	var c emulator.Core
	c.Start(emulator.API{})
	c.Fail(emulator.Fault{Break: emulator.Reset})
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { c.ServeHTTP(httptest.NewRecorder(), r) })
}

func TestClosedServerCannotBeReached(t *testing.T) {
	s, err := emulator.Serve(http.NotFoundHandler(), "")
	require.NoError(t, err)
	s.Close()
	s.Close()
	_, err = net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestTheTestServerThatIsClosedStaysSo(t *testing.T) {
	s := emulator.ServeTest(t, http.NotFoundHandler(), "")
	s.Close()
	s.Close()
	address := strings.TrimPrefix(s.URL, "http://")
	_, err := net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	other := emulator.ServeTest(t, http.NotFoundHandler(), "")
	port, err := net.ResolveTCPAddr("tcp", address)
	require.NoError(t, err)
	_, err = (&net.Dialer{LocalAddr: port}).Dial("tcp", strings.TrimPrefix(other.URL, "http://"))
	assert.ErrorIs(t, err, syscall.EADDRINUSE, "nobody is given the port by chance")
}

func TestServerListensWhereItIsTold(t *testing.T) {
	first, err := emulator.Serve(http.NotFoundHandler(), "127.0.0.1:0")
	require.NoError(t, err)
	address := strings.TrimPrefix(first.URL, "http://")
	_, err = emulator.Serve(http.NotFoundHandler(), address)
	assert.Error(t, err, "the port is taken")
	first.Close()

	second, err := emulator.Serve(http.NotFoundHandler(), address)
	require.NoError(t, err)
	defer second.Close()
	assert.Equal(t, first.URL, second.URL)
}
