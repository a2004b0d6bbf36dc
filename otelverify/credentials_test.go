package otelverify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

func TestNewCredentialsAreCountedByBackend(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.all(observe.Event{Op: observe.OpCredentials, Vendor: "twilio", Backend: "main"})
	r.all(observe.Event{Op: observe.OpCredentials, Vendor: "twilio", Outcome: verify.ErrUnauthorized})
	assert.Equal(t, map[string]int64{
		"verify.backend=main,verify.vendor=twilio":     1,
		"error.type=unauthorized,verify.vendor=twilio": 1,
	}, r.counts(t, "verify.credentials"))
	assert.Empty(t, r.spans.Ended(), "it is no call")
}
