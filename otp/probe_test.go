package otp_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An answering messenger or store answers a Probe.
type (
	answeringMessenger struct {
		vendor string
		err    error
	}
	answeringStore struct {
		*otp.MemoryStore
		err error
	}
	silentMessenger struct{ answeringMessenger }
)

func (c answeringMessenger) Deliver(context.Context, otp.Message) (string, error) { return "", nil }

func (c answeringMessenger) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: c.vendor, Channels: []verify.Channel{verify.ChannelSMS}}
}

func (c answeringMessenger) Probe(context.Context) error { return c.err }
func (s answeringStore) Probe(context.Context) error     { return s.err }
func (silentMessenger) Probe(string) error               { return errors.New("another method of this name") }

func TestProbe(t *testing.T) {
	t.Parallel()
	refused := &verify.Error{Vendor: "one", Op: "probe", Outcome: verify.ErrUnauthorized, Detail: "the account has no credit left", HTTPStatus: 200}
	twofold := &verify.Error{Vendor: "two", Op: "probe", Outcome: verify.ErrUnauthorized, Detail: "the key is wrong; the region is wrong"}
	down := errors.New("the server evicts")
	for name, tc := range map[string]struct {
		messenger otp.Messenger
		store     otp.Store
		want      verify.Outcome
		says      string
		cause     error
	}{
		"all is well":               {answeringMessenger{"one", nil}, answeringStore{err: nil}, "", "", nil},
		"nobody can be asked":       {silentMessenger{}, new(otp.MemoryStore), "", "", nil},
		"the messenger":             {answeringMessenger{"one", refused}, answeringStore{}, verify.ErrUnauthorized, "one: probe: unauthorized: the account has no credit left (HTTP 200)", nil},
		"a messenger of no outcome": {answeringMessenger{"one", down}, answeringStore{}, verify.ErrOutcomeUnknown, "one: probe: outcome unknown: the messenger gave no details", nil},
		"the store":                 {answeringMessenger{"one", nil}, answeringStore{err: down}, verify.ErrUnavailable, "one: probe: unavailable: the store would not do: its error says why", down},
		"a store that quotes":       {answeringMessenger{"one", nil}, answeringStore{err: &url.Error{URL: "redis://secret", Err: down}}, verify.ErrUnavailable, "one: probe: unavailable: the store would not do: its error says why", down},
		"both": {answeringMessenger{"one", refused}, answeringStore{err: down}, verify.ErrUnavailable,
			"one: probe: unavailable: one: unauthorized: the account has no credit left (HTTP 200); one: unavailable: the store would not do: its error says why", down},
		"each below Fallback": {otp.Fallback(answeringMessenger{"one", refused}, answeringMessenger{"two", twofold}, silentMessenger{answeringMessenger{vendor: "three"}}), answeringStore{}, verify.ErrUnauthorized,
			"one+two+three: probe: unauthorized: one: unauthorized: the account has no credit left (HTTP 200); two: unauthorized: the key is wrong; two: unauthorized: the region is wrong", nil},
		"the second below Fallback": {otp.Fallback(answeringMessenger{"one", nil}, answeringMessenger{"two", twofold}), answeringStore{}, verify.ErrUnauthorized,
			"two: probe: unauthorized: the key is wrong; the region is wrong", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, ok := tc.messenger.(silentMessenger); ok {
				s.vendor = "silent"
				tc.messenger = s
			}
			e, err := otp.New(otp.Config{Messenger: tc.messenger, Store: tc.store, Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}})
			require.NoError(t, err)
			prober, ok := verify.As[verify.Prober](e)
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
