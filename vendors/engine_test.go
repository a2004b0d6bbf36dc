package vendors

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// engines are the engine that a messenger's DSN asks for, by way of each table that
// has one.
func engines(t *testing.T, settings string) map[string]otp.Config {
	t.Helper()
	configs := map[string]otp.Config{}
	for _, v := range list() {
		if !v.messenger {
			continue
		}
		line := v.scheme + "://?" + settings
		table, err := v.table(v.config)
		require.NoError(t, err)
		for _, s := range table.Settings {
			if s.Required {
				line += "&" + s.Key + "=placeholder"
			}
		}
		d, err := parse(strings.Replace(line, "?&", "?", 1), options{})
		require.NoError(t, err)
		f, err := fill(d, v.scheme, v.configs(), options{})
		require.NoError(t, err)
		configs[v.scheme] = f.configs[1].Interface().(engineConfig).Config
	}
	d, err := parse("failover(a://)?"+settings, options{})
	require.NoError(t, err)
	f, err := fill(d, "failover", engineConfigs, options{})
	require.NoError(t, err)
	configs["failover"] = f.configs[0].Interface().(engineConfig).Config
	return configs
}

func TestSettingsOfAnEngineLandInItsConfig(t *testing.T) {
	t.Setenv("VENDORS_TEST_KEYS", "new&key,old key")
	for settings, want := range map[string]otp.Config{
		"":                                    {},
		"code_key=a":                          {Keys: [][]byte{[]byte("a")}},
		"code_key=new,old":                    {Keys: [][]byte{[]byte("new"), []byte("old")}},
		"code_key=env:VENDORS_TEST_KEYS":      {Keys: [][]byte{[]byte("new&key"), []byte("old key")}},
		"index_key=oldest":                    {IndexKey: []byte("oldest")},
		"digits=8":                            {Digits: 8},
		"ttl=5m":                              {TTL: 5 * time.Minute},
		"product=Acme%20%26%20Sons":           {Product: "Acme & Sons"},
		"locale=pt-BR":                        {Locale: "pt-BR"},
		"origin=login.example.com":            {Origin: "login.example.com"},
		"origin=a.example&embedded=b.example": {Origin: "a.example", Embedded: "b.example"},
		"app_hash=AAAA+AAA/AA":                {AppHash: "AAAA+AAA/AA"},
		"attempts=3":                          {Limits: otp.Limits{Attempts: 3}},
		"failures=50":                         {Limits: otp.Limits{Failures: 50}},
		"remember=48h":                        {Limits: otp.Limits{Remember: 48 * time.Hour}},
		"sends=4":                             {Limits: otp.Limits{Sends: 4}},
		"window=15m":                          {Limits: otp.Limits{Window: 15 * time.Minute}},
		"cooldown=45s":                        {Limits: otp.Limits{Cooldown: []time.Duration{45 * time.Second}}},
		"cooldown=45s,90s":                    {Limits: otp.Limits{Cooldown: []time.Duration{45 * time.Second, 90 * time.Second}}},
		"code_key=a&index_key=b&name=main":    {Keys: [][]byte{[]byte("a")}, IndexKey: []byte("b")},
		"template.da={code}":                  {Templates: map[string]otp.Template{"da": {Code: "{code}"}}},
		"template.pt-BR.transaction={code}%20{amount}&template.pt-BR.code={code}": {Templates: map[string]otp.Template{"pt-BR": {Code: "{code}", Transaction: "{code} {amount}"}}},
		"attempts=3&sends=4&failures=100":                                         {Limits: otp.Limits{Attempts: 3, Sends: 4, Failures: 100}},
	} {
		t.Run(settings, func(t *testing.T) {
			for scheme, got := range engines(t, required(settings)) {
				if len(want.Keys) == 0 {
					got.Keys = nil // required gave it
				}
				assert.Equal(t, want, got, scheme)
			}
		})
	}
}

// required adds what an engine cannot do without.
func required(settings string) string {
	if settings == "" {
		return "code_key=a&store=memory"
	}
	if strings.HasPrefix(settings, "code_key=") {
		return settings + "&store=memory"
	}
	return settings + "&code_key=a&store=memory"
}
