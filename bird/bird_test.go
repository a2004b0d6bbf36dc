package bird_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bird"
	"github.com/go2fa/verify/bird/birdtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const phone = "+15005550006"

func valid() bird.Config { return bird.Config{APIKey: birdtest.APIKey} }

func emulated(t *testing.T, o birdtest.Options, change ...func(*bird.Config)) (*bird.Client, *birdtest.Server) {
	srv := birdtest.NewServer(t, o)
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := bird.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  bird.Config
		want string
	}{
		"a key with its region":      {bird.Config{APIKey: "bk_eu1_secret"}, ""},
		"a region beside the key":    {bird.Config{APIKey: "secret", Region: "us1"}, ""},
		"a base":                     {bird.Config{APIKey: "secret", BaseURL: "http://127.0.0.1:1"}, ""},
		"no key":                     {bird.Config{Region: "us1"}, "bird: APIKey is missing"},
		"a key without a region":     {bird.Config{APIKey: "secret"}, "bird: APIKey names no region: give Region"},
		"a key of a host":            {bird.Config{APIKey: "bk_evil.example.com/_secret"}, "bird: APIKey names no region"},
		"a region that there is not": {bird.Config{APIKey: "bk_eu1_secret", Region: "secret"}, "bird: Region must be us1 or eu1"},
		"a base without TLS":         {bird.Config{APIKey: "bk_eu1_secret", BaseURL: "http://secret.example.com"}, "bird: the base URL must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bird.New(tc.cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// A lost is what a transport saw of the sends, the answers to some of which it loses.
type lost struct {
	mu     sync.Mutex
	lose   int
	keys   []string
	bodies []int64
	hosts  []string
}

func (l *lost) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys, l.bodies = append(l.keys, r.Header.Get("Idempotency-Key")), append(l.bodies, r.ContentLength)
	l.hosts = append(l.hosts, r.URL.Host)
	if err == nil && l.lose > 0 {
		l.lose--
		_ = resp.Body.Close()
		return nil, fmt.Errorf("lost")
	}
	return resp, err
}

func TestALostAnswerToASend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		repeat      bool
		lose        int
		notRetained bool
		want        verify.Outcome
		requests    int
		effects     int
	}{
		"is unknown, after one message":                         {false, 1, false, verify.ErrOutcomeUnknown, 1, 1},
		"is unknown, whatever Bird keeps":                       {false, 1, true, verify.ErrOutcomeUnknown, 1, 1},
		"with RepeatLost is answered again":                     {true, 1, false, "", 2, 1},
		"with RepeatLost is two messages if it was not kept":    {true, 1, true, "", 2, 2},
		"with RepeatLost is unknown once the second is lost":    {true, 2, false, verify.ErrOutcomeUnknown, 2, 1},
		"with RepeatLost, nothing is repeated that is not lost": {true, 0, true, "", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &lost{lose: tc.lose}
			client, srv := emulated(t, birdtest.Options{NotRetained: tc.notRetained}, func(c *bird.Config) {
				c.RepeatLost, c.HTTPClient = tc.repeat, &http.Client{Transport: l}
			})
			receipt, err := client.Send(t.Context(), phone)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Len(t, l.keys, tc.requests)
			assert.Equal(t, tc.effects, srv.Effects())
			assert.Equal(t, tc.want == "" && tc.requests > 1, receipt.PossibleDuplicate)
			for i, key := range l.keys {
				assert.NotEmpty(t, key)
				assert.Equal(t, l.keys[0], key, "one call, one key")
				assert.Equal(t, l.bodies[0], l.bodies[i])
			}
			require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)), "the code in hand is good")
		})
	}
}

func TestEachCallHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	l := &lost{}
	client, srv := emulated(t, birdtest.Options{}, func(c *bird.Config) { c.HTTPClient = &http.Client{Transport: l} })
	for range 2 {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		require.ErrorIs(t, client.Check(t.Context(), phone, "0000"), verify.ErrMismatch)
	}
	assert.Equal(t, 2, srv.Effects())
	seen := map[string]bool{"": true}
	for _, key := range l.keys {
		assert.False(t, seen[key])
		seen[key] = true
	}
}

// A lost approval is answered again, since Bird knows the request by its key.
func TestALostApprovalIsStillAnApproval(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(birdtest.Fault{On: "check", Break: birdtest.Reset, Effect: true})
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)))
}

func TestTheRegionIsTheHost(t *testing.T) {
	t.Parallel()
	for _, cfg := range []bird.Config{{APIKey: "bk_eu1_x"}, {APIKey: "bk_us1_x", Region: "eu1"}} {
		asked := ""
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) { asked = r.URL.Host })}
		client, err := bird.New(cfg)
		require.NoError(t, err)
		_, err = client.Send(t.Context(), phone)
		require.Error(t, err)
		assert.Equal(t, "eu1.platform.bird.com", asked)
	}
}

type roundTrip func(*http.Request)

func (see roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	see(r)
	return nil, fmt.Errorf("no network")
}

func TestASendWithinTheCooldownDeliversNothing(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{Cooldown: time.Minute})
	for range 2 {
		receipt, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, verify.ChannelSMS, receipt.Channel)
	}
	receipt, err := client.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice))
	require.NoError(t, err)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel, "that of the code in hand")
	assert.Equal(t, 1, srv.Effects())
	srv.Advance(time.Minute)
	_, err = client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, 2, srv.Effects())
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone)))
}

func TestWrongCodesRunOut(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	for left := 4; left > 0; left-- {
		var e *verify.Error
		require.ErrorAs(t, client.Check(t.Context(), phone, "0000"), &e)
		assert.Equal(t, verify.ErrMismatch, e.Outcome)
		assert.Equal(t, left, e.AttemptsLeft)
	}
	require.ErrorIs(t, client.Check(t.Context(), phone, "0000"), verify.ErrTooManyAttempts)
	require.ErrorIs(t, client.Check(t.Context(), phone, "0000"), verify.ErrNotPending)
	assert.Empty(t, srv.Code(phone))
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	const mine = `{"id":"v","status":"verified","to":{"phone_number":"+15005550006"}}`
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
	}{
		"a yes":                        {`{"success":true,"reason":null,"verification":` + mine + `}`, ""},
		"a yes without a verification": {`{"success":true}`, verify.ErrOutcomeUnknown},
		"a yes with a reason":          {`{"success":true,"reason":"expired","verification":` + mine + `}`, verify.ErrOutcomeUnknown},
		"a yes that is pending":        {`{"success":true,"verification":` + strings.Replace(mine, "verified", "pending", 1) + `}`, verify.ErrOutcomeUnknown},
		"a no that is verified":        {`{"success":false,"reason":"incorrect_code","verification":` + mine + `}`, verify.ErrOutcomeUnknown},
		"a string":                     {`{"success":"true","verification":` + mine + `}`, verify.ErrOutcomeUnknown},
		"another case":                 {`{"Success":true,"verification":` + mine + `}`, verify.ErrOutcomeUnknown},
		"twice":                        {`{"success":false,"success":true,"verification":` + mine + `}`, verify.ErrOutcomeUnknown},
		"somebody else's":              {`{"success":true,"verification":` + strings.Replace(mine, "0006", "0007", 1) + `}`, verify.ErrOutcomeUnknown},
		"nobody's":                     {`{"success":true,"verification":{"id":"v","status":"verified","to":{}}}`, verify.ErrOutcomeUnknown},
		"the field of old":             {`{"success":true,"verification":{"id":"v","status":"verified","to":{"phone":"+15005550006"}}}`, verify.ErrOutcomeUnknown},
		"a no of a new reason":         {`{"success":false,"reason":"tired","verification":` + strings.Replace(mine, "verified", "pending", 1) + `}`, verify.ErrOutcomeUnknown},
		"a no without a reason":        {`{"success":false,"verification":` + strings.Replace(mine, "verified", "canceled", 1) + `}`, verify.ErrOutcomeUnknown},
		"no attempt that remains":      {`{"success":false,"reason":"incorrect_code","attempts_remaining":0,"verification":` + strings.Replace(mine, "verified", "pending", 1) + `}`, verify.ErrTooManyAttempts},
		"nothing":                      {` `, verify.ErrOutcomeUnknown},
	} {
		srv.Fail(birdtest.Fault{On: "check", Status: 200, Body: tc.body})
		err := client.Check(t.Context(), phone, "123456")
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestSendTrustsOnlyItsOwnVerification(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	for name, body := range map[string]string{
		"no reference":     `{"status":"pending","to":{"phone_number":"+15005550006"}}`,
		"an empty one":     `{"id":"","status":"pending","to":{"phone_number":"+15005550006"}}`,
		"another number":   `{"id":"a","status":"pending","to":{"phone_number":"+15005550007"}}`,
		"another's block":  `{"id":"a","status":"blocked","to":{"phone_number":"+15005550007"}}`,
		"an address":       `{"id":"a","status":"pending","to":{"email":"a@example.com"}}`,
		"it is verified":   `{"id":"a","status":"verified","to":{"phone_number":"+15005550006"}}`,
		"it was canceled":  `{"id":"a","status":"canceled","to":{"phone_number":"+15005550006"}}`,
		"a status of none": `{"id":"a","status":"","to":{"phone_number":"+15005550006"}}`,
	} {
		srv.Fail(birdtest.Fault{On: "send", Status: 200, Body: body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
	}
}

func TestErrorsByTheirKind(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	for name, tc := range map[string]struct {
		status int
		body   string
		want   verify.Outcome
	}{
		"a kind that is not listed":     {403, `{"error":{"type":"tired_error","code":"E99999"}}`, verify.ErrRejected},
		"a failure of a new kind":       {500, `{"error":{"type":"tired_error","code":"E99999"}}`, verify.ErrOutcomeUnknown},
		"out of order without the code": {503, `{"error":{"type":"service_unavailable_error","code":"E01012"}}`, verify.ErrOutcomeUnknown},
		"not found, to a send":          {404, `{"error":{"type":"not_found_error","code":"E13000"}}`, verify.ErrRejected},
		"a field beside the number":     {422, `{"error":{"type":"validation_error","code":"E1","param":"token"}}`, verify.ErrRejected},
		"an error of another shape":     {503, `{"error":"no"}`, verify.ErrOutcomeUnknown},
	} {
		srv.Fail(birdtest.Fault{On: "send", Status: tc.status, Body: tc.body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	require.NoError(t, client.Probe(t.Context()))
	srv.Fail(birdtest.Fault{On: "check", Status: 200, Body: `{"success":true}`})
	require.ErrorContains(t, client.Probe(t.Context()), "check BaseURL")
	srv.Fail(birdtest.Fault{On: "check", Status: 422, Body: `<html>`})
	require.ErrorIs(t, client.Probe(t.Context()), verify.ErrOutcomeUnknown)
	assert.Zero(t, srv.Effects())

	wrong, _ := emulated(t, birdtest.Options{}, func(c *bird.Config) { c.APIKey = "bk_us1_wrong" })
	require.ErrorIs(t, wrong.Probe(t.Context()), verify.ErrUnauthorized)
}

func TestNothingPrintsTheKey(t *testing.T) {
	t.Parallel()
	client, _ := emulated(t, birdtest.Options{})
	for _, v := range []any{valid(), client, *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			assert.NotContains(t, fmt.Sprintf(format, v), birdtest.APIKey)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c bird.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}

const callersKey = "AAAAAAAAAAAAAAAAAAAAAA"

// The clock of a bubble begins at the full hour, and so a slot of two minutes.
func TestBirdIsSentAHashOfTheCallersKeyForTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &answered{}
		client, err := bird.New(bird.Config{APIKey: "bk_eu1_secret", HTTPClient: &http.Client{Transport: l}})
		require.NoError(t, err)
		key := verify.WithIdempotencyKey(callersKey)
		send := func(to string, opts ...verify.SendOption) string {
			_, _ = client.Send(t.Context(), to, opts...)
			return l.keys[len(l.keys)-1]
		}
		check := func(code string, opts ...verify.CheckOption) string {
			_ = client.Check(t.Context(), phone, code, opts...)
			return l.keys[len(l.keys)-1]
		}
		first, checked := send(phone, key), check("123456", key)
		time.Sleep(119 * time.Second)
		assert.Equal(t, first, send(phone, key))
		assert.Equal(t, checked, check("123456", key))
		others := []string{
			first, checked, send("+15017122661", key), send(phone, key, verify.WithDigits(8)), send(phone), send(phone),
			send(phone, verify.WithIdempotencyKey(callersKey+"B")), check("123457", key), check("123456"),
		}
		time.Sleep(2 * time.Second)
		others = append(others, send(phone, key), check("123456", key))
		seen := map[string]bool{}
		for i, id := range others {
			assert.False(t, seen[id], "call %d", i)
			seen[id] = true
			assert.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id)
		}
		assert.NotContains(t, l.all.String(), callersKey)
	})
}

// answered is a transport that remembers requests, and answers nothing of use.
type answered struct {
	keys []string
	all  strings.Builder
}

func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	a.keys = append(a.keys, r.Header.Get("Idempotency-Key"))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(&a.all, r.URL, r.Header, string(body))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

func TestADoubleSubmitAtBirdIsOneMessage(t *testing.T) {
	t.Parallel()
	l := &lost{}
	client, srv := emulated(t, birdtest.Options{}, func(c *bird.Config) { c.HTTPClient = &http.Client{Transport: l} })
	slots := map[string]bool{} // two, if one ends just now
	for range 3 {
		_, err := client.Send(t.Context(), phone, verify.WithIdempotencyKey(callersKey))
		require.NoError(t, err)
	}
	for _, key := range l.keys {
		slots[key] = true
	}
	assert.Equal(t, len(slots), srv.Effects())
	assert.Less(t, srv.Effects(), 3)
	assert.False(t, client.Capabilities().IdempotencyKey, "it is a hint all the same")
}
