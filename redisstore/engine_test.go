package redisstore_test

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
)

var anyCode = regexp.MustCompile(`[0-9]{6,10}`)

// letters is a messenger that keeps the last code of each recipient and scope.
type letters struct {
	mu    sync.Mutex
	codes map[string]string
	sent  int
}

func (l *letters) Deliver(_ context.Context, m otp.Message) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes[m.To+" "+m.Request.Scope] = anyCode.FindString(m.Text)
	l.sent++
	return "", nil
}

func (*letters) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "letters", Channels: []verify.Channel{verify.ChannelSMS}}
}

func (l *letters) code(to, scope string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.codes[to+" "+scope]
}

func (l *letters) effects() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// An engine keeps the promises of a Verifier over each store.
func TestEngineConformance(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, store func(*testing.T) otp.Store, advance func(time.Duration)) {
		verifytest.Run(t, func(t *testing.T) verifytest.Target {
			messenger := &letters{codes: map[string]string{}}
			e, err := otp.New(otp.Config{
				Messenger: messenger, Store: store(t), Keys: [][]byte{make([]byte, 32)}, Digits: 10,
				Limits: otp.Limits{Cooldown: []time.Duration{0}},
			})
			require.NoError(t, err)
			return verifytest.Target{
				Verifier: e, Code: messenger.code, Effects: messenger.effects, Advance: advance,
				Fault: func(verifytest.Fault) bool { return false },
			}
		})
	}
	t.Run("memory", func(t *testing.T) {
		run(t, func(*testing.T) otp.Store { return new(otp.MemoryStore) }, nil)
	})
	onServers(t, func(t *testing.T, srv server) {
		run(t, func(t *testing.T) otp.Store {
			store, _ := aStore(t, srv.client(t))
			return store
		}, srv.advance)
	})
}
