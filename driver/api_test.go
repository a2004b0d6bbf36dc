package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// newAPI makes a toy vendor over moves of a double. Its answers to a check are
// {"status": ..., "to": ...}.
func newAPI(t *testing.T, change func(*driver.API), moves ...move) (*driver.API, *double) {
	t.Helper()
	c, d := newDouble(t, moves...)
	a := &driver.API{
		Client: c,
		Capabilities: verify.Capabilities{
			Vendor: "acme", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}, DefaultDigits: 6, MaxScope: 20,
		},
		NewSend: func(s driver.Send) (driver.Call, error) {
			return driver.Call{Route: "/sends", JSON: []byte(`{"to":"` + s.To + `"}`)}, nil
		},
		ReadSend: func(_ driver.Send, r driver.Reply) (verify.Receipt, error) {
			var id string
			err := driver.Scan(r.Body, driver.Field{Key: "id", To: &id})
			return verify.Receipt{ID: driver.ReceiptID(id)}, err
		},
		NewCheck: func(c driver.Check) (driver.Call, error) {
			return driver.Call{Route: "/checks", JSON: []byte(`{"to":"` + c.To + `","code":"` + c.Code + `"}`)}, nil
		},
		ReadCheck: func(_ driver.Check, r driver.Reply) (driver.Verdict, error) {
			var status, to string
			if err := driver.Scan(r.Body, driver.Field{Key: "status", To: &status, Need: true}, driver.Field{Key: "to", To: &to}); err != nil {
				return driver.Verdict{}, err
			}
			if status == "approved" {
				return driver.Approved(to), nil
			}
			return driver.Denied(words[status]).WithCode(status), nil
		},
	}
	if change != nil {
		change(a)
	}
	return a, d
}

var words = map[string]verify.Outcome{"wrong": verify.ErrMismatch, "expired": verify.ErrNotPending}

const (
	yes   = `{"status":"approved","to":"+15005550006"}`
	wrong = `{"status":"wrong"}`
)

func TestVerdictsFailClosed(t *testing.T) {
	t.Parallel()
	planted := func(v driver.Verdict, err error) func(*driver.API) {
		return func(a *driver.API) {
			a.ReadCheck = func(driver.Check, driver.Reply) (driver.Verdict, error) { return v, err }
		}
	}
	named := func(a *driver.API) { a.NamesSubject = true }
	tests := map[string]struct {
		body   string
		change func(*driver.API)
		want   verify.Outcome // "" is a yes
	}{
		"approved, naming the person":               {yes, nil, ""},
		"approved, without the plus":                {`{"status":"approved","to":"15005550006"}`, nil, ""},
		"approved, naming nobody":                   {`{"status":"approved"}`, nil, ""},
		"approved, naming nobody where it must":     {`{"status":"approved"}`, named, unknown},
		"approved, naming the person where it must": {yes, named, ""},
		"approved, naming somebody else":            {`{"status":"approved","to":"+15005550007"}`, nil, unknown},
		"approved, naming a part of the number":     {`{"status":"approved","to":"5550006"}`, nil, unknown},
		"approved, by a comparison of the vendor's": {`{"status":"approved","to":"5550006"}`, func(a *driver.API) { a.IsSubject = func(s, to string) bool { return s == to[5:] } }, ""},
		"denied":                            {wrong, nil, verify.ErrMismatch},
		"denied by another word":            {`{"status":"expired"}`, nil, verify.ErrNotPending},
		"a word that the map does not hold": {`{"status":"postponed"}`, nil, unknown},
		"a field of another type":           {`{"status":true}`, nil, unknown},
		"no field":                          {`{}`, nil, unknown},
		"the zero Verdict":                  {yes, planted(driver.Verdict{}, nil), unknown},
		"the zero Verdict, dressed up":      {yes, planted(driver.Verdict{}.WithDetail("x").WithCode("x").WithAttemptsLeft(1), nil), unknown},
		"the zero Failure":                  {wrong, planted(driver.Failed(driver.Failure{}), nil), unknown},
		"a Failure":                         {wrong, planted(driver.Failed(driver.Failure{Outcome: verify.ErrMismatch}), nil), verify.ErrMismatch},
		"denied without an outcome":         {wrong, planted(driver.Denied(""), nil), unknown},
		"denied by an outcome of nobody's":  {wrong, planted(driver.Denied("approved"), nil), unknown},
		"denied as unknown":                 {wrong, planted(driver.Denied(unknown), nil), unknown},
		"denied as unsupported":             {wrong, planted(driver.Denied(verify.ErrUnsupported), nil), unknown},
		"approved with an error":            {yes, planted(driver.Approved(recipient), errors.New("odd")), unknown},
		"denied with an error":              {wrong, planted(driver.Denied(verify.ErrMismatch), errors.New("odd")), unknown},
		"approved, and what came with it is lost": {yes, func(a *driver.API) {
			a.OnApproved = func(context.Context, driver.Check, driver.Reply) error { return errors.New("x") }
		}, unknown},
		"approved, and what came with it was handed": {yes, func(a *driver.API) {
			a.OnApproved = func(context.Context, driver.Check, driver.Reply) error { return nil }
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, d := newAPI(t, test.change, say(200, test.body))
			err := a.Check(t.Context(), recipient, code)
			assert.Equal(t, 1, d.tries)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			e := assertOutcome(t, err, test.want)
			assert.Equal(t, "check", e.Op)
			assert.Equal(t, 200, e.HTTPStatus)
			if test.want == unknown {
				assert.NotEmpty(t, e.Detail)
			}
		})
	}
}

// An address is the same in any case.
func TestSubjects(t *testing.T) {
	t.Parallel()
	assert.True(t, driver.IsSubject("Ann@Example.com", "ann@example.com"))
	assert.False(t, driver.IsSubject("", "ann@example.com"))
	assert.False(t, driver.IsSubject("", recipient))
	assert.False(t, driver.IsSubject("++15005550006", recipient))
	assert.False(t, driver.IsSubject("15005550006 ", recipient))
}

// OnApproved is not reached by a no.
func TestOnApprovedIsForApprovals(t *testing.T) {
	t.Parallel()
	a, _ := newAPI(t, func(a *driver.API) {
		a.OnApproved = func(context.Context, driver.Check, driver.Reply) error {
			t.Error("a denial hands on nothing")
			return nil
		}
	}, say(200, wrong))
	require.ErrorIs(t, a.Check(t.Context(), recipient, code), verify.ErrMismatch)
}

// A denial that answers a repeated check may follow from an approval, but for a
// vendor that is asked once.
func TestDenialAfterALostAnswer(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]move{"in the body": say(200, wrong), "by a status": say(404, vendorError("20404"))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, d := newAPI(t, nil, lose, second)
			e := assertOutcome(t, a.Check(t.Context(), recipient, code), unknown)
			assert.Equal(t, 2, e.Requests)
			assert.Equal(t, 2, d.tries)
		})
	}
	t.Run("an approval is one", func(t *testing.T) {
		t.Parallel()
		a, _ := newAPI(t, nil, lose, say(200, yes))
		require.NoError(t, a.Check(t.Context(), recipient, code))
	})
	t.Run("asked once", func(t *testing.T) {
		t.Parallel()
		a, d := newAPI(t, func(a *driver.API) { a.CheckOnce = true }, lose, say(200, wrong))
		e := assertOutcome(t, a.Check(t.Context(), recipient, code), unknown)
		assert.Equal(t, 1, e.Requests)
		assert.Equal(t, 1, d.tries)
	})
}

func TestFactsOfADenial(t *testing.T) {
	t.Parallel()
	verdict := driver.Denied(verify.ErrMismatch).WithAttemptsLeft(2).WithDetail("in our words").WithRetryAfter(3 * time.Second)
	a, _ := newAPI(t, func(a *driver.API) {
		a.ReadCheck = func(driver.Check, driver.Reply) (driver.Verdict, error) { return verdict.WithCode("W1"), nil }
	}, say(200, wrong, "X-Request-Id", "RQ00"), say(200, wrong, "Retry-After", "7"))
	e := assertOutcome(t, a.Check(t.Context(), recipient, code), verify.ErrMismatch)
	assert.Equal(t, verify.Error{
		Vendor: "acme", Op: "check", Outcome: verify.ErrMismatch, Detail: "in our words", HTTPStatus: 200, VendorCode: "W1",
		RequestID: "RQ00", RetryAfter: 3 * time.Second, AttemptsLeft: 2, Requests: 1,
	}, e)
	e = assertOutcome(t, a.Check(t.Context(), recipient, code), verify.ErrMismatch)
	assert.Equal(t, 7*time.Second, e.RetryAfter, "the header's goes first")

	verdict = driver.Denied(verify.ErrMismatch).WithAttemptsLeft(0).WithCode(recipient)
	a, _ = newAPI(t, func(a *driver.API) {
		a.ReadCheck = func(driver.Check, driver.Reply) (driver.Verdict, error) { return verdict, nil }
	}, say(200, wrong))
	e = assertOutcome(t, a.Check(t.Context(), recipient, code), verify.ErrTooManyAttempts)
	assert.Empty(t, e.VendorCode, "what may be a number is none")
	assert.Zero(t, e.AttemptsLeft)
}

func TestSend(t *testing.T) {
	t.Parallel()
	a, d := newAPI(t, nil, say(200, `{"id":"RC-1"}`))
	receipt, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	assert.Equal(t, verify.Receipt{ID: "RC-1", Vendor: "acme", Channel: verify.ChannelSMS, Digits: 6, Requests: 1}, receipt)

	d.restart(say(200, `{"id":7}`))
	_, err = a.Send(t.Context(), recipient)
	assertOutcome(t, err, unknown)

	d.restart(lose, say(200, `{"id":"RC-1"}`))
	_, err = a.Send(t.Context(), recipient)
	assertOutcome(t, err, unknown)
	assert.Equal(t, 1, d.tries, "a send is never repeated")

	d.restart(say(200, `{"id":"RC-1"}`))
	_, err = a.Send(t.Context(), "nobody")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	require.ErrorIs(t, a.Check(t.Context(), recipient, "x"), verify.ErrMismatch)
	assert.Zero(t, d.tries, "refused before any request")
}

// Some vendors say no in an answer of class 2xx.
func TestANoToASendInAnAcceptance(t *testing.T) {
	t.Parallel()
	no := driver.Failure{Outcome: verify.ErrBlocked, Code: "60115", Detail: "opted out", RetryAfter: time.Minute}
	for name, tc := range map[string]struct {
		failure driver.Failure
		moves   []move
		want    verify.Outcome
	}{
		"a Failure":                      {no, []move{say(200, `{}`)}, verify.ErrBlocked},
		"the zero Failure":               {driver.Failure{}, []move{say(200, `{}`)}, unknown},
		"an outcome of nobody's":         {driver.Failure{Outcome: "sent"}, []move{say(200, `{}`)}, unknown},
		"a Failure, after a lost answer": {no, []move{lose, say(200, `{}`)}, unknown},
		"a Failure that is not a denial": {driver.Failure{Outcome: verify.ErrUnsupported}, []move{say(200, `{}`)}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAPI(t, func(a *driver.API) {
				a.NewSend = func(driver.Send) (driver.Call, error) {
					return driver.Call{Route: "/", JSON: []byte("{}"), Repeatable: true}, nil
				}
				a.ReadSend = func(driver.Send, driver.Reply) (verify.Receipt, error) { return verify.Receipt{ID: "RC-1"}, tc.failure }
			}, tc.moves...)
			receipt, err := a.Send(t.Context(), recipient)
			assert.Zero(t, receipt)
			e := assertOutcome(t, err, tc.want)
			if tc.want == verify.ErrBlocked {
				assert.Equal(t, verify.Error{
					Vendor: "acme", Op: "send", Outcome: verify.ErrBlocked, Detail: "opted out", VendorCode: "60115",
					HTTPStatus: 200, RequestID: e.RequestID, RetryAfter: time.Minute, Requests: 1,
				}, e)
			}
		})
	}
}

// A vendor that knows two requests by one key may be asked twice, and the receipt
// says so.
func TestSendThatMayBeRepeated(t *testing.T) {
	t.Parallel()
	keys := map[string]int{}
	a, d := newAPI(t, func(a *driver.API) {
		a.NewSend = func(driver.Send) (driver.Call, error) {
			return driver.Call{Route: "/", JSON: []byte("{}"), Repeatable: true, Header: map[string]string{"Idempotency-Key": "k1"}}, nil
		}
	}, lose, func(d *double, r *http.Request) (*http.Response, error) {
		keys[r.Header.Get("Idempotency-Key")]++
		return say(200, `{"id":"RC-1"}`)(d, r)
	})
	receipt, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	assert.True(t, receipt.PossibleDuplicate)
	assert.Equal(t, 2, receipt.Requests)
	assert.Equal(t, 2, d.tries)
	assert.Equal(t, map[string]int{"k1": 1}, keys)
}

// What a vendor cannot honor has an outcome before any request.
func TestCallsThatAreNotMade(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want verify.Outcome
	}{
		"not honored":   {errors.New("no such scope"), verify.ErrUnsupported},
		"by an outcome": {driver.Refuse(verify.ErrInvalidRecipient, "no such scope"), verify.ErrInvalidRecipient},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, d := newAPI(t, func(a *driver.API) {
				a.NewSend = func(driver.Send) (driver.Call, error) { return driver.Call{}, test.err }
				a.NewCheck = func(driver.Check) (driver.Call, error) { return driver.Call{}, test.err }
				a.NewCancel = a.NewCheck
			}, say(200, yes))
			_, err := a.Send(t.Context(), recipient)
			for op, err := range map[string]error{"send": err, "check": a.Check(t.Context(), recipient, code), "cancel": a.Cancel(t.Context(), recipient)} {
				e := assertOutcome(t, err, test.want)
				assert.Equal(t, op, e.Op)
				assert.Equal(t, "no such scope", e.Detail)
			}
			assert.Zero(t, d.tries)
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	cancels := func(a *driver.API) {
		a.NewCancel = func(driver.Check) (driver.Call, error) { return driver.Call{Method: "DELETE", Route: "/x"}, nil }
	}
	tests := map[string]struct {
		change func(*driver.API)
		move   move
		want   verify.Outcome
	}{
		"done":            {cancels, say(204, ""), ""},
		"nothing pending": {cancels, say(404, vendorError("20404")), ""},
		"throttled":       {cancels, say(400, vendorError("60200")), verify.ErrInvalidRecipient},
		"not offered":     {nil, say(204, ""), verify.ErrUnsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAPI(t, test.change, test.move)
			err := a.Cancel(t.Context(), recipient)
			assert.Equal(t, test.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	wanted := func(e *verify.Error) bool { return e.VendorCode == "60200" }
	tests := map[string]struct {
		move     move
		wanted   func(*verify.Error) bool
		answered string
		want     verify.Outcome
	}{
		"an answer is what is hoped for":      {say(200, "{}"), nil, "", ""},
		"the refusal is what is hoped for":    {say(400, vendorError("60200")), wanted, "odd", ""},
		"another refusal":                     {say(401, vendorError("20003")), wanted, "odd", verify.ErrUnauthorized},
		"an answer where a refusal was meant": {say(200, "{}"), wanted, "odd", unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAPI(t, nil, test.move)
			err := a.Probe(t.Context(), driver.Call{Route: "/"}, test.wanted, test.answered)
			assert.Equal(t, test.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

// An API that New did not make has no client, and says so.
func TestZeroAPI(t *testing.T) {
	t.Parallel()
	var a driver.API
	_, err := a.Send(t.Context(), recipient)
	require.Error(t, err)
	require.Error(t, a.Check(t.Context(), recipient, code))
	require.Error(t, a.Cancel(t.Context(), recipient))
	require.ErrorIs(t, a.Probe(t.Context(), driver.Call{}, nil, ""), verify.ErrUnsupported)
	require.NoError(t, a.Close())
}

// A check prints neither its code nor its reference.
func TestChecksPrintNothing(t *testing.T) {
	t.Parallel()
	check := driver.Check{CheckRequest: verify.CheckRequest{To: recipient, Code: code}, Reference: "canary-reference"}
	text, err := json.Marshal(check)
	require.NoError(t, err)
	for _, printed := range []string{string(text), fmt.Sprintf("%v %+v %#v %s %q", check, check, check, check, check)} {
		for _, secret := range []string{recipient, code, "canary-reference"} {
			assert.NotContains(t, printed, secret)
		}
	}
}

// A check that is made once is a check all the same: a status whose body is not the
// vendor's, such as a proxy's 404, says nothing about the code.
func TestACheckMadeOnceReadsAProxysAnswerAsACheckDoes(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		for _, status := range []int{403, 404, 501, 505} {
			answer := say(status, "<html>not here</html>")
			a, _ := newAPI(t, func(a *driver.API) { a.CheckOnce = once }, answer, answer)
			require.ErrorIs(t, a.Check(t.Context(), "+15005550006", "123456"), verify.ErrOutcomeUnknown, "%d, once: %t", status, once)
		}
	}
}
