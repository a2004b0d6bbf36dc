package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/bird/birdtest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telnyx/telnyxtest"
	"github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vonage/vonagetest"
	"github.com/go2fa/verify/whatsapp"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
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
	"npm-vonage/sdk.mjs": func(_ *testing.T, e emulator.Emulator) ([]string, func()) {
		key := vonagetest.NewKey()
		e.(*vonagetest.Emulator).Trust(key)
		return []string{"APPLICATION_ID=" + vonagetest.ApplicationID, "PRIVATE_KEY=" + string(key)}, nil
	},
}

// withReports adds the scripts that check what emulators report.
var withReports = sync.OnceFunc(func() {
	uuid := "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
	for script, tc := range map[string]struct {
		secret string
		ids    []string
	}{
		"npm-bird/reports.mjs":     {birdtest.WebhookSecret, []string{"ver_1"}},
		"npm-sinch/reports.mjs":    {"", []string{uuid}},
		"npm-telnyx/reports.mjs":   {telnyxtest.PublicKey(), []string{uuid}},
		"npm-vonage/reports.mjs":   {vonagetest.SignatureSecret, []string{uuid}},
		"npm-whatsapp/reports.mjs": {whatsapptest.AppSecret, nil},
		"npm-twilio/reports.mjs":   {"", []string{"SM00000000000000000000000000000001", "VE00000000000000000000000000000001"}},
	} {
		prepare[script] = func(t *testing.T, e emulator.Emulator) ([]string, func()) {
			if tc.ids == nil { // a report tells more than an id: the message is sent
				tc.ids = []string{sentByWhatsApp(t, e)}
			}
			env := []string{"REPORTS=" + reports(t, e, tc.ids...), "REPORTS_SECRET=" + tc.secret}
			if script == "npm-twilio/reports.mjs" {
				shared := twiliotest.New(twiliotest.Options{SharedKey: "a shared key"})
				env = append(env, "SHARED="+reports(t, shared, tc.ids...), "SHARED_KEY=a shared key")
			}
			return env, nil
		}
	}
})

// sentByWhatsApp is the id of a message that was sent.
func sentByWhatsApp(t *testing.T, e emulator.Emulator) string {
	t.Helper()
	client, err := whatsapp.New(whatsapp.Config{
		Token: whatsapptest.Token, PhoneNumberID: whatsapptest.PhoneNumberID, Template: whatsapptest.Template,
		BaseURL: emulator.ServeTest(t, e, "").URL,
	})
	require.NoError(t, err)
	id, err := client.DeliverCode(t.Context(), otp.CodeMessage{To: to, Channel: verify.ChannelWhatsApp, Code: "123456"})
	require.NoError(t, err)
	return id
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
	withReports()
	withOut()
	for _, v := range all.Emulated() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			scripts, err := filepath.Glob(filepath.Join("npm-"+v.Facts.Scheme, "*.mjs"))
			require.NoError(t, err)
			scripts = slices.DeleteFunc(scripts, func(script string) bool { return filepath.Base(script) == "lost.mjs" })
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
	for _, v := range all.Emulated() {
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
