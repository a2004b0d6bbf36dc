package interop_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// The Action of docs/hooks.md is run, with the official library of Standard Webhooks that
// it requires, and the hook takes what it signs, once, and under its secret alone.
func TestTheActionOfThePageSignsWhatTheHookTakes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed: the Action is not tried")
	}
	install(t, "npm-webhook")
	modules, err := filepath.Abs(filepath.Join("npm-webhook", "node_modules"))
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		secret, message, method string
		sent                    int
	}{
		"a code":         {webhookSecret, "otp_verify", "text", 1},
		"a call":         {webhookSecret, "otp_enroll", "voice", 1},
		"a stranger's":   {strangerSecret, "otp_verify", "text", 0},
		"another secret": {nextSecret, "otp_verify", "text", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := new(counter)
			hook, err := hooks.Auth0(hooks.Config{Messenger: c}, webhookSecret)
			require.NoError(t, err)
			srv := httptest.NewServer(hook)
			defer srv.Close()
			code := strings.Replace(fencedIn(t, "## Auth0", "js"), "https://login.example.com/hooks/auth0", srv.URL, 1) + `
const run = () => exports.onExecuteCustomPhoneProvider(JSON.parse(process.env.EVENT), {});
run().then(run).catch((err) => { console.error(err.message); process.exit(1); });
`
			dir := t.TempDir()
			require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "action.cjs"), []byte(code), 0o600))
			event, err := json.Marshal(map[string]any{
				"secrets": map[string]string{"VERIFY_SECRET": tc.secret},
				"request": map[string]string{"ip": "203.0.113.7"},
				"notification": map[string]string{
					"recipient": to, "code": "123456", "as_text": "Your Acme code is 123456", "as_voice": "Your Acme code is 1 2 3 4 5 6",
					"message_type": tc.message, "delivery_method": tc.method, "locale": "en",
				},
			})
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), "node", "action.cjs")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "EVENT="+string(event))
			out, err := cmd.CombinedOutput()
			assert.Equal(t, tc.sent == 1, err == nil, "%s", out)
			srv.Close()
			assert.Equal(t, tc.sent, c.sent)
		})
	}
}

// The mapping of docs/hooks.md is run as authentik runs it, and the hook takes what it
// returns until the code ends.
func TestTheMappingOfThePageTellsWhenACodeEnds(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("Python is not installed: the mapping is not tried")
	}
	mapping := "    " + strings.ReplaceAll(strings.TrimSpace(fencedIn(t, "## authentik", "python")), "\n", "\n    ")
	for seconds, want := range map[string]int{"300": http.StatusNoContent, "-1": http.StatusUnauthorized} {
		program := `import json, sys
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

def mapping(user, request, device, token, stage):
` + mapping + `

until = datetime.now(timezone.utc) + timedelta(seconds=int(sys.argv[1]))
stage = SimpleNamespace(from_number="Acme", get_message=lambda token: "Use this code to authenticate in authentik: " + token)
print(json.dumps(mapping(None, None, SimpleNamespace(phone_number="+15005550006", valid_until=until), "123456", stage)))
`
		cmd := exec.CommandContext(t.Context(), "python3", "-", seconds)
		cmd.Stdin = strings.NewReader(program)
		body, err := cmd.Output()
		require.NoError(t, err)
		c := new(counter)
		token := hooks.Bearer("placeholder-authentik-token")
		hook, err := hooks.Authentik(hooks.Config{Messenger: c}, token)
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code)
		assert.Equal(t, want == http.StatusNoContent, c.sent == 1)
	}
}
