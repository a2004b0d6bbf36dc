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

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

const gatewayapiFolder = "npm-gatewayapi"

// installGatewayAPI runs npm ci once, where it was not run before. The file it
// looks for is the last that npm writes.
var installGatewayAPI = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat(filepath.Join(gatewayapiFolder, "node_modules", ".package-lock.json")); err == nil {
		return nil, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts")
	npm.Dir = gatewayapiFolder
	return npm.CombinedOutput()
})

// GatewayAPI's own library for Node.js is not in npm: these are what its users
// have instead.
func TestGatewayAPIForNode(t *testing.T) {
	for script, effects := range map[string]int{
		"gatewayapi.mjs": 4,
		"oauth.mjs":      2,
	} {
		t.Run(script, func(t *testing.T) {
			if _, err := exec.LookPath("node"); err != nil {
				t.Skip("Node.js is not installed: its libraries are not tried")
			}
			out, err := installGatewayAPI()
			require.NoError(t, err, "npm ci:\n%s", out)

			srv := gatewayapitest.NewServer(t)
			cmd := exec.CommandContext(t.Context(), "node", script)
			cmd.Dir = gatewayapiFolder
			cmd.Env = append(os.Environ(), "VERIFY_URL="+srv.URL,
				"TOKEN="+gatewayapitest.Token, "KEY="+gatewayapitest.Key, "SECRET="+gatewayapitest.Secret)
			out, err = cmd.CombinedOutput()
			require.NoError(t, err, "node %s:\n%s", script, out)
			assert.Equal(t, effects, srv.Effects(), "the script sent so many: it ran to its end")
			assert.Equal(t, "123456", srv.Code(to), "what it sent can be read")
		})
	}
}

func TestGatewayAPILockFilePinsByChecksumAndNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(gatewayapiFolder, "package-lock.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
	assert.Positive(t, strings.Count(string(lock), `"integrity": "sha512-`))
}
