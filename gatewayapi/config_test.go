package gatewayapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "canary-secret"

func valid() gatewayapi.Config {
	return gatewayapi.Config{Token: gatewayapitest.Token, Sender: "Acme"}
}

func classic() gatewayapi.Config {
	return gatewayapi.Config{Token: gatewayapitest.Token, Classic: true, Sender: "Acme"}
}

func signed() gatewayapi.Config {
	return gatewayapi.Config{Key: gatewayapitest.Key, Secret: gatewayapitest.Secret, Classic: true, Sender: "Acme"}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*gatewayapi.Config)
		says   string
	}{
		"nothing at all":               {func(c *gatewayapi.Config) { *c = gatewayapi.Config{} }, "either Token"},
		"a token and a key":            {func(c *gatewayapi.Config) { c.Key, c.Secret = secret, secret }, "either Token"},
		"a token and a secret":         {func(c *gatewayapi.Config) { c.Secret = secret }, "either Token"},
		"a key without its secret":     {func(c *gatewayapi.Config) { *c = signed(); c.Secret = "" }, "Secret is missing"},
		"a secret without its key":     {func(c *gatewayapi.Config) { *c = signed(); c.Key = "" }, "Key or Secret"},
		"Basic with a key":             {func(c *gatewayapi.Config) { *c = signed(); c.Basic = true }, "Token only"},
		"Basic and a token with colon": {func(c *gatewayapi.Config) { *c = classic(); c.Basic = true; c.Token = secret + ":" }, "colon"},
		"a token with a newline":       {func(c *gatewayapi.Config) { c.Token = secret + "\n" }, "Token opens or ends"},
		"a token with a control":       {func(c *gatewayapi.Config) { c.Token = secret + "\x00x" }, "control character"},
		"another region":               {func(c *gatewayapi.Config) { c.Region = "us" }, "Region must be"},
		"another region and a URL":     {func(c *gatewayapi.Config) { c.Region, c.BaseURL = "us", "https://a.example" }, "Region must be"},
		"a base URL of another kind":   {func(c *gatewayapi.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"plain http":                   {func(c *gatewayapi.Config) { c.BaseURL = "http://messaging.gatewayapi.com" }, "base URL"},
		"no sender":                    {func(c *gatewayapi.Config) { c.Sender = "" }, "Sender must"},
		"a sender of two letters":      {func(c *gatewayapi.Config) { c.Sender = "Ac" }, "Sender must"},
		"a sender of twelve letters":   {func(c *gatewayapi.Config) { c.Sender = "AcmeAcmeAcme" }, "Sender must"},
		"a sender of sixteen digits":   {func(c *gatewayapi.Config) { c.Sender = "1234567890123456" }, "Sender must"},
		"a sender with a plus":         {func(c *gatewayapi.Config) { c.Sender = "+1501712266" }, "Sender must"},
		"a sender with an accent":      {func(c *gatewayapi.Config) { c.Sender = "Café" }, "Sender must"},
		"a sender of spaces":           {func(c *gatewayapi.Config) { c.Sender = "    " }, "Sender must"},
		"a sender that ends in space":  {func(c *gatewayapi.Config) { c.Sender = "Acme " }, "Sender must"},
		"a sender with a newline":      {func(c *gatewayapi.Config) { c.Sender = "Ac\nme" }, "Sender must"},
		"a sender too long, Classic":   {func(c *gatewayapi.Config) { *c = classic(); c.Sender = "AcmeAcmeAcme" }, "Sender must"},
		"a label too long":             {func(c *gatewayapi.Config) { c.Label = strings.Repeat("x", 129) }, "Label must"},
		"a label that is no text":      {func(c *gatewayapi.Config) { c.Label = "\xff" }, "Label must"},
		"another priority":             {func(c *gatewayapi.Config) { c.Priority = "URGENT" }, "Priority must"},
		"a priority of Classic":        {func(c *gatewayapi.Config) { c.Priority = "very_urgent" }, "Priority must"},
		"a class without Classic":      {func(c *gatewayapi.Config) { c.Class = "secret" }, "Class goes"},
		"another class":                {func(c *gatewayapi.Config) { *c = classic(); c.Class = "charge" }, "Class must"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := gatewayapi.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "gatewayapi: "), err.Error())
			for _, value := range []string{secret, gatewayapitest.Token, gatewayapitest.Key, gatewayapitest.Secret} {
				assert.NotContains(t, err.Error(), value, "an error names the field, never its value")
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*gatewayapi.Config){
		"a token":                       func(*gatewayapi.Config) {},
		"a token for Classic":           func(c *gatewayapi.Config) { *c = classic() },
		"a token as user name":          func(c *gatewayapi.Config) { *c = classic(); c.Basic = true },
		"a key and its secret":          func(c *gatewayapi.Config) { *c = signed() },
		"the European platform":         func(c *gatewayapi.Config) { c.Region = "eu" },
		"the global platform by name":   func(c *gatewayapi.Config) { c.Region = "com" },
		"a container's name":            func(c *gatewayapi.Config) { c.BaseURL = "http://emulator:4010" },
		"a sender of eleven letters":    func(c *gatewayapi.Config) { c.Sender = "Acme Shop 1" },
		"a sender of fifteen digits":    func(c *gatewayapi.Config) { c.Sender = "123456789012345" },
		"a short code":                  func(c *gatewayapi.Config) { c.Sender = "1204" },
		"no sender, Classic":            func(c *gatewayapi.Config) { *c = classic(); c.Sender = "" },
		"a sender of one letter, ditto": func(c *gatewayapi.Config) { *c = classic(); c.Sender = "A" },
		"a label":                       func(c *gatewayapi.Config) { c.Label = strings.Repeat("ø", 128) },
		"a priority":                    func(c *gatewayapi.Config) { c.Priority = "urgent" },
		"a priority of Classic":         func(c *gatewayapi.Config) { *c = classic(); c.Priority = "very_urgent" },
		"a class":                       func(c *gatewayapi.Config) { *c = classic(); c.Class = "secret" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			change(&cfg)
			_, err := gatewayapi.New(cfg)
			require.NoError(t, err)
		})
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := gatewayapi.Config{Token: secret, Secret: secret}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "config", cfg)
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg), string(text), log.String()} {
		assert.NotContains(t, s, secret)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	client, err := gatewayapi.New(valid())
	require.NoError(t, err)
	assert.Equal(t, verify.Capabilities{
		Vendor: "gatewayapi", Channels: []verify.Channel{verify.ChannelSMS},
	}, client.Capabilities())
}

// Credentials that the Messaging API does not know choose the other one.
func TestClassicFollowsFromTheCredentials(t *testing.T) {
	for name, change := range map[string]func(*gatewayapi.Config){
		"a key and a secret": func(c *gatewayapi.Config) { c.Token, c.Key, c.Secret = "", gatewayapitest.Key, gatewayapitest.Secret },
		"Basic":              func(c *gatewayapi.Config) { c.Basic = true },
	} {
		t.Run(name, func(t *testing.T) {
			var path string
			cfg := gatewayapi.Config{Token: gatewayapitest.Token, HTTPClient: &http.Client{Transport: lastHost{&path}}}
			change(&cfg)
			client, err := gatewayapi.New(cfg)
			require.NoError(t, err, "not even a sender is needed")
			_, err = client.Deliver(t.Context(), text("Hi"))
			require.Error(t, err)
			assert.Equal(t, "gatewayapi.com/rest/mtsms", path)
		})
	}
}

// A lastHost notes what was lastHost for, and answers nothing.
type lastHost struct{ path *string }

func (a lastHost) RoundTrip(r *http.Request) (*http.Response, error) {
	*a.path = r.URL.Host + r.URL.Path
	return nil, errors.New("nobody answers")
}
