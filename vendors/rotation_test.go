package vendors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/vendors"
)

// A gate is a vendor that accepts one token, and remembers what it was asked.
type gate struct {
	mu       sync.Mutex
	accepts  string
	asked    []string // the token of each request
	sent     map[string]int
	closed   []string
	delay    time.Duration
	fails    error
	made     int
	keys     [][]byte
	pending  references.References
	outcomes []string
	idle     bool // a Cancel asks nobody
	calls    map[string]int
	cut      int // clients that were closed with a call under way
	late     int // calls that ended after their credentials were replaced
}

type gateConfig struct {
	Token      string   `dsn:"token,required"`
	User       string   `dsn:"user_name"`
	Keys       [][]byte `dsn:"key"`
	References references.References
}

type gateClient struct {
	*mocks.Fake
	g      *gate
	config gateConfig
}

// open is the vendor's New. It refuses a token with an exclamation mark.
func (g *gate) open(c gateConfig) (*gateClient, error) {
	if strings.Contains(c.Token, "!") {
		return nil, errors.New("fake: Token holds an exclamation mark")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.made++
	g.keys, g.pending = c.Keys, c.References
	return &gateClient{mocks.NewFake(), g, c}, nil
}

func (c *gateClient) ask(ctx context.Context, op string) error {
	c.g.mu.Lock()
	delay := c.g.delay
	if c.g.calls == nil {
		c.g.calls = map[string]int{}
	}
	c.g.calls[c.config.Token]++
	c.g.mu.Unlock()
	defer c.ended(ctx)
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return &verify.Error{Vendor: "gate", Op: op, Outcome: verify.ErrOutcomeUnknown, Requests: 1, Err: ctx.Err()}
	}
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.g.asked = append(c.g.asked, c.config.User+c.config.Token)
	switch {
	case c.config.User+c.config.Token != c.g.accepts:
		return &verify.Error{Vendor: "gate", Op: op, Outcome: verify.ErrUnauthorized, HTTPStatus: 401, Requests: 1}
	case c.g.fails != nil:
		return c.g.fails
	}
	return nil
}

func (c *gateClient) ended(ctx context.Context) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.g.calls[c.config.Token]--
	if callctx.Replaced(ctx) {
		c.g.late++
	}
}

func (c *gateClient) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	if err := c.ask(ctx, "send"); err != nil {
		return verify.Receipt{}, err
	}
	c.g.mu.Lock()
	c.g.sent[to]++
	c.g.mu.Unlock()
	return verify.Receipt{Vendor: "gate", Channel: verify.ChannelSMS, Requests: 1}, nil
}

func (c *gateClient) Check(ctx context.Context, _, _ string, _ ...verify.CheckOption) error {
	return c.ask(ctx, "check")
}

func (c *gateClient) Cancel(ctx context.Context, _ string, _ ...verify.CheckOption) error {
	if c.g.idle {
		return nil
	}
	return c.ask(ctx, "cancel")
}

func (c *gateClient) Probe(ctx context.Context) error { return c.ask(ctx, "probe") }

func (c *gateClient) Close() error {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.g.closed = append(c.g.closed, c.config.Token)
	if c.g.calls[c.config.Token] > 0 {
		c.g.cut++
	}
	return nil
}

func (g *gate) accept(token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accepts = token
}

// told are the outcomes of the events that speak of credentials.
func (g *gate) observe(_ context.Context, e observe.Event) {
	if e.Op == observe.OpCredentials {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.outcomes = append(g.outcomes, e.Vendor+":"+string(e.Outcome))
	}
}

// A vault is a source of secrets that counts how often it is read.
type vault struct {
	mu     sync.Mutex
	values map[string]string
	reads  []time.Time
	during func(v *vault) // runs before each reading
	fails  error
}

func (v *vault) secret(_ context.Context, name string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads = append(v.reads, time.Now())
	if v.during != nil {
		v.during(v)
	}
	return v.values[name], v.fails
}

func (v *vault) set(name, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.values[name] = value
}

const gateDSN = "gate://?token=secret:token"

// aGate opens a gate that accepts "old", with a vault that has it.
func aGate(t *testing.T, dsn string) (*gate, *vault, verify.Verifier) {
	t.Helper()
	g := &gate{accepts: "old", sent: map[string]int{}}
	s := &vault{values: map[string]string{"token": "old", "user": "a"}}
	v, err := vendors.Open(dsn, vendors.With("gate", g.open), vendors.WithSecrets(s.secret), vendors.WithObserver(g.observe))
	require.NoError(t, err)
	s.reads = nil
	return g, s, v
}

func TestNewCredentialsAreUsedWithoutARestart(t *testing.T) {
	for name, dsn := range map[string]string{
		"alone": gateDSN, "in a failover": "failover(" + gateDSN + ")", "in a guard": "guard(" + gateDSN + ")", "in both": "guard(failover(" + gateDSN + "))",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, s, v := aGate(t, dsn)
				_, err := v.Send(t.Context(), landline)
				require.NoError(t, err)
				assert.Empty(t, s.reads, "nothing is read while the vendor accepts")

				g.accept("new")
				s.set("token", "new")
				receipt, err := v.Send(t.Context(), landline)
				require.NoError(t, err)
				if name == "alone" {
					assert.Equal(t, 1, receipt.Requests)
				}
				assert.Equal(t, 2, g.sent[landline])
				assert.Equal(t, []string{"old", "old", "new"}, g.asked)
				assert.Equal(t, []string{"fake:"}, g.outcomes)
				assert.Equal(t, []string{"old"}, g.closed)
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", v, v, v), "new", "no print shows a credential")
				w, ok := verify.As[verify.Warmer](v)
				require.True(t, ok)
				require.NoError(t, w.Warm(t.Context()))
				if c, ok := verify.As[io.Closer](v); assert.True(t, ok) {
					require.NoError(t, c.Close())
				}
				assert.Equal(t, []string{"old", "new"}, g.closed)
			})
		})
	}
}

func TestEveryCallIsMadeOnceMoreUnderNewCredentials(t *testing.T) {
	for name, call := range map[string]func(context.Context, verify.Verifier) error{
		"check": func(ctx context.Context, v verify.Verifier) error { return v.Check(ctx, person, "123456") },
		"cancel": func(ctx context.Context, v verify.Verifier) error {
			c, _ := verify.As[verify.Canceler](v)
			return c.Cancel(ctx, person)
		},
		"probe": func(ctx context.Context, v verify.Verifier) error {
			p, _ := verify.As[verify.Prober](v)
			return p.Probe(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, s, v := aGate(t, gateDSN)
				g.accept("new")
				s.set("token", "new")
				require.NoError(t, call(t.Context(), v))
				require.NoError(t, call(t.Context(), v))
				assert.Equal(t, []string{"old", "new", "new"}, g.asked)
				c, ok := verify.As[*gateClient](v)
				require.True(t, ok)
				assert.Equal(t, "new", c.config.Token, "verify.As finds the client of the moment")
			})
		})
	}
}

func TestAStormOfRefusalsReadsAtMostOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("another")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute-time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for ctx.Err() == nil {
					_, err := v.Send(ctx, person)
					assert.ErrorIs(t, err, verify.ErrUnauthorized)
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		require.Len(t, s.reads, 2*5, "five readings, each twice")
		for i := 2; i < len(s.reads); i += 2 {
			assert.GreaterOrEqual(t, s.reads[i].Sub(s.reads[i-2]), time.Minute)
		}
		assert.NotContains(t, g.asked, "another")
		assert.Equal(t, 1, g.made, "unchanged values make no client")
		assert.Empty(t, g.outcomes)
	})
}

// Under load the vendor changes its token: no Send is lost, none is doubled, and no call
// that begins after the new token was accepted uses the old one.
func TestRotationUnderLoadLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.delay = 10 * time.Millisecond
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 50 {
					to := fmt.Sprintf("+1500555%04d", i*50+j)
					if _, err := v.Send(t.Context(), to); err != nil {
						t.Errorf("a Send was lost: %v", err)
					}
				}
			})
		}
		time.Sleep(255 * time.Millisecond)
		g.mu.Lock()
		g.accepts = "new"
		before := len(g.asked)
		g.mu.Unlock()
		s.set("token", "new")
		wg.Wait()

		assert.Len(t, g.sent, 1000)
		for to, n := range g.sent {
			require.Equal(t, 1, n, "a Send was doubled for "+to)
		}
		after := g.asked[before:]
		old := len(slices.DeleteFunc(slices.Clone(after), func(token string) bool { return token == "new" }))
		assert.LessOrEqual(t, old, 20, "each caller finds out once")
		last := slices.Index(after, "new")
		assert.NotContains(t, after[last+20:], "old", "not after the new one was accepted")
		assert.Len(t, s.reads, 2)
		assert.Equal(t, 2, g.made)
		assert.Equal(t, []string{"old"}, g.closed, "once, after its last call")
	})
}

func TestRefusedNewCredentialsKeepTheOldAndAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("neither")
		s.set("token", "wrong")
		for range 3 {
			_, err := v.Send(t.Context(), person)
			require.ErrorIs(t, err, verify.ErrUnauthorized)
			time.Sleep(rereadEvery)
		}
		assert.Equal(t, []string{"old", "wrong", "old", "wrong", "old", "wrong"}, g.asked, "it may become good: each minute it is tried")
		assert.Equal(t, []string{"fake:unauthorized"}, g.outcomes, "and told once")

		g.accept("old")
		_, err := v.Send(t.Context(), person)
		require.NoError(t, err, "the vendor's own fault is over, and the old ones were kept")
		g.accept("wrong")
		time.Sleep(rereadEvery)
		_, err = v.Send(t.Context(), person)
		require.NoError(t, err, "the new ones became good")
		assert.Equal(t, []string{"fake:unauthorized", "fake:"}, g.outcomes)
	})
}

func TestTheRequestsOfBothCallsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("neither")
		s.set("token", "wrong")
		_, err := v.Send(t.Context(), person)
		var e *verify.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 2, e.Requests)
	})
}

func TestValuesThatCannotBeOnesKeepTheOld(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*vault)
		told   string
	}{
		"empty":         {func(s *vault) { s.values["token"] = "" }, "fake:unavailable"},
		"oversized":     {func(s *vault) { s.values["token"] = strings.Repeat("x", 65537) }, "fake:unavailable"},
		"unreadable":    {func(s *vault) { s.fails = errors.New("canary") }, "fake:unavailable"},
		"changing":      {func(s *vault) { s.during = func(s *vault) { s.values["token"] += "x" } }, "fake:unavailable"},
		"two lines":     {func(s *vault) { s.values["token"] = "a\nb" }, "fake:unsupported"},
		"refused by us": {func(s *vault) { s.values["token"] = "new!" }, "fake:unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, s, v := aGate(t, gateDSN)
				g.accept("new")
				tc.change(s)
				for range 2 {
					_, err := v.Send(t.Context(), person)
					require.ErrorIs(t, err, verify.ErrUnauthorized)
					time.Sleep(rereadEvery)
				}
				assert.Equal(t, []string{"old", "old"}, g.asked, "it is not asked again")
				assert.Equal(t, []string{tc.told}, g.outcomes, "told once")
				g.accept("old")
				_, err := v.Send(t.Context(), person)
				require.NoError(t, err)
			})
		})
	}
}

// A user and a password that are written one after the other are never mixed.
func TestAllValuesOfAVendorAreReadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN+"&user_name=secret:user")
		g.accept("bnew")
		s.set("user", "b")
		s.during = func(s *vault) {
			if len(s.reads) == 2 { // after the first of both was read
				s.values["token"] = "new"
			}
		}
		_, err := v.Send(t.Context(), person)
		require.NoError(t, err)
		assert.Equal(t, []string{"aold", "bnew"}, g.asked)
	})
}

func TestKeysAreNeverReadAgainAndOutliveTheCredentials(t *testing.T) {
	key := strings.Repeat("k", 32)
	for name, dsn := range map[string]string{"a key of its own": gateDSN + "&key=secret:key", "a random key": gateDSN} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{accepts: "old", sent: map[string]int{}}
				s := &vault{values: map[string]string{"token": "old", "key": key}}
				v, err := vendors.Open(dsn, vendors.With("gate", g.open), vendors.WithSecrets(s.secret))
				require.NoError(t, err)
				keys, pending := g.keys, g.pending
				require.NotNil(t, pending)
				require.Len(t, keys[0], 32)

				s.set("key", strings.Repeat("n", 32))
				s.set("token", "new")
				g.accept("new")
				_, err = v.Send(t.Context(), person)
				require.NoError(t, err)
				assert.Equal(t, 2, g.made)
				assert.Equal(t, keys, g.keys)
				assert.Same(t, pending, g.pending, "codes under way stay good")
			})
		})
	}
}

// Only a refusal proves that nothing was sent.
func TestNothingButARefusalIsMadeOnceMore(t *testing.T) {
	for _, outcome := range []verify.Outcome{
		verify.ErrOutcomeUnknown, verify.ErrUnavailable, verify.ErrRejected, verify.ErrBlocked, verify.ErrRateLimited, verify.ErrTooManySends,
	} {
		t.Run(string(outcome), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, s, v := aGate(t, gateDSN)
				s.set("token", "new")
				g.fails = &verify.Error{Vendor: "gate", Op: "send", Outcome: outcome, HTTPStatus: 401}
				_, err := v.Send(t.Context(), person)
				require.ErrorIs(t, err, outcome)
				assert.Equal(t, []string{"old"}, g.asked)
				assert.Empty(t, s.reads)
			})
		})
	}
}

// A call that is slow finds out that its credentials were replaced, and its client is
// closed after it.
func TestACallUnderWayIsToldAndKeepsItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.delay = time.Minute
		var slow error
		go func() { _, slow = v.Send(t.Context(), person) }()
		synctest.Wait()
		g.mu.Lock()
		g.delay = 0
		g.mu.Unlock()
		g.accept("new")
		s.set("token", "new")
		_, err := v.Send(t.Context(), landline)
		require.NoError(t, err)
		g.mu.Lock()
		assert.Empty(t, g.closed)
		g.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.NoError(t, slow, "refused, and made once more with the new ones at once")
		assert.Equal(t, []string{"old"}, g.closed)
		assert.Zero(t, g.cut)
		assert.Equal(t, 1, g.late)
		assert.Len(t, s.reads, 2)
		assert.Equal(t, map[string]int{person: 1, landline: 1}, g.sent)
	})
}

// A Cancel of what is not pending may ask nobody.
func TestACallThatAsksNobodyProvesNoCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("new")
		s.set("token", "new")
		g.idle = true
		g.fails = &verify.Error{Vendor: "gate", Op: "send", Outcome: verify.ErrUnavailable, HTTPStatus: 503}
		_, err := v.Send(t.Context(), person)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		c, _ := verify.As[verify.Canceler](v)
		require.NoError(t, c.Cancel(t.Context(), person))
		assert.Empty(t, g.outcomes, "still on trial")
		g.fails = nil
		_, err = v.Send(t.Context(), person)
		require.NoError(t, err)
		assert.Equal(t, []string{"fake:"}, g.outcomes)
	})
}

func TestACallerWhoGivesUpDoesNotWaitForTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("new")
		s.during = func(*vault) { time.Sleep(time.Second) }
		s.values["token"] = "new"
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := v.Send(ctx, person)
		require.ErrorIs(t, err, verify.ErrUnauthorized)
		assert.Equal(t, 50*time.Millisecond, time.Since(start))
		assert.Equal(t, []string{"old"}, g.asked, "and nothing is sent for him")
		synctest.Wait()
		time.Sleep(10 * time.Second)
		_, err = v.Send(t.Context(), person)
		require.NoError(t, err)
		assert.Equal(t, []string{"old", "new"}, g.asked)
	})
}

func TestASourceThatHangsHoldsACallForFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("new")
		s.during = func(*vault) { time.Sleep(time.Hour) } // whatever its context says
		start := time.Now()
		_, err := v.Send(t.Context(), person)
		require.ErrorIs(t, err, verify.ErrUnauthorized)
		assert.Equal(t, 5*time.Second, time.Since(start))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		assert.Len(t, s.reads, 1, "one goroutine, whose time is over after the first")
	})
}

// A new token that is refused by one call while another one is accepted is good.
func TestAcceptedAfterRefusedIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, v := aGate(t, gateDSN)
		g.accept("new")
		s.set("token", "new")
		g.fails = &verify.Error{Vendor: "gate", Op: "send", Outcome: verify.ErrUnavailable, HTTPStatus: 503}
		_, err := v.Send(t.Context(), person)
		require.ErrorIs(t, err, verify.ErrUnavailable, "which tells nothing of the token")
		assert.Empty(t, g.outcomes)
		g.fails = nil
		g.delay = time.Second
		var slow error
		go func() { _, slow = v.Send(t.Context(), person) }() // under way with the new one
		synctest.Wait()
		g.mu.Lock()
		g.delay, g.accepts = 0, "none"
		g.mu.Unlock()
		_, err = v.Send(t.Context(), person)
		require.ErrorIs(t, err, verify.ErrUnauthorized)
		g.accept("new")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NoError(t, slow)
		_, err = v.Send(t.Context(), person)
		require.NoError(t, err)
		assert.Equal(t, "new", g.asked[len(g.asked)-1])
		assert.Equal(t, []string{"fake:unauthorized", "fake:"}, g.outcomes)
	})
}

// A tower is a messenger that takes one token.
type tower struct {
	crow
	g      *gate
	client *gateClient
}

func (w tower) Deliver(ctx context.Context, m otp.Message) (string, error) {
	if err := w.client.ask(ctx, "send"); err != nil {
		return "", err
	}
	return w.crow.Deliver(ctx, m)
}

func TestMessengersRotateToo(t *testing.T) {
	for name, dsn := range map[string]string{
		"alone": "tower://?token=secret:token" + theEngine, "in a failover": "failover(tower://?token=secret:token)?store=memory&code_key=" + otpKey,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{accepts: "old", sent: map[string]int{}}
				s := &vault{values: map[string]string{"token": "old"}}
				var sent []otp.Message
				v, err := vendors.Open(dsn, vendors.WithSecrets(s.secret), vendors.With("tower", func(c gateConfig) (tower, error) {
					client, err := g.open(c)
					return tower{crow{sent: &sent}, g, client}, err
				}))
				require.NoError(t, err)
				_, err = v.Send(t.Context(), person)
				require.NoError(t, err)
				g.accept("new")
				s.set("token", "new")
				require.NoError(t, v.Check(t.Context(), person, sent[0].Text[:6]), "the code is ours and stays good")
				_, err = v.Send(t.Context(), "+15017122661")
				require.NoError(t, err)
				assert.Len(t, sent, 2)
				assert.Equal(t, []string{"old", "old", "new"}, g.asked)
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", v, v, v), "new")
			})
		})
	}
}

func TestACodeMessengerStaysOneThatRotates(t *testing.T) {
	s := &vault{values: map[string]string{"token": "t"}}
	var sent []otp.CodeMessage
	m, err := vendors.OpenMessenger("pager://?account=A&token=secret:token", withPager(pager{sent: &sent}), vendors.WithSecrets(s.secret))
	require.NoError(t, err)
	_, err = m.(otp.CodeMessenger).DeliverCode(t.Context(), otp.CodeMessage{To: person, Code: "123456"})
	require.NoError(t, err)
	assert.Len(t, sent, 1)
	require.NoError(t, m.(verify.Warmer).Warm(t.Context()))
	require.NoError(t, m.(verify.Prober).Probe(t.Context()))
}

func TestASecretNeedsASource(t *testing.T) {
	_, err := vendors.Open(plain + "?region=secret:canary")
	require.ErrorContains(t, err, "vendors.WithSecrets")
	silent(t, err)
	_, err = vendors.Open(gateDSN, vendors.With("gate", new(gate).open), vendors.WithSecrets(func(context.Context, string) (string, error) {
		return canary, errors.New(canary)
	}))
	require.ErrorContains(t, err, "could not be read")
	silent(t, err)
}

func TestAVendorWithoutFilesIsNotWrapped(t *testing.T) {
	t.Setenv("VENDORS_TEST_TOKEN", "old")
	g := &gate{accepts: "new", sent: map[string]int{}}
	v, err := vendors.Open("gate://?token=env:VENDORS_TEST_TOKEN", vendors.With("gate", g.open))
	require.NoError(t, err)
	assert.IsType(t, (*gateClient)(nil), v)

	s := &vault{values: map[string]string{"key": strings.Repeat("k", 32)}}
	v, err = vendors.Open("gate://?token=env:VENDORS_TEST_TOKEN&key=secret:key", vendors.With("gate", g.open), vendors.WithSecrets(s.secret))
	require.NoError(t, err)
	assert.IsType(t, (*gateClient)(nil), v, "keys are read once")
}

const (
	rereadEvery = time.Minute
	landline    = "+15017122661" // of a kind that a guard lets through
)

func TestWebhookTakesNewSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &vault{values: map[string]string{"a": "one", "b": "two"}}
		g := &gate{}
		bodies := 0
		h, err := vendors.Webhook([]string{"secret:a", "secret:b"}, func(secrets []string) (http.Handler, error) {
			if slices.Contains(secrets, "bad") {
				return nil, errors.New("canary")
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if string(body) == "body" {
					bodies++
				}
				if !slices.Contains(secrets, r.Header.Get("Secret")) {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				w.Header().Set("Which", secrets[0])
				_, _ = w.Write([]byte("yes"))
			}), nil
		}, vendors.WithSecrets(s.secret), vendors.WithObserver(g.observe))
		require.NoError(t, err)
		s.reads = nil

		assert.Equal(t, 200, post(h, "two").Code)
		for range 100 {
			assert.Equal(t, 403, post(h, "forged").Code)
		}
		assert.Len(t, s.reads, 4, "a storm of forgeries reads once, both, twice")
		time.Sleep(rereadEvery)
		s.set("a", "three")
		bodies = 0
		answer := post(h, "three")
		assert.Equal(t, "yes", answer.Body.String())
		assert.Equal(t, "three", answer.Header().Get("Which"))
		assert.Equal(t, 2, bodies, "the whole request was read by both")
		assert.Equal(t, 403, post(h, "one").Code, "the former one is of the past")
		assert.Equal(t, []string{"webhook-secrets:"}, g.outcomes)

		time.Sleep(rereadEvery)
		s.set("a", "bad")
		assert.Equal(t, 403, post(h, "bad").Code)
		assert.Equal(t, 200, post(h, "three").Code, "what cannot be one keeps the old")
		time.Sleep(rereadEvery)
		s.set("a", "four")
		assert.Equal(t, 403, post(h, "forged").Code, "a forgery makes us read ...")
		assert.Equal(t, 200, post(h, "four").Code, "... and does not speak against what was read")
	})
}

func post(h http.Handler, secret string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("body"))
	r.Header.Set("Secret", secret)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWebhookRefuses(t *testing.T) {
	open := func([]string) (http.Handler, error) { return http.NotFoundHandler(), nil }
	for name, make := range map[string]func() (http.Handler, error){
		"no secrets":      func() (http.Handler, error) { return vendors.Webhook(nil, open) },
		"no func":         func() (http.Handler, error) { return vendors.Webhook([]string{"a"}, nil) },
		"an empty secret": func() (http.Handler, error) { return vendors.Webhook([]string{""}, open) },
		"a file that is gone": func() (http.Handler, error) {
			return vendors.Webhook([]string{"file:" + t.TempDir() + "/gone"}, open)
		},
	} {
		_, err := make()
		require.Error(t, err, name)
	}
}

// What is signed is handed on whole, or not at all: a part of it is a forgery.
func TestWebhookHandsOnWholeBodies(t *testing.T) {
	asked := 0
	h, err := vendors.Webhook([]string{"a secret"}, func([]string) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			asked++
			w.Header().Set("Bytes", fmt.Sprint(len(body)))
		}), nil
	})
	require.NoError(t, err)
	post := func(bytes int) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat(" ", bytes))))
		return answer
	}
	for _, bytes := range []int{0, 64<<10 + 2, 3 << 20} {
		answer := post(bytes)
		assert.Equal(t, http.StatusOK, answer.Code)
		assert.Equal(t, fmt.Sprint(bytes), answer.Header().Get("Bytes"))
	}
	assert.Equal(t, http.StatusRequestEntityTooLarge, post(3<<20+1).Code)
	assert.Equal(t, 3, asked)
}
