package authy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "canary-secret"

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	message := func(scope, text string) func(*authy.Config) {
		return func(c *authy.Config) { c.ActionMessages = map[string]string{scope: text} }
	}
	callback := func(url string) func(*authy.Config) {
		return func(c *authy.Config) { c.CallbackURL = url }
	}
	for name, tc := range map[string]struct {
		change func(*authy.Config)
		says   string
	}{
		"no key":                          {func(c *authy.Config) { c.APIKey = "" }, "APIKey is missing"},
		"a key with a line break":         {func(c *authy.Config) { c.APIKey = secret + "\n" }, "credential"},
		"codes too short":                 {func(c *authy.Config) { c.Digits = 5 }, "Digits"},
		"codes too long":                  {func(c *authy.Config) { c.Digits = 11 }, "Digits"},
		"a base URL of another kind":      {func(c *authy.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"plain http":                      {func(c *authy.Config) { c.BaseURL = "http://api.authy.com" }, "base URL"},
		"a message for the empty scope":   {message("", secret), "name in ActionMessages"},
		"a message for a malformed scope": {message("a b", secret), "name in ActionMessages"},
		"an empty message":                {message("login", ""), "text in ActionMessages"},
		"a message of two lines":          {message("login", secret+"\n"), "text in ActionMessages"},
		"a message that is no text":       {message("login", "\xff"), "text in ActionMessages"},
		"a message that is too long":      {message("login", strings.Repeat("x", 256)), "text in ActionMessages"},
		"a callback in the clear":         {callback("http://example.com/" + secret), "CallbackURL"},
		"a callback with a query":         {callback("https://example.com/?" + secret), "CallbackURL"},
		"a callback with half a query":    {callback("https://example.com/?"), "CallbackURL"},
		"a callback with a fragment":      {callback("https://example.com/#" + secret), "CallbackURL"},
		"a callback with a password":      {callback("https://a:" + secret + "@example.com/"), "CallbackURL"},
		"a callback to nowhere":           {callback("/" + secret), "CallbackURL"},
		"a callback that is no URL":       {callback("https://[" + secret), "CallbackURL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := authy.Config{APIKey: secret}
			tc.change(&cfg)
			_, err := authy.NewUsers(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "authy: "), err.Error())
			assert.NotContains(t, err.Error(), secret, "an error names the field, never its value")
		})
	}
}

func TestNewPhoneRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*authy.Config){
		"no key":             func(c *authy.Config) { c.APIKey = "" },
		"codes too short":    func(c *authy.Config) { c.Digits = 5 },
		"plain http":         func(c *authy.Config) { c.BaseURL = "http://api.authy.com" },
		"a directory":        func(c *authy.Config) { c.Directory = new(authy.MemoryDirectory) },
		"forced sms":         func(c *authy.Config) { c.ForceSMS = true },
		"messages":           func(c *authy.Config) { c.ActionMessages = map[string]string{} },
		"a callback":         func(c *authy.Config) { c.CallbackURL = "https://example.com/" },
		"a memory of nonces": func(c *authy.Config) { c.Nonces = once{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := authy.Config{APIKey: secret}
			change(&cfg)
			_, err := authy.NewPhone(cfg)
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), "authy: "), err.Error())
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*authy.Config){
		"a key":                   func(*authy.Config) {},
		"a container's name":      func(c *authy.Config) { c.BaseURL = "http://emulator:4010" },
		"codes of ten digits":     func(c *authy.Config) { c.Digits = 10 },
		"a callback":              func(c *authy.Config) { c.CallbackURL = "https://example.com:8443/authy" },
		"a callback to this host": func(c *authy.Config) { c.CallbackURL = "http://127.0.0.1:8080/authy" },
		"a message":               func(c *authy.Config) { c.ActionMessages = map[string]string{"login": strings.Repeat("x", 255)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := authy.Config{APIKey: secret}
			change(&cfg)
			_, err := authy.NewUsers(cfg)
			require.NoError(t, err)
		})
	}
}

func TestPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := authy.Config{APIKey: secret}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "config", cfg)
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	question := authy.Approval{Message: secret, Details: map[string]string{"who": secret}}
	printed := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %s", cfg, cfg, cfg, cfg, question, question, question, question)
	for _, s := range []string{printed, string(text), log.String()} {
		assert.NotContains(t, s, secret)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	users, err := authy.NewUsers(authy.Config{APIKey: secret})
	require.NoError(t, err)
	both := []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}
	assert.Equal(t, verify.Capabilities{
		Vendor: "authy", Channels: both, MinDigits: 7, MaxDigits: 7, DefaultDigits: 7, MaxScope: 64, Locale: true,
	}, users.Capabilities())

	number, err := authy.NewPhone(authy.Config{APIKey: secret})
	require.NoError(t, err)
	assert.Equal(t, verify.Capabilities{
		Vendor: "authy", Channels: both, MinDigits: 4, MaxDigits: 10, DefaultDigits: 6, Locale: true,
	}, number.Capabilities())
}
