package text

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

const phone, address = "+15005550006", "a@example.com"

// request is what an engine makes of a call's options.
func request(t testing.TB, opts ...verify.SendOption) (verify.SendRequest, error) {
	t.Helper()
	caps := verify.Capabilities{
		Vendor: "post", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail, verify.ChannelWhatsApp},
		Locale: true, MinDigits: 6, MaxDigits: 10, DefaultDigits: 6, MaxScope: 64, Transaction: true,
	}
	to := phone
	if req, err := caps.SendRequest(to, opts...); err == nil {
		return req, nil
	}
	return caps.SendRequest(address, opts...)
}

// written returns the message for the code 123456.
func written(t *testing.T, cfg Config, opts ...verify.SendOption) string {
	t.Helper()
	return writtenFor(t, cfg, "123456", opts...)
}

func writtenFor(t *testing.T, cfg Config, code string, opts ...verify.SendOption) string {
	t.Helper()
	texts, err := New(cfg)
	require.NoError(t, err)
	req, err := request(t, opts...)
	require.NoError(t, err)
	message, err := texts.Append(nil, []byte(code), req)
	require.NoError(t, err)
	return string(message)
}
