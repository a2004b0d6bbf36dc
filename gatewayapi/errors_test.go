package gatewayapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusalsMeanTheSameInBothAPIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		code   string
		want   verify.Outcome
		tries  int
	}{
		"a wrong token":                       {401, "0x0229", verify.ErrUnauthorized, 1},
		"a token of the other region":         {403, "", verify.ErrUnauthorized, 1},
		"no token":                            {401, "", verify.ErrUnauthorized, 1},
		"another address":                     {403, "0x0213", verify.ErrUnauthorized, 1},
		"no credit":                           {403, "0x0216", verify.ErrUnauthorized, 1},
		"a frozen account":                    {403, "0x022A", verify.ErrUnauthorized, 1},
		"a code in another case":              {403, "0x022a", verify.ErrUnauthorized, 1},
		"a class not configured, with 500":    {500, "0x021E", verify.ErrUnauthorized, 1},
		"a number on a blocklist":             {403, "0x0215", verify.ErrBlocked, 1},
		"a country not permitted":             {403, "0x0217", verify.ErrBlocked, 1},
		"a network not permitted":             {403, "0x021F", verify.ErrBlocked, 1},
		"a blocked country":                   {422, "0x0313", verify.ErrBlocked, 1},
		"the same text too often":             {403, "0x0214", verify.ErrTooManySends, 1},
		"a filtered text":                     {422, "0x0312", verify.ErrRejected, 1},
		"a recipient twice":                   {422, "0x0310", verify.ErrRejected, 1},
		"a nonce that was used":               {401, "0x0226", verify.ErrOutcomeUnknown, 1},
		"a time that is past":                 {401, "0x0225", verify.ErrUnavailable, 3},
		"permission denied":                   {403, "0x0307", verify.ErrUnauthorized, 1},
		"an invalid argument":                 {422, "0x0308", verify.ErrRejected, 1},
		"an invalid argument of SMS":          {422, "0x1008", verify.ErrRejected, 1},
		"unavailable for the moment":          {403, "0x0109", verify.ErrUnavailable, 3},
		"unavailable, with 500":               {500, "0x0109", verify.ErrOutcomeUnknown, 1},
		"an unknown error":                    {500, "0x0101", verify.ErrOutcomeUnknown, 1},
		"an unknown error, with 400":          {400, "0x0101", verify.ErrRejected, 1},
		"an unlisted code":                    {422, "0x03FF", verify.ErrRejected, 1},
		"an unlisted code with 401":           {401, "0x02FF", verify.ErrUnauthorized, 1},
		"an unlisted code, perhaps a guard's": {403, "0x02FF", verify.ErrRejected, 1},
		"an unlisted code with 408":           {408, "0x02FF", verify.ErrOutcomeUnknown, 1},
		"an unlisted code with 502":           {502, "0x02FF", verify.ErrOutcomeUnknown, 1},
		"a throttle":                          {429, "0x02FF", verify.ErrRateLimited, 3},
		"a throttle without a code":           {429, "", verify.ErrRateLimited, 3},
		"failed without a code":               {500, "", verify.ErrOutcomeUnknown, 1},
		"not there":                           {404, "", verify.ErrRejected, 1},
	} {
		for api, way := range ways {
			t.Run(name+", "+api, func(t *testing.T) {
				t.Parallel()
				client, srv := emulated(t, way())
				fault := gatewayapitest.Refusal(tc.status, tc.code)
				fault.Times = -1
				srv.Fail(fault)
				_, err := client.Deliver(t.Context(), text("Hi"))
				assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
				var e *verify.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, "send", e.Op)
				assert.Equal(t, tc.status, e.HTTPStatus)
				assert.Equal(t, normal(tc.code), e.VendorCode)
				assert.Equal(t, tc.tries, e.Requests)
				assert.Equal(t, tc.tries, srv.Requests())
				assert.Zero(t, srv.Effects())
			})
		}
	}
}

// normal is how a code is told.
func normal(code string) string {
	if code == "0x022a" {
		return "0x022A"
	}
	return code
}

func TestFieldsAtFault(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fields []string
		want   verify.Outcome
		says   string
	}{
		"the recipient":                   {[]string{"recipient"}, verify.ErrInvalidRecipient, "not a number"},
		"the recipient twice":             {[]string{"recipient", "recipient"}, verify.ErrInvalidRecipient, "not a number"},
		"the sender":                      {[]string{"sender"}, verify.ErrRejected, "the sender"},
		"the sender and the recipient":    {[]string{"sender", "recipient"}, verify.ErrRejected, "the sender"},
		"the recipient and the sender":    {[]string{"recipient", "sender"}, verify.ErrRejected, "the sender"},
		"the recipient and something new": {[]string{"recipient", "new"}, verify.ErrRejected, "a field"},
		"something new":                   {[]string{"new"}, verify.ErrRejected, "a field"},
		"the message":                     {[]string{"message"}, verify.ErrRejected, "the text"},
		"the expiration":                  {[]string{"expiration"}, verify.ErrRejected, "the expiration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, valid())
			srv.Fail(gatewayapitest.Invalid(tc.fields...))
			_, err := client.Deliver(t.Context(), text("Hi"))
			require.ErrorIs(t, err, tc.want)
			assert.Contains(t, err.Error(), tc.says)
		})
	}
}

func TestBodiesThatNobodyDocuments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   verify.Outcome
	}{
		"422 without places":            {422, `{"detail":[{"msg":"x"}]}`, verify.ErrRejected},
		"422 with a place of numbers":   {422, `{"detail":[{"loc":[1,2]}]}`, verify.ErrRejected},
		"422 with nothing at fault":     {422, `{"detail":[]}`, verify.ErrRejected},
		"422 with words at fault":       {422, `{"detail":["x"]}`, verify.ErrRejected},
		"a detail that is a word":       {403, `{"detail":"Forbidden"}`, verify.ErrRejected},
		"a code that is no code":        {403, `{"code":"denied","incident_uuid":"x"}`, verify.ErrRejected},
		"a code that is a number":       {403, `{"code":534}`, verify.ErrRejected},
		"a code twice":                  {403, `{"code":"0x0216","code":"0x0215"}`, verify.ErrRejected},
		"an incident without a code":    {500, `{"incident_uuid":"x","message":"x"}`, verify.ErrOutcomeUnknown},
		"a proxy's JSON":                {501, `{"message":"x"}`, verify.ErrUnavailable},
		"not implemented by GatewayAPI": {501, `{"incident_uuid":"x","message":"x"}`, verify.ErrOutcomeUnknown},
		"a proxy's page":                {502, `<html>`, verify.ErrOutcomeUnknown},
		"a proxy's page, refused":       {403, `<html>`, verify.ErrRejected},
		"a proxy's page, credentials":   {407, `<html>`, verify.ErrRejected},
		"a proxy's page, unimplemented": {501, `<html>`, verify.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, valid())
			srv.Fail(gatewayapitest.Fault{Status: tc.status, Body: tc.body})
			_, err := client.Deliver(t.Context(), text("Hi"))
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Equal(t, 1, srv.Requests())
		})
	}
}

func TestAnHourIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, valid())
	fault := gatewayapitest.Refusal(http.StatusTooManyRequests, "")
	fault.Header = http.Header{"Retry-After": {"3600"}}
	srv.Fail(fault)
	_, err := client.Deliver(t.Context(), text("Hi"))
	require.ErrorIs(t, err, verify.ErrRateLimited)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, time.Hour, e.RetryAfter)
	assert.Equal(t, 1, e.Requests)
}
