package twilio_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	otherSID = "VA11111111111111111111111111111111"
	secret   = "canary-secret"
)

func valid() twilio.Config {
	return twilio.Config{
		AccountSID: twiliotest.AccountSID,
		AuthToken:  twiliotest.AuthToken,
		Service:    twilio.Service{SID: twiliotest.ServiceSID},
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*twilio.Config)
		says   string
	}{
		"nothing at all":              {func(c *twilio.Config) { *c = twilio.Config{} }, "either AccountSID"},
		"a token and a key":           {func(c *twilio.Config) { c.APIKeySID = twiliotest.APIKeySID }, "either AccountSID"},
		"a token without an account":  {func(c *twilio.Config) { c.AccountSID = "" }, "AccountSID"},
		"an account of another kind":  {func(c *twilio.Config) { c.AccountSID = twiliotest.ServiceSID }, "AccountSID"},
		"an account that is too long": {func(c *twilio.Config) { c.AccountSID += "0" }, "AccountSID"},
		"an account not hexadecimal":  {func(c *twilio.Config) { c.AccountSID = "AC" + strings.Repeat("g", 32) }, "AccountSID"},
		"a key without its SID": {func(c *twilio.Config) {
			*c = twilio.Config{APIKeySecret: secret, Service: c.Service}
		}, "APIKeySID"},
		"a key without its secret": {func(c *twilio.Config) {
			*c = twilio.Config{APIKeySID: twiliotest.APIKeySID, Service: c.Service}
		}, "APIKeySecret"},
		"a base URL of another kind": {func(c *twilio.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"no Service":                 {func(c *twilio.Config) { c.Service = twilio.Service{} }, "Service.SID must be"},
		"a Service of another kind":  {func(c *twilio.Config) { c.Service.SID = twiliotest.AccountSID }, "Service.SID must be"},
		"codes too short":            {func(c *twilio.Config) { c.Service.CodeLength = 3 }, "CodeLength"},
		"codes too long":             {func(c *twilio.Config) { c.Service.CodeLength = 11 }, "CodeLength"},
		"one Service under two scopes": {func(c *twilio.Config) {
			c.Scopes = map[string]twilio.Service{"payment": {SID: twiliotest.ServiceSID}}
		}, "share one Service"},
		"one Service in two spellings": {func(c *twilio.Config) {
			c.Service.SID = "VA" + strings.Repeat("a", 32)
			c.Scopes = map[string]twilio.Service{"payment": {SID: "VA" + strings.Repeat("A", 32)}}
		}, "share one Service"},
		"a scope with a space": {func(c *twilio.Config) {
			c.Scopes = map[string]twilio.Service{"a b": {SID: otherSID}}
		}, "name in Scopes"},
		"the empty scope twice": {func(c *twilio.Config) {
			c.Scopes = map[string]twilio.Service{"": {SID: otherSID}}
		}, "name in Scopes"},
		"a region and a base URL": {func(c *twilio.Config) { c.Region, c.BaseURL = "ie1", "https://a.example" }, "either BaseURL"},
		"a region with a slash":   {func(c *twilio.Config) { c.Region = "ie1/" }, "Region"},
		"an edge with a hyphen":   {func(c *twilio.Config) { c.Edge = "-dublin" }, "Edge"},
		"plain http":              {func(c *twilio.Config) { c.BaseURL = "http://verify.twilio.com" }, "base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := twilio.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "twilio: "), err.Error())
			for _, value := range []string{secret, twiliotest.AccountSID, twiliotest.AuthToken, twiliotest.ServiceSID} {
				assert.NotContains(t, err.Error(), value, "an error names the field, never its value")
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*twilio.Config){
		"an account and its token": func(*twilio.Config) {},
		"an API key":               func(c *twilio.Config) { *c = key() },
		"an API key and its account": func(c *twilio.Config) {
			*c = key()
			c.AccountSID = twiliotest.AccountSID
		},
		"a region":            func(c *twilio.Config) { c.Region = "ie1" },
		"an edge":             func(c *twilio.Config) { c.Edge = "dublin" },
		"a container's name":  func(c *twilio.Config) { c.BaseURL = "http://emulator:4010" },
		"codes of ten digits": func(c *twilio.Config) { c.Service.CodeLength = 10 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			change(&cfg)
			_, err := twilio.New(cfg)
			require.NoError(t, err)
		})
	}
}

func key() twilio.Config {
	return twilio.Config{
		APIKeySID: twiliotest.APIKeySID, APIKeySecret: twiliotest.APIKeySecret,
		Service: twilio.Service{SID: twiliotest.ServiceSID},
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := twilio.Config{AuthToken: secret, APIKeySecret: secret}
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
	cfg := valid()
	cfg.Scopes = map[string]twilio.Service{
		"payment": {SID: otherSID, CodeLength: 8, PSD2: true},
		"admin":   {SID: "VA22222222222222222222222222222222", CodeLength: 4},
	}
	client, err := twilio.New(cfg)
	require.NoError(t, err)
	assert.Equal(t, verify.Capabilities{
		Vendor: "twilio",
		Channels: []verify.Channel{
			verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail,
		},
		MinDigits: 4, MaxDigits: 8, Scopes: []string{"admin", "payment"},
		Transaction: true, Locale: true, ClientIP: true,
	}, client.Capabilities())

	client, err = twilio.New(valid())
	require.NoError(t, err)
	assert.Equal(t, 6, client.Capabilities().DefaultDigits, "one length for all scopes is known beforehand")
}
