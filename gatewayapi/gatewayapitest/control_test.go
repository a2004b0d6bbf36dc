package gatewayapitest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

func TestRefusalsHaveTheShapeOfEitherAPI(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.Fail(gatewayapitest.Refusal(403, "0x0216"))
	a.post(classic, helloThere).refused(t, 403, "0x0216")

	a.Fail(gatewayapitest.Refusal(403, ""))
	assert.JSONEq(t, `{"description":"Forbidden","detail":[]}`, a.post(single, hello).text)

	a.Fail(gatewayapitest.Invalid("recipient", "sender"))
	got := a.post(single, hello)
	assert.Equal(t, 422, got.status)
	assert.Contains(t, got.text, `"loc":["body","recipient"]`)
	assert.Contains(t, got.text, `"loc":["body","sender"]`)
	assert.Zero(t, a.Effects())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault   gatewayapitest.Fault
		effects int
		status  int // zero: no answer comes
	}{
		"failed after sending":  {gatewayapitest.Fault{On: "send", Status: 500, Effect: true, Body: "{}"}, 1, 500},
		"only the balance":      {gatewayapitest.Fault{On: "balance", Status: 500}, 1, 202},
		"reset before sending":  {gatewayapitest.Fault{Break: gatewayapitest.Reset}, 0, 0},
		"closed after sending":  {gatewayapitest.Fault{Break: gatewayapitest.Close, Effect: true}, 1, 0},
		"garbage":               {gatewayapitest.Fault{Break: gatewayapitest.Garbage}, 0, 0},
		"cut short after all":   {gatewayapitest.Fault{Break: gatewayapitest.Truncate}, 1, 0},
		"refused, nothing sent": {gatewayapitest.Refusal(403, "0x0215"), 0, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.Fail(tc.fault)
			if tc.status == 0 {
				assert.True(t, a.lost(), "an answer came")
			} else {
				assert.Equal(t, tc.status, a.post(single, hello).status)
			}
			assert.Equal(t, tc.effects, a.Effects())
			assert.Equal(t, 1, a.Requests())
			a.Heal()
			assert.Equal(t, 202, a.post(single, hello).status)
		})
	}
}

// lost sends and reports whether no whole answer came.
func (a account) lost() bool {
	r, err := http.NewRequest(http.MethodPost, a.URL+single, strings.NewReader(hello))
	require.NoError(a.t, err)
	r.Header.Set("Authorization", "Token "+gatewayapitest.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return true
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.ReadAll(res.Body)
	return err != nil
}

func TestSubscriberGetsAMessageBeforeTheSendIsAnswered(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	var got []string
	cancel := a.Subscribe(func(m gatewayapitest.Message) {
		assert.Equal(t, m.Code, a.Code(m.To), "it may ask for the code")
		got = append(got, m.Code)
	})
	a.post(single, hello)
	assert.Equal(t, []string{"123456"}, got)
	cancel()
	a.post(single, hello)
	assert.Len(t, got, 1)
}

func TestCodeIsThatOfTheNewestMessage(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.post(single, hello)
	a.Advance(time.Minute)
	a.post(single, `{"sender":"Acme","message":"Acme: 654321 is your code.","recipient":`+number+`}`)
	assert.Equal(t, "654321", a.Code(to))
	assert.Equal(t, start.Add(time.Minute), a.Messages()[1].At)
	a.post(single, `{"sender":"Acme","message":"Welcome","recipient":`+number+`}`)
	assert.Empty(t, a.Code(to))
}

func TestOptionsReplaceTheAccount(t *testing.T) {
	t.Parallel()
	a := account{gatewayapitest.NewServer(t, gatewayapitest.Options{Token: "t1"}), t}
	assert.Equal(t, 403, a.post(single, hello).status)
	assert.Equal(t, 202, a.post(single, hello, header("Authorization", "Token t1")).status)
	assert.WithinDuration(t, time.Now(), a.Messages()[0].At, time.Minute)
	a.Close()
	assert.True(t, a.lost(), "a closed server cannot be reached")
}
