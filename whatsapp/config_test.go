package whatsapp_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go2fa/verify/whatsapp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*whatsapp.Config)
		says   string
	}{
		"no token":                     {func(c *whatsapp.Config) { c.Token = "" }, "Token is missing"},
		"a token with a newline":       {func(c *whatsapp.Config) { c.Token = secret + "\n" }, "Token opens or ends"},
		"a token with a control":       {func(c *whatsapp.Config) { c.Token = secret + "\x00x" }, "control character"},
		"no number":                    {func(c *whatsapp.Config) { c.PhoneNumberID = "" }, "PhoneNumberID is missing"},
		"the number itself":            {func(c *whatsapp.Config) { c.PhoneNumberID = "+15550783881" }, "the id of the number, and not the number"},
		"a path as the number":         {func(c *whatsapp.Config) { c.PhoneNumberID = "1/2" }, "PhoneNumberID must"},
		"no template":                  {func(c *whatsapp.Config) { c.Template = "" }, "Template is missing"},
		"a template in capitals":       {func(c *whatsapp.Config) { c.Template = "Code" }, "Template must"},
		"a template of 513":            {func(c *whatsapp.Config) { c.Template = strings.Repeat("a", 513) }, "Template must"},
		"a language with a hyphen":     {func(c *whatsapp.Config) { c.Languages = []string{"en_US", "pt-BR"} }, "Languages must"},
		"an empty language":            {func(c *whatsapp.Config) { c.Languages = []string{""} }, "Languages must"},
		"a version without its v":      {func(c *whatsapp.Config) { c.Version = "25.0" }, "Version must"},
		"a version that is a path":     {func(c *whatsapp.Config) { c.Version = "v25.0/x" }, "Version must"},
		"a base URL of another kind":   {func(c *whatsapp.Config) { c.BaseURL = "ftp://" + secret }, "base URL"},
		"plain http to another server": {func(c *whatsapp.Config) { c.BaseURL = "http://graph.facebook.com" }, "base URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := whatsapp.Config{Token: secret, PhoneNumberID: "1", Template: "code", Languages: []string{"prs_AF"}, Version: "v26.0"}
			_, err := whatsapp.New(cfg)
			require.NoError(t, err)
			tc.change(&cfg)
			_, err = whatsapp.New(cfg)
			require.ErrorContains(t, err, tc.says)
			assert.True(t, strings.HasPrefix(err.Error(), "whatsapp: "), err.Error())
			assert.NotContains(t, err.Error(), secret, "an error names the field, never its value")
		})
	}
}

func TestNothingPrintsTheToken(t *testing.T) {
	t.Parallel()
	cfg := whatsapp.Config{Token: secret, PhoneNumberID: "1", Template: "code"}
	client, err := whatsapp.New(cfg)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", cfg, "client", client)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "config", cfg)
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %v", cfg, cfg, cfg, cfg, client), string(text), log.String()} {
		assert.NotContains(t, s, secret)
	}
}
