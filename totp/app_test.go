package totp_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/totp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAppShowsWhatTheAuthenticatorTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, p := range []totp.Parameters{
			{}, {Digits: 8}, {Algorithm: totp.SHA256, Period: time.Minute}, {Algorithm: totp.SHA512, Digits: 7},
		} {
			a := newAuthenticator(t, func(c *totp.Config) { c.Parameters = p })
			e, err := a.Enroll(t.Context(), account)
			require.NoError(t, err)
			app, err := totp.ReadApp(e.URI)
			require.NoError(t, err)
			code, left := app.Code(time.Now())
			assert.True(t, app.Matches(code, time.Now()))
			assert.True(t, left > 0 && left <= app.Parameters().Period)
			require.NoError(t, a.Confirm(t.Context(), account, e.Token, code))
			assert.NotContains(t, fmt.Sprintf("%+v %#v", app, app), e.Secret)
		}
	})
}

func TestAnAppIsReadFromAnOtpauthURIOnly(t *testing.T) {
	_, err := totp.ReadApp("https://example.com/?secret=GEZDGNBVGY3TQOJQ")
	require.ErrorIs(t, err, verify.ErrUnsupported)
	assert.NotContains(t, err.Error(), "GEZD")
	app, err := totp.ReadApp("otpauth://hotp/Token?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=1")
	require.NoError(t, err)
	code, _ := app.Code(time.Now())
	assert.Equal(t, "287082", code, "RFC 4226 appendix D")
}
