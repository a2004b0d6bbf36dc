package twiliotest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

const payment = "&Amount=EUR39.99&Payee=Acme Inc."

func newBank(t *testing.T) account {
	t.Helper()
	return newAccount(t, twiliotest.Service{PSD2: true})
}

func TestTransactionIsApprovedAsItWasSent(t *testing.T) {
	a := newBank(t)
	sent := a.send(oneEach + payment)
	require.Equal(t, 201, sent.status)
	assert.Equal(t, "EUR39.99", sent.body["amount"])
	assert.Equal(t, "Acme Inc.", sent.body["payee"])

	got := a.check("To=" + to + "&Code=" + a.Code(to, "") + payment)
	assert.Equal(t, "approved", got.body["status"])
	assert.Equal(t, "EUR39.99", got.body["amount"])
	assert.Equal(t, "Acme Inc.", got.body["payee"])
}

func TestTransactionThatChangedIsAWrongCode(t *testing.T) {
	for name, changed := range map[string]string{
		"another amount": "&Amount=EUR39.98&Payee=Acme Inc.",
		"another payee":  "&Amount=EUR39.99&Payee=Acme",
	} {
		t.Run(name, func(t *testing.T) {
			a := newBank(t)
			sid := a.send(oneEach + payment).sid()
			code := a.Code(to, "")
			for _, by := range []string{"To=" + to, "VerificationSid=" + sid, "To=" + to, "To=" + to, "To=" + to} {
				got := a.check(by + "&Code=" + code + changed)
				require.Equal(t, 200, got.status)
				assert.Equal(t, "pending", got.body["status"])
			}
			a.check("To="+to+"&Code="+code+payment).refused(t, 429, 60202)
		})
	}
}

func TestEachTransactionHasItsOwnCode(t *testing.T) {
	codes := []string{"111111", "222222"}
	a := account{twiliotest.NewServer(t, twiliotest.Options{
		Services: []twiliotest.Service{{PSD2: true}},
		NewCode: func(int) string {
			code := codes[0]
			codes = codes[1:]
			return code
		},
	}), t}
	second := "&Amount=EUR1&Payee=Acme Inc."
	sid := a.send(oneEach + payment).sid()
	assert.NotEqual(t, sid, a.send(oneEach+second).sid())
	assert.Equal(t, sid, a.send(oneEach+payment).sid())
	assert.Equal(t, "222222", a.Code(to, ""), "the newest")

	crossed := a.check("To=" + to + "&Code=111111" + second)
	assert.Equal(t, "pending", crossed.body["status"], "the code of the first for the second")
	assert.Equal(t, "approved", a.check("To=" + to + "&Code=111111" + payment).body["status"])
	assert.Equal(t, "approved", a.check("To=" + to + "&Code=222222" + second).body["status"])
}

func TestSendsAreCountedOverAllTransactions(t *testing.T) {
	a := newBank(t)
	for _, amount := range []string{"1", "2", "3", "4", "5"} {
		require.Equal(t, 201, a.send(oneEach+"&Payee=Acme&Amount="+amount).status)
	}
	a.send(oneEach+"&Payee=Acme&Amount=6").refused(t, 429, 60203)
}

func TestTransactionIsRefused(t *testing.T) {
	a := newBank(t)
	for name, tt := range map[string]struct {
		path, pairs string
		code        int
	}{
		"sent without amount":    {send, oneEach + "&Payee=Acme", 60206},
		"sent without payee":     {send, oneEach + "&Amount=EUR1", 60206},
		"checked without amount": {check, "To=" + to + "&Code=123456&Payee=Acme", 60206},
		"checked without payee":  {check, "To=" + to + "&Code=123456&Amount=EUR1", 60206},
		"by call":                {send, "To=" + to + "&Channel=call" + payment, 60214},
		"by silent network":      {send, "To=" + to + "&Channel=sna" + payment, 60329},
	} {
		t.Run(name, func(t *testing.T) {
			a.do("POST", tt.path, tt.pairs).refused(t, 400, tt.code)
		})
	}
	assert.Zero(t, a.Effects())
}
