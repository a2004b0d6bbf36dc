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

	"github.com/go2fa/verify/twilio/twiliotest"
)

// install runs npm ci once, where it was not run before. The file it looks for
// is the last that npm writes.
var install = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat(filepath.Join("npm", "node_modules", ".package-lock.json")); err == nil {
		return nil, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts")
	npm.Dir = "npm"
	return npm.CombinedOutput()
})

// node runs a script of the npm directory, which fails the test if it fails.
func node(t *testing.T, script string, env ...string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed: its official libraries are not tried")
	}
	out, err := install()
	require.NoError(t, err, "npm ci:\n%s", out)

	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Dir = "npm"
	cmd.Env = append(os.Environ(), env...)
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, "node %s:\n%s", script, out)
}

func TestTwilioForNode(t *testing.T) {
	const code = "123456"
	srv := twiliotest.NewServer(t, twiliotest.Options{NewCode: func(int) string { return code }})
	node(t, "twilio.mjs",
		"VERIFY_URL="+srv.URL,
		"VERIFY_CODE="+code,
		"ACCOUNT_SID="+twiliotest.AccountSID,
		"AUTH_TOKEN="+twiliotest.AuthToken,
		"SERVICE_SID="+twiliotest.ServiceSID,
	)
	assert.Equal(t, 9, srv.Effects(), "the script sent so many: it ran to its end")
}

func TestLockFilePinsByChecksumAndNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join("npm", "package-lock.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
	assert.Positive(t, strings.Count(string(lock), `"integrity": "sha512-`))
}
