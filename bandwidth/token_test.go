package bandwidth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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

// direct carries requests to an emulator without a socket, so that both live

// in the time of a bubble.

type direct struct{ emulator *bandwidthtest.Emulator }

func (m direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil { // the emulator breaks the connection
			err = errors.New("connection reset")
		}
	}()
	w := httptest.NewRecorder()
	m.emulator.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// bubbled returns a client and an emulator for a bubble of synctest.

func bubbled(t *testing.T, opts ...bandwidthtest.Options) (*bandwidth.Client, *bandwidthtest.Emulator) {
	opts = append(opts, bandwidthtest.Options{})
	e := bandwidthtest.New(opts[0])
	cfg := valid()
	cfg.HTTPClient = &http.Client{Transport: direct{e}}
	client, err := bandwidth.New(cfg)
	require.NoError(t, err)
	return client, e
}

// pass lets time go by in a bubble.

func pass(d time.Duration) { <-time.After(d) }

// together calls f from 64 goroutines at once and returns their errors.

func together(f func() error) []error {
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errs
}

func TestTokenServesAllCallsUntilItIsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		send := func() {
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			require.Equal(t, 1, receipt.Requests)
			synctest.Wait()
		}
		send()
		send()
		require.NoError(t, client.Check(t.Context(), phone, e.Code(phone, "")))
		pass(58 * time.Minute)
		send()
		assert.Equal(t, 1, e.Tokens(), "one token for an hour but its last minute")

		pass(time.Minute)
		send()
		assert.Equal(t, 2, e.Tokens(), "renewed in its last minute, while it still works")
		send()
		pass(2 * time.Minute)
		send()
		assert.Equal(t, 2, e.Tokens())

		pass(24 * time.Hour)
		send()
		assert.Equal(t, 3, e.Tokens())
	})
}

func TestSixtyFourSendsRenewATokenOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(*bandwidthtest.Emulator)
		tokens int
	}{
		"that there is not yet":   {func(*bandwidthtest.Emulator) {}, 1},
		"that is in its minute":   {func(*bandwidthtest.Emulator) { pass(time.Hour - time.Second) }, 2},
		"that has ended":          {func(*bandwidthtest.Emulator) { pass(time.Hour) }, 2},
		"that was taken back":     {func(e *bandwidthtest.Emulator) { e.Revoke() }, 2},
		"that still has its time": {func(*bandwidthtest.Emulator) { pass(58 * time.Minute) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, e := bubbled(t)
				warm := 0
				if name != "that there is not yet" {
					_, err := client.Send(t.Context(), phone)
					require.NoError(t, err)
					warm = 1
				}
				tc.before(e)
				e.Fail(bandwidthtest.Fault{On: "token", Delay: time.Second}) // time to pile up
				for _, err := range together(func() error {
					_, err := client.Send(t.Context(), phone)
					return err
				}) {
					require.NoError(t, err)
				}
				synctest.Wait()
				pass(2 * time.Second)
				assert.Equal(t, tc.tokens, e.Tokens())
				assert.Equal(t, 64+warm, e.Effects())
			})
		})
	}
}

func TestOneWhoGivesUpDoesNotEndTheRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		e.Fail(bandwidthtest.Fault{On: "token", Delay: 2 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		canceled, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { // the first to ask, so that the renewal is its doing
			_, err := client.Send(ctx, phone)
			require.ErrorIs(t, err, verify.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, verify.ErrUnavailable, verify.OutcomeOf(err))
		})
		synctest.Wait()
		wg.Go(func() {
			err := client.Check(canceled, phone, "123456")
			require.ErrorIs(t, err, verify.ErrUnavailable)
			require.ErrorIs(t, err, context.Canceled)
		})
		wg.Go(func() {
			_, err := client.Send(t.Context(), other)
			require.NoError(t, err)
		})
		synctest.Wait()
		stop()
		pass(1500 * time.Millisecond)
		wg.Go(func() { // after both have given up
			_, err := client.Send(t.Context(), other)
			require.NoError(t, err)
		})
		wg.Wait()
		assert.Equal(t, 1, e.Tokens())
		assert.Equal(t, 2, e.Effects())
		assert.Equal(t, 3, e.Requests(), "who gave up asked for nothing")
	})
}

func TestCanceledCallAsksForNoToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, e := bubbled(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.Send(ctx, phone)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		assert.Zero(t, e.Requests())
	})
}

func TestTokenIsBelievedForADayAtMost(t *testing.T) {
	t.Parallel()
	for name, lasts := range map[string]string{"a number": `9999999999`, "a string": `"9999999999"`, "two days": `172800`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tokens := 0
				cfg := valid()
				cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "api.bandwidth.com" {
						tokens++
					}
					w := httptest.NewRecorder()
					_, _ = w.WriteString(`{"access_token":"canary-token","expires_in":` + lasts + `,"valid":true}`)
					return w.Result(), nil
				})}
				client, err := bandwidth.New(cfg)
				require.NoError(t, err)
				require.NoError(t, client.Check(t.Context(), phone, "123456"))
				pass(23 * time.Hour)
				require.NoError(t, client.Check(t.Context(), phone, "123456"))
				assert.Equal(t, 1, tokens)
				pass(time.Hour)
				require.NoError(t, client.Check(t.Context(), phone, "123456"))
				assert.Equal(t, 2, tokens)
			})
		})
	}
}

func TestShortTokensDoNotStopCalls(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]time.Duration{"a second": time.Second, "ten seconds": 10 * time.Second, "a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, e := bubbled(t, bandwidthtest.Options{TokenLife: life})
				for range 10 {
					receipt, err := client.Send(t.Context(), phone)
					require.NoError(t, err)
					require.Equal(t, 1, receipt.Requests)
					pass(life / 5)
					synctest.Wait()
				}
				assert.LessOrEqual(t, e.Tokens(), 5, "renewed after half of its life, not at each call")
			})
		})
	}
}

// R38: the time of a call includes that of its token.

// V-18: the secret goes to the token's host alone, and the token to the other.
