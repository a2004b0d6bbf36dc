package bandwidth_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "canary-secret"

func valid() bandwidth.Config {
	return bandwidth.Config{
		AccountID:          bandwidthtest.AccountID,
		ClientID:           bandwidthtest.ClientID,
		ClientSecret:       bandwidthtest.ClientSecret,
		SMSApplicationID:   bandwidthtest.SMSApplicationID,
		VoiceApplicationID: bandwidthtest.VoiceApplicationID,
		From:               bandwidthtest.From,
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*bandwidth.Config)
		says   string
	}{
		"nothing at all":                     {func(c *bandwidth.Config) { *c = bandwidth.Config{} }, "ClientID or ClientSecret"},
		"a credential without a name":        {func(c *bandwidth.Config) { c.ClientID = "" }, "ClientID or ClientSecret"},
		"a credential without a secret":      {func(c *bandwidth.Config) { c.ClientSecret = "" }, "ClientID or ClientSecret"},
		"a credential with a colon":          {func(c *bandwidth.Config) { c.ClientID = "a:" + secret }, "ClientID or ClientSecret"},
		"no account":                         {func(c *bandwidth.Config) { c.AccountID = "" }, "AccountID"},
		"an account with a slash":            {func(c *bandwidth.Config) { c.AccountID = "9900000/../1" }, "AccountID"},
		"an account that is too long":        {func(c *bandwidth.Config) { c.AccountID = strings.Repeat("9", 33) }, "AccountID"},
		"no application":                     {func(c *bandwidth.Config) { c.SMSApplicationID, c.VoiceApplicationID = "", "" }, "give SMSApplicationID"},
		"an application with a space":        {func(c *bandwidth.Config) { c.SMSApplicationID = "a b" }, "SMSApplicationID"},
		"an application too long":            {func(c *bandwidth.Config) { c.VoiceApplicationID = strings.Repeat("a", 51) }, "VoiceApplicationID"},
		"no number":                          {func(c *bandwidth.Config) { c.From = "" }, "From"},
		"a number without a plus":            {func(c *bandwidth.Config) { c.From = "15017122661" }, "From"},
		"a message without a code":           {func(c *bandwidth.Config) { c.Message = secret }, "Message"},
		"a message with two codes":           {func(c *bandwidth.Config) { c.Message = "{CODE} {CODE}" }, "Message"},
		"a message with a misspelled code":   {func(c *bandwidth.Config) { c.Message = "{code} {CODE}" }, "Message"},
		"a message with a lonely brace":      {func(c *bandwidth.Config) { c.Message = "{CODE} }" }, "Message"},
		"a message with braces in braces":    {func(c *bandwidth.Config) { c.Message = "{CODE} {{NAME}}" }, "Message"},
		"a message with a code cut in two":   {func(c *bandwidth.Config) { c.Message = "{CO{NAME}DE}" }, "Message"},
		"a message that is too long":         {func(c *bandwidth.Config) { c.Message = "{CODE}" + strings.Repeat("é", 2043) }, "Message"},
		"a message that is no text":          {func(c *bandwidth.Config) { c.Message = "{CODE}\xff" }, "Message"},
		"a message with a control character": {func(c *bandwidth.Config) { c.Message = "{CODE}\x00" }, "Message"},
		"an expiry below a minute":           {func(c *bandwidth.Config) { c.Expiry = 30 * time.Second }, "Expiry"},
		"an expiry over ten minutes":         {func(c *bandwidth.Config) { c.Expiry = 11 * time.Minute }, "Expiry"},
		"an expiry in seconds":               {func(c *bandwidth.Config) { c.Expiry = 90 * time.Second }, "Expiry"},
		"an expiry below zero":               {func(c *bandwidth.Config) { c.Expiry = -time.Minute }, "Expiry"},
		"a base URL of another kind":         {func(c *bandwidth.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"plain http":                         {func(c *bandwidth.Config) { c.BaseURL = "http://mfa.bandwidth.com/api/v1" }, "base URL"},
		"a token URL of another kind":        {func(c *bandwidth.Config) { c.TokenURL = "https://" + secret + "@a.example" }, "TokenURL"},
		"a token URL over plain http":        {func(c *bandwidth.Config) { c.TokenURL = "http://api.bandwidth.com/" }, "TokenURL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := bandwidth.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "bandwidth: "), err.Error())
			for _, value := range []string{secret, bandwidthtest.AccountID, bandwidthtest.ClientSecret} {
				assert.NotContains(t, err.Error(), value, "an error names the field, never its value")
			}
		})
	}
}

// R44: what is told of messages goes to a public name, and nowhere else.
func TestCallbackURLIsPublic(t *testing.T) {
	t.Parallel()
	for raw, good := range map[string]bool{
		"https://app.example.com/status":     true,
		"https://app.example.com:8443/s?k=v": true,
		"https://APP.Example.COM":            true,
		"http://app.example.com":             false,
		"//app.example.com":                  false,
		"app.example.com":                    false,
		"https:app.example.com":              false,
		"https://":                           false,
		"https://user@app.example.com":       false,
		"https://user:pw@app.example.com":    false,
		"https://app.example.com/#part":      false,
		"https://localhost":                  false,
		"https://localhost.":                 false,
		"https://app.localhost":              false,
		"https://printer.local":              false,
		"https://metadata.google.internal":   false,
		"https://router.home.arpa":           false,
		"https://intranet":                   false,
		"https://127.0.0.1":                  false,
		"https://127.1":                      false,
		"https://2130706433":                 false,
		"https://0x7f.0x1":                   false,
		"https://0177.0.0.1":                 false,
		"https://10.0.0.1":                   false,
		"https://169.254.169.254/latest":     false,
		"https://93.184.215.14":              false,
		"https://[::1]":                      false,
		"https://[::ffff:10.0.0.1]":          false,
		"https://１２７.0.0.１":                  false,
		"https://app.example.com.":           false,
		"https://app.example.com\n.internal": false,
		"https://%31%32%37.0.0.1":            false,
	} {
		cfg := valid()
		cfg.CallbackURL = raw
		_, err := bandwidth.New(cfg)
		if good {
			require.NoError(t, err, raw)
			continue
		}
		require.ErrorContains(t, err, "CallbackURL", raw)
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bandwidth.Config){
		"an API credential":          func(*bandwidth.Config) {},
		"messages only":              func(c *bandwidth.Config) { c.VoiceApplicationID = "" },
		"calls only":                 func(c *bandwidth.Config) { c.SMSApplicationID = "" },
		"a container's name":         func(c *bandwidth.Config) { c.BaseURL = "http://emulator:4010" },
		"a base URL with a slash":    func(c *bandwidth.Config) { c.BaseURL = "https://proxy.example/mfa/" },
		"a token URL of its own":     func(c *bandwidth.Config) { c.TokenURL = "https://test.api.bandwidth.com/api/v1/oauth2/token" },
		"a minute":                   func(c *bandwidth.Config) { c.Expiry = time.Minute },
		"ten minutes":                func(c *bandwidth.Config) { c.Expiry = 10 * time.Minute },
		"a message with all":         func(c *bandwidth.Config) { c.Message = "{NAME}: {CODE} is for {SCOPE}, {NAME}" },
		"a message of two lines":     func(c *bandwidth.Config) { c.Message = "Your {NAME} code:\n{CODE}" },
		"a message of 2048 letters":  func(c *bandwidth.Config) { c.Message = "{CODE}" + strings.Repeat("é", 2042) },
		"a colon in a secret":        func(c *bandwidth.Config) { c.ClientSecret = "a:b" },
		"an account that is a name":  func(c *bandwidth.Config) { c.AccountID = "acme_1-test" },
		"an application of 50 bytes": func(c *bandwidth.Config) { c.SMSApplicationID = strings.Repeat("a", 50) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			change(&cfg)
			client, err := bandwidth.New(cfg)
			require.NoError(t, err)
			assert.NoError(t, client.Close())
		})
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := bandwidth.Config{ClientSecret: secret, CallbackURL: "https://app.example.com/?key=" + secret}
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
	all := verify.Capabilities{
		Vendor:    "bandwidth",
		Channels:  []verify.Channel{verify.ChannelSMS, verify.ChannelVoice},
		MinDigits: 4, MaxDigits: 8, DefaultDigits: 6, MaxScope: 25,
	}
	for name, tc := range map[string]struct {
		change   func(*bandwidth.Config)
		channels []verify.Channel
	}{
		"both applications":           {func(*bandwidth.Config) {}, all.Channels},
		"without one for calls":       {func(c *bandwidth.Config) { c.VoiceApplicationID = "" }, []verify.Channel{verify.ChannelSMS}},
		"without one for messages":    {func(c *bandwidth.Config) { c.SMSApplicationID = "" }, []verify.Channel{verify.ChannelVoice}},
		"with an expiry of a minute":  {func(c *bandwidth.Config) { c.Expiry = time.Minute }, all.Channels},
		"with a callback of messages": {func(c *bandwidth.Config) { c.CallbackURL = "https://app.example.com" }, all.Channels},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			client, err := bandwidth.New(cfg)
			require.NoError(t, err)
			want := all
			want.Channels = tc.channels
			assert.Equal(t, want, client.Capabilities())
		})
	}
}
