package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

const bandwidthFolder = "npm-bandwidth"

// installBandwidth runs npm ci once, where it was not run before. The file it
// looks for is the last that npm writes.
var installBandwidth = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat(filepath.Join(bandwidthFolder, "node_modules", ".package-lock.json")); err == nil {
		return nil, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts")
	npm.Dir = bandwidthFolder
	return npm.CombinedOutput()
})

func TestBandwidthForNode(t *testing.T) {
	const code = "123456"
	for script, tt := range map[string]struct{ effects, tokens int }{
		"sdk.mjs":    {4, 1},
		"legacy.mjs": {2, 0},
	} {
		t.Run(script, func(t *testing.T) {
			if _, err := exec.LookPath("node"); err != nil {
				t.Skip("Node.js is not installed: its official libraries are not tried")
			}
			out, err := installBandwidth()
			require.NoError(t, err, "npm ci:\n%s", out)

			srv := bandwidthtest.NewServer(t, bandwidthtest.Options{NewCode: func(int) string { return code }})
			cmd := exec.CommandContext(t.Context(), "node", script)
			cmd.Dir = bandwidthFolder
			cmd.Env = append(os.Environ(),
				"VERIFY_URL="+srv.URL,
				"VERIFY_CODE="+code,
				"ACCOUNT_ID="+bandwidthtest.AccountID,
				"CLIENT_ID="+bandwidthtest.ClientID,
				"CLIENT_SECRET="+bandwidthtest.ClientSecret,
				"API_USER="+bandwidthtest.Username,
				"API_PASSWORD="+bandwidthtest.Password,
				"SMS_APP="+bandwidthtest.SMSApplicationID,
				"VOICE_APP="+bandwidthtest.VoiceApplicationID,
				"FROM="+bandwidthtest.From,
			)
			out, err = cmd.CombinedOutput()
			require.NoError(t, err, "node %s:\n%s", script, out)
			assert.Equal(t, tt.effects, srv.Effects(), "the script sent so many: it ran to its end")
			assert.Equal(t, tt.tokens, srv.Tokens(), "one token served all calls of a client")
		})
	}
}

func TestBandwidthsLockFilePinsByChecksumAndNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(bandwidthFolder, "package-lock.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
	assert.Positive(t, strings.Count(string(lock), `"integrity": "sha512-`))
}
