package bandwidth_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers to a check that look like a yes and are none, and some that are.
var answers = map[string]struct {
	body string
	want verify.Outcome
}{
	"valid":                         {`{"valid":true}`, ""},
	"valid, among others":           {`{"requestId":"x","valid":true,"note":{"valid":false}}`, ""},
	"valid, with spaces":            {" {\n\t\"valid\" : true } ", ""},
	"valid, key in escapes":         {`{"val\u0069d":true}`, ""},
	"not valid":                     {`{"valid":false}`, verify.ErrMismatch},
	"a key in capitals after a no":  {`{"valid":false,"VALID":true}`, verify.ErrMismatch},
	"a string":                      {`{"valid":"true"}`, verify.ErrOutcomeUnknown},
	"a string in capitals":          {`{"valid":"True"}`, verify.ErrOutcomeUnknown},
	"a string that says no":         {`{"valid":"False"}`, verify.ErrOutcomeUnknown},
	"an empty string":               {`{"valid":""}`, verify.ErrOutcomeUnknown},
	"a one":                         {`{"valid":1}`, verify.ErrOutcomeUnknown},
	"a zero":                        {`{"valid":0}`, verify.ErrOutcomeUnknown},
	"a null":                        {`{"valid":null}`, verify.ErrOutcomeUnknown},
	"a list":                        {`{"valid":[true]}`, verify.ErrOutcomeUnknown},
	"an object":                     {`{"valid":{"valid":true}}`, verify.ErrOutcomeUnknown},
	"a word in capitals":            {`{"valid":True}`, verify.ErrOutcomeUnknown},
	"missing":                       {`{}`, verify.ErrOutcomeUnknown},
	"another key":                   {`{"success":true}`, verify.ErrOutcomeUnknown},
	"another case":                  {`{"Valid":true}`, verify.ErrOutcomeUnknown},
	"all capitals":                  {`{"VALID":true}`, verify.ErrOutcomeUnknown},
	"a key with a space":            {`{"valid ":true}`, verify.ErrOutcomeUnknown},
	"a key with another v":          {`{"ｖalid":true}`, verify.ErrOutcomeUnknown},
	"a no and a yes":                {`{"valid":false,"valid":true}`, verify.ErrOutcomeUnknown},
	"a yes twice":                   {`{"valid":true,"valid":true}`, verify.ErrOutcomeUnknown},
	"a yes, and one in escapes":     {`{"valid":false,"val\u0069d":true}`, verify.ErrOutcomeUnknown},
	"in an inner object":            {`{"data":{"valid":true}}`, verify.ErrOutcomeUnknown},
	"in a list":                     {`[{"valid":true}]`, verify.ErrOutcomeUnknown},
	"bare":                          {`true`, verify.ErrOutcomeUnknown},
	"a second document":             {`{"valid":true}{"valid":true}`, verify.ErrOutcomeUnknown},
	"a tail":                        {`{"valid":true} ok`, verify.ErrOutcomeUnknown},
	"half a document":               {`{"valid":true`, verify.ErrOutcomeUnknown},
	"a comma too many":              {`{"valid":true,}`, verify.ErrOutcomeUnknown},
	"a page":                        {`<html>valid: true</html>`, verify.ErrOutcomeUnknown},
	"nothing":                       {` `, verify.ErrOutcomeUnknown},
	"a page of 64 KiB and more":     {`{"valid":true,"x":"` + strings.Repeat("x", 64<<10) + `"}`, verify.ErrOutcomeUnknown},
	"an error with a status of 200": {`{"message":"Unauthorized"}`, verify.ErrOutcomeUnknown},
	"another error with a status":   {`{"error":"Internal Error","requestId":"x"}`, verify.ErrOutcomeUnknown},
	"the answer to a send":          {`{"messageId":"1589228074636lm4k2je7j7jklbn2"}`, verify.ErrOutcomeUnknown},
	"a byte order mark in front":    {"\ufeff" + `{"valid":true}`, verify.ErrOutcomeUnknown},
	"a comment":                     {`{"valid":true/*no*/}`, verify.ErrOutcomeUnknown},
	"a key of another vendor's yes": {`{"status":"approved","valid":"approved"}`, verify.ErrOutcomeUnknown},
	"a yes of more than one letter": {`{"valid":trueish}`, verify.ErrOutcomeUnknown},
	"a yes and an error":            {`{"valid":true,"error":"Internal Error"}`, verify.ErrOutcomeUnknown},
	"a yes and an error of null":    {`{"valid":true,"error":null}`, ""},
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, tc := range answers {
		t.Run(name, func(t *testing.T) {
			srv.Fail(bandwidthtest.Fault{On: "check", Status: 200, Body: tc.body})
			err := client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.NotContains(t, fmt.Sprintf("%v", err), "html", "nothing of the vendor's text")
		})
	}
}

func TestAYesWithAnotherStatusIsNone(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for _, status := range []int{300, 301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503} {
		srv.Fail(bandwidthtest.Fault{On: "check", Status: status, Times: 2, Body: `{"valid":true}`})
		require.Error(t, client.Check(t.Context(), phone, "123456"), status)
		srv.Heal()
	}
}

func TestARedirectIsNeverFollowed(t *testing.T) {
	t.Parallel()
	canary := bandwidthtest.NewServer(t)
	for name, tc := range map[string]struct {
		auth     func(*bandwidth.Config)
		on       string
		requests int // of a check and a send
		want     verify.Outcome
	}{
		"of a call, with an API credential": {func(*bandwidth.Config) {}, "/code/", 3, verify.ErrOutcomeUnknown},
		"of the request for a token":        {func(*bandwidth.Config) {}, "token", 2, verify.ErrUnavailable},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(name, " by ", status), func(t *testing.T) {
				client, srv := emulated(t, tc.auth)
				fault := bandwidthtest.Fault{On: tc.on, Status: status, Times: -1}
				fault.Header = map[string][]string{"Location": {canary.URL + "/api/v1/oauth2/token"}}
				srv.Fail(fault)
				require.ErrorIs(t, client.Check(t.Context(), phone, "123456"), tc.want)
				_, err := client.Send(t.Context(), phone)
				require.ErrorIs(t, err, tc.want)
				assert.Equal(t, tc.requests, srv.Requests())
				assert.Zero(t, srv.Effects())
			})
		}
	}
	assert.Zero(t, canary.Requests(), "F11: neither the code nor the credentials go where a redirect says")
}

func TestSendTrustsOnlyAReference(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	for name, body := range map[string]string{
		"no reference":             `{}`,
		"that of a call":           `{"callId":"c-00000000"}`,
		"an empty one":             `{"messageId":""}`,
		"a null":                   `{"messageId":null}`,
		"a number":                 `{"messageId":1}`,
		"two of them":              `{"messageId":"a","messageId":"b"}`,
		"another case":             `{"messageid":"a"}`,
		"a page":                   `<html></html>`,
		"an error with 200":        `{"error":"Internal Error","requestId":"x"}`,
		"the answer to a check":    `{"valid":true}`,
		"a reference in an object": `{"message":{"messageId":"a"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			srv.Fail(bandwidthtest.Fault{On: "send", Status: 200, Body: body})
			_, err := client.Send(t.Context(), phone)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		})
	}
	for name, body := range map[string]string{
		"a line break":     `{"messageId":"a\nb"}`,
		"a phone number":   `{"messageId":"+15005550006"}`,
		"digits alone":     `{"messageId":"15005550006"}`,
		"a longer text":    `{"messageId":"` + strings.Repeat("a", 129) + `"}`,
		"a vendor's prose": `{"messageId":"sent to somebody"}`,
	} {
		t.Run("accepted, with "+name, func(t *testing.T) {
			srv.Fail(bandwidthtest.Fault{On: "send", Status: 200, Body: body})
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			assert.Empty(t, receipt.ID, "what is no reference does not reach a log")
		})
	}
	srv.Fail(bandwidthtest.Fault{On: "send", Status: 202, Body: `{"messageId":"1589228074636lm4k2je7j7jklbn2"}`})
	receipt, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "1589228074636lm4k2je7j7jklbn2", receipt.ID)
}

func TestADenialAfterALostReplyIsUnknown(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]bandwidthtest.Fault{
		"not valid":         {On: "check", Status: 200, Body: `{"valid":false}`},
		"guessed too often": bandwidthtest.Refusal(429),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t)
			srv.Fail(bandwidthtest.Fault{On: "check", Break: bandwidthtest.Reset, Effect: true}, second)
			err := client.Check(t.Context(), phone, "123456")
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
			assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err))
		})
	}
}
