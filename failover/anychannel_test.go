package failover_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// mixed are a backend by WhatsApp and one by SMS and voice, behind AnyChannel.
func mixed(t *testing.T) (v *failover.Verifier, a, b *double) {
	t.Helper()
	a, b = newDouble("a", codeA), newDouble("b", codeB)
	a.capabilities.Channels = []verify.Channel{verify.ChannelWhatsApp}
	v, err := failover.New(failover.Config{AnyChannel: true, Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}})
	require.NoError(t, err)
	return v, a, b
}

func TestAnyChannelUsesEachBackendsOwn(t *testing.T) {
	t.Parallel()
	v, a, b := mixed(t)
	assert.Equal(t, []verify.Channel{verify.ChannelWhatsApp, verify.ChannelSMS, verify.ChannelVoice}, v.Capabilities().Channels)
	receipt, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelWhatsApp, receipt.Channel)

	a.fails("send", verify.ErrUnavailable)
	receipt, err = v.Send(t.Context(), other)
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel, "the one that was used")
	require.NoError(t, v.Check(t.Context(), other, codeB))
	assert.Equal(t, 1, b.sends)
}

func TestAChannelThatIsAskedForGoesToBackendsThatOfferIt(t *testing.T) {
	t.Parallel()
	v, a, b := mixed(t)
	receipt, err := v.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelVoice, receipt.Channel)
	assert.Zero(t, a.sends)

	a.fails("send", verify.ErrUnavailable)
	_, err = v.Send(t.Context(), other, verify.WithChannel(verify.ChannelWhatsApp))
	require.ErrorIs(t, err, verify.ErrUnavailable)
	assert.Equal(t, 1, b.sends, "b does not send what was not asked for")

	_, err = v.Send(t.Context(), other, verify.WithChannel(verify.ChannelEmail))
	require.ErrorIs(t, err, verify.ErrUnsupported)
}

func TestBackendsWithoutACommonChannelNeedAnyChannel(t *testing.T) {
	t.Parallel()
	a, b := newDouble("a", codeA), newDouble("b", codeB)
	a.capabilities.Channels = []verify.Channel{verify.ChannelWhatsApp}
	_, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}})
	require.ErrorContains(t, err, "no channel in common")
}

// An answer that is Elsewhere is about the recipient: the next backend sends, and no
// breaker counts it.
func TestElsewhereMovesOnAndOpensNoBreaker(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fail["send"] = &verify.Error{Vendor: "a", Op: "send", Outcome: verify.ErrInvalidRecipient, Elsewhere: true}
	for range 30 {
		receipt, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, "b", receipt.Vendor)
	}
	assert.Equal(t, 30, a.sends, "its breaker stays closed")

	a.fail["send"] = &verify.Error{Vendor: "a", Op: "send", Outcome: verify.ErrUnavailable, Elsewhere: true}
	for range 30 {
		_, _ = v.Send(t.Context(), phone)
	}
	assert.Equal(t, 60, a.sends, "whatever its outcome")
	assert.Equal(t, 60, b.sends)
}

func TestElsewhereAsTheLastAnswerIsWhatItSays(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fails("send", verify.ErrUnavailable)
	b.fail["send"] = &verify.Error{Vendor: "b", Op: "send", Outcome: verify.ErrInvalidRecipient, Elsewhere: true, RetryAfter: time.Second}
	_, err := v.Send(t.Context(), phone)
	e := asError(t, err)
	assert.Equal(t, verify.ErrInvalidRecipient, e.Outcome)
	assert.True(t, e.Elsewhere, "an outer failover may go on")
	assert.Equal(t, "a unavailable (7); b invalid recipient", e.Detail)

	a.fail["send"], b.fail["send"] = b.fail["send"], a.fail["send"]
	_, err = v.Send(t.Context(), phone)
	e = asError(t, err)
	assert.Equal(t, verify.ErrUnavailable, e.Outcome)
	assert.False(t, e.Elsewhere)
}

// What may have been sent is not Elsewhere, whatever the error says.
func TestElsewhereOfAnUnknownOutcomeStopsTheSend(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fail["send"] = &verify.Error{Vendor: "a", Op: "send", Outcome: verify.ErrOutcomeUnknown, Elsewhere: true}
	_, err := v.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Zero(t, b.sends)
}
