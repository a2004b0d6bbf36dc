package emulated_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

// Each setting of each vendor stands in a file that changes after Open: where the vendor
// refuses the former value as credentials, the next Send is accepted, once.
func TestEveryVendorTakesNewCredentialsWithoutARestart(t *testing.T) {
	t.Parallel()
	for _, v := range emulated.All() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			t.Parallel()
			rotated := 0
			_, usual := v.New(emulator.Setup{})
			for key, value := range usual.Settings {
				if former := changed(map[string]string{key: value})[key]; former != value && rotates(t, v, key, former) {
					rotated++
				}
			}
			assert.Positive(t, rotated, "no setting is one of credentials")
		})
	}
}

// rotates reports whether a setting is one of credentials.
func rotates(t *testing.T, v emulator.Vendor, key, former string) bool {
	t.Helper()
	e, sample := v.New(emulator.Setup{})
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(former+"\n"), 0o600))
	right := sample.Settings[key]
	sample.Settings[key] = "file:" + secret
	sample.User, sample.Pass, sample.Host = "", "", ""
	dsn := sample.DSN(emulator.ServeTest(t, e, "").URL)
	if sample.Messenger {
		dsn += "&store=memory&code_key=" + strings.Repeat("k", 32)
	}
	frozen, err := vendors.Open(strings.Replace(dsn, "file:"+secret, former, 1))
	if err != nil {
		return false // the setting has another form
	}
	if _, err := frozen.Send(t.Context(), to); verify.OutcomeOf(err) != verify.ErrUnauthorized {
		return false
	}
	client, err := vendors.Open(dsn)
	require.NoError(t, err)
	effects := e.Effects()

	require.NoError(t, os.WriteFile(secret, []byte(right+"\n"), 0o600))
	_, err = client.Send(t.Context(), to)
	require.NoError(t, err, key)
	assert.Equal(t, effects+1, e.Effects(), "one Send is one message")
	m := e.Messages()[len(e.Messages())-1]
	require.NoError(t, client.Check(t.Context(), to, m.Code))
	return true
}
