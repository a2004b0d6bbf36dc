package driver_test

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// spoken offers languages: German is the only one of the vendor's.
func spoken(asked *[]string) func(*driver.API) {
	return func(a *driver.API) {
		a.Capabilities.Locale = true
		a.Locale = func(r verify.SendRequest) string { return driver.NearestTag("de", r.Locale) }
		a.RefusesLocale = func(e *verify.Error) bool { return e.VendorCode == "60229" }
		a.NewSend = func(s driver.Send) (driver.Call, error) {
			*asked = append(*asked, s.Locale)
			return driver.Call{Route: "/sends", JSON: []byte("{}")}, nil
		}
	}
}

func TestALanguageThatTheVendorRefusesIsLeftOut(t *testing.T) {
	t.Parallel()
	refusal := say(400, vendorError("60229"))
	for name, test := range map[string]struct {
		locale string
		moves  []move
		asked  []string
		want   verify.Outcome
	}{
		"it has it":                    {"de-AT", []move{say(200, "{}")}, []string{"de"}, ""},
		"it has none like it":          {"fr", []move{say(200, "{}")}, []string{""}, ""},
		"it refuses it":                {"de", []move{refusal, say(200, "{}")}, []string{"de", ""}, ""},
		"it refuses the one after too": {"de", []move{refusal, refusal}, []string{"de", ""}, verify.ErrRejected},
		"it refuses none":              {"fr", []move{refusal}, []string{""}, verify.ErrRejected},
		"it refuses something else":    {"de", []move{say(400, vendorError("60200"))}, []string{"de"}, verify.ErrInvalidRecipient},
		"the answer is lost":           {"de", []move{lose}, []string{"de"}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			a, d := newAPI(t, spoken(&asked), test.moves...)
			receipt, err := a.Send(t.Context(), recipient, verify.WithLocale(test.locale))
			assert.Equal(t, test.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, test.asked, asked)
			assert.Equal(t, len(test.moves), d.tries)
			requests := receipt.Requests
			if e := (*verify.Error)(nil); errors.As(err, &e) {
				requests = e.Requests
			}
			assert.Equal(t, d.tries, requests, "each is told")
		})
	}
}

// A Send has 15 seconds, however often the vendor is asked.
func TestALanguageThatIsRefusedLateLeavesTheRestOfTheTime(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]time.Duration{"of a Send": 0, "of the application's client": 8 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked []string
				a, _ := newAPI(t, spoken(&asked))
				a.Client = newClient(t, "https://vendor.example.com", &http.Client{Timeout: timeout, Transport: &slowRefusal{after: 6 * time.Second}})
				began := time.Now()
				_, err := a.Send(t.Context(), recipient, verify.WithLocale("de"))
				e := assertOutcome(t, err, unknown)
				assert.Equal(t, cmp.Or(timeout, 15*time.Second), time.Since(began))
				assert.Equal(t, 2, e.Requests)
				assert.Equal(t, []string{"de", ""}, asked)
			})
		})
	}
}

// A slowRefusal takes its time to refuse the first request, and answers no other.
type slowRefusal struct {
	after time.Duration
	asked atomic.Int32
}

func (s *slowRefusal) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	if s.asked.Add(1) > 1 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(s.after)
	body := io.NopCloser(strings.NewReader(vendorError("60229")))
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: body, ContentLength: -1, Request: r}, nil
}

// What cannot be read may have been an acceptance: one Send delivers one message.
func TestARefusedLanguageIsNotBelievedOfAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	var asked []string
	a, d := newAPI(t, func(a *driver.API) {
		spoken(&asked)(a)
		a.RefusesLocale = func(*verify.Error) bool { return true }
	}, say(200, "[]"))
	_, err := a.Send(t.Context(), recipient, verify.WithLocale("de"))
	require.ErrorIs(t, err, unknown)
	assert.Equal(t, 1, d.tries)
}

func TestASettingOfTheScopeFixesTheLength(t *testing.T) {
	t.Parallel()
	fixed := func(digits int) func(*driver.API) {
		return func(a *driver.API) {
			a.Capabilities.MinDigits, a.Capabilities.MaxDigits, a.Capabilities.DefaultDigits = 4, 10, 0
			a.Digits = func(scope string) int { return map[string]int{"": digits}[scope] }
		}
	}
	a, d := newAPI(t, fixed(8), say(200, `{"id":"RC-1"}`))
	_, err := a.Send(t.Context(), recipient, verify.WithDigits(6))
	e := assertOutcome(t, err, verify.ErrUnsupported)
	assert.Equal(t, "the codes of this scope have another length", e.Detail)
	assert.Zero(t, d.tries, "refused before any request")
	for _, opts := range [][]verify.SendOption{nil, {verify.WithDigits(8)}} {
		d.restart(say(200, `{"id":"RC-1"}`))
		receipt, err := a.Send(t.Context(), recipient, opts...)
		require.NoError(t, err)
		assert.Equal(t, 8, receipt.Digits)
	}
	a, _ = newAPI(t, fixed(0), say(200, `{"id":"RC-1"}`))
	receipt, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	assert.Zero(t, receipt.Digits, "it is not known")
}

// A scope whose codes are bound to a transaction makes none without one, and no other
// scope pretends to bind one.
func TestTheCodesOfAScopeAreBoundToATransactionOrNotAtAll(t *testing.T) {
	t.Parallel()
	payment := verify.WithTransaction("EUR 39.99", "Acme")
	for name, test := range map[string]struct {
		scope string
		given bool
		want  verify.Outcome
	}{
		"bound, with one":       {"pay", true, ""},
		"bound, without one":    {"pay", false, verify.ErrUnsupported},
		"not bound":             {"", false, ""},
		"not bound, but is one": {"", true, verify.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bind := func(a *driver.API) {
				a.Capabilities.Transaction = true
				a.Binds = func(scope string) bool { return scope == "pay" }
			}
			send, check := []verify.SendOption{verify.WithScope(test.scope)}, []verify.CheckOption{verify.WithScope(test.scope)}
			if test.given {
				send, check = append(send, payment), append(check, payment)
			}
			a, d := newAPI(t, bind, say(200, `{"id":"RC-1"}`))
			_, err := a.Send(t.Context(), recipient, send...)
			assert.Equal(t, test.want, verify.OutcomeOf(err), "send: %v", err)
			d.restart(say(200, yes))
			err = a.Check(t.Context(), recipient, code, check...)
			assert.Equal(t, test.want, verify.OutcomeOf(err), "check: %v", err)
			assert.Equal(t, test.want == "", d.tries == 1, "what is refused makes no request")
		})
	}
}

func TestACallOfTheVendorsOwn(t *testing.T) {
	t.Parallel()
	fetch := func(check driver.Check) (driver.Call, error) {
		if check.Scope == "odd" {
			return driver.Call{}, errors.New("no such scope")
		}
		return driver.Call{Method: http.MethodGet, Route: "/{to}", Args: []string{check.To}}, nil
	}
	read := func(_ driver.Check, r driver.Reply) (status string, err error) {
		status = "half-read"
		return status, driver.Scan(r.Body, driver.Field{Key: "status", To: &status, Need: true})
	}
	for name, test := range map[string]struct {
		to, scope string
		moves     []move
		want      string
		outcome   verify.Outcome
	}{
		"an answer":               {recipient, "", []move{say(200, `{"status":"pending"}`)}, "pending", ""},
		"an answer after a lost":  {recipient, "", []move{lose, say(200, `{"status":"pending"}`)}, "pending", ""},
		"one that is unreadable":  {recipient, "", []move{say(200, `{}`)}, "", unknown},
		"nothing pending":         {recipient, "", []move{say(404, vendorError("20404"))}, "", verify.ErrNotPending},
		"nobody":                  {"nobody", "", nil, "", verify.ErrInvalidRecipient},
		"a call that is not made": {recipient, "odd", nil, "", verify.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, d := newAPI(t, nil, test.moves...)
			found, err := driver.Ask(t.Context(), a, "fetch", test.to, []verify.CheckOption{verify.WithScope(test.scope)}, fetch, read)
			assert.Equal(t, test.want, found)
			assert.Equal(t, len(test.moves), d.tries)
			if test.outcome == "" {
				require.NoError(t, err)
				return
			}
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, test.outcome, e.Outcome)
			assert.Equal(t, "fetch", e.Op)
		})
	}
}
