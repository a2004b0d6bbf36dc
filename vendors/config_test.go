package vendors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/vendors"
)

func TestParseDSN(t *testing.T) {
	for name, tc := range map[string]struct {
		dsn  string
		want vendors.Config
	}{
		"parts under their keys": {"twilio://AC0:t%2Fk@VA0?digits=8", vendors.Config{Vendor: "twilio", Settings: map[string]string{
			"account_sid": "AC0", "auth_token": "t/k", "service_sid": "VA0", "digits": "8"}}},
		"references as they are": {"twilio://VA0?auth_token=env:NAME&account_sid=file:/run/a%20b", vendors.Config{Vendor: "twilio", Settings: map[string]string{
			"service_sid": "VA0", "auth_token": "env:NAME", "account_sid": "file:/run/a b"}}},
		"of another module": {"smtp://u:p@h%3A587?from=a@b.c", vendors.Config{Vendor: "smtp", Settings: map[string]string{"user": "u", "pass": "p", "host": "h:587", "from": "a@b.c"}}},
		"nothing":           {"smtp://", vendors.Config{Vendor: "smtp"}},
		"a failover": {"failover(authy://KEY@phone failover(a://)?name=b)?route.45=authy", vendors.Config{
			Vendor: "failover", Settings: map[string]string{"route.45": "authy"}, Backends: []vendors.Config{
				{Vendor: "authy", Settings: map[string]string{"api_key": "KEY", "product": "phone"}},
				{Vendor: "failover", Settings: map[string]string{"name": "b"}, Backends: []vendors.Config{{Vendor: "a"}}},
			}}},
		"what no vendor has": {"authy://?colour=red", vendors.Config{Vendor: "authy", Settings: map[string]string{"colour": "red"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := vendors.ParseDSN(tc.dsn)
			require.NoError(t, err)
			assert.Equal(t, tc.want, c)

			again, err := vendors.ParseDSN(c.DSN())
			require.NoError(t, err)
			assert.Equal(t, c, again)

			var read vendors.Config
			file, err := json.Marshal(c)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(file, &read))
			assert.Equal(t, c, read)
		})
	}
}

// ParseDSN refuses what a Config would say otherwise than the line did.
func TestParseDSNRefuses(t *testing.T) {
	for dsn, want := range map[string]string{
		"":                                 "character 1: the line is empty",
		"twilio://env:TOKEN@VA0":           "character 10: twilio: env: and file: are read behind the question mark only",
		"twilio://AC0:env%3ATOKEN@VA0":     "character 14: twilio: env: and file:",
		"smtp://u:file%3A@h":               "character 10: this scheme: env: and file:",
		"smtp://u@h?user=v":                "character 12: this scheme: user is given twice",
		"twilio://VA0?service_sid=VA1":     "character 14: twilio: service_sid is given twice",
		"gatewayapi://T:p@eu":              "character 16: gatewayapi has no pass",
		"failover(a:// authy://K:p@phone)": "character 25: authy has no pass",
	} {
		c, err := vendors.ParseDSN(dsn)
		assert.ErrorContains(t, err, "vendors: "+want, dsn)
		assert.Zero(t, c)
	}
}

func TestConfigOpens(t *testing.T) {
	p := playGateway(t)
	c, err := vendors.ParseDSN("failover(" + p.dsn + ")?digits=8" + theEngine)
	require.NoError(t, err)
	v, err := c.Open()
	require.NoError(t, err)
	receipt := walk(t, v, p.code)
	assert.Equal(t, 8, receipt.Digits)

	var s shelf
	c = vendors.Config{Vendor: "parrot", Settings: map[string]string{
		"user": "u", "pass": "p w", "host": "h:587", "from": "a+b@c.d", "store": "shelf://h", "code_key": otpKey,
	}}
	v, err = c.Open(s.options()...)
	require.NoError(t, err)
	assert.Equal(t, []string{"shelf://h"}, s.urls)
	assert.Equal(t, []shelfConfig{{"u", "p w", "h:587", "a+b@c.d"}}, s.configs)
	assert.Equal(t, "parrot", v.Capabilities().Vendor)
}

func TestConfigRefuses(t *testing.T) {
	twilio := vendors.Config{Vendor: "twilio", Settings: map[string]string{"account_sid": ac, "auth_token": "t", "service_sid": va}}
	with := func(key, value string) vendors.Config {
		return vendors.Config{Vendor: "authy", Settings: map[string]string{"api_key": "K", "product": "phone", key: value}}
	}
	failover := func(backends ...vendors.Config) vendors.Config {
		return vendors.Config{Vendor: "failover", Backends: backends}
	}
	for name, tc := range map[string]struct {
		config vendors.Config
		want   string
	}{
		"nothing":                        {vendors.Config{}, "vendors: a DSN opens with one of"},
		"another vendor":                 {vendors.Config{Vendor: "nobody"}, "vendors: a DSN opens with one of"},
		"a line for a vendor":            {vendors.Config{Vendor: "twilio://" + ac + ":t@" + va}, "vendors: a DSN opens with one of"},
		"a vendor in capitals":           {vendors.Config{Vendor: "Twilio"}, "vendors: a DSN opens with one of"},
		"a bad value":                    {with("digits", "six"), "vendors: authy: digits must be a whole number"},
		"an empty value":                 {with("api_key", ""), "vendors: authy: api_key is empty"},
		"an unknown key":                 {with("colour", "red"), "vendors: authy has no such key, but api_key"},
		"a key without a name":           {with("", "x"), "vendors: a setting has no key"},
		"what the vendor refuses":        {with("digits", "4"), "vendors: authy: digits must be 6 to 10"},
		"a failover without backends":    {failover(), "vendors: a failover and a guard have backends, and no other vendor has"},
		"backends of a vendor":           {vendors.Config{Vendor: "twilio", Backends: []vendors.Config{twilio}}, "vendors: a failover and a guard have backends"},
		"a backend":                      {failover(twilio, with("digits", "six")), "vendors: backend 2: authy: digits must be"},
		"a backend of a backend":         {failover(twilio, failover(twilio, with("digits", "six"))), "vendors: backend 2: backend 2: authy: digits must be"},
		"two backends of one name":       {failover(twilio, twilio), "vendors: failover: two backends of one name"},
		"failovers five deep":            {failover(failover(failover(failover(failover(twilio))))), "vendors: backend 1: backend 1: backend 1: backend 1: failovers stand in each other at most 4 deep"},
		"backends of a backend's vendor": {failover(twilio, vendors.Config{Vendor: "authy", Backends: []vendors.Config{twilio}}), "vendors: backend 2: a failover and a guard have backends"},
		"a reference to nothing":         {with("api_key", "env:VENDORS_TEST_GONE"), "vendors: authy: api_key names an environment variable that is not set"},
		"parts that are no keys":         {vendors.Config{Vendor: "twilio", Settings: map[string]string{"port": ac}}, "vendors: twilio has no such key"},
		"a failover's bad setting":       {vendors.Config{Vendor: "failover", Settings: map[string]string{"on_unknown": "x"}, Backends: []vendors.Config{twilio}}, "vendors: failover: on_unknown must be"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := tc.config.Open()
			assert.Nil(t, v)
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "character")

			_, err = vendors.Open(tc.config.DSN())
			assert.Error(t, err, "nor is its line accepted")
		})
	}
}

// Every print and every log line hides the settings; a file holds them.
func TestConfigHidesItsSettings(t *testing.T) {
	c := vendors.Config{Vendor: canary, Settings: map[string]string{canary: canary}, Backends: []vendors.Config{{Vendor: canary}}}
	var logged bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(h).Info("config", "value", c, "pointer", &c)
	}
	texts := []string{logged.String(), fmt.Sprint(c), fmt.Sprint(&c), fmt.Sprint([]vendors.Config{c}), fmt.Sprint(struct{ C vendors.Config }{c})}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c))
	}
	for _, text := range texts {
		assert.NotContains(t, text, canary)
		assert.Contains(t, text, "vendors.Config{[hidden]}")
	}

	file, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{"vendor":"C","settings":{"C":"C"},"backends":[{"vendor":"C"}]}`, strings.ReplaceAll(string(file), canary, "C"))
}

// A misspelled field would leave settings out without a word.
func TestAFileWithAnotherFieldIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"a misspelled field":    {`{"vendor": "authy", "setings": {"api_key": "` + canary + `"}}`, "no other"},
		"a secret for a field":  {`{"vendor": "authy", "` + canary + `": 1}`, "no other"},
		"within a backend":      {`{"vendor": "failover", "backends": [{"vendor": "authy", "setings": {}}]}`, "no other"},
		"a number for a text":   {`{"vendor": "authy", "settings": {"digits": 8}}`, "write numbers, true and false in quotes"},
		"a number in a backend": {`{"vendor": "failover", "backends": [{"vendor": "authy", "settings": {"digits": 8}}]}`, "in quotes"},
		"a flag for a text":     {`{"vendor": "gatewayapi", "settings": {"classic": true}}`, "in quotes"},
		"a list of settings":    {`{"vendor": "authy", "settings": ["` + canary + `"]}`, "settings an object"},
		"a text for a Config":   {`"twilio://` + canary + `"`, "settings an object"},
	} {
		t.Run(name, func(t *testing.T) {
			c := vendors.Config{Vendor: "before"}
			err := json.Unmarshal([]byte(tc.file), &c)
			require.ErrorContains(t, err, "vendors: ")
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), canary)
			assert.Equal(t, vendors.Config{Vendor: "before"}, c, "what was refused changes nothing")
		})
	}
	var c *vendors.Config
	require.NoError(t, json.Unmarshal([]byte("null"), &c))
	assert.Nil(t, c)
}

// JSON and YAML have the same names.
func TestConfigIsNamedAlikeInJSONAndYAML(t *testing.T) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[vendors.Config]()) {
		assert.NotEmpty(t, field.Tag.Get("json"))
		assert.Equal(t, field.Tag.Get("json"), field.Tag.Get("yaml"))
	}
}

// FuzzConfig: what ParseDSN reads, DSN writes, and it reads the same; both are
// opened, or refused, alike.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		plain, plain + "?scope.pay=" + vb + "&name=a", "twilio://?account_sid=env:A&auth_token=file:/b", "authy://K@phone",
		"bandwidth://u:p@9?sms_app=a&from=+15017122661", "bandwidth://u:p@9", "smtp://u:p@h%3A587?a=b%26c%23%25",
		"gatewayapi://T@eu?sender=Acme&code_key=" + otpKey + "&store=memory", "failover(" + plain + " authy://K@phone)?route.1=authy",
		"failover(failover(a://)?b=c)", "a://%40%3A%2F?%3D=%26", "a+b-c.d://", "failover(gatewayapi://T@eu?sender=A%20B)" + "?code_key=" + otpKey + "&store=memory",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := vendors.ParseDSN(line)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "vendors: character "), err)
			return
		}
		again, err := vendors.ParseDSN(c.DSN())
		require.NoError(t, err)
		assert.Equal(t, c, again)
		assert.Equal(t, c.DSN(), again.DSN())

		if strings.Contains(line, "file") {
			return // what it reads is none of ours
		}
		_, fromLine := vendors.Open(line)
		_, fromConfig := c.Open()
		assert.Equal(t, fromLine == nil, fromConfig == nil, "%v, %v", fromLine, fromConfig)
	})
}
