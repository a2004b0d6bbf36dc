package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/vendors/emulated"
)

// sends is the line of a script that says how many messages it sends: a script
// that ends early sends fewer.
var sends = regexp.MustCompile(`(?m)^// Sends: ([0-9]+)$`)

// prepare are what scripts need beside the settings of the emulator, and what to
// look at when they are done.
var prepare = map[string]func(t *testing.T, e emulator.Emulator) (env []string, done func()){
	"npm-authy/authy-client.mjs": func(t *testing.T, e emulator.Emulator) ([]string, func()) {
		e.(*authytest.Emulator).InstallApp(to)
		return []string{"CALLBACK=" + callback(t)}, nil
	},
	"npm-bandwidth/sdk.mjs": func(t *testing.T, e emulator.Emulator) ([]string, func()) {
		return nil, func() {
			assert.Equal(t, 1, e.(*bandwidthtest.Emulator).Tokens(), "one token served all calls of a client")
		}
	},
}

// chosen are settings that a Sample leaves out.
var chosen = map[string]map[string]string{
	"gatewayapi": {"api_key": gatewayapitest.Key, "api_secret": gatewayapitest.Secret},
}

// Each vendor has the scripts of the folder npm-SCHEME. They get VERIFY_URL,
// VERIFY_CODE, and the settings of the emulator in capitals: "account_sid" as
// ACCOUNT_SID.
func TestLibrariesForNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed: the vendors' libraries are not tried")
	}
	for _, v := range emulated.All() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			scripts, err := filepath.Glob(filepath.Join("npm-"+v.Facts.Scheme, "*.mjs"))
			require.NoError(t, err)
			if len(scripts) == 0 {
				t.Skipf("no script in npm-%s: the vendor's own library is not tried", v.Facts.Scheme)
			}
			for _, script := range scripts {
				t.Run(filepath.Base(script), func(t *testing.T) {
					install(t, filepath.Dir(script))
					run(t, v, script)
				})
			}
		})
	}
}

func run(t *testing.T, v emulator.Vendor, script string) {
	t.Helper()
	const code = "1234567890"
	e, sample := v.New(emulator.Setup{
		Settings: chosen[v.Facts.Scheme], NewCode: func(digits int) string { return code[:digits] },
	})
	env := append(os.Environ(), "VERIFY_URL="+emulator.ServeTest(t, e, "").URL, "VERIFY_CODE="+code)
	for key, value := range sample.Settings {
		env = append(env, strings.ToUpper(key)+"="+value)
	}
	done := func() {}
	if more := prepare[filepath.ToSlash(script)]; more != nil {
		own, after := more(t, e)
		env = append(env, own...)
		if after != nil {
			done = after
		}
	}

	source, err := os.ReadFile(script)
	require.NoError(t, err)
	found := sends.FindSubmatch(source)
	require.NotNil(t, found, "%s says with a line \"// Sends: 1\" how many messages it sends", script)
	want, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)

	cmd := exec.CommandContext(t.Context(), "node", filepath.Base(script))
	cmd.Dir, cmd.Env = filepath.Dir(script), env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "node %s:\n%s", script, out)
	assert.Equal(t, want, e.Effects(), "the script sent so many: it ran to its end")
	done()
}

// installed are the folders in which npm ci was run.
var installed sync.Map

// install runs npm ci once, where it was not run before. The file that it looks
// for is the last that npm writes.
func install(t *testing.T, folder string) {
	t.Helper()
	once, _ := installed.LoadOrStore(folder, sync.OnceValues(func() ([]byte, error) {
		if _, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil {
			return nil, nil
		}
		npm := exec.Command("npm", "ci", "--ignore-scripts")
		npm.Dir = folder
		return npm.CombinedOutput()
	}))
	out, err := once.(func() ([]byte, error))()
	require.NoError(t, err, "npm ci:\n%s", out)
}

func TestFoldersOfNPMAreOfVendors(t *testing.T) {
	folders, err := filepath.Glob("npm-*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	schemes := map[string]bool{}
	for _, v := range emulated.All() {
		schemes["npm-"+v.Facts.Scheme] = true
	}
	for _, folder := range folders {
		assert.True(t, schemes[folder], "no vendor is called so: %s", folder)
	}
}

func TestLockFilesPinByChecksumAndNameNoHost(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("npm-*", "package-lock.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		lock, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NotContains(t, string(lock), `"resolved"`, file)
		assert.Positive(t, strings.Count(string(lock), `"integrity": "sha512-`), file)
	}
}
