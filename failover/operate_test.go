package failover_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A probed backend answers a Probe and does nothing else.
type probed struct {
	verify.Verifier
	vendor string
	probe  func(context.Context) error
}

func (p probed) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: p.vendor, Channels: []verify.Channel{verify.ChannelSMS}}
}

func (p probed) Probe(ctx context.Context) error { return p.probe(ctx) }

// A wrapped one is found by verify.As.
type wrapped struct{ verify.Verifier }

func (w wrapped) Unwrap() verify.Verifier { return w.Verifier }

// An unprobed backend has no Probe.
type unprobed struct{ verify.Verifier }

// A probedLedger answers a Probe.
type probedLedger struct {
	failover.MemoryLedger
	err error
}

func (l *probedLedger) Probe(context.Context) error { return l.err }

func says(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestProbe(t *testing.T) {
	t.Parallel()
	refused := &verify.Error{Vendor: "twilio", Op: "probe", Outcome: verify.ErrUnauthorized, Detail: "the credentials are wrong", HTTPStatus: 401, VendorCode: "20003"}
	twofold := &verify.Error{Vendor: "twilio", Op: "probe", Outcome: verify.ErrRejected, Detail: "the first; the second"}
	full := errors.New("the server evicts")
	backend := func(name string, err error) failover.Backend {
		return failover.Backend{Name: name, Verifier: probed{vendor: name, probe: says(err)}}
	}
	for name, tc := range map[string]struct {
		backends []failover.Backend
		ledger   error
		want     verify.Outcome
		says     string
		cause    error
	}{
		"all is well":               {[]failover.Backend{backend("a", nil), backend("b", nil)}, nil, "", "", nil},
		"one backend":               {[]failover.Backend{backend("a", nil), backend("b", refused)}, nil, verify.ErrUnauthorized, "failover: probe: unauthorized: b: unauthorized: the credentials are wrong (HTTP 401, 20003)", nil},
		"each backend, each fault":  {[]failover.Backend{backend("a", twofold), backend("b", refused)}, nil, verify.ErrUnauthorized, "failover: probe: unauthorized: a: rejected: the first; a: rejected: the second; b: unauthorized: the credentials are wrong (HTTP 401, 20003)", nil},
		"a backend of no outcome":   {[]failover.Backend{backend("a", full)}, nil, verify.ErrOutcomeUnknown, "failover: probe: outcome unknown: a: outcome unknown", nil},
		"a backend behind others":   {[]failover.Backend{{Name: "a", Verifier: wrapped{wrapped{probed{vendor: "a", probe: says(refused)}}}}}, nil, verify.ErrUnauthorized, "failover: probe: unauthorized: a: unauthorized: the credentials are wrong (HTTP 401, 20003)", nil},
		"a backend without a Probe": {[]failover.Backend{{Name: "a", Verifier: unprobed{probed{vendor: "a"}}}, backend("b", nil)}, nil, "", "", nil},
		"the cause of a backend":    {[]failover.Backend{backend("a", &verify.Error{Outcome: verify.ErrUnavailable, Err: full})}, nil, verify.ErrUnavailable, "failover: probe: unavailable: a: unavailable", full},
		"the ledger":                {[]failover.Backend{backend("a", nil)}, full, verify.ErrUnavailable, "failover: probe: unavailable: ledger: unavailable: the ledger is not usable: its error says why", full},
		"a ledger of ours":          {[]failover.Backend{backend("a", nil)}, refused, verify.ErrUnauthorized, "failover: probe: unauthorized: ledger: unauthorized: the credentials are wrong (HTTP 401, 20003)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := failover.New(failover.Config{Backends: tc.backends, Ledger: &probedLedger{err: tc.ledger}, Keys: [][]byte{make([]byte, 32)}})
			require.NoError(t, err)
			prober, ok := verify.As[verify.Prober](v)
			require.True(t, ok)
			err = prober.Probe(t.Context())
			assert.Equal(t, tc.want, verify.OutcomeOf(err))
			if tc.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, tc.says)
			if tc.cause != nil {
				assert.ErrorIs(t, err, tc.cause)
			}
		})
	}
}

// A backend that hangs leaves the others time.

// forgetful is a backend with budgets of its own.
type forgetful struct {
	*double
	scopes []string
	err    error
}

func (f *forgetful) Reset(_ context.Context, _ string, opts ...verify.CheckOption) error {
	req, err := f.Capabilities().SubjectRequest("reset", phone, opts...)
	f.scopes = append(f.scopes, req.Scope)
	return errors.Join(err, f.err)
}

func TestResetLiftsTheBlock(t *testing.T) {
	t.Parallel()
	backend := &forgetful{}
	v, _, _ := pair(t, func(c *failover.Config) {
		c.Limits.Failures = 3
		backend.double = c.Backends[1].Verifier.(*double)
		c.Backends[1].Verifier = backend
	})
	send := func() {
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
	}
	send()
	for range 3 {
		_ = v.Check(t.Context(), phone, wrong)
	}
	send()
	e := asError(t, v.Check(t.Context(), phone, codeA))
	require.Equal(t, verify.ErrBlocked, e.Outcome)
	assert.Contains(t, e.Detail, "Reset")

	require.NoError(t, v.Reset(t.Context(), phone, verify.WithScope("payment")))
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrBlocked, "another scope's")
	require.NoError(t, v.Reset(t.Context(), phone))
	assert.Equal(t, []string{"payment", ""}, backend.scopes, "a backend's own budgets end too")
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrNotPending, "codes are forgotten as well")
	send()
	require.NoError(t, v.Check(t.Context(), phone, codeA))
}

func TestResetThatFails(t *testing.T) {
	t.Parallel()
	v, _, _ := pair(t)
	require.ErrorIs(t, v.Reset(t.Context(), "nobody"), verify.ErrInvalidRecipient)

	key := make([]byte, 32)
	v, _, _ = pair(t, func(c *failover.Config) { c.Ledger, c.Keys = deaf{new(failover.MemoryLedger)}, [][]byte{key} })
	e := asError(t, v.Reset(t.Context(), phone))
	assert.Equal(t, verify.ErrOutcomeUnknown, e.Outcome)
	assert.NotContains(t, e.Error(), phone)

	backend := &forgetful{err: &verify.Error{Vendor: "b", Op: "reset", Outcome: verify.ErrOutcomeUnknown}}
	v, _, _ = pair(t, func(c *failover.Config) {
		backend.double = c.Backends[1].Verifier.(*double)
		c.Backends[1].Verifier = backend
	})
	require.ErrorIs(t, v.Reset(t.Context(), phone), verify.ErrOutcomeUnknown, "a backend that fails is told")
}

// deaf never forgets.
type deaf struct{ failover.Ledger }

func (deaf) Reset(context.Context, failover.Key) error { return errors.New("to " + phone) }
