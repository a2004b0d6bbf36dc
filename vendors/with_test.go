package vendors_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/vendors"
)

// A ravenConfig is that of another module's vendor.
type ravenConfig struct {
	Account    string        `dsn:"account,user,required"`
	Token      string        `dsn:"token,pass"`
	Wait       time.Duration `dsn:"wait"`
	HTTPClient *http.Client
}

// A raven is a Verifier that remembers its Config.
type raven struct {
	*mocks.Fake
	config ravenConfig
}

func newRaven(c ravenConfig) (*raven, error) {
	if c.Token == "" {
		return nil, errors.New("raven: Token is missing")
	}
	return &raven{mocks.NewFake(), c}, nil
}

// A crow delivers text.
type crow struct {
	config ravenConfig
	sent   *[]otp.Message
}

func (crow) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "crow", Channels: []verify.Channel{verify.ChannelSMS}}
}

func (c crow) Deliver(_ context.Context, m otp.Message) (string, error) {
	*c.sent = append(*c.sent, m)
	return "crow-1", nil
}

func TestWithOpensAVerifierOfAnotherModule(t *testing.T) {
	client := &http.Client{}
	v := opened(t, "raven://A:t@?wait=5m&name=main", vendors.With("raven", newRaven), vendors.WithHTTPClient(client))
	r, ok := verify.As[*raven](v)
	require.True(t, ok)
	assert.Equal(t, ravenConfig{"A", "t", 5 * time.Minute, client}, r.config)

	c, err := vendors.ParseDSN("raven://A:t@?wait=5m", vendors.With("raven", newRaven))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"account": "A", "token": "t", "wait": "5m"}, c.Settings)
	_, err = c.Open(vendors.With("raven", newRaven))
	require.NoError(t, err)

	c, err = vendors.ParseDSN("raven://A:t@?wait=5m")
	require.NoError(t, err)
	_, err = c.Open(vendors.With("raven", newRaven))
	require.NoError(t, err, "who does not know the scheme calls its parts user and pass")
}

func TestWithOpensAMessengerOfAnotherModule(t *testing.T) {
	var sent []otp.Message
	with := vendors.With("crow", func(c ravenConfig) (crow, error) { return crow{c, &sent}, nil })
	v := opened(t, "crow://A@?digits=8"+theEngine, with)
	walk(t, v, func() string { return codeIn(sent) })

	v = opened(t, "failover(gatewayapi://T@eu?sender=Acme crow://B@)?store=memory&code_key="+otpKey, with,
		vendors.WithHTTPClient(&http.Client{Transport: spy(func(*http.Request) {})}))
	_, isEngine := verify.As[*otp.Engine](v)
	assert.True(t, isEngine, "joined below one engine")
}

func codeIn(sent []otp.Message) string { return sent[len(sent)-1].Text[:8] }

func TestWithRefuses(t *testing.T) {
	type tagged struct {
		A float64 `dsn:"a"`
	}
	for name, tc := range map[string]struct {
		dsn  string
		with vendors.Option
		want string
	}{
		"a setting that is missing":   {"raven://?token=t", vendors.With("raven", newRaven), "character 1: raven: account is missing"},
		"what New refuses, by keys":   {"raven://A@", vendors.With("raven", newRaven), "character 1: raven: token is missing"},
		"an unknown key":              {"raven://A@?colour=red", vendors.With("raven", newRaven), "character 12: raven has no such key, but account, token, wait, name"},
		"a tag that cannot be read":   {"raven://", vendors.With("raven", func(tagged) (*raven, error) { return nil, nil }), "raven: field A of vendors_test.tagged is of a type that no setting can have"},
		"neither sends nor delivers":  {"raven://A@", vendors.With("raven", func(ravenConfig) (int, error) { return 1, nil }), "raven: what vendors.With opens is no verify.Verifier, otp.Messenger or otp.CodeMessenger"},
		"nil and no error":            {"raven://A@", vendors.With("raven", func(ravenConfig) (*raven, error) { return nil, nil }), "raven: it was not made"},
		"a nil func":                  {"raven://A@", vendors.With[ravenConfig, *raven]("raven", nil), "a DSN opens with one of"},
		"an engine of no messenger":   {"raven://A:t@?store=memory", vendors.With("raven", newRaven), "raven has no such key"},
		"a messenger without a store": {"crow://A@?code_key=" + otpKey, vendors.With("crow", func(ravenConfig) (crow, error) { return crow{}, nil }), "crow: store is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vendors.Open(tc.dsn, tc.with)
			assert.Nil(t, v)
			require.ErrorContains(t, err, tc.want)
		})
	}
	v := opened(t, plain, vendors.With("twilio", newRaven))
	assert.Equal(t, "twilio", v.Capabilities().Vendor, "a scheme of this module stays its own")
}

// A Verifier of any scheme is a key of a map, as applications keep them.
func TestWhatOpenReturnsCanBeCompared(t *testing.T) {
	for name, dsn := range map[string]string{
		"a vendor":     plain,
		"an engine":    "gatewayapi://T@eu?sender=Acme" + theEngine,
		"a failover":   "failover(" + plain + ")",
		"a messengers": "failover(gatewayapi://T@eu?sender=Acme)?store=memory&code_key=" + otpKey,
	} {
		v, other := opened(t, dsn), opened(t, dsn)
		byVendor := map[verify.Verifier]string{v: "a", other: "b"}
		assert.Equal(t, "a", byVendor[v], name)
		assert.Len(t, byVendor, 2, name)
	}
}
