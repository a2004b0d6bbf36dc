package verify_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestOptionsAreComparable(t *testing.T) {
	v4, mapped := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("::ffff:203.0.113.7")
	type pair struct{ Key, Value string }
	tests := map[string]struct {
		a, b  any
		equal bool
	}{
		"same scope":               {verify.WithScope("login"), verify.WithScope("login"), true},
		"other scope":              {verify.WithScope("login"), verify.WithScope("payment"), false},
		"same channel":             {verify.WithChannel("sms"), verify.WithChannel(verify.ChannelSMS), true},
		"other channel":            {verify.WithChannel("sms"), verify.WithChannel("voice"), false},
		"same digits":              {verify.WithDigits(6), verify.WithDigits(6), true},
		"other digits":             {verify.WithDigits(6), verify.WithDigits(8), false},
		"same locale":              {verify.WithLocale("da"), verify.WithLocale("da"), true},
		"other locale":             {verify.WithLocale("da"), verify.WithLocale("de"), false},
		"locale and scope":         {verify.WithLocale("da"), verify.WithScope("da"), false},
		"same transaction":         {verify.WithTransaction("EUR 1", "Acme"), verify.WithTransaction("EUR 1", "Acme"), true},
		"other amount":             {verify.WithTransaction("EUR 1", "Acme"), verify.WithTransaction("EUR 2", "Acme"), false},
		"two spellings of an IP":   {verify.WithClientIP(v4), verify.WithClientIP(mapped), true},
		"a zone is dropped":        {verify.WithClientIP(netip.MustParseAddr("fe80::1%eth0")), verify.WithClientIP(netip.MustParseAddr("fe80::1")), true},
		"no address":               {verify.WithClientIP(netip.Addr{}), verify.WithClientIP(netip.Addr{}), true},
		"same key":                 {verify.WithIdempotencyKey(idempotencyKey), verify.WithIdempotencyKey(idempotencyKey), true},
		"other key":                {verify.WithIdempotencyKey(idempotencyKey), verify.WithIdempotencyKey("x" + idempotencyKey), false},
		"same vendor option":       {verify.VendorOption("twilio", pair{"a", "b"}), verify.VendorOption("twilio", pair{"a", "b"}), true},
		"other value":              {verify.VendorOption("twilio", pair{"a", "b"}), verify.VendorOption("twilio", pair{"a", "c"}), false},
		"same value, other vendor": {verify.VendorOption("twilio", 1), verify.VendorOption("authy", 1), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.equal, tc.a == tc.b)
		})
	}
}

func TestOptionsReachTheRequest(t *testing.T) {
	sum := verify.Transaction{Amount: "EUR 39.99", Payee: "Acme"}
	addr := netip.MustParseAddr("203.0.113.7")

	got, err := everything().SendRequest("+15005550006",
		verify.WithScope("payment"), verify.WithChannel(verify.ChannelVoice), verify.WithDigits(8),
		verify.WithLocale("pt-BR"), verify.WithTransaction("EUR 39.99", "Acme"),
		verify.WithClientIP(netip.MustParseAddr("::ffff:203.0.113.7")))
	require.NoError(t, err)
	assert.Equal(t, "+15005550006", got.To)
	assert.Equal(t, "payment", got.Scope)
	assert.Equal(t, verify.ChannelVoice, got.Channel)
	assert.Equal(t, 8, got.Digits)
	assert.Equal(t, "pt-BR", got.Locale)
	assert.Equal(t, sum, got.Transaction)
	assert.Equal(t, addr, got.ClientIP)

	checked, err := everything().CheckRequest("+15005550006", "24680135",
		verify.WithScope("payment"), verify.WithTransaction("EUR 39.99", "Acme"))
	require.NoError(t, err)
	assert.Equal(t, "+15005550006", checked.To)
	assert.Equal(t, "24680135", checked.Code)
	assert.Equal(t, "payment", checked.Scope)
	assert.Equal(t, sum, checked.Transaction)
}

func TestTheLastOptionWins(t *testing.T) {
	got, err := everything().SendRequest("+15005550006",
		verify.WithScope("login"), verify.WithDigits(8), nil, verify.WithScope(""), verify.WithDigits(0))
	require.NoError(t, err)
	assert.Empty(t, got.Scope)
	assert.Equal(t, 6, got.Digits, "zero leaves the length to the vendor")
}

func TestVendorOptions(t *testing.T) {
	type tag struct{ Key, Value string }
	type template string
	got, err := everything().SendRequest("+15005550006",
		verify.VendorOption("twilio", tag{"a", "1"}),
		verify.VendorOption("authy", tag{"x", "9"}),
		verify.VendorOption("twilio", template("HJ00")),
		verify.WithScope("login"),
		verify.VendorOption("twilio", tag{"b", "2"}),
		verify.VendorOption("twilio", tag{"a", "3"}))
	require.NoError(t, err)

	assert.Equal(t, []tag{{"a", "1"}, {"b", "2"}, {"a", "3"}}, verify.VendorOptions[tag](got, "twilio"), "in the order given")
	assert.Equal(t, []tag{{"x", "9"}}, verify.VendorOptions[tag](got, "authy"), "of this vendor only")
	assert.Equal(t, []template{"HJ00"}, verify.VendorOptions[template](got, "twilio"), "of this type only")
	assert.Empty(t, verify.VendorOptions[string](got, "twilio"), "a type is not its underlying one")
	assert.Empty(t, verify.VendorOptions[tag](got, "bandwidth"))
	assert.Empty(t, verify.VendorOptions[tag](verify.SendRequest{}, "twilio"))
}

func TestOptionsNameThemselves(t *testing.T) {
	assert.Equal(t, `verify.VendorOption("twilio", [hidden])`, fmt.Sprint(verify.VendorOption("twilio", 1)))
	assert.Equal(t, "verify.WithTransaction([hidden])", fmt.Sprint(verify.WithTransaction("EUR 1", "Acme")))
	assert.Equal(t, "verify.WithClientIP([hidden])", fmt.Sprint(verify.WithClientIP(netip.Addr{})))
}

// idempotencyKey is as short as one may be.
const idempotencyKey = "AAAAAAAAAAAAAAAAAAAAAA"

func TestAnIdempotencyKeyIsLongEnoughOrRefusedBeforeAnythingIsDone(t *testing.T) {
	good := []string{idempotencyKey, strings.Repeat("k", 64), "0123456789-abc_def.ghi:jkl"}
	for _, key := range good {
		sent, err := everything().SendRequest("+15005550006", verify.WithIdempotencyKey(key))
		require.NoError(t, err)
		assert.Equal(t, key, sent.IdempotencyKey)
		checked, err := everything().CheckRequest("+15005550006", "123456", verify.WithIdempotencyKey(key))
		require.NoError(t, err)
		assert.Equal(t, key, checked.IdempotencyKey)
	}
	bad := []string{"", idempotencyKey[1:], strings.Repeat("k", 65), idempotencyKey + " ", idempotencyKey + "/", idempotencyKey + "é"}
	for _, key := range bad {
		_, err := everything().SendRequest("+15005550006", verify.WithIdempotencyKey(key))
		require.ErrorIs(t, err, verify.ErrUnsupported, "%d bytes", len(key))
		if key != "" {
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, err), key)
		}
		_, err = everything().CheckRequest("+15005550006", "123456", verify.WithIdempotencyKey(key))
		require.ErrorIs(t, err, verify.ErrUnsupported, "%d bytes", len(key))
	}
}

func TestNoPrintShowsAnIdempotencyKey(t *testing.T) {
	opt := verify.WithIdempotencyKey(idempotencyKey)
	sent, err := everything().SendRequest("+15005550006", opt)
	require.NoError(t, err)
	checked, err := everything().CheckRequest("+15005550006", "123456", opt)
	require.NoError(t, err)
	for _, x := range []any{opt, []verify.Option{opt}, sent, &sent, checked, &checked} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			assert.NotContains(t, fmt.Sprintf(verb, x), idempotencyKey[:8])
			assert.NotContains(t, fmt.Sprintf(verb, x), fmt.Sprintf("%x", idempotencyKey[:8]))
		}
		text, err := json.Marshal(x)
		require.NoError(t, err)
		assert.NotContains(t, string(text), idempotencyKey[:8])
	}
}
