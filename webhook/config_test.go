package webhook_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go2fa/verify/webhook"
	"github.com/go2fa/verify/webhook/webhooktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const canary = "canary-secret"

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*webhook.Config)
		says   string
	}{
		"no address":                 {func(c *webhook.Config) { c.URL = "" }, "URL is missing"},
		"an address without scheme":  {func(c *webhook.Config) { c.URL = canary + ".example.com" }, "URL must be"},
		"plain http, R36":            {func(c *webhook.Config) { c.URL = "http://messages.example.com" }, "URL must be"},
		"a query":                    {func(c *webhook.Config) { c.URL = endpoint + "?token=" + canary }, "URL must be"},
		"a user":                     {func(c *webhook.Config) { c.URL = "https://" + canary + "@example.com" }, "URL must be"},
		"a base URL of another kind": {func(c *webhook.Config) { c.BaseURL = "ftp://" + canary }, "the base URL must be"},
		"no secret":                  {func(c *webhook.Config) { c.Secrets = nil }, "Secrets must be one"},
		"an empty secret":            {func(c *webhook.Config) { c.Secrets = []string{""} }, "each of Secrets"},
		"three secrets":              {func(c *webhook.Config) { c.Secrets = []string{first, second, webhooktest.Secret} }, "Secrets must be one"},
		"a secret without its word":  {func(c *webhook.Config) { c.Secrets = []string{strings.TrimPrefix(first, "whsec_")} }, "each of Secrets"},
		"a secret of 23 bytes":       {func(c *webhook.Config) { c.Secrets = []string{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="} }, "each of Secrets"},
		"a secret of 65 bytes":       {func(c *webhook.Config) { c.Secrets = []string{"whsec_" + strings.Repeat("MDEy", 21) + "MDE="} }, "each of Secrets"},
		"a secret that is no base64": {func(c *webhook.Config) { c.Secrets = []string{"whsec_" + canary} }, "each of Secrets"},
		"an asymmetric key":          {func(c *webhook.Config) { c.Secrets = []string{"whsk_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4="} }, "each of Secrets"},
		"another channel":            {func(c *webhook.Config) { c.Channels = []string{"pager"} }, "Channels must be"},
		"a channel twice":            {func(c *webhook.Config) { c.Channels = []string{"sms", "sms"} }, "Channels must be"},
		"a channel of receipts":      {func(c *webhook.Config) { c.Channels = []string{"rcs"} }, "Channels must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := webhook.Config{URL: endpoint, Secrets: []string{first}}
			_, err := webhook.New(cfg)
			require.NoError(t, err)
			tc.change(&cfg)
			_, err = webhook.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "webhook: "), err.Error())
			for _, private := range []string{canary, "cGxhY2Vob2xkZXI", "messages.example.com"} {
				assert.NotContains(t, err.Error(), private, "an error names the field, never its value")
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*webhook.Config){
		"loopback":             func(c *webhook.Config) { c.URL = "http://127.0.0.1:8080/otp" },
		"a container's name":   func(c *webhook.Config) { c.URL = "http://messages:8080/otp" },
		"a secret of 24 bytes": func(c *webhook.Config) { c.Secrets = []string{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"} },
		"a secret of 64 bytes": func(c *webhook.Config) { c.Secrets = []string{"whsec_" + strings.Repeat("MDEy", 21) + "MA=="} },
		"every channel":        func(c *webhook.Config) { c.Channels = []string{"sms", "voice", "whatsapp", "telegram", "email"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := webhook.Config{URL: endpoint, Secrets: []string{first}}
			change(&cfg)
			_, err := webhook.New(cfg)
			require.NoError(t, err)
		})
	}
}

func TestNothingPrintsTheSecrets(t *testing.T) {
	t.Parallel()
	cfg := webhook.Config{URL: endpoint, Secrets: []string{first}}
	client, err := webhook.New(cfg)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg, "client", client)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "config", cfg)
	written, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %v", cfg, cfg, cfg, cfg, client), string(written), log.String()} {
		assert.NotContains(t, s, "cGxhY2Vob2xkZXI")
		assert.NotContains(t, s, "placeholder-key")
	}
}
