package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/health"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/otp"
)

// A vendor is probed as it is told.
type vendor struct {
	verify.Verifier
	err    error
	waits  bool
	probes *atomic.Int32
}

func newVendor(err error) vendor { return vendor{mocks.NewFake(), err, false, new(atomic.Int32)} }

func (v vendor) Probe(ctx context.Context) error {
	v.probes.Add(1)
	if v.waits {
		<-ctx.Done()
		return &verify.Error{Vendor: "slow", Op: "probe", Outcome: verify.ErrUnavailable, Err: ctx.Err()}
	}
	return v.err
}

// A plain vendor has no Probe.
type plain struct{ verify.Verifier }

func unauthorized() error {
	return &verify.Error{Vendor: "twilio", Op: "probe", Outcome: verify.ErrUnauthorized, HTTPStatus: 401, VendorCode: "20003"}
}

func join(t *testing.T, vs ...verify.Verifier) verify.Verifier {
	t.Helper()
	var cfg failover.Config
	for i, v := range vs {
		cfg.Backends = append(cfg.Backends, failover.Backend{Name: string(rune('a' + i)), Verifier: v})
	}
	v, err := failover.New(cfg)
	require.NoError(t, err)
	return v
}

func ask(t *testing.T, h http.Handler) (int, health.Report) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var report health.Report
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &report))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return w.Code, report
}

func TestWhatEachStateIsCalled(t *testing.T) {
	t.Parallel()
	good, bad := newVendor(nil), newVendor(unauthorized())
	for name, tc := range map[string]struct {
		v      verify.Verifier
		code   int
		status string
		parts  []string
	}{
		"a vendor that works":             {good, 200, health.OK, []string{health.OK}},
		"a vendor that refuses the key":   {bad, 503, health.Failing, []string{health.Failing}},
		"one that cannot be asked":        {plain{mocks.NewFake()}, 200, health.Unknown, nil},
		"two that work":                   {join(t, good, newVendor(nil)), 200, health.OK, []string{health.OK, health.OK}},
		"the first of two":                {join(t, bad, good), 200, health.Degraded, []string{health.Failing, health.OK}},
		"both":                            {join(t, bad, newVendor(unauthorized())), 503, health.Failing, []string{health.Failing, health.Failing}},
		"one fails, one cannot be asked":  {join(t, bad, plain{mocks.NewFake()}), 200, health.Degraded, []string{health.Failing, health.Unknown}},
		"a failover behind a wrapper":     {wrapper{join(t, bad, good)}, 200, health.Degraded, []string{health.Failing, health.OK}},
		"an engine whose store is gone":   {engine(t, errors.New("dial +15005550006"), nil), 503, health.Failing, []string{health.OK, health.Failing}},
		"an engine that works":            {engine(t, nil, nil), 200, health.OK, []string{health.OK, health.OK}},
		"an engine whose messenger fails": {engine(t, nil, unauthorized()), 503, health.Failing, []string{health.Failing, health.OK}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, report := ask(t, health.New(tc.v, health.Config{}))
			assert.Equal(t, tc.code, code)
			assert.Equal(t, tc.status, report.Status)
			var parts []string
			for _, p := range report.Parts {
				parts = append(parts, p.Status)
				assert.NotContains(t, p.Detail, "+1500555", "of an error that is not ours nothing is shown")
			}
			assert.Equal(t, tc.parts, parts)
		})
	}
}

type wrapper struct{ verify.Verifier }

func (w wrapper) Unwrap() verify.Verifier { return w.Verifier }

type store struct {
	otp.MemoryStore
	err error
}

func (s *store) Probe(context.Context) error { return s.err }

type messenger struct{ err error }

func (messenger) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "texts", Channels: []verify.Channel{verify.ChannelSMS}}
}
func (messenger) Deliver(context.Context, otp.Message) (string, error) { return "", nil }
func (m messenger) Probe(context.Context) error                        { return m.err }

func engine(t *testing.T, ofStore, ofMessenger error) verify.Verifier {
	t.Helper()
	e, err := otp.New(otp.Config{Messenger: messenger{ofMessenger}, Store: &store{err: ofStore}, Keys: [][]byte{make([]byte, 32)}})
	require.NoError(t, err)
	return e
}

func TestAPartTellsItsOutcomeInOurOwnWords(t *testing.T) {
	t.Parallel()
	_, report := ask(t, health.New(newVendor(unauthorized()), health.Config{}))
	require.Len(t, report.Parts, 1)
	assert.Equal(t, verify.ErrUnauthorized, report.Parts[0].Outcome)
	assert.Equal(t, "twilio: probe: unauthorized (HTTP 401, 20003)", report.Parts[0].Detail)

	_, report = ask(t, health.New(newVendor(errors.New("https://user:secret@host/+15005550006")), health.Config{}))
	assert.Equal(t, verify.ErrOutcomeUnknown, report.Parts[0].Outcome)
	assert.Empty(t, report.Parts[0].Detail)
}

func TestItProbesOnceInAPeriodHoweverManyAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(nil)
		h := health.New(v, health.Config{Every: time.Minute})
		assert.Zero(t, v.probes.Load(), "nobody asked")
		done := make(chan struct{})
		for range 100 {
			go func() { h.Report(context.Background()); done <- struct{}{} }()
		}
		for range 100 {
			<-done
		}
		assert.EqualValues(t, 1, v.probes.Load())
		time.Sleep(59 * time.Second)
		h.Report(t.Context())
		assert.EqualValues(t, 1, v.probes.Load())
		time.Sleep(time.Second)
		h.Report(t.Context())
		assert.EqualValues(t, 2, v.probes.Load())
	})
}

func TestAPeriodIsTenSecondsAtLeast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(nil)
		h := health.New(v, health.Config{Every: time.Nanosecond})
		h.Report(t.Context())
		time.Sleep(9 * time.Second)
		h.Report(t.Context())
		assert.EqualValues(t, 1, v.probes.Load())
	})
}

func TestAProbeThatHangsEndsAndACallerThatLeavesEndsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(nil)
		v.waits = true
		h := health.New(v, health.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		report := h.Report(ctx)
		assert.Equal(t, 10*time.Second, time.Since(began), "the answer is for all who ask")
		assert.Equal(t, health.Failing, report.Status)
	})
}

func TestItOnlyReads(t *testing.T) {
	t.Parallel()
	v := newVendor(nil)
	w := httptest.NewRecorder()
	health.New(v, health.Config{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
	assert.Zero(t, v.probes.Load())
}
