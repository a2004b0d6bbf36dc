package bandwidth_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokenThatIsRefusedIsReplacedOnce(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Revoke()
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 2, receipt.Requests, "the refused request counts as one")
	assert.Equal(t, 2, srv.Tokens())
	assert.Equal(t, 2, srv.Effects(), "R74: one message for one Send")

	code := srv.Code(phone, "")
	srv.Revoke()
	require.NoError(t, client.Check(t.Context(), phone, code))
	assert.Equal(t, 3, srv.Tokens())

	srv.Revoke()
	err = client.Check(t.Context(), phone, wrong(code))
	require.ErrorIs(t, err, verify.ErrMismatch, "a 401 leaves no doubt behind")
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 2, e.Requests)
}

func TestTokenThatIsAlwaysRefused(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, func(c *bandwidth.Config) { c.AccountID = "9900001" })
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 401, e.HTTPStatus)
	assert.Equal(t, 2, e.Requests)
	assert.Equal(t, 2, srv.Tokens())
	assert.Equal(t, 4, srv.Requests(), "once more, and no more")
}

func TestTokenThatIsRefusedAfterALostTry(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone, "")
	srv.Fail(
		bandwidthtest.Fault{On: "check", Break: bandwidthtest.Reset, Effect: true},
		bandwidthtest.Refusal(http.StatusUnauthorized),
	)
	requests := srv.Requests()
	err = client.Check(t.Context(), phone, code)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "the first try may have been the approval")
	assert.Equal(t, 2, srv.Requests()-requests)

	_, err = client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 2, srv.Tokens(), "the refused token is not used again")
}

func TestLateRefusalOfAnOldTokenLeavesTheNewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		late := bandwidthtest.Refusal(http.StatusUnauthorized)
		late.On, late.Delay = "send", 2*time.Second
		e.Fail(late)
		var wg sync.WaitGroup
		wg.Go(func() {
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			assert.Equal(t, 2, receipt.Requests)
		})
		synctest.Wait()
		e.Revoke()
		_, err = client.Send(t.Context(), other)
		require.NoError(t, err)
		wg.Wait()
		assert.Equal(t, 2, e.Tokens(), "the second one is newer than the refused one")
	})
}

func TestTokenThatIsRefusedAfterAThrottle(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	throttled, refused := bandwidthtest.Refusal(http.StatusTooManyRequests), bandwidthtest.Refusal(http.StatusUnauthorized)
	throttled.On, refused.On = "send", "send"
	srv.Fail(throttled, refused)
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err, "no try of a Send is made after one that may have been processed")
	assert.Equal(t, 3, receipt.Requests)
	assert.Equal(t, 1, srv.Effects())
}

func TestForbiddenLeavesTheTokenAlone(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(bandwidthtest.Fault{On: "send", Status: 403, Body: `{"Message":"User is not authorized"}`})
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	assert.Equal(t, 2, srv.Requests())
	_, err = client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 1, srv.Tokens())
}

func TestTokenOfNoTimeServesWhoWaitedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		e.Fail(bandwidthtest.Fault{On: "token", Status: 200, Body: `{"access_token":"canary-token","expires_in":0}`, Delay: time.Second})
		e.Fail(bandwidthtest.Fault{On: "token", Status: 200, Body: `{"access_token":"canary-token","expires_in":0}`})
		_, err := client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnauthorized, "the emulator does not know this token")
		assert.Equal(t, 4, e.Requests())
	})
}
