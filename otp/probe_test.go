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

// An answering carrier or store answers a Probe.
type (
	answeringCarrier struct {
		vendor string
		err    error
	}
	answeringStore struct {
		*otp.MemoryStore
		err error
	}
	silentCarrier struct{ answeringCarrier }
)

func (c answeringCarrier) Carry(context.Context, otp.Message) (string, error) { return "", nil }

func (c answeringCarrier) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: c.vendor, Channels: []verify.Channel{verify.ChannelSMS}}
}

func (c answeringCarrier) Probe(context.Context) error { return c.err }
func (s answeringStore) Probe(context.Context) error   { return s.err }
func (silentCarrier) Probe(string) error               { return errors.New("another method of this name") }

func TestProbe(t *testing.T) {
	t.Parallel()
	refused := &verify.Error{Vendor: "one", Op: "probe", Kind: verify.ErrUnauthorized, Detail: "the account has no credit left", HTTPStatus: 200}
	twofold := &verify.Error{Vendor: "two", Op: "probe", Kind: verify.ErrUnauthorized, Detail: "the key is wrong; the region is wrong"}
	down := errors.New("the server evicts")
	for name, tc := range map[string]struct {
		carrier otp.Carrier
		store   otp.Store
		want    verify.Outcome
		says    string
		cause   error
	}{
		"all is well":             {answeringCarrier{"one", nil}, answeringStore{err: nil}, "", "", nil},
		"nobody can be asked":     {silentCarrier{}, new(otp.MemoryStore), "", "", nil},
		"the carrier":             {answeringCarrier{"one", refused}, answeringStore{}, verify.ErrUnauthorized, "one: probe: unauthorized: the account has no credit left (HTTP 200)", nil},
		"a carrier of no outcome": {answeringCarrier{"one", down}, answeringStore{}, verify.ErrOutcomeUnknown, "one: probe: outcome unknown: the carrier gave no details", nil},
		"the store":               {answeringCarrier{"one", nil}, answeringStore{err: down}, verify.ErrUnavailable, "one: probe: unavailable: the store would not do: its error says why", down},
		"a store that quotes":     {answeringCarrier{"one", nil}, answeringStore{err: &url.Error{URL: "redis://secret", Err: down}}, verify.ErrUnavailable, "one: probe: unavailable: the store would not do: its error says why", down},
		"both": {answeringCarrier{"one", refused}, answeringStore{err: down}, verify.ErrUnavailable,
			"one: probe: unavailable: one: unauthorized: the account has no credit left (HTTP 200); one: unavailable: the store would not do: its error says why", down},
		"each below Fallback": {otp.Fallback(answeringCarrier{"one", refused}, answeringCarrier{"two", twofold}, silentCarrier{answeringCarrier{vendor: "three"}}), answeringStore{}, verify.ErrUnauthorized,
			"one+two+three: probe: unauthorized: one: unauthorized: the account has no credit left (HTTP 200); two: unauthorized: the key is wrong; two: unauthorized: the region is wrong", nil},
		"the second below Fallback": {otp.Fallback(answeringCarrier{"one", nil}, answeringCarrier{"two", twofold}), answeringStore{}, verify.ErrUnauthorized,
			"two: probe: unauthorized: the key is wrong; the region is wrong", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, ok := tc.carrier.(silentCarrier); ok {
				s.vendor = "silent"
				tc.carrier = s
			}
			e, err := otp.New(otp.Config{Carrier: tc.carrier, Store: tc.store, Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}})
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
