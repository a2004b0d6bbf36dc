package vendors_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A grump refuses every request with a page of 8 kB, or keeps still, and counts
// the connections that were opened.
type grump struct {
	*httptest.Server
	conns  atomic.Int64
	silent atomic.Bool
	asked  chan struct{} // of a request while it keeps still
}

func newGrump(t *testing.T) *grump {
	t.Helper()
	g := &grump{asked: make(chan struct{}, 1)}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(g.serve))
	g.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			g.conns.Add(1)
		}
	}
	g.Start()
	t.Cleanup(g.Close)
	return g
}

func (g *grump) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
	switch {
	case strings.Contains(r.URL.Path, "token"):
		_, _ = io.WriteString(w, `{"access_token":"placeholder","expires_in":3600}`)
	case g.silent.Load():
		g.asked <- struct{}{}
		<-r.Context().Done()
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, strings.Repeat("<p>x</p>", 1<<10))
	}
}

// A handshake costs as much as dozens of calls, so no error may cost one: 30 come
// over one connection, and a call that is given up takes its own connection with
// it and no other. On a busy machine net/http gives one up now and then, after a
// request whose end its own writer has not reported within 50 ms: hence the rounds.
func TestErrorsCostNoConnection(t *testing.T) {
	t.Parallel()
	const twilioAccount = "AC00000000000000000000000000000000:placeholder@"
	for name, tc := range map[string]struct {
		dsn    string
		tokens int64 // connections to the host that tokens come from
	}{
		"twilio":           {"twilio://" + twilioAccount + "VA00000000000000000000000000000000?base_url=", 0},
		"bandwidth":        {"bandwidth://id:placeholder@9900000?sms_app=app&from=%2B15017122661&base_url=", 1},
		"authy":            {"authy://placeholder@phone?base_url=", 0},
		"gatewayapi":       {"gatewayapi://placeholder@com?sender=Acme" + theEngine + "&base_url=", 0},
		"gatewayapi, REST": {"gatewayapi://placeholder@com?sender=Acme&classic=true" + theEngine + "&base_url=", 0},
		"twilio-sms":       {"twilio-sms://" + twilioAccount + "?from=%2B15017122661" + theEngine + "&base_url=", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var errors, givenUp int64
			for range 5 {
				errors, givenUp = connections(t, tc.dsn)
				if errors == tc.tokens+1 && givenUp == errors+1 {
					return
				}
			}
			assert.Equal(t, tc.tokens+1, errors, "after 30 errors")
			assert.Equal(t, tc.tokens+2, givenUp, "after one that was given up")
		})
	}
}

// connections is how many were opened, first for 30 errors, then with a call that
// was given up and another one.
func connections(t *testing.T, dsn string) (errors, givenUp int64) {
	g := newGrump(t)
	v := opened(t, dsn+g.URL)
	for n := range 30 {
		_, err := v.Send(t.Context(), fmt.Sprintf("+1500555%04d", n))
		require.Error(t, err)
	}
	errors = g.conns.Load()

	g.silent.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-g.asked
		cancel()
	}()
	_, err := v.Send(ctx, "+15005550100")
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	g.silent.Store(false)
	_, err = v.Send(t.Context(), "+15005550101")
	require.Error(t, err)
	return errors, g.conns.Load()
}
