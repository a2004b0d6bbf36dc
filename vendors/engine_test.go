package vendors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// filled is the engine that a messenger's DSN asks for, by way of each table that
// has one.
func filled(t *testing.T, settings string) map[string]otp.Config {
	t.Helper()
	d, err := parse("gatewayapi://?" + settings)
	require.NoError(t, err)
	gateway, err := gatewayVendor.fill(d, gatewayVendor.table())
	require.NoError(t, err)

	d, err = parse("twilio-sms://AC@?" + settings)
	require.NoError(t, err)
	messaging, err := messagingVendor.fill(d, messagingVendor.table())
	require.NoError(t, err)

	d, err = parse("failover(a://)?" + settings)
	require.NoError(t, err)
	table := engineOf("failover")
	joined, err := table.fill(d, table.table())
	require.NoError(t, err)

	return map[string]otp.Config{
		"gatewayapi": gateway.engine.config(nil, nil), "twilio-sms": messaging.engine.config(nil, nil),
		"failover": joined.config(nil, nil),
	}
}

func TestSettingsOfAnEngineLandInItsConfig(t *testing.T) {
	t.Setenv("VENDORS_TEST_KEYS", "new&key,old key")
	for settings, want := range map[string]otp.Config{
		"":                                    {},
		"key=a":                               {Keys: [][]byte{[]byte("a")}},
		"key=new,old":                         {Keys: [][]byte{[]byte("new"), []byte("old")}},
		"key=env:VENDORS_TEST_KEYS":           {Keys: [][]byte{[]byte("new&key"), []byte("old key")}},
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
		"key=a&index_key=b&name=main":         {Keys: [][]byte{[]byte("a")}, IndexKey: []byte("b")},
		"attempts=3&sends=4&failures=100":     {Limits: otp.Limits{Attempts: 3, Sends: 4, Failures: 100}},
	} {
		t.Run(settings, func(t *testing.T) {
			for scheme, got := range filled(t, required(settings)) {
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
		return "key=a&store=memory"
	}
	if settings[:4] == "key=" {
		return settings + "&store=memory"
	}
	return settings + "&key=a&store=memory"
}
