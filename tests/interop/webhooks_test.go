package interop_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
)

const (
	webhookSecret = "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="
	webhookBody   = `{"metadata":{"uuid":"66666666-7777-4888-8999-000000000000","name":"send-sms"},"user":{"id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"},"sms":{"otp":"123456","phone":"15005550006"}}`
)

// A counter of messages.
type counter struct{ sent int }

func (*counter) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "counter", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}}
}

func (c *counter) Deliver(context.Context, otp.Message) (string, error) {
	c.sent++
	return "", nil
}

// The official library of Standard Webhooks signs what our hook takes, and refuses
// what our hook refuses.
func TestTheHookAgreesWithTheLibraryOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	library, err := standardwebhooks.NewWebhook(webhookSecret)
	require.NoError(t, err)
	signed := func(id string, at time.Time, body string) http.Header {
		mac, err := library.Sign(id, at, []byte(body))
		require.NoError(t, err)
		h := http.Header{"Content-Type": {"application/json"}}
		h.Set("webhook-id", id)
		h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		h.Set("webhook-signature", mac)
		return h
	}
	with := func(h http.Header, name, value string) http.Header {
		h.Set(name, value)
		return h
	}
	now := time.Now()
	good := signed("a", now, webhookBody).Get("webhook-signature")
	for name, tc := range map[string]struct {
		header http.Header
		want   bool
	}{
		"signed":                  {signed("a", now, webhookBody), true},
		"signed four minutes ago": {signed("a", now.Add(-4*time.Minute), webhookBody), true},
		"signed an hour ago":      {signed("a", now.Add(-time.Hour), webhookBody), false},
		"signed in an hour":       {signed("a", now.Add(time.Hour), webhookBody), false},
		"another body":            {signed("a", now, webhookBody+" "), false},
		"another id":              {with(signed("a", now, webhookBody), "webhook-id", "b"), false},
		"no id":                   {with(signed("a", now, webhookBody), "webhook-id", ""), false},
		"no time":                 {with(signed("a", now, webhookBody), "webhook-timestamp", ""), false},
		"no signature":            {with(signed("a", now, webhookBody), "webhook-signature", ""), false},
		"one of two":              {with(signed("a", now, webhookBody), "webhook-signature", "v1,AAAA "+good), true},
		"one of two with a comma": {with(signed("a", now, webhookBody), "webhook-signature", good+", v1,AAAA"), true},
		"another version":         {with(signed("a", now, webhookBody), "webhook-signature", strings.Replace(good, "v1,", "v2,", 1)), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := new(counter)
			hook, err := hooks.Supabase(hooks.Config{Messenger: c}, "v1,"+webhookSecret)
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(webhookBody))
			r.Header = tc.header
			hook.ServeHTTP(httptest.NewRecorder(), r)
			assert.Equal(t, tc.want, c.sent == 1)
			assert.Equal(t, tc.want, library.Verify([]byte(webhookBody), tc.header) == nil, "the library's answer")
		})
	}
}
