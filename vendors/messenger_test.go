package vendors_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/vendors"
)

// shut counts how often it is closed.
type shut struct {
	crow
	closed *int
}

func (s shut) Close() error { *s.closed++; return nil }

func aNotice() otp.Message {
	return otp.Message{To: "+15005550006", Channel: verify.ChannelSMS, Text: "Your number was changed.", TTL: time.Hour, Ref: "0123456789abcdef0123456789abcdef"}
}

func TestAMessengerIsOpenedFromTheLineOfItsVerifier(t *testing.T) {
	t.Parallel()
	vendor := gatewayapitest.NewServer(t)
	line := "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&base_url=" + vendor.URL
	for name, dsn := range map[string]string{
		"alone":                          line,
		"with the settings of an engine": line + "&store=memory&code_key=" + otpKey,
		"of a failover":                  "failover(" + line + " " + line + "&name=spare)?store=memory&code_key=" + otpKey,
	} {
		t.Run(name, func(t *testing.T) {
			m, err := vendors.OpenMessenger(dsn)
			require.NoError(t, err)
			before := len(vendor.Messages())
			_, err = m.Deliver(t.Context(), aNotice())
			require.NoError(t, err)
			require.Len(t, vendor.Messages(), before+1)
			assert.Equal(t, "Your number was changed.", vendor.Messages()[before].Text)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", m, m, m), gatewayapitest.Token)
		})
	}
}

// A pager takes codes and no text.
type pager struct {
	err  error
	sent *[]otp.CodeMessage
}

func (p pager) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "pager", Channels: []verify.Channel{verify.ChannelTelegram}}
}

func (p pager) DeliverCode(_ context.Context, m otp.CodeMessage) (string, error) {
	*p.sent = append(*p.sent, m)
	return "1", p.err
}

func withPager(p pager) vendors.Option {
	return vendors.With("pager", func(ravenConfig) (pager, error) { return p, nil })
}

func TestWithOpensACodeMessengerOfAnotherModule(t *testing.T) {
	var sent []otp.CodeMessage
	v := opened(t, "pager://A@?digits=8"+theEngine, withPager(pager{sent: &sent}))
	receipt := walk(t, v, func() string { return sent[len(sent)-1].Code })
	assert.Equal(t, verify.ChannelTelegram, receipt.Channel)

	p := playGateway(t)
	elsewhere := &verify.Error{Outcome: verify.ErrInvalidRecipient, Elsewhere: true}
	v = opened(t, "failover(pager://A@ "+p.dsn+")?store=memory&code_key="+otpKey, withPager(pager{sent: &sent, err: elsewhere}))
	assert.Equal(t, []verify.Channel{verify.ChannelTelegram, verify.ChannelSMS}, v.Capabilities().Channels)
	receipt = walk(t, v, p.code)
	assert.Equal(t, verify.ChannelSMS, receipt.Channel)
}

func TestAMessengerThatWasOpenedTakesCodesWhereItCan(t *testing.T) {
	p := playGateway(t)
	code := otp.CodeMessage{To: "+4512345678", Code: "123456"}
	m, err := vendors.OpenMessenger(p.dsn)
	require.NoError(t, err)
	_, err = m.(otp.CodeMessenger).DeliverCode(t.Context(), code)
	require.ErrorIs(t, err, verify.ErrUnsupported, "GatewayAPI takes a text")
	require.NoError(t, m.(verify.Warmer).Warm(t.Context()))
	require.NoError(t, m.(verify.Prober).Probe(t.Context()))

	var sent []otp.CodeMessage
	m, err = vendors.OpenMessenger("failover("+p.dsn+" failover(pager://A@))", withPager(pager{sent: &sent}))
	require.NoError(t, err)
	assert.Equal(t, "gatewayapi+pager", m.Capabilities().Vendor)
	_, err = m.(otp.CodeMessenger).DeliverCode(t.Context(), code)
	require.NoError(t, err)
	assert.Equal(t, "123456", sent[0].Code)
}

// down says that surely nothing was sent.
type down struct{ crow }

func (down) Deliver(context.Context, otp.Message) (string, error) {
	return "", &verify.Error{Vendor: "down", Op: "send", Outcome: verify.ErrUnavailable}
}

func TestMessengersOfAFailoverStandInForEachOtherAndAreClosed(t *testing.T) {
	t.Parallel()
	var sent []otp.Message
	closed := 0
	with := []vendors.Option{
		vendors.With("down", func(ravenConfig) (down, error) { return down{}, nil }),
		vendors.With("crow", func(c ravenConfig) (shut, error) { return shut{crow{c, &sent}, &closed}, nil }),
	}
	m, err := vendors.OpenMessenger("failover(down://A@ crow://B@)?name=texts", with...)
	require.NoError(t, err)
	_, err = m.Deliver(t.Context(), aNotice())
	require.NoError(t, err)
	require.Len(t, sent, 1)
	require.NoError(t, m.(io.Closer).Close())
	assert.Equal(t, 1, closed)

	_, err = vendors.OpenMessenger("failover(crow://A@ twilio://AC@)", append(with, vendors.WithHTTPClient(http.DefaultClient))...)
	require.Error(t, err)
	assert.Equal(t, 2, closed, "what was opened in vain is closed")
}

func TestOpenMessengerRefuses(t *testing.T) {
	t.Parallel()
	const gateway = "gatewayapi://T@eu?sender=Acme"
	for name, tc := range map[string]struct{ dsn, want string }{
		"a vendor of codes":               {"twilio://AC:t@VA", "vendors: character 1: twilio makes its codes by itself"},
		"a vendor of codes in a failover": {"failover(" + gateway + " bandwidth://a:b@c)", "vendors: character 40: bandwidth makes its codes by itself"},
		"a failover's key":                {"failover(" + gateway + ")?ledger=memory", "vendors: character 41: failover of messengers has no such key"},
		"an unknown key":                  {gateway + "&colour=red", "gatewayapi has no such key, but token"},
		"an unknown scheme":               {"pigeon://x", "vendors: character 1"},
		"no line":                         {"", "vendors: "},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := vendors.OpenMessenger(tc.dsn)
			require.ErrorContains(t, err, tc.want)
			assert.Nil(t, m)
			assert.NotContains(t, err.Error(), "Acme")
		})
	}
}
