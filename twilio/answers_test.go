package twilio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers to a check that look like a yes and are none, and some that are.
var answers = map[string]struct {
	body string
	want verify.Outcome
}{
	"approved":                        {`{"status":"approved","valid":true}`, ""},
	"approved, without valid":         {`{"status":"approved"}`, ""},
	"approved, valid null":            {`{"status":"approved","valid":null}`, ""},
	"approved, of this subject":       {`{"status":"approved","to":"+15005550006","service_sid":"VA00000000000000000000000000000000"}`, ""},
	"approved, a second spelling":     {`{"status":"approved","to":"+115005550006"}`, ""},
	"approved, another country":       {`{"status":"approved","to":"+5215005550006"}`, verify.ErrOutcomeUnknown},
	"approved, another area":          {`{"status":"approved","to":"+15015550006"}`, verify.ErrOutcomeUnknown},
	"approved, key in escapes":        {`{"st\u0061tus":"approved"}`, ""},
	"pending":                         {`{"status":"pending","valid":false}`, verify.ErrMismatch},
	"canceled":                        {`{"status":"canceled","valid":false}`, verify.ErrNotPending},
	"deleted":                         {`{"status":"deleted"}`, verify.ErrNotPending},
	"expired":                         {`{"status":"expired"}`, verify.ErrNotPending},
	"max attempts":                    {`{"status":"max_attempts_reached"}`, verify.ErrTooManyAttempts},
	"approved, but not valid":         {`{"status":"approved","valid":false}`, verify.ErrOutcomeUnknown},
	"pending, but valid":              {`{"status":"pending","valid":true}`, verify.ErrOutcomeUnknown},
	"valid as a string":               {`{"status":"approved","valid":"true"}`, verify.ErrOutcomeUnknown},
	"valid as a number":               {`{"status":"approved","valid":1}`, verify.ErrOutcomeUnknown},
	"another recipient":               {`{"status":"approved","to":"+15017122661"}`, verify.ErrOutcomeUnknown},
	"an address for a phone":          {`{"status":"approved","to":"a@example.com"}`, verify.ErrOutcomeUnknown},
	"another Service":                 {`{"status":"approved","service_sid":"VA11111111111111111111111111111111"}`, verify.ErrOutcomeUnknown},
	"a status in capitals":            {`{"status":"APPROVED"}`, verify.ErrOutcomeUnknown},
	"a key in capitals":               {`{"STATUS":"approved"}`, verify.ErrOutcomeUnknown},
	"a key in capitals after a no":    {`{"status":"pending","STATUS":"approved"}`, verify.ErrMismatch},
	"the status twice":                {`{"status":"pending","status":"approved"}`, verify.ErrOutcomeUnknown},
	"the status in an inner object":   {`{"data":{"status":"approved"}}`, verify.ErrOutcomeUnknown},
	"a status we do not know":         {`{"status":"converted"}`, verify.ErrOutcomeUnknown},
	"failed":                          {`{"status":"failed"}`, verify.ErrNotPending},
	"a status that is true":           {`{"status":true}`, verify.ErrOutcomeUnknown},
	"no status":                       {`{"valid":true}`, verify.ErrOutcomeUnknown},
	"a null status":                   {`{"status":null,"valid":true}`, verify.ErrOutcomeUnknown},
	"a second document":               {`{"status":"approved"}{"status":"approved"}`, verify.ErrOutcomeUnknown},
	"an array":                        {`[{"status":"approved"}]`, verify.ErrOutcomeUnknown},
	"a bare string":                   {`"approved"`, verify.ErrOutcomeUnknown},
	"half a document":                 {`{"status":"approved"`, verify.ErrOutcomeUnknown},
	"a page":                          {`<html>approved</html>`, verify.ErrOutcomeUnknown},
	"nothing":                         {` `, verify.ErrOutcomeUnknown},
	"a page of 64 KiB and more":       {`{"status":"approved","x":"` + strings.Repeat("x", 64<<10) + `"}`, verify.ErrOutcomeUnknown},
	"an error with a status of 200":   {`{"code":20003,"message":"Authenticate","status":401}`, verify.ErrOutcomeUnknown},
	"a status that ends with a space": {`{"status":"approved "}`, verify.ErrOutcomeUnknown},
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range answers {
		t.Run(name, func(t *testing.T) {
			srv.Fail(twiliotest.Fault{On: "check", Status: 200, Body: tc.body})
			err := client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.NotContains(t, fmt.Sprintf("%v", err), "approved", "nothing of the vendor's text")
		})
	}
}

func TestARedirectIsNeverFollowed(t *testing.T) {
	t.Parallel()
	canary := twiliotest.NewServer(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client, srv := emulated(t)
		fault := twiliotest.Fault{Status: status, Times: -1}
		fault.Header = map[string][]string{"Location": {canary.URL + "/v2/Services/" + twiliotest.ServiceSID + "/VerificationCheck"}}
		srv.Fail(fault)
		require.ErrorIs(t, client.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown, status)
		_, err := client.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
		assert.Equal(t, 2, srv.Requests())
	}
	assert.Zero(t, canary.Requests(), "F11: neither the code nor the credentials go where a redirect says")
}

func TestSendTrustsOnlyAPendingAnswer(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, body := range map[string]string{
		"approved already":  `{"status":"approved"}`,
		"another recipient": `{"status":"pending","to":"+15017122661"}`,
		"no status":         `{"sid":"VE00000000000000000000000000000000"}`,
		"a page":            `<html></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			srv.Fail(twiliotest.Fault{On: "send", Status: 201, Body: body})
			_, err := client.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		})
	}
	srv.Fail(twiliotest.Fault{On: "send", Status: 201, Body: `{"status":"pending","sid":"+15005550006\n","channel":"sna"}`})
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Empty(t, receipt.ID, "what is no SID does not reach a log")
	assert.Equal(t, verify.ChannelSMS, receipt.Channel, "a channel without a name here is told as the one asked for")
}

func TestCancelAndFetchTrustOnlyTheirOwnAnswer(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(twiliotest.Fault{On: "update", Status: 200, Body: `{"status":"pending"}`})
	require.ErrorIs(t, client.Cancel(t.Context(), phone), verify.ErrOutcomeUnknown)
	srv.Fail(twiliotest.Fault{On: "update", Status: 200, Body: `[]`})
	require.ErrorIs(t, client.Cancel(t.Context(), phone), verify.ErrOutcomeUnknown)
	srv.Fail(twiliotest.Fault{On: "fetch", Status: 200, Body: `[]`})
	_, err := client.Fetch(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
}

func TestADenialAfterALostReplyIsUnknown(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for _, status := range []string{"canceled", "expired", "max_attempts_reached"} {
		srv.Fail(
			twiliotest.Fault{On: "check", Break: twiliotest.Reset, Effect: true},
			twiliotest.Fault{On: "check", Status: 200, Body: `{"status":"` + status + `"}`},
		)
		err := client.Check(t.Context(), phone, "123456")
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
	}
}
