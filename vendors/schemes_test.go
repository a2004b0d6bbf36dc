package vendors_test

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/webhook/webhooktest"
)

const (
	otpKey    = "emulatedotpkey000000000000000000"
	otherKey  = "emulatedotpkey111111111111111111"
	theEngine = "&code_key=" + otpKey + "&store=memory"
)

// played is one emulated vendor, how a DSN reaches it, and the code it sent last.
type played struct {
	dsn     string
	code    func() string
	effects func() int
	down    func()
}

func playTwilio(t *testing.T) played {
	srv := twiliotest.NewServer(t)
	return played{
		"twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID + "?base_url=" + srv.URL,
		func() string { return srv.Code(to, "") }, srv.Effects, srv.Close,
	}
}

func playBandwidth(t *testing.T) played {
	srv := bandwidthtest.NewServer(t)
	return played{
		"bandwidth://" + bandwidthtest.ClientID + ":" + bandwidthtest.ClientSecret + "@" + bandwidthtest.AccountID +
			"?sms_app=" + bandwidthtest.SMSApplicationID + "&voice_app=" + bandwidthtest.VoiceApplicationID +
			"&from=" + bandwidthtest.From + "&base_url=" + srv.URL,
		func() string { return srv.Code(to, "") }, srv.Effects, srv.Close,
	}
}

func playAuthy(t *testing.T) played {
	srv := authytest.NewServer(t)
	return played{
		"authy://" + authytest.APIKey + "@phone?base_url=" + srv.URL,
		func() string { return srv.Code(to, "") }, srv.Effects, srv.Close,
	}
}

// playGateway's DSN is that of a messenger: an engine's settings follow.
func playGateway(t *testing.T) played {
	srv := gatewayapitest.NewServer(t)
	return played{
		"gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&base_url=" + srv.URL,
		func() string { return srv.Code(to) }, srv.Effects, srv.Close,
	}
}

func playMessaging(t *testing.T) played {
	srv := twiliotest.NewServer(t)
	return played{
		"twilio-sms://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@?from=%2B15017122661&base_url=" + srv.URL,
		func() string {
			all := srv.Messages()
			require.NotEmpty(t, all)
			return all[len(all)-1].Code
		}, srv.Effects, srv.Close,
	}
}

// spoil returns another code of the same length.
func spoil(code string) string {
	b := []byte(code)
	for i, c := range b {
		b[i] = '0' + (c-'0'+1)%10
	}
	return string(b)
}

// walk sends, types a wrong code, the right one, and the right one again.
func walk(t *testing.T, v verify.Verifier, code func() string) verify.Receipt {
	t.Helper()
	ctx := context.Background()
	receipt, err := v.Send(ctx, to)
	require.NoError(t, err)
	require.NotEmpty(t, code())
	right := code()
	require.ErrorIs(t, v.Check(ctx, to, spoil(right)), verify.ErrMismatch)
	require.NoError(t, v.Check(ctx, to, right))
	require.Error(t, v.Check(ctx, to, right), "a code is accepted once")
	return receipt
}

func opened(t *testing.T, dsn string, opts ...vendors.Option) verify.Verifier {
	t.Helper()
	v, err := vendors.Open(dsn, opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if c, ok := verify.As[io.Closer](v); ok {
			assert.NoError(t, c.Close())
		}
	})
	return v
}

func TestEverySchemeSendsAndChecks(t *testing.T) {
	for name, tc := range map[string]struct {
		play func(*testing.T) played
		more string
		want verify.Receipt // as far as it is the vendor's
	}{
		"twilio":             {playTwilio, "", verify.Receipt{Vendor: "twilio", Digits: 6}},
		"bandwidth":          {playBandwidth, "", verify.Receipt{Vendor: "bandwidth", Digits: 6}},
		"authy":              {playAuthy, "", verify.Receipt{Vendor: "authy", Digits: 6}},
		"authy, eight":       {playAuthy, "&digits=8", verify.Receipt{Vendor: "authy", Digits: 8}},
		"gatewayapi":         {playGateway, theEngine, verify.Receipt{Vendor: "gatewayapi", Digits: 6}},
		"gatewayapi, REST":   {playGateway, "&classic=true&digits=9" + theEngine, verify.Receipt{Vendor: "gatewayapi", Digits: 9}},
		"gatewayapi, Basic":  {playGateway, "&classic=true&basic=true" + theEngine, verify.Receipt{Vendor: "gatewayapi", Digits: 6}},
		"twilio's messaging": {playMessaging, "&digits=10" + theEngine, verify.Receipt{Vendor: "twilio", Digits: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.play(t)
			receipt := walk(t, opened(t, p.dsn+tc.more), p.code)
			assert.Equal(t, tc.want.Vendor, receipt.Vendor)
			assert.Equal(t, tc.want.Digits, receipt.Digits)
			assert.Equal(t, 1, p.effects())
		})
	}
}

// An API key signs each request of GatewayAPI's REST API.
func TestSignedByAnAPIKey(t *testing.T) {
	srv := gatewayapitest.NewServer(t)
	v := opened(t, "gatewayapi://?api_key="+gatewayapitest.Key+"&api_secret="+gatewayapitest.Secret+"&base_url="+srv.URL+theEngine)
	walk(t, v, func() string { return srv.Code(to) })
}

// An endpoint of one's own is opened by the line of docs/hooks.md, with two secrets in one
// variable while they are exchanged.
func TestAnEndpointOfOnesOwnIsOneLine(t *testing.T) {
	srv := webhooktest.NewServer(t)
	t.Setenv("WEBHOOK_SECRET", "whsec_cGxhY2Vob2xkZXIta2V5LW9uZS0yNGJ5dGVzLi4uLi4=,"+webhooktest.Secret)
	t.Setenv("OTP_KEY", otpKey)
	page, err := os.ReadFile("../docs/hooks.md")
	require.NoError(t, err)
	line := regexp.MustCompile(`"(webhook://[^"]+)"`).FindStringSubmatch(string(page))
	require.NotNil(t, line)
	v := opened(t, strings.Replace(line[1], "https://messages.example.com/otp", srv.URL, 1))
	assert.Equal(t, "webhook", walk(t, v, func() string { return srv.Code(to) }).Vendor)

	m, err := vendors.OpenMessenger("failover(webhook://?url=" + srv.URL + "&secret=env:WEBHOOK_SECRET&channels=voice,sms webhook://?url=" + srv.URL + "&secret=env:WEBHOOK_SECRET&name=b)")
	require.NoError(t, err)
	assert.Equal(t, []verify.Channel{verify.ChannelVoice, verify.ChannelSMS}, m.Capabilities().Channels)
}

// Bandwidth ended user names on 2026-12-02: a line that still has one says what to
// do, wherever the user stands.
func TestBandwidthsUserNamesHaveEnded(t *testing.T) {
	const rest = "sms_app=a&from=+15017122661"
	for name, tc := range map[string]struct{ dsn, want string }{
		"in front":          {"bandwidth://u:p@9900000?auth=basic&" + rest, "character 25: bandwidth: auth is of the past"},
		"by keys":           {"bandwidth://9900000?username=u&password=p&" + rest, "character 21: bandwidth: username is of the past"},
		"the password only": {"bandwidth://ID:SECRET@9900000?password=p&" + rest, "bandwidth: password is of the past"},
		"auth=oauth":        {"bandwidth://ID:SECRET@9900000?auth=oauth&" + rest, "bandwidth: auth is of the past"},
		"auth by reference": {"bandwidth://ID:SECRET@9900000?auth=env:AUTH&" + rest, "bandwidth: auth is of the past"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendors.Open(tc.dsn)
			require.ErrorContains(t, err, tc.want)
			assert.ErrorContains(t, err, "give its client_id and client_secret")
			_, err = vendors.ParseDSN(tc.dsn)
			require.ErrorContains(t, err, tc.want, "a program that moves its line into a struct is told as well")
		})
	}
}

// A directory knows one person.
type directory struct{ id string }

func (d *directory) AuthyID(_ context.Context, phone string) (string, bool, error) {
	return d.id, d.id != "" && phone == to, nil
}

func (d *directory) SetAuthyID(_ context.Context, _, id string) error {
	d.id = id
	return nil
}

func (d *directory) DeleteAuthyID(context.Context, string) error {
	d.id = ""
	return nil
}

func TestUsersOfAuthyNeedADirectory(t *testing.T) {
	srv := authytest.NewServer(t)
	dsn := "authy://" + authytest.APIKey + "@users?action.pay=to%20pay&base_url=" + srv.URL
	for name, opts := range map[string][]vendors.Option{
		"none": nil, "nil": {vendors.WithDirectory(nil)}, "taken back": {vendors.WithDirectory(&directory{}), vendors.WithDirectory(nil)},
	} {
		_, err := vendors.Open(dsn, opts...)
		assert.EqualError(t, err, "vendors: character 1: authy: users need vendors.WithDirectory: a directory in memory would know nobody", name)
	}

	d := &directory{}
	v := opened(t, dsn, vendors.WithDirectory(d))
	_, err := v.Send(context.Background(), to)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient, "nobody is registered")
	users, ok := verify.As[*authy.Users](v)
	require.True(t, ok)
	require.NoError(t, users.Register(context.Background(), "a@example.com", to))
	assert.NotEmpty(t, d.id, "the directory that was handed in is the one in use")

	receipt := walk(t, v, func() string { return srv.Code(to, "") })
	assert.Equal(t, 7, receipt.Digits)
	_, err = v.Send(context.Background(), to, verify.WithScope("pay"))
	require.NoError(t, err)
	all := srv.Messages()
	assert.Contains(t, all[len(all)-1].Text, "to pay")
}

func TestRefusedByAVendor(t *testing.T) {
	gateway, bandwidth := "gatewayapi://TOKEN@eu?sender=Acme", "bandwidth://ID:SECRET@9900000?sms_app=a&from=+15017122661"
	for name, tc := range map[string]struct{ dsn, want string }{
		"bandwidth, nothing":                {"bandwidth://", "character 1: bandwidth: account_id is missing"},
		"bandwidth, no number":              {"bandwidth://ID:SECRET@9900000?sms_app=a", "character 1: bandwidth: from is missing"},
		"bandwidth, no application":         {"bandwidth://ID:SECRET@9900000?from=+15017122661", "character 1: bandwidth: give sms_app, voice_app or both"},
		"bandwidth, an expiry of a day":     {bandwidth + "&expiry=24h", "character 59: bandwidth: expiry must be 1 to 10 whole minutes"},
		"bandwidth, an expiry in numbers":   {bandwidth + "&expiry=5", "expiry must be a time such as 90s, 10m or 24h"},
		"bandwidth, an expiry of nothing":   {bandwidth + "&expiry=0s", "expiry must be a time"},
		"bandwidth, a base with a secret":   {bandwidth + "&base_url=https://u:p@h", "character 59: bandwidth: base_url must be"},
		"authy, nothing":                    {"authy://", "character 1: authy: api_key is missing"},
		"authy, no product":                 {"authy://KEY@", "character 1: authy: product is missing"},
		"authy, another product":            {"authy://KEY@onetouch", "character 13: authy: product must be phone or users"},
		"authy, a pass":                     {"authy://KEY:x@phone", "character 13: authy has no pass"},
		"authy, four digits":                {"authy://KEY@phone?digits=4", "character 19: authy: digits must be 6 to 10"},
		"authy, a scope for phone":          {"authy://KEY@phone?action.pay=x", "action.NAME"},
		"authy, sms forced for phone":       {"authy://KEY@phone?force_sms=true", "force_sms"},
		"authy, users of four digits":       {"authy://KEY@users?digits=4", "digits must be 6 to 10"},
		"authy, a callback to nobody":       {"authy://KEY@users?callback_url=ftp://h", "callback_url must be"},
		"authy, a name that is none":        {"authy://KEY@phone?action.a/b=x", "action.NAME has a NAME that is not"},
		"gatewayapi, nothing":               {"gatewayapi://", "character 1: gatewayapi: code_key is missing"},
		"gatewayapi, no token":              {"gatewayapi://eu?sender=Acme" + theEngine, "gatewayapi: give either token, or api_key and api_secret"},
		"gatewayapi, no store":              {gateway + "&code_key=" + otpKey, "character 1: gatewayapi: store is missing: memory, or a URL whose scheme"},
		"gatewayapi, an unknown store":      {gateway + "&code_key=" + otpKey + "&store=redis://h", "store must be memory, or a URL whose scheme was handed in by vendors.WithStore"},
		"gatewayapi, a store without one":   {gateway + "&code_key=" + otpKey + "&store=memories", "store must be memory"},
		"gatewayapi, a short key":           {gateway + "&code_key=short&store=memory", "gatewayapi: each of code_key must have at least 32 bytes"},
		"gatewayapi, a comma too many":      {gateway + "&code_key=" + otpKey + ",&store=memory", "gatewayapi: each of code_key must have at least 32 bytes"},
		"gatewayapi, keys without index":    {gateway + "&code_key=" + otpKey + "," + otherKey + "&store=memory", "gatewayapi: index_key is required with several code_key"},
		"gatewayapi, four digits":           {gateway + theEngine + "&digits=4", "digits must be 6 to 10"},
		"gatewayapi, an hour":               {gateway + theEngine + "&ttl=1h", "ttl must be at most 10 minutes"},
		"gatewayapi, eleven attempts":       {gateway + theEngine + "&attempts=11", "attempts must be 1 to 10"},
		"gatewayapi, a language of its own": {gateway + theEngine + "&locale=xx", "locale must be one"},
		"gatewayapi, a cooldown that falls": {gateway + theEngine + "&cooldown=30s,20s", "cooldown must neither be negative nor fall"},
		"gatewayapi, a cooldown in words":   {gateway + theEngine + "&cooldown=30s,long", "cooldown must be a time"},
		"gatewayapi, another region":        {"gatewayapi://TOKEN@dk?sender=Acme" + theEngine, "character 20: gatewayapi: region must be com or eu"},
		"gatewayapi, a pass":                {"gatewayapi://TOKEN:x@eu", "gatewayapi has no pass"},
		"twilio-sms, no sender":             {"twilio-sms://" + ac + ":t@?a=b", "character 52: twilio-sms has no such key, but account_sid"},
		"twilio-sms, nobody sends":          {"twilio-sms://" + ac + ":t@?code_key=" + otpKey + "&store=memory", "twilio-sms: give from, messaging_service_sid or both"},
		"twilio-sms, a host":                {"twilio-sms://" + ac + ":t@" + va, "twilio-sms has no host"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(tc.dsn, vendors.WithDirectory(&directory{}))
			assert.Nil(t, v)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
