package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A door answers checks by the code that was typed; what it does not know is
// approved.
type door map[string][]error

func (d door) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return verify.Receipt{}, nil
}

func (d door) Check(_ context.Context, _, code string, _ ...verify.CheckOption) error {
	if len(d[code]) == 0 {
		return nil
	}
	err := d[code][0]
	d[code] = d[code][1:]
	return err
}

func (d door) Capabilities() verify.Capabilities { return verify.Capabilities{} }

func TestDemoWalksTheWholeWay(t *testing.T) {
	for _, e := range everyEmulator() {
		got := start(t, nil, "demo", "-vendor", e.Facts.Scheme)
		require.Equal(t, 0, got.status, got.err)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		require.Len(t, lines, 5)
		for i, want := range []string{"played at http://127.0.0.1:", "sent by ", "a wrong code is refused", "the right code is approved", "the same code is refused"} {
			assert.Contains(t, lines[i], want)
		}
	}
}

// A demo of a door that does not shut is no demo.
func TestDemoNoticesADoorThatDoesNotShut(t *testing.T) {
	const right, wrong = "123456", "234567"
	for name, tc := range map[string]struct {
		door door
		want error // nil: any
	}{
		"any code is approved":            {door{}, nil},
		"the same code is approved again": {door{wrong: {verify.ErrMismatch}}, nil},
		"nobody answers to a wrong code":  {door{wrong: {verify.ErrUnavailable}}, verify.ErrUnavailable},
		"nobody answers to the right one": {door{wrong: {verify.ErrMismatch}, right: {verify.ErrUnavailable}}, verify.ErrUnavailable},
		"nobody answers to the same one":  {door{wrong: {verify.ErrMismatch}, right: {nil, verify.ErrUnavailable}}, verify.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			err := terminal{out: io.Discard}.walk(context.Background(), tc.door, right)
			require.Error(t, err)
			if tc.want != nil {
				assert.ErrorIs(t, err, tc.want)
			}
			assert.NotZero(t, terminal{out: io.Discard, err: io.Discard}.report(&flags{}, err))
		})
	}
	shut := door{wrong: {verify.ErrMismatch}, right: {nil, verify.ErrNotPending}}
	assert.NoError(t, terminal{out: io.Discard}.walk(context.Background(), shut, right))
}

func TestSpoiledCodeIsAnother(t *testing.T) {
	assert.Equal(t, "234567890", spoil("123456789"))
	assert.Equal(t, "1111", spoil("0000"))
}
