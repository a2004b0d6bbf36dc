package twilio_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
)

// A client that New did not make closes, and finds fault with itself: it does
// not panic.
func TestZeroClient(t *testing.T) {
	for _, c := range []io.Closer{
		new(twilio.Client),
		new(twilio.Messaging),
	} {
		require.NoError(t, c.Close())
		if p, ok := c.(verify.Prober); ok {
			err := p.Probe(t.Context())
			assert.ErrorIs(t, err, verify.ErrUnsupported, "nil would say that it works")
		}
	}
}
