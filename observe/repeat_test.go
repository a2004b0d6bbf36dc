package observe_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
)

func TestARepeatedSendSaysSoAndNoEventHoldsItsKey(t *testing.T) {
	var events []observe.Event
	v := observe.New(mocks.NewFake("111111"), func(_ context.Context, e observe.Event) { events = append(events, e) })
	const key = "AAAAAAAAAAAAAAAAAAAAAA"
	for range 2 {
		_, err := v.Send(t.Context(), "+15005550006", verify.WithIdempotencyKey(key))
		require.NoError(t, err)
	}
	for range 2 {
		require.NoError(t, v.Check(t.Context(), "+15005550006", "111111", verify.WithIdempotencyKey(key)))
	}
	require.Len(t, events, 4)
	assert.Equal(t, []bool{false, true, false, false}, []bool{events[0].Repeated, events[1].Repeated, events[2].Repeated, events[3].Repeated})
	assert.NotContains(t, fmt.Sprintf("%+v", events), key)
}
