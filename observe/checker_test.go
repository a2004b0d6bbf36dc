package observe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/totp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// account could be taken for a number, and is none.
const account = "+15005550006"

func watched(c verify.Checker) (verify.Checker, *[]observe.Event) {
	var events []observe.Event
	return observe.Checker(c, nil, func(_ context.Context, e observe.Event) { events = append(events, e) }), &events
}

// enrolled returns an authenticator over which account has an app, and its code of a
// minute after now.
func enrolled(t testing.TB) (*totp.Authenticator, func() string) {
	t.Helper()
	a, err := totp.New(totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Issuer: "Acme"})
	require.NoError(t, err)
	const uri = "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	require.NoError(t, a.Import(t.Context(), account, uri))
	app, err := totp.ReadApp(uri)
	require.NoError(t, err)
	return a, func() string {
		code, _ := app.Code(time.Now())
		return code
	}
}

func TestEachCheckOfAnAppIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, code := enrolled(t)
		c, events := watched(a)
		time.Sleep(time.Minute)
		began := time.Now()
		require.NoError(t, c.Check(t.Context(), account, code()))
		require.ErrorIs(t, c.Check(t.Context(), account, code()), verify.ErrNotPending)
		require.ErrorIs(t, c.Check(t.Context(), account, "123"), verify.ErrMismatch)
		require.ErrorIs(t, c.Check(t.Context(), "somebody", "123456"), verify.ErrNotPending)

		require.Len(t, *events, 4, "R60: one event a call")
		first := (*events)[0]
		assert.Equal(t, observe.Event{Time: began, Op: "check", Vendor: "totp", Subject: first.Subject}, first,
			"an account is no number and has no country")
		for i, want := range []verify.Outcome{"", verify.ErrNotPending, verify.ErrMismatch, verify.ErrNotPending} {
			assert.Equal(t, want, (*events)[i].Outcome)
			assert.Equal(t, i < 3, (*events)[i].Subject == first.Subject, "a subject stands for one account")
		}
	})
}

func TestEachCheckOfARecoveryCodeIsOneEvent(t *testing.T) {
	t.Parallel()
	codes, err := recovery.New(recovery.Config{Store: new(recovery.MemoryStore), Keys: [][]byte{make([]byte, 32)}})
	require.NoError(t, err)
	list, err := codes.Replace(t.Context(), account)
	require.NoError(t, err)
	c, events := watched(codes)
	require.NoError(t, c.Check(t.Context(), account, list[0]))
	require.ErrorIs(t, c.Check(t.Context(), account, list[0]), verify.ErrMismatch)
	require.Len(t, *events, 2)
	assert.Equal(t, "recovery", (*events)[0].Vendor)
	assert.Empty(t, (*events)[0].Outcome)
	assert.Equal(t, verify.ErrMismatch, (*events)[1].Outcome)
}

func TestEventsOfAccountsHoldNeitherAccountNorCode(t *testing.T) {
	t.Parallel()
	a, _ := enrolled(t)
	var log bytes.Buffer
	var events []observe.Event
	c := observe.Checker(a, observe.Slog(slog.New(slog.NewJSONHandler(&log, nil))),
		func(_ context.Context, e observe.Event) { events = append(events, e) })
	for range 6 {
		require.Error(t, c.Check(t.Context(), account, "1357902468"))
	}
	text := log.String() + fmt.Sprintf("%v %+v %#v %v %+v %#v", events, events, events, c, c, c)
	for _, secret := range []string{account[1:], "1357902468"} {
		assert.NotContains(t, text, secret)
	}
	assert.Equal(t, 6, strings.Count(log.String(), `"vendor":"totp"`))
}

// An account id is compared byte for byte, and stands for nobody's number.
func TestSubjectsOfAccountsAreNotThoseOfRecipients(t *testing.T) {
	t.Parallel()
	c, events := watched(scripted{})
	for _, id := range []string{"ada", "Ada", "ada"} {
		require.NoError(t, c.Check(t.Context(), id, "123456", verify.WithScope("login")))
	}
	assert.NotEqual(t, (*events)[0].Subject, (*events)[1].Subject)
	assert.Equal(t, (*events)[0].Subject, (*events)[2].Subject)
	other, elsewhere := watched(scripted{})
	require.NoError(t, other.Check(t.Context(), "ada", "123456", verify.WithScope("login")))
	assert.NotEqual(t, (*events)[0].Subject, (*elsewhere)[0].Subject, "it means nothing to another process")
}

// bare is a Checker that says nothing of itself.
type bare struct{ err error }

func (b bare) Check(context.Context, string, string, ...verify.CheckOption) error { return b.err }

func TestACheckerThatSaysNothingOfItselfIsReported(t *testing.T) {
	t.Parallel()
	c, events := watched(bare{&verify.Error{Vendor: "one of mine", Outcome: verify.ErrBlocked}})
	require.ErrorIs(t, c.Check(t.Context(), "ada", "123456", verify.WithScope("login")), verify.ErrBlocked, "the error passes through untouched")
	assert.Equal(t, "one of mine", (*events)[0].Vendor)
	assert.Equal(t, "login", (*events)[0].Scope)

	stranger := errors.New("of a stranger")
	c, events = watched(bare{stranger})
	require.Equal(t, stranger, c.Check(t.Context(), "ada", "123456", verify.WithScope("not a scope")))
	assert.Equal(t, verify.ErrOutcomeUnknown, (*events)[0].Outcome)
	assert.Empty(t, (*events)[0].Scope, "what is no scope is not repeated")
}

func TestAPanicOfAnObserverCostsNobodyTheYes(t *testing.T) {
	t.Parallel()
	var after int
	c := observe.Checker(bare{},
		func(context.Context, observe.Event) { panic("of an observer") },
		func(context.Context, observe.Event) { after++ })
	require.NoError(t, c.Check(t.Context(), "ada", "123456"))
	assert.Equal(t, 1, after)
}

func TestAWatchedCheckerSaysWhatItCanDo(t *testing.T) {
	t.Parallel()
	a, _ := enrolled(t)
	says, ok := observe.Checker(a).(interface{ Capabilities() verify.Capabilities })
	require.True(t, ok)
	assert.Equal(t, a.Capabilities(), says.Capabilities())
}

func ExampleChecker() {
	authenticator, err := totp.New(totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Issuer: "Acme"})
	if err != nil {
		panic(err)
	}
	apps := observe.Checker(authenticator, func(_ context.Context, e observe.Event) {
		fmt.Println(e.Op, e.Vendor, string(e.Outcome))
	})
	_ = apps.Check(context.Background(), "account-1", "123456") // which has no app
	// Output: check totp not_pending
}
