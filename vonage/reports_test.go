package vonage_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
	"github.com/go2fa/verify/vonage"
	"github.com/go2fa/verify/vonage/vonagetest"
)

const reportURL = "https://login.example.com/hooks/vonage"

var reportSuite = verifytest.ReportsSuite{
	New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
		return vonage.NewReports(vonage.ReportsConfig{SignatureSecrets: []string{"older", vonagetest.SignatureSecret}, Delivery: cfg}, handle)
	},
	Signature: "Authorization", Secret: []string{"15005550006", "482913"},
}

func TestReportsOfMessages(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	client, err := vonage.NewMessages(vonage.MessagesConfig{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, From: "Acme", BaseURL: srv.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	verifytest.RunReports(t, reportSuite.Emulated(t, srv, reportURL, map[string]delivery.Event{
		emulator.Sent: {Vendor: "vonage", Status: delivery.Sent}, emulator.Delivered: {Vendor: "vonage", Status: delivery.Delivered},
		emulator.Undelivered: {Vendor: "vonage", Status: delivery.Undelivered, VendorCode: "1330"},
		emulator.Failed:      {Vendor: "vonage", Status: delivery.Failed},
	}, func() string {
		id, err := client.Deliver(t.Context(), otp.Message{To: "+15005550006", Channel: verify.ChannelSMS, Text: "Acme: 482913"})
		require.NoError(t, err)
		return id
	}))
}

func TestReportsOfVerify(t *testing.T) {
	t.Parallel()
	srv := vonagetest.NewServer(t)
	client, err := vonage.New(vonage.Config{APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret, Region: "eu", Brand: "Acme", BaseURL: srv.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	suite := reportSuite
	suite.NoneOnItsWay = true
	verifytest.RunReports(t, suite.Emulated(t, srv, reportURL, map[string]delivery.Event{
		emulator.Delivered: {Vendor: "vonage", Status: delivery.Delivered}, emulator.Expired: {Vendor: "vonage", Status: delivery.Expired},
		emulator.Failed: {Vendor: "vonage", Status: delivery.Failed},
	}, func() string {
		srv.Advance(4 * time.Minute)
		receipt, err := client.Send(t.Context(), "+15005550006")
		require.NoError(t, err)
		return receipt.ID
	}))
}

// claimsOf are those of a report of now.
func claimsOf(body string) map[string]any {
	sum := sha256.Sum256([]byte(body))
	return map[string]any{"iat": time.Now().Unix(), "jti": "x", "payload_hash": hex.EncodeToString(sum[:])}
}

func postReport(t *testing.T, body, authorization string) (int, []delivery.Event) {
	t.Helper()
	var events []delivery.Event
	h, err := vonage.NewReports(vonage.ReportsConfig{SignatureSecrets: []string{"secret"}}, func(_ context.Context, e delivery.Event) error {
		events = append(events, e)
		return nil
	})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, events
}

// The samples of Vonage's library for PHP, whose white space is their author's.
func TestReportsOfVonagesSamples(t *testing.T) {
	t.Parallel()
	const id = "c11236f4-00bf-4b89-84ba-88b25df97315"
	for body, want := range map[string]delivery.Status{
		`{"request_id": "` + id + `","triggered_at": "2020-01-01T14:00:00.000Z","type": "event","channel": "voice","status": "completed","finalized_at": "2020-01-01T14:01:00.000Z","client_ref": "482913"}`:                                                delivery.Delivered,
		`{"request_id":"` + id + `","submitted_at":"2020-01-01T14:00:00.000Z","status":"expired","type":"summary","channel_timeout":300,"workflow":[{"channel":"sms","initiated_at":"2020-01-01T14:00:00.000Z","status":"expired"}],"client_ref":"482913"}`: delivery.Expired,
		`{"request_id":"` + id + `","status":"blocked","type":"summary"}`:                                                                          delivery.Blocked,
		`{"request_id":"` + id + `","status":"user_rejected","type":"summary"}`:                                                                    "",
		`{"request_id":"` + id + `","type":"event","channel":"silent_auth","status":"action_pending","action":[{"type":"check","check_url":"x"}]}`: "",
		`{"message_uuid":"` + id + `","channel":"sms","from":"15005550006","text":"482913"}`:                                                       "", // a message that came in
		`{"message_uuid":"` + id + `","status":"482913"}`:                                                                                          "",
		`{"other":1}`: "",
	} {
		code, events := postReport(t, body, "Bearer "+emulator.Token("secret", claimsOf(body)))
		assert.Equal(t, http.StatusOK, code, body)
		require.Equal(t, want != "", len(events) == 1, body)
		if want != "" {
			assert.Equal(t, want, events[0].Status, body)
			assert.Equal(t, id, events[0].ID)
		}
	}
}

func TestReportsOfAnotherTokenOrBody(t *testing.T) {
	t.Parallel()
	const spaced = `{ "message_uuid": "a", "status": "delivered" }`
	const compact = `{"message_uuid":"a","status":"delivered"}`
	with := func(body string, key string, value any) string {
		claims := claimsOf(body)
		claims[key] = value
		if value == nil {
			delete(claims, key)
		}
		return "Bearer " + emulator.Token("secret", claims)
	}
	now := time.Now()
	for name, tc := range map[string]struct {
		body, authorization string
		code                int
	}{
		"as it should be":           {compact, with(compact, "iss", "Vonage"), 200},
		"white space, hashed so":    {spaced, with(spaced, "iss", "Vonage"), 200},
		"white space, hashed less":  {spaced, with(compact, "iss", "Vonage"), 200},
		"less white space":          {compact, with(spaced, "iss", "Vonage"), 403},
		"another body":              {compact, with(spaced+" ", "iss", "Vonage"), 403},
		"no hash":                   {compact, with(compact, "payload_hash", nil), 403},
		"a hash that is empty":      {compact, with(compact, "payload_hash", ""), 403},
		"a hash that is a number":   {compact, with(compact, "payload_hash", 1), 403},
		"no time":                   {compact, with(compact, "iat", nil), 403},
		"of four minutes ago":       {compact, with(compact, "iat", now.Add(-4*time.Minute).Unix()), 200},
		"of six minutes ago":        {compact, with(compact, "iat", now.Add(-6*time.Minute).Unix()), 403},
		"of in six minutes":         {compact, with(compact, "iat", now.Add(6*time.Minute).Unix()), 403},
		"one that has ended":        {compact, with(compact, "exp", now.Unix()-1), 403},
		"by another secret":         {compact, "Bearer " + emulator.Token("another", claimsOf(compact)), 403},
		"by an empty secret":        {compact, "Bearer " + emulator.Token("", claimsOf(compact)), 403},
		"not a bearer":              {compact, strings.TrimPrefix(with(compact, "iss", "Vonage"), "Bearer "), 403},
		"an id that is none":        {`{"message_uuid":"+15005550006","status":"sent"}`, with(`{"message_uuid":"+15005550006","status":"sent"}`, "iss", "Vonage"), 400},
		"two ids":                   {`{"message_uuid":"a","message_uuid":"b","status":"sent"}`, with(`{"message_uuid":"a","message_uuid":"b","status":"sent"}`, "iss", "Vonage"), 400},
		"a list":                    {`[]`, with(`[]`, "iss", "Vonage"), 400},
		"no JSON, hashed as it is":  {`{`, with(`{`, "iss", "Vonage"), 400},
		"no JSON, hashed otherwise": {`{`, with(compact, "iss", "Vonage"), 403},
	} {
		authorization := tc.authorization
		if name == "not a bearer" {
			authorization = "Basic " + authorization
		}
		code, events := postReport(t, tc.body, authorization)
		assert.Equal(t, tc.code, code, name)
		assert.Equal(t, tc.code == 200, len(events) == 1, name)
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"a", ""}, {"a", "b", "c"}} {
		_, err := vonage.NewReports(vonage.ReportsConfig{SignatureSecrets: secrets}, func(context.Context, delivery.Event) error { return nil })
		require.EqualError(t, err, "vonage: SignatureSecrets must be one or two")
	}
	assert.NotContains(t, fmt.Sprintf("%v", vonage.ReportsConfig{SignatureSecrets: []string{"hidden-one"}}), "hidden-one")
}
