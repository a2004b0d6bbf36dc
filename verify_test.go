package verify_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A bare Verifier answers nothing: these tests are about its type.
type bare struct{}

func (bare) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return verify.Receipt{}, verify.ErrUnsupported
}

func (bare) Check(context.Context, string, string, ...verify.CheckOption) error {
	return verify.ErrUnsupported
}

func (bare) Capabilities() verify.Capabilities { return verify.Capabilities{Vendor: "bare"} }

type wrapper struct {
	verify.Verifier
}

func (w wrapper) Unwrap() verify.Verifier { return w.Verifier }

// A closer has two methods more than a Verifier.
type closer struct {
	bare
	name string
}

func (closer) Close() error { return nil }

func (closer) Cancel(context.Context, string, ...verify.CheckOption) error { return nil }

// An opaque wrapper has no Unwrap: what it hides stays hidden.
type opaque struct {
	inner verify.Verifier
	bare
}

func TestAs(t *testing.T) {
	inner := closer{name: "inner"}
	tests := map[string]struct {
		v     verify.Verifier
		found bool
	}{
		"itself":                  {inner, true},
		"under one wrapper":       {wrapper{inner}, true},
		"under three wrappers":    {wrapper{wrapper{wrapper{inner}}}, true},
		"not there":               {bare{}, false},
		"not under a wrapper":     {wrapper{bare{}}, false},
		"behind an opaque one":    {wrapper{opaque{inner: inner}}, false},
		"nil":                     {nil, false},
		"a wrapper around no one": {wrapper{nil}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			canceler, ok := verify.As[verify.Canceler](tc.v)
			assert.Equal(t, tc.found, ok)
			_, ok = verify.As[io.Closer](tc.v)
			assert.Equal(t, tc.found, ok)
			concrete, ok := verify.As[closer](tc.v)
			require.Equal(t, tc.found, ok)
			if tc.found {
				assert.Equal(t, inner, canceler)
				assert.Equal(t, inner, concrete)
			}
		})
	}
}

func TestAsReturnsTheOuterOneFirst(t *testing.T) {
	outer := struct {
		wrapper
		verify.Canceler
	}{wrapper{closer{name: "inner"}}, closer{name: "outer"}}

	got, ok := verify.As[verify.Canceler](outer)
	require.True(t, ok)
	assert.Equal(t, outer, got)
}

func TestReceiptJSON(t *testing.T) {
	sent := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		receipt verify.Receipt
		want    string
	}{
		"what every vendor says": {
			verify.Receipt{Vendor: "twilio", Channel: verify.ChannelSMS},
			`{"vendor":"twilio","channel":"sms"}`,
		},
		"all that can be said": {
			verify.Receipt{
				ID: "VE00", Vendor: "twilio", Channel: verify.ChannelApp, Digits: 6,
				ExpiresAt: sent, ResendAt: sent, Requests: 2, PossibleDuplicate: true,
			},
			`{"id":"VE00","vendor":"twilio","channel":"app","digits":6,` +
				`"expires_at":"2026-11-21T12:00:00Z","resend_at":"2026-11-21T12:00:00Z",` +
				`"requests":2,"possible_duplicate":true}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(tc.receipt)
			require.NoError(t, err)
			assert.Equal(t, tc.want, string(got))
		})
	}
}

// A mocked is what an application writes with testify in place of a vendor.
type mocked struct {
	mock.Mock
}

func (m *mocked) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	args := m.Called(ctx, to, opts)
	return args.Get(0).(verify.Receipt), args.Error(1)
}

func TestMocksMatchOptions(t *testing.T) {
	m := new(mocked)
	m.On("Send", mock.Anything, "+15005550006", []verify.SendOption{verify.WithScope("login"), verify.WithDigits(6)}).
		Return(verify.Receipt{ID: "VE00"}, nil)

	got, err := m.Send(t.Context(), "+15005550006", verify.WithScope("login"), verify.WithDigits(6))
	require.NoError(t, err)
	assert.Equal(t, "VE00", got.ID)

	assert.Panics(t, func() {
		_, _ = m.Send(t.Context(), "+15005550006", verify.WithScope("payment"), verify.WithDigits(6))
	}, "another scope must not match")
}
