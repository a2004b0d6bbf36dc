package failover_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

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
	v, _, _ = pair(t, func(c *failover.Config) { c.Ledger, c.Key = deaf{new(failover.MemoryLedger)}, key })
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
