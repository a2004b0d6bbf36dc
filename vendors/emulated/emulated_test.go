package emulated_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

const to = "+15005550006"

// open reaches an emulator of a vendor by the DSN of its sample alone.
func open(t *testing.T, v emulator.Vendor, setup emulator.Setup) (emulator.Emulator, emulator.Sample, verify.Verifier) {
	t.Helper()
	e, sample := v.New(setup)
	dsn := sample.DSN(emulator.ServeTest(t, e, "").URL)
	if sample.Messenger {
		dsn += "&store=memory&code_key=" + strings.Repeat("k", 32)
	}
	client, err := vendors.Open(dsn)
	require.NoError(t, err)
	return e, sample, client
}

func TestEveryEmulatorIsReachedByItsSample(t *testing.T) {
	for _, v := range emulated.All() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			start := time.Now().Truncate(time.Second)
			e, sample, client := open(t, v, emulator.Setup{Start: start})
			assert.Equal(t, v.Facts.Scheme, sample.Scheme)

			_, err := client.Send(t.Context(), to)
			require.NoError(t, err)
			require.Len(t, e.Messages(), 1)
			m := e.Messages()[0]
			assert.True(t, m.At.Equal(start), "its clock stands still")
			assert.Equal(t, m.Code, e.LastCode(to, m.Scope))
			require.NoError(t, client.Check(t.Context(), to, m.Code))
			require.Error(t, client.Check(t.Context(), to, m.Code), "once")
		})
	}
}

// changed are settings other than those of a sample.
func changed(settings map[string]string) map[string]string {
	all := maps.Clone(settings)
	for key, value := range all {
		switch key {
		case "product", "region", "sender":
		case "from":
			all[key] = "+15005550006"
		case "digits":
			all[key] = "8"
		default:
			all[key] = value[:len(value)-1] + "1"
		}
	}
	return all
}

func TestEveryEmulatorTakesTheIDsAndSecretsThatItIsGiven(t *testing.T) {
	for _, v := range emulated.All() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			_, usual := v.New(emulator.Setup{})
			chosen := changed(usual.Settings)
			require.NotEqual(t, usual.Settings, chosen)
			e, sample, client := open(t, v, emulator.Setup{Settings: chosen})
			assert.Equal(t, chosen, sample.Settings)
			_, err := client.Send(t.Context(), to)
			require.NoError(t, err)
			assert.Equal(t, 1, e.Effects())

			server := emulator.ServeTest(t, e, "")
			dsn := usual.DSN(server.URL)
			if usual.Messenger {
				dsn += "&store=memory&code_key=" + strings.Repeat("k", 32)
			}
			stranger, err := vendors.Open(dsn)
			require.NoError(t, err)
			_, err = stranger.Send(t.Context(), to)
			require.Error(t, err, "the usual ids and secrets are those of another account")
			assert.Equal(t, 1, e.Effects())
		})
	}
}

func TestTwilioHasTheServicesOfItsScopes(t *testing.T) {
	i := slices.IndexFunc(emulated.All(), func(v emulator.Vendor) bool { return v.Facts.Scheme == "twilio" })
	e, _, client := open(t, emulated.All()[i], emulator.Setup{Settings: map[string]string{
		"digits": "8", "scope.pay": "VA00000000000000000000000000000001", "scope.pay.psd2": "true", "scope.pay.digits": "4",
	}})
	_, err := client.Send(t.Context(), to)
	require.NoError(t, err)
	_, err = client.Send(t.Context(), to, verify.WithScope("pay"), verify.WithTransaction("EUR 1", "Acme"))
	require.NoError(t, err)
	assert.Len(t, e.Messages()[0].Code, 8)
	assert.Len(t, e.Messages()[1].Code, 4)
	assert.Contains(t, e.Messages()[1].Text, "EUR 1 to Acme")
}

func TestTelnyxHasTheProfilesOfItsScopes(t *testing.T) {
	i := slices.IndexFunc(emulated.All(), func(v emulator.Vendor) bool { return v.Facts.Scheme == "telnyx" })
	e, _, client := open(t, emulated.All()[i], emulator.Setup{Settings: map[string]string{
		"digits": "8", "scope.pay.id": "apart", "scope.pay.digits": "4", "scope.login": "another", "scope.login.digits": "6",
	}})
	for _, opts := range [][]verify.SendOption{nil, {verify.WithScope("pay"), verify.WithDigits(4)}, {verify.WithScope("login")}} {
		_, err := client.Send(t.Context(), to, opts...)
		require.NoError(t, err)
	}
	for i, digits := range []int{8, 4, 6} {
		assert.Len(t, e.Messages()[i].Code, digits)
	}
}

func TestAuthyRegistersThePeopleOfASetup(t *testing.T) {
	i := slices.IndexFunc(emulated.All(), func(v emulator.Vendor) bool { return v.Facts.Scheme == "authy" })
	_, sample := emulated.All()[i].New(emulator.Setup{
		Settings: map[string]string{"product": "users"}, People: []string{to, "+15017122661"},
	})
	assert.Equal(t, map[string]string{to: "1000", "+15017122661": "1001"}, sample.Directory)
	assert.Equal(t, "users", sample.Settings["product"])
}

func TestEveryFactHasItsPage(t *testing.T) {
	schemes := map[string]bool{}
	for _, v := range emulated.All() {
		assert.False(t, schemes[v.Facts.Scheme], "two vendors are called %s", v.Facts.Scheme)
		schemes[v.Facts.Scheme] = true
		assert.NotEmpty(t, v.Facts.Product)
		assert.NotEmpty(t, v.Facts.Maker.Is, "%s: who makes the code is known of every vendor", v.Facts.Scheme)
		for question, f := range v.Facts.All() {
			if f.Is == "" {
				assert.Empty(t, f.URL, "%s: %s", v.Facts.Scheme, question)
				assert.Equal(t, "not documented", f.String())
				continue
			}
			page, err := url.Parse(f.URL)
			require.NoError(t, err)
			assert.Equal(t, "https", page.Scheme, "%s: %s", v.Facts.Scheme, question)
			assert.NotEmpty(t, page.Path, "%s: %s", v.Facts.Scheme, question)
		}
	}
}
