package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/otp/text"
	"github.com/go2fa/verify/vendors"
)

const (
	person = "+15005550006"
	code   = "123456"
)

// A trial is one auth server: the handler for it, and its request, as the server's
// source makes it. The n-th request of one message differs in what the server does
// not keep the same.
type trial struct {
	open    func(hooks.Config) (http.Handler, error)
	request func(n int) *http.Request
	another func() *http.Request   // for another code
	without func() *http.Request   // with a number without a plus; nil: the server keeps them so
	forged  func() []*http.Request // each wrong in one way
	text    string                 // what the person reads
	repeats bool                   // the server asks again by itself
	timed   bool                   // a time is signed, or when the code ends
	sent    int                    // the status of a message that was sent
	body    string                 // and its body
	refused string                 // the body for ErrTooManySends
	status  int                    // and its status
}

var trials = map[string]trial{}

func forEach(t *testing.T, test func(t *testing.T, s trial)) {
	t.Parallel()
	require.NotEmpty(t, trials)
	for name, s := range trials {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// A messenger keeps what it was given, and fails as it is told.
type messenger struct {
	mu    sync.Mutex
	sent  []otp.Message
	err   error
	panic bool
	takes time.Duration
}

func (*messenger) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "crow", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}, Locale: true, ClientIP: true}
}

func (m *messenger) Deliver(ctx context.Context, msg otp.Message) (string, error) {
	m.mu.Lock()
	m.sent = append(m.sent, msg)
	m.mu.Unlock()
	if m.panic {
		panic(fmt.Sprint("no pen for ", msg.To, msg.Text))
	}
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return "1", m.err
}

func configOf(m otp.Messenger) hooks.Config {
	return hooks.Config{Messenger: m, Text: text.Config{Product: "Acme"}}
}

func opened(t *testing.T, s trial, cfg hooks.Config) http.Handler {
	t.Helper()
	h, err := s.open(cfg)
	require.NoError(t, err)
	return h
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestACodeIsDeliveredOnceThoughItsServerRepeatsAndTheFirstVendorIsDead(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		vendor := gatewayapitest.NewServer(t)
		dead := httptest.NewServer(nil)
		dead.Close()
		line := "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&base_url="
		m, err := vendors.OpenMessenger("failover(" + line + dead.URL + "&name=dead " + line + vendor.URL + ")")
		require.NoError(t, err)
		h := opened(t, s, configOf(m))
		var wg sync.WaitGroup
		for n := range 6 {
			wg.Go(func() {
				w := serve(h, s.request(n))
				assert.Equal(t, s.sent, w.Code)
				assert.Equal(t, s.body, w.Body.String())
			})
		}
		wg.Wait()
		assert.Equal(t, s.sent, serve(h, s.request(6)).Code)
		require.Len(t, vendor.Messages(), 1)
		assert.Equal(t, person, vendor.Messages()[0].To)
		assert.Equal(t, s.text, vendor.Messages()[0].Text)
		assert.Equal(t, s.sent, serve(h, s.another()).Code)
		assert.Len(t, vendor.Messages(), 2, "another code")
	})
}

func TestAForgedRequestSendsNothing(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		m := new(messenger)
		var told []error
		cfg := configOf(m)
		cfg.OnError = func(_ context.Context, err error) { told = append(told, err) }
		h := opened(t, s, cfg)
		forged := s.forged()
		require.NotEmpty(t, forged)
		for i, r := range forged {
			assert.Equal(t, http.StatusUnauthorized, serve(h, r).Code, "number %d", i)
		}
		assert.Empty(t, m.sent)
		require.Len(t, told, len(forged))
		for _, err := range told {
			require.ErrorIs(t, err, hooks.ErrForged)
		}
	})
}

func TestARepeatThatComesWhileTheFirstIsUnderWayWaitsForIt(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		synctest.Test(t, func(t *testing.T) {
			m := &messenger{takes: 2 * time.Second}
			h := opened(t, s, configOf(m))
			for n := range 3 {
				go func() { assert.Equal(t, s.sent, serve(h, s.request(n)).Code) }()
			}
			time.Sleep(3 * time.Second)
			synctest.Wait()
			assert.Len(t, m.sent, 1)
		})
	})
}

func TestARequestIsRememberedForTenMinutes(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		synctest.Test(t, func(t *testing.T) {
			m := new(messenger)
			h := opened(t, s, configOf(m))
			serve(h, s.request(0))
			time.Sleep(10*time.Minute - time.Second)
			assert.Equal(t, s.sent, serve(h, s.request(1)).Code)
			assert.Len(t, m.sent, 1)
			time.Sleep(time.Second)
			serve(h, s.request(2))
			assert.Len(t, m.sent, 2)
		})
	})
}

func TestAnUnknownOutcomeIsSuccessToAServerThatRepeatsAndIsNeverSentAgain(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		for name, m := range map[string]*messenger{
			"lost": {err: verify.ErrOutcomeUnknown}, "a stranger's error": {err: errors.New("no line")}, "a panic": {panic: true}, "too slow": {takes: time.Minute},
		} {
			synctest.Test(t, func(t *testing.T) {
				h := opened(t, s, configOf(m))
				began := time.Now()
				w := serve(h, s.request(0))
				assert.LessOrEqual(t, time.Since(began), 8*time.Second)
				assert.Equal(t, s.repeats, w.Code == s.sent && w.Body.String() == s.body, "%s: %d %s", name, w.Code, w.Body)
				assert.Equal(t, s.sent, serve(h, s.request(1)).Code, name)
				assert.Len(t, m.sent, 1, name)
			})
		}
	})
}

func TestWhatSurelyWasNotSentMayComeAgain(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		m := &messenger{err: verify.ErrUnavailable}
		h := opened(t, s, configOf(m))
		w := serve(h, s.request(0))
		assert.False(t, w.Code == s.sent && w.Body.String() == s.body)
		m.err = nil
		w = serve(h, s.request(1))
		assert.Equal(t, s.sent, w.Code)
		assert.Equal(t, s.body, w.Body.String())
		assert.Len(t, m.sent, 2)
	})
}

func TestARefusalIsToldAsTheServerExpects(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		w := serve(opened(t, s, configOf(&messenger{err: verify.ErrTooManySends})), s.request(0))
		assert.Equal(t, s.status, w.Code)
		assert.Equal(t, s.refused, w.Body.String())
	})
}

func TestNoAnswerAndNoErrorHoldsARecipientOrACode(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		failures := []error{errors.New("cannot send 123456 to +15005550006")}
		for _, o := range []verify.Outcome{verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrUnsupported, verify.ErrUnauthorized, verify.ErrRejected, verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown} {
			failures = append(failures, fmt.Errorf("%w: cannot send 123456 to +15005550006", o))
		}
		for _, failure := range failures {
			cfg := configOf(&messenger{err: failure})
			var told error
			cfg.OnError = func(_ context.Context, err error) { told = err }
			w := serve(opened(t, s, cfg), s.request(0))
			require.Error(t, told)
			assert.Equal(t, verify.OutcomeOf(failure), verify.OutcomeOf(told))
			for _, secret := range []string{code, "5005550006"} {
				assert.NotContains(t, w.Body.String()+fmt.Sprint(w.Header()), secret)
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", told, told, told), secret)
			}
		}
	})
}

func TestANumberWithoutAPlusIsRefusedWhereTheServerKeepsIt(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		if s.without == nil {
			t.Skip("this server keeps numbers without it")
		}
		m := new(messenger)
		w := serve(opened(t, s, configOf(m)), s.without())
		assert.Contains(t, w.Body.String(), "This phone number cannot receive a code.")
		assert.Empty(t, m.sent)
	})
}

// A store that is down.
type broken struct{ hooks.MemorySeen }

func (*broken) Begin(context.Context, [16]byte, time.Duration) (hooks.State, error) {
	return 0, errors.New("away: 123456")
}

func TestNothingIsSentWhileSeenFails(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		m := new(messenger)
		cfg := configOf(m)
		cfg.Seen, cfg.Key = new(broken), make([]byte, 32)
		var told error
		cfg.OnError = func(_ context.Context, err error) { told = err }
		w := serve(opened(t, s, cfg), s.request(0))
		assert.False(t, w.Code == s.sent && w.Body.String() == s.body)
		assert.Empty(t, m.sent)
		require.ErrorContains(t, told, "Seen failed")
		assert.NotContains(t, told.Error(), code)
	})
}

func TestAServerThatHangsUpChangesNothing(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		synctest.Test(t, func(t *testing.T) {
			m := &messenger{takes: time.Second}
			var told error
			cfg := configOf(m)
			cfg.OnError = func(_ context.Context, err error) { told = err }
			h := opened(t, s, cfg)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			assert.Equal(t, s.body, serve(h, s.request(0).WithContext(ctx)).Body.String())
			assert.Equal(t, s.sent, serve(h, s.request(1)).Code)
			require.NoError(t, told)
			assert.Len(t, m.sent, 1)
		})
	})
}

func TestWhatIsNoRequestOfTheServerIsRefusedBeforeAnything(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		m := new(messenger)
		h := opened(t, s, configOf(m))
		get := s.request(0)
		get.Method = http.MethodGet
		assert.Equal(t, http.StatusMethodNotAllowed, serve(h, get).Code)
		form := s.request(0)
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		assert.Equal(t, http.StatusUnsupportedMediaType, serve(h, form).Code)
		long := s.request(0)
		long.Body = http.NoBody
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat(" ", hooks.MaxBody+1)))
		r.Header = long.Header
		assert.Equal(t, http.StatusRequestEntityTooLarge, serve(h, r).Code)
		assert.Empty(t, m.sent)
	})
}

func TestAMessageNamesItsSendAndNeitherRecipientNorCode(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		m := new(messenger)
		h := opened(t, s, configOf(m))
		serve(h, s.request(0))
		serve(h, s.another())
		require.Len(t, m.sent, 2)
		assert.Regexp(t, "^[0-9a-f]{32}$", m.sent[0].Ref)
		assert.NotEqual(t, m.sent[0].Ref, m.sent[1].Ref)
		assert.Equal(t, verify.ChannelSMS, m.sent[0].Channel)
		assert.Equal(t, person, m.sent[0].Request.To)
		assert.Positive(t, m.sent[0].TTL)
	})
}

func TestAHookRefusesAConfigThatCannotServe(t *testing.T) {
	forEach(t, func(t *testing.T, s trial) {
		for want, cfg := range map[string]hooks.Config{
			"Messenger is missing": {},
			"in every process":     {Messenger: new(messenger), Seen: new(hooks.MemorySeen)},
			"Key must be at least": {Messenger: new(messenger), Key: make([]byte, 31)},
			"Keep must be 10":      {Messenger: new(messenger), Keep: 10*time.Minute - 1},
			"minutes to 31 days":   {Messenger: new(messenger), Keep: 31*24*time.Hour + 1},
		} {
			_, err := s.open(cfg)
			require.ErrorContains(t, err, want)
		}
	})
}
