package hooks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// recorded returns what somebody who recorded a request can send: the same, to the byte.
func recorded(t *testing.T, r *http.Request) func() *http.Request {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return func() *http.Request {
		again := r.Clone(t.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		return again
	}
}

const day = 24 * time.Hour

// Where a time is signed, or the end of the code is told, no recorded request ever sends
// anything: it is known, and when it is known no more it is stale.
func TestARecordedRequestThatHasATimeNeverSendsAgain(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		if !s.timed {
			t.Skip("it has no time")
		}
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			h := opened(t, s, configOf(m))
			replay := recorded(t, s.request(0))
			require.Equal(t, s.sent, serve(h, replay()).Code)
			at := time.Duration(0)
			for _, next := range []time.Duration{time.Second, 5*time.Minute - 1, 5 * time.Minute, 10*time.Minute - 1, 10 * time.Minute, time.Hour, day, 400 * day} {
				time.Sleep(next - at)
				at = next
				w := serve(h, replay())
				assert.Equal(t, next >= 5*time.Minute, w.Code == http.StatusUnauthorized, next)
				require.Len(t, m.sent, 1, next)
			}
		})
	})
}

// Where there is none, a recorded request is known for Config.Keep, and no longer.
func TestARecordedRequestThatHasNoTimeIsKnownForAsLongAsKept(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		if s.timed {
			t.Skip("it has a time")
		}
		for _, keep := range []time.Duration{0, 11 * time.Minute, day, 31 * day} {
			synctest.Test(t, func(t *testing.T) {
				m := new(messenger)
				cfg := configOf(m)
				cfg.Keep = keep
				known := max(keep, 10*time.Minute)
				h := opened(t, s, cfg)
				replay := recorded(t, s.request(0))
				require.Equal(t, s.sent, serve(h, replay()).Code)
				for range 4 {
					time.Sleep(known / 5)
					assert.Equal(t, s.sent, serve(h, replay()).Code)
				}
				time.Sleep(known/5 - 1)
				assert.Equal(t, s.sent, serve(h, replay()).Code)
				require.Len(t, m.sent, 1)
				time.Sleep(time.Nanosecond)
				assert.Equal(t, s.sent, serve(h, replay()).Code)
				assert.Len(t, m.sent, 2, "docs/hooks.md says so")
			})
		}
	})
}

// A server that asks again after ten minutes, by a request that it signs anew, sends
// nothing twice within Config.Keep.
func TestALateRepeatIsKnownForAsLongAsKept(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			cfg := configOf(m)
			cfg.Keep = day
			h := opened(t, s, cfg)
			for range 24 {
				assert.Equal(t, s.sent, serve(h, s.request(0)).Code)
				time.Sleep(time.Hour - 1)
			}
			assert.Len(t, m.sent, 1)
		})
	})
}

// An absent store takes claims and forgets to end them, as if each process died that has one.
type absent struct{ hooks.MemorySeen }

func (*absent) Done(context.Context, [16]byte, time.Duration) error { return errors.New("away") }

// Nobody knows what a process sent that died, so its claim is as long as what is kept.
func TestAClaimThatNobodyEndedSendsNothingForAsLongAsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(messenger)
		cfg := configOf(m)
		cfg.Seen, cfg.Key, cfg.Keep = new(absent), make([]byte, 32), day
		h := opened(t, trials["logto"], cfg)
		replay := recorded(t, trials["logto"].request(0))
		began := time.Now()
		assert.Equal(t, http.StatusNoContent, serve(h, replay()).Code)
		time.Sleep(time.Until(began.Add(day - 5*time.Second)))
		assert.Equal(t, http.StatusBadGateway, serve(h, replay()).Code, "it may have been sent")
		assert.Len(t, m.sent, 1)
		time.Sleep(time.Until(began.Add(day)))
		assert.Equal(t, http.StatusNoContent, serve(h, replay()).Code)
		assert.Len(t, m.sent, 2)
	})
}

// A notice without a code comes again in the same words, and is not kept from a person for
// longer than ten minutes.
func TestANoticeIsKnownForTenMinutesHoweverLongCodesAreKept(t *testing.T) {
	t.Parallel()
	for server, post := range map[string]func() *http.Request{
		"kratos": func() *http.Request {
			return headerPost(`{"to":"+15005550006","text":"Your number was changed.","type":"verifiable_address_changed"}`, hooks.Basic("kratos", kratosPassword))
		},
		"auth0": func() *http.Request {
			return headerPost(`{"recipient":"+15005550006","text":"Your account is blocked.","message_type":"blocked_account","delivery_method":"text"}`, hooks.Bearer("placeholder-auth0-token"))
		},
		"zitadel": func() *http.Request {
			return zitadelPost(time.Now(), strings.Replace(zitadelBody, `"code":"123456"`, `"x":"y"`, 1), zitadelKey)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			cfg := configOf(m)
			cfg.Keep = day
			h := opened(t, trials[server], cfg)
			serve(h, post())
			time.Sleep(10*time.Minute - 1)
			serve(h, post())
			assert.Len(t, m.sent, 1, server)
			time.Sleep(time.Nanosecond)
			serve(h, post())
			require.Len(t, m.sent, 2, server)
			assert.NotEqual(t, m.sent[0].Ref, m.sent[1].Ref, "an endpoint that sends each webhook-id once sends both")
			assert.Regexp(t, "^[0-9a-f]{32}$", m.sent[1].Ref)
		})
	}
}

// What is remembered for ten minutes gives its room back in time, though what is
// remembered for a month came before it.
func TestAMemoryForgetsEachInItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &hooks.MemorySeen{Most: 10}
		for i := range byte(10) {
			keep := 10 * time.Minute
			if i < 5 {
				keep = 31 * day
			}
			_, err := m.Begin(t.Context(), [16]byte{i}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, m.Done(t.Context(), [16]byte{i}, keep))
		}
		time.Sleep(10 * time.Minute)
		for i := range byte(5) {
			_, err := m.Begin(t.Context(), [16]byte{100 + i}, time.Minute)
			require.NoError(t, err)
		}
		_, err := m.Begin(t.Context(), [16]byte{200}, time.Minute)
		require.ErrorIs(t, err, hooks.ErrFull)
		state, err := m.Begin(t.Context(), [16]byte{4}, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, hooks.Done, state)
	})
}
