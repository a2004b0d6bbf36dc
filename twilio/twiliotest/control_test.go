package twiliotest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func fixed(digits int) string { return strings.Repeat("7", digits) }

func TestMessageAsThePhoneShowsIt(t *testing.T) {
	bank := "VA11111111111111111111111111111111"
	for name, tt := range map[string]struct {
		service, pairs string
		channel, text  string
	}{
		"a text message": {twiliotest.ServiceSID, "&Channel=sms", "sms", "Your Acme verification code is: 777777"},
		"a call":         {twiliotest.ServiceSID, "&Channel=call", "voice", "Your Acme verification code is: 777777"},
		"another name": {twiliotest.ServiceSID, "&Channel=sms&CustomFriendlyName=Shop", "sms",
			"Your Shop verification code is: 777777"},
		"for Android": {twiliotest.ServiceSID, "&Channel=sms&AppHash=AAAAAAAAAAA", "sms",
			"<#> Your Acme verification code is: 777777 AAAAAAAAAAA"},
		"a payment": {bank, "&Channel=sms" + payment, "sms",
			"Your Bank verification code is: 77777777. It confirms the payment of EUR39.99 to Acme Inc."},
	} {
		t.Run(name, func(t *testing.T) {
			a := account{twiliotest.NewServer(t, twiliotest.Options{
				Services: []twiliotest.Service{{}, {SID: bank, FriendlyName: "Bank", CodeLength: 8, PSD2: true}},
				NewCode:  fixed,
				Start:    start,
			}), t}
			a.do("POST", "/v2/Services/"+tt.service+"/Verifications", "To="+to+tt.pairs)
			assert.Equal(t, []twiliotest.Message{{
				Vendor: "twilio", ID: a.Messages()[0].ID, To: to, Channel: tt.channel, Scope: tt.service,
				Code: a.Code(to, tt.service), Text: tt.text, At: start,
			}}, a.Messages())
		})
	}
}

func TestSubscriberGetsAMessageBeforeTheSendIsAnswered(t *testing.T) {
	a := newAccount(t)
	var received []string
	cancel := a.Subscribe(func(m twiliotest.Message) {
		assert.Equal(t, m.Code, a.Code(m.To, m.Scope), "it may ask for the live code")
		received = append(received, m.To)
	})
	a.send(oneEach)
	assert.Equal(t, []string{to}, received)
	cancel()
	a.send(oneEach)
	assert.Len(t, received, 1)
}

func TestFaults(t *testing.T) {
	failed := twiliotest.Fault{On: "send", Status: 500, Effect: true, Body: "{}"}
	for name, tt := range map[string]struct {
		fault   twiliotest.Fault
		effects int
		lost    bool // no answer comes
		status  int
		code    int
	}{
		"refused as Twilio does": {fault: twiliotest.Refusal(403, 60410), status: 403, code: 60410},
		"failed after sending":   {fault: failed, effects: 1, status: 500},
		"only checks fail":       {fault: twiliotest.Fault{On: "check", Status: 500}, effects: 1, status: 201},
		"reset before sending":   {fault: twiliotest.Fault{Break: twiliotest.Reset}, lost: true},
		"closed after sending":   {fault: twiliotest.Fault{Break: twiliotest.Close, Effect: true}, lost: true, effects: 1},
		"cut short":              {fault: twiliotest.Fault{Break: twiliotest.Truncate}, lost: true, effects: 1},
		"garbage":                {fault: twiliotest.Fault{Break: twiliotest.Garbage}, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			a.Fail(tt.fault)
			if tt.lost {
				assert.Error(t, a.lost(oneEach))
			} else {
				got := a.send(oneEach)
				assert.Equal(t, tt.status, got.status)
				assert.Equal(t, tt.code, got.code())
			}
			assert.Equal(t, tt.effects, a.Effects())
			assert.Equal(t, 1, a.Requests())

			a.Heal()
			assert.Equal(t, 201, a.send(oneEach).status)
		})
	}
}

// lost sends and returns why no whole answer came.
func (a account) lost(pairs string) error {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodPost, a.URL+send, strings.NewReader(form(pairs).Encode()))
	require.NoError(a.t, err)
	r.SetBasicAuth(twiliotest.AccountSID, twiliotest.AuthToken)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	return res.Write(httptest.NewRecorder())
}

func TestRefusalHasTheShapeOfTwilio(t *testing.T) {
	f := twiliotest.Refusal(429, 60203)
	assert.Equal(t, 429, f.Status)
	assert.JSONEq(t, `{"code":60203,"message":"Max send attempts reached",
		"more_info":"https://www.twilio.com/docs/errors/60203","status":429}`, f.Body)
}

func TestZeroOptionsRunWithRealTimeAndRandomCodes(t *testing.T) {
	a := account{twiliotest.NewServer(t), t}
	require.Equal(t, 201, a.send(oneEach).status)
	assert.Regexp(t, `^[0-9]{6}$`, a.Code(to, ""))
	assert.Equal(t, a.Code(to, twiliotest.ServiceSID), a.Code(to, ""))
	assert.WithinDuration(t, time.Now(), a.Messages()[0].At, time.Minute)
}

func TestOptionsReplaceTheAccount(t *testing.T) {
	opts := twiliotest.Options{
		AccountSID: "AC1", AuthToken: "t1", APIKeySID: "SK1", APIKeySecret: "s1",
		Services: []twiliotest.Service{{SID: "VA1", FriendlyName: "One"}},
	}
	e := twiliotest.New(opts)
	for user, password := range map[string]string{"AC1": "t1", "SK1": "s1"} {
		r := httptest.NewRequest(http.MethodGet, "/v2/Services/VA1", nil)
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		assert.Equal(t, 200, w.Code)
		assert.Contains(t, w.Body.String(), `"account_sid":"AC1"`)
	}
	assert.Equal(t, 0, opts.Services[0].CodeLength, "the caller's options stay as they are")
}

func TestClosedServerCannotBeReached(t *testing.T) {
	a := newAccount(t)
	a.Close()
	assert.Error(t, a.lost(oneEach))
}

func TestCheckAnswersWithTheStatusThatItIsGiven(t *testing.T) {
	for _, status := range []string{"failed", "expired", "deleted"} {
		a := newAccount(t)
		assert.False(t, a.EndAs(to, "", status), "nothing is pending")
		a.send(oneEach)
		code := a.Code(to, "")
		assert.True(t, a.EndAs(to, "", status))
		assert.Empty(t, a.Code(to, ""))
		for range 2 {
			got := a.check("To=" + to + "&Code=" + code)
			assert.Equal(t, 200, got.status)
			assert.Equal(t, status, got.body["status"])
			assert.Equal(t, false, got.body["valid"])
		}
		assert.Equal(t, 201, a.send(oneEach).status, "the recipient is free")
		assert.Equal(t, "approved", a.attempt(a.Code(to, "")))
	}
}

func TestAnUpgradeToRCSIsReportedAsSuch(t *testing.T) {
	a := newAccount(t, twiliotest.Service{RCS: true})
	got := a.send(oneEach)
	assert.Equal(t, 201, got.status)
	assert.Equal(t, "rcs", got.body["channel"])
	assert.Equal(t, "rcs", a.Messages()[0].Channel)
	assert.Equal(t, "call", a.send("To=" + to + "&Channel=call").body["channel"], "only sms is upgraded")
	a.send("To="+other+"&Channel=rcs").refused(t, 400, 60200)
}

func TestServerListensWhereOptionsSay(t *testing.T) {
	first := twiliotest.NewServer(t)
	address := strings.TrimPrefix(first.URL, "http://")
	first.Close()
	assert.Equal(t, first.URL, twiliotest.NewServer(t, twiliotest.Options{Addr: address}).URL)
}
