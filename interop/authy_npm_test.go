package interop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

const authyFolder = "npm-authy"

// installAuthy runs npm ci once, where it was not run before. The file it looks
// for is the last that npm writes.
var installAuthy = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat(filepath.Join(authyFolder, "node_modules", ".package-lock.json")); err == nil {
		return nil, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts")
	npm.Dir = authyFolder
	return npm.CombinedOutput()
})

func TestAuthyForNode(t *testing.T) {
	const code = "1234567"
	for script, effects := range map[string]int{
		"authy.mjs":        3,
		"authy-client.mjs": 5,
	} {
		t.Run(script, func(t *testing.T) {
			if _, err := exec.LookPath("node"); err != nil {
				t.Skip("Node.js is not installed: its libraries are not tried")
			}
			out, err := installAuthy()
			require.NoError(t, err, "npm ci:\n%s", out)

			srv := authytest.NewServer(t, authytest.Options{NewCode: func(digits int) string { return code[:digits] }})
			if script == "authy-client.mjs" {
				srv.InstallApp("+15005550006")
			}
			cmd := exec.CommandContext(t.Context(), "node", script)
			cmd.Dir = authyFolder
			cmd.Env = append(os.Environ(),
				"VERIFY_URL="+srv.URL, "VERIFY_CODE="+code, "API_KEY="+authytest.APIKey, "CALLBACK="+callback(t))
			out, err = cmd.CombinedOutput()
			require.NoError(t, err, "node %s:\n%s", script, out)
			assert.Equal(t, effects, srv.Effects(), "the script sent so many: it ran to its end")
		})
	}
}

// callback is what an emulator of its own signed, for another library to check.
func callback(t *testing.T) string {
	e := authytest.New(authytest.Options{})
	e.InstallApp("+15005550006")
	ask := func(path, body string) map[string]any {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("X-Authy-API-Key", authytest.APIKey)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		return answer
	}
	ask("/protected/json/users/new", "user[email]=a@example.com&user[cellphone]=5005550006")
	asked := ask("/onetouch/json/users/1000/approval_requests",
		`{"message":"Log in to Acme? 100 %","details":{"Process ID":"7","where":"Aarhus"},"hidden_details":{"session":"a b"}}`)
	id := asked["approval_request"].(map[string]any)["uuid"].(string)
	require.True(t, e.Approve(id))

	r, err := e.Callback(http.MethodPost, "https://example.com/authy/callback", id)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	text, err := json.Marshal(map[string]string{
		"nonce":     r.Header.Get("X-Authy-Signature-Nonce"),
		"signature": r.Header.Get("X-Authy-Signature"),
		"body":      string(body),
	})
	require.NoError(t, err)
	return string(text)
}

func TestAuthysLockFilePinsByChecksumAndNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(authyFolder, "package-lock.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
	assert.Positive(t, strings.Count(string(lock), `"integrity": "sha512-`))
}
