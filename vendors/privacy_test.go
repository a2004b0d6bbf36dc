package vendors_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/vendors"
)

// A canary is a word of which no error holds three letters in a row.
const canary = "Zq9XkvJw7yQ"

// FuzzCanary: wherever a secret stands in a line, and whatever stands around it,
// no error repeats a part of it. The mark § in a seed is where.
func FuzzCanary(f *testing.F) {
	for _, seed := range []string{
		"§", "§://" + va, "twilio://§", "twilio://§:t@" + va, "twilio://" + ac + ":§@" + va, "twilio://" + ac + ":t@§",
		"twilio://" + ac + ":a/§@" + va, "twilio://" + ac + ":env:§@" + va, "twilio://env:§@" + va, "twilio://" + ac + ":a §@" + va,
		plain + "?§=1", plain + "?§", plain + "?scope.§=1", plain + "?scope.§.digits=1", plain + "?scope.a=§", plain + "?scope.a.psd2=§",
		plain + "?digits=§", plain + "?psd2=§", plain + "?name=§/", plain + "?region=§", plain + "?edge=§", plain + "?base_url=§",
		plain + "?base_url=http://§", plain + "?base_url=http://u:§@h", plain + "?region=a&base_url=§", plain + "?service_sid=§",
		plain + "?api_key_sid=§", plain + "?api_key_secret=§", plain + "?§&§", plain + "?§=1&§=2", plain + "?digits=%§", plain + "?a=§#",
		"twilio://" + va + "?auth_token=env:§", "twilio://" + va + "?auth_token=file:§", "twilio://" + va + "?auth_token=file:/§/§",
		"twilio://" + va + "?auth_token=env:VENDORS_TEST_CANARY", "twilio://" + va + "?digits=env:VENDORS_TEST_CANARY",
		"twilio://" + va + "?base_url=env:VENDORS_TEST_CANARY", "twilio://" + va + "?psd2=file:canary", plain + "?region=file:canary",
		"failover(§)", "failover(twilio://§ §://a)", "failover(" + plain + ")§", "failover(" + plain + ")?§=1&§=2", "failover(" + plain + "§",
		"failover(" + plain + ")?route.§=a", "failover(" + plain + ")?route.1=§", "failover(" + plain + ")?ledger=§", "failover(" + plain + ")?ledger=shelf://§&ledger_key=" + otpKey,
		"failover(" + plain + ")?ledger_key=§", "failover(" + plain + "?name=§)?route.1=a", "failover(" + plain + "?name=§ " + plain + "?name=§)", "failover(" + plain + ")?on_unknown=§",
		"bandwidth://§", "bandwidth://§:p@9", "bandwidth://u:§@9", "bandwidth://u:p@9?sms_app=§ §",
		"bandwidth://u:p@9?sms_app=§/&from=+15017122661", "bandwidth://u:p@9?sms_app=a&from=§", "bandwidth://u:p@9?sms_app=a&from=+15017122661&message=§",
		"bandwidth://u:p@9?sms_app=a&from=+15017122661&expiry=§", "bandwidth://u:p@9?sms_app=a&from=+15017122661&callback_url=§",
		"bandwidth://u:p@9?sms_app=a&from=+15017122661&token_url=https://u:§@h", "bandwidth://u%3A§:p@9?sms_app=a&from=+15017122661",
		"authy://§", "authy://§@phone", "authy://§:§@phone", "authy://K@§", "authy://K@users?action.§=§", "authy://K@phone?digits=§", "authy://K@users?callback_url=§",
		"gatewayapi://§@eu", "gatewayapi://T@§?sender=A" + theEngine, "gatewayapi://T@eu?sender=§§§§§" + theEngine, "gatewayapi://T@eu?sender=A&priority=§" + theEngine,
		"gatewayapi://T@eu?sender=A&code_key=§&store=memory", "gatewayapi://T@eu?sender=A&code_key=" + otpKey + "&store=§", "gatewayapi://T@eu?sender=A&code_key=" + otpKey + "&store=shelf://u:§@h",
		"gatewayapi://T@eu?sender=Acme&code_key=" + otpKey + "&store=shelf://u:§@h", "gatewayapi://T@eu?sender=Acme&locale=§" + theEngine, "gatewayapi://T@eu?sender=Acme&origin=§/" + theEngine,
		"gatewayapi://T@eu?sender=Acme&app_hash=§" + theEngine, "gatewayapi://T@eu?sender=Acme&product=§%0A" + theEngine, "gatewayapi://T@eu?sender=Acme&cooldown=1s,§" + theEngine,
		"twilio-sms://§:t@", "twilio-sms://" + ac + ":t@?from=§§§" + theEngine, "twilio-sms://" + ac + ":t@?messaging_service_sid=§" + theEngine,
		"parrot://u:§@h?a=§" + theEngine, "parrot://env:§@h", "parrot://h?§=env:§" + theEngine, "failover(parrot://u:§@h?a=§)?store=memory&code_key=" + otpKey,
		"failover(parrot://h?code_key=§)?store=memory&code_key=" + otpKey,
	} {
		f.Add(seed)
	}
	s := shelf{err: errors.New(canary)}
	path := filepath.Join(f.TempDir(), "secret")
	require.NoError(f, os.WriteFile(path, []byte(canary+"\n"+canary), 0o600))
	f.Setenv("VENDORS_TEST_CANARY", canary)

	f.Fuzz(func(t *testing.T, seed string) {
		dsn := strings.ReplaceAll(strings.ReplaceAll(seed, "§", canary), "file:canary", "file:"+path)
		v, err := vendors.Open(dsn, s.options()...)
		silent(t, err)
		silent(t, v)
		c, err := vendors.ParseDSN(dsn)
		silent(t, err)
		silent(t, c)
		_, err = c.Open(s.options()...)
		silent(t, err)
	})
}

// silent asserts that no verb prints a part of the canary: a pointer or a cause
// would be dug out by other verbs.
func silent(t *testing.T, value any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := strings.ToLower(fmt.Sprintf(verb, value))
		for i := range len(canary) - 2 {
			require.NotContains(t, text, strings.ToLower(canary[i:i+3]))
		}
	}
}

// A transport that quotes what it was asked, headers and all, is not repeated.
func TestErrorsOfCallsAreSilent(t *testing.T) {
	quote := &http.Client{Transport: quoting{}}
	s := shelf{down: errors.New(canary)}
	for name, dsn := range map[string]string{
		"twilio":             "twilio://" + ac + ":§@" + va,
		"twilio, by key":     "twilio://" + va + "?api_key_sid=" + sk + "&api_key_secret=§",
		"bandwidth":          "bandwidth://§:§@9900000?sms_app=§&from=+15017122661",
		"authy":              "authy://§@phone",
		"authy's users":      "authy://§@users",
		"gatewayapi":         "gatewayapi://§@eu?sender=Acme&code_key=§§§&store=memory",
		"gatewayapi, signed": "gatewayapi://eu?api_key=§&api_secret=§&classic=true&code_key=§§§&store=memory",
		"twilio's messaging": "twilio-sms://" + ac + ":§@?from=%2B15017122661&code_key=§§§&store=memory",
		"another module":     "parrot://§:§@h?code_key=§§§&store=memory",
		"a failover":         "failover(twilio://" + ac + ":§@" + va + " authy://§@phone?name=b)?ledger_key=§§§",
		"messengers":         "failover(parrot://§:§@h gatewayapi://§@eu?sender=Acme)?code_key=§§§&store=memory",
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(strings.ReplaceAll(dsn, "§", canary),
				append(s.options(), vendors.WithHTTPClient(quote), vendors.WithDirectory(&directory{"1000"}))...)
			require.NoError(t, err)
			silent(t, v)
			_, err = v.Send(t.Context(), to)
			require.Error(t, err)
			silent(t, err)
			assert.NotContains(t, err.Error(), to)
			err = v.Check(t.Context(), to, "1357902"[:v.Capabilities().DefaultDigits])
			require.Error(t, err)
			silent(t, err)
		})
	}
}

// quoting answers every request with an error that quotes it.
type quoting struct{}

func (quoting) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s %s %v %s", r.Method, r.URL, r.Header, canary)
}
