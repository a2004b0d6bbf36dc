package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const phone = "+15005550006"

// scripted answers every call with what it was told.
type scripted struct {
	receipt verify.Receipt
	err     error
	takes   time.Duration
}

func (s scripted) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "scripted", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}, MaxScope: 64}
}

func (s scripted) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	<-time.After(s.takes)
	return s.receipt, s.err
}

func (s scripted) Check(context.Context, string, string, ...verify.CheckOption) error { return s.err }

func (s scripted) Close() error { return nil }

func recorded(v verify.Verifier) (verify.Verifier, *[]observe.Event) {
	var events []observe.Event
	return observe.New(v, nil, func(_ context.Context, e observe.Event) { events = append(events, e) }), &events
}

func TestOneEventForEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, events := recorded(scripted{
			receipt: verify.Receipt{Vendor: "backend", Channel: verify.ChannelApp, Requests: 2, PossibleDuplicate: true},
			takes:   3 * time.Second,
		})
		began := time.Now()
		_, err := v.Send(t.Context(), phone, verify.WithScope("login"))
		require.NoError(t, err)
		require.NoError(t, v.Check(t.Context(), phone, "123456", verify.WithScope("login")))

		require.Len(t, *events, 2, "R60: one event a call")
		send, check := (*events)[0], (*events)[1]
		assert.Equal(t, observe.Event{
			Time: began, Op: "send", Vendor: "backend", Channel: verify.ChannelApp, Scope: "login",
			Latency: 3 * time.Second, Requests: 2, CallingCode: "1", Region: "US", Subject: send.Subject, Duplicate: true,
		}, send)
		assert.Equal(t, "check", check.Op)
		assert.Equal(t, send.Subject, check.Subject, "a subject joins a Send with its Check")
	})
}

func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	v, events := recorded(scripted{err: &verify.Error{
		Vendor: "backend", Outcome: verify.ErrBlocked, VendorCode: "60410", HTTPStatus: 403, Requests: 1,
	}})
	_, err := v.Send(t.Context(), "a@example.com")
	require.ErrorIs(t, err, verify.ErrBlocked, "the error passes through untouched")
	require.ErrorIs(t, v.Check(t.Context(), phone, "123456"), verify.ErrBlocked)
	send := (*events)[0]
	assert.Equal(t, verify.ErrBlocked, send.Outcome)
	assert.Equal(t, "backend", send.Vendor)
	assert.Equal(t, "60410", send.VendorCode)
	assert.Equal(t, 403, send.HTTPStatus)
	assert.Equal(t, verify.ChannelEmail, send.Channel, "the channel that was asked for")
	assert.Empty(t, send.CallingCode)

	v, events = recorded(scripted{err: errors.New("of a stranger")})
	require.Error(t, v.Check(t.Context(), phone, "123456", verify.WithScope("not a scope")))
	assert.Equal(t, verify.ErrOutcomeUnknown, (*events)[0].Outcome)
	assert.Empty(t, (*events)[0].Scope, "what is no scope is not repeated")
	assert.Equal(t, "scripted", (*events)[0].Vendor)
}

func TestSubjectsTellApartAndMeanNothingOutside(t *testing.T) {
	t.Parallel()
	v, events := recorded(scripted{})
	other, elsewhere := recorded(scripted{})
	for _, to := range []string{phone, "+15017122661"} {
		for _, scope := range []string{"login", "payment"} {
			require.NoError(t, v.Check(t.Context(), to, "123456", verify.WithScope(scope)))
		}
	}
	require.NoError(t, other.Check(t.Context(), phone, "123456", verify.WithScope("login")))
	seen := map[observe.Subject]bool{(*elsewhere)[0].Subject: true}
	for _, e := range *events {
		assert.False(t, seen[e.Subject])
		seen[e.Subject] = true
	}
}

func TestWhatIsBehindIsFound(t *testing.T) {
	t.Parallel()
	v := observe.New(scripted{})
	_, ok := verify.As[io.Closer](v)
	assert.True(t, ok)
	assert.Equal(t, "scripted", v.Capabilities().Vendor)
}

func TestSlog(t *testing.T) {
	t.Parallel()
	for outcome, level := range map[verify.Outcome]string{
		"": "INFO", verify.ErrMismatch: "INFO", verify.ErrTooManySends: "INFO",
		verify.ErrUnavailable: "WARN", verify.ErrOutcomeUnknown: "WARN", verify.ErrRateLimited: "WARN", verify.ErrBlocked: "WARN",
		verify.ErrUnauthorized: "ERROR", verify.ErrUnsupported: "ERROR", verify.ErrRejected: "ERROR",
	} {
		var log bytes.Buffer
		s := scripted{receipt: verify.Receipt{Vendor: "backend", Channel: verify.ChannelSMS, Requests: 1, PossibleDuplicate: true}}
		if outcome != "" {
			s.err = &verify.Error{Outcome: outcome, HTTPStatus: 500, VendorCode: "7", Requests: 1}
		}
		v := observe.New(s, observe.Slog(slog.New(slog.NewJSONHandler(&log, nil))))
		_, _ = v.Send(t.Context(), phone, verify.WithScope("login"))
		var line map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), outcome)
		assert.Equal(t, level, line["level"], outcome)
		assert.Equal(t, "verify send", line["msg"])
		assert.Equal(t, "login", line["scope"])
		assert.Equal(t, "US", line["country"])
		assert.EqualValues(t, 1, line["requests"])
		if outcome == "" {
			assert.Equal(t, "ok", line["outcome"])
			assert.Equal(t, true, line["possible_duplicate"])
		} else {
			assert.Equal(t, string(outcome), line["outcome"])
			assert.EqualValues(t, 500, line["http_status"])
		}
		assert.NotContains(t, log.String(), phone[1:], "never a number")
	}
}

func TestSlogSaysNothingOfWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	v := observe.New(scripted{}, observe.Slog(slog.New(slog.NewJSONHandler(&log, nil))))
	require.NoError(t, v.Check(t.Context(), phone, "123456"))
	for _, key := range []string{"requests", "http_status", "vendor_code", "channel", "scope", "possible_duplicate"} {
		assert.NotContains(t, log.String(), `"`+key+`"`)
	}
}

func TestSlogAsksNothingOfAQuietLogger(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	v := observe.New(scripted{}, observe.Slog(quiet))
	require.NoError(t, v.Check(t.Context(), phone, "123456"))
}

func TestEventsHoldNoPerson(t *testing.T) {
	t.Parallel()
	v, events := recorded(scripted{})
	_, _ = v.Send(t.Context(), phone, verify.WithTransaction("EUR 1", "Acme"))
	_ = v.Check(t.Context(), phone, "1357902468")
	for _, e := range *events {
		text := fmt.Sprintf("%v %+v %#v", e, e, e)
		for _, secret := range []string{phone[1:], "1357902468", "Acme"} {
			assert.NotContains(t, text, secret)
		}
	}
}

func TestAPanicOfAnObserverCostsNobodyTheReceipt(t *testing.T) {
	t.Parallel()
	var after int
	v := observe.New(scripted{receipt: verify.Receipt{Vendor: "backend", ID: "VE1"}},
		func(context.Context, observe.Event) { panic("of an observer") },
		func(context.Context, observe.Event) { after++ })
	receipt, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "VE1", receipt.ID, "the message has left")
	require.NoError(t, v.Check(t.Context(), phone, "123456"))
	assert.Equal(t, 2, after, "the other observers still get the events")
}

// answers is a Verifier made of several.
type answers struct{ scripted }

func (a answers) Check(ctx context.Context, _, _ string, _ ...verify.CheckOption) error {
	observe.Answered(ctx, "first")
	observe.Answered(ctx, "second")
	return a.err
}

func TestTheEventOfACheckNamesWhoAnswered(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"approved": nil, "denied": &verify.Error{Vendor: "scripted", Outcome: verify.ErrMismatch},
	} {
		v, events := recorded(answers{scripted{err: err}})
		require.ErrorIs(t, v.Check(t.Context(), phone, "123456"), err)
		assert.Equal(t, "second", (*events)[0].Vendor, name)
	}
	observe.Answered(t.Context(), "nobody listens")
}

func TestSlogOfBackendsAndBreakers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		e     observe.Event
		level string
	}{
		"a backend's request":              {observe.Event{Op: observe.OpSend, Backend: "main"}, "DEBUG"},
		"a wrong code":                     {observe.Event{Op: observe.OpCheck, Backend: "main", Outcome: verify.ErrMismatch}, "DEBUG"},
		"a backend that is down":           {observe.Event{Op: observe.OpSend, Backend: "main", Outcome: verify.ErrUnavailable}, "WARN"},
		"a backend that refuses the keys":  {observe.Event{Op: observe.OpSend, Backend: "main", Outcome: verify.ErrUnauthorized}, "ERROR"},
		"a breaker that opens":             {observe.Event{Op: observe.OpBreaker, Backend: "main", Breaker: "open", BreakerFor: observe.OpSend}, "WARN"},
		"a breaker that lets a probe pass": {observe.Event{Op: observe.OpBreaker, Backend: "main", Breaker: "half_open"}, "INFO"},
		"a breaker that closes":            {observe.Event{Op: observe.OpBreaker, Backend: "main", Breaker: "closed"}, "INFO"},
	} {
		var log bytes.Buffer
		observe.Slog(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))(t.Context(), tc.e)
		var line map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), name)
		assert.Equal(t, tc.level, line["level"], name)
		assert.Equal(t, "main", line["backend"], name)
		assert.NotContains(t, line, "subject", name)
		if tc.e.Op == observe.OpBreaker {
			assert.Equal(t, tc.e.Breaker, line["breaker"], name)
			assert.NotContains(t, line, "outcome", name)
		}
	}
}

func Example() {
	v := observe.New(scripted{}, func(_ context.Context, e observe.Event) {
		fmt.Println(e.Op, e.Vendor, e.CallingCode, e.Outcome == "")
	})
	_ = v.Check(context.Background(), phone, "123456")
	// Output: check scripted 1 true
}

func ExampleSlog() {
	l := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutChance}))
	o := func(context.Context, observe.Event) {} // such as otelverify.New makes
	var v verify.Verifier = scripted{receipt: verify.Receipt{Vendor: "twilio", Channel: verify.ChannelSMS, Requests: 1}}
	ctx := context.Background()

	v = observe.New(v, observe.Slog(l), o)
	_, err := v.Send(ctx, "+15005550006", verify.WithScope("login"))
	outcome := string(verify.OutcomeOf(err)) // a label for metrics of your own
	if p, ok := verify.As[verify.Prober](v); ok {
		err = p.Probe(ctx) // for a health page: sends nothing
	}

	fmt.Println(outcome, err)
	// Output:
	// level=INFO msg="verify send" vendor=twilio outcome=ok channel=sms scope=login country=US requests=1
	//  <nil>
}

// withoutChance leaves out what differs from run to run.
func withoutChance(_ []string, a slog.Attr) slog.Attr {
	if a.Key == "time" || a.Key == "latency" || a.Key == "subject" {
		return slog.Attr{}
	}
	return a
}

func TestNewCredentialsAreLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o := observe.Slog(slog.New(slog.NewTextHandler(&log, nil)))
	o(t.Context(), observe.Event{Op: observe.OpCredentials, Vendor: "twilio", Backend: "main"})
	o(t.Context(), observe.Event{Op: observe.OpCredentials, Vendor: "twilio", Outcome: verify.ErrUnauthorized})
	assert.Contains(t, log.String(), `level=INFO msg="verify credentials" vendor=twilio outcome=replaced backend=main`)
	assert.Contains(t, log.String(), `level=ERROR msg="verify credentials" vendor=twilio outcome=unauthorized`)
}
