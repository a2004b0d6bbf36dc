package authytest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

const approvals = "/onetouch/json/approval_requests/"

// ask pushes a question to a person with the app and returns its id.
func (a account) ask(pairs string) string {
	a.t.Helper()
	a.InstallApp(to)
	got := a.post("/onetouch/json/users/"+a.register()+"/approval_requests", pairs)
	require.Equal(a.t, 200, got.status, "%v", got.body)
	assert.Equal(a.t, true, got.body["success"])
	return got.body["approval_request"].(map[string]any)["uuid"].(string)
}

func (a account) statusOf(id string) any {
	a.t.Helper()
	return a.get(approvals+id, "").body["approval_request"].(map[string]any)["status"]
}

func TestApprovalRequest(t *testing.T) {
	a := newAccount(t)
	id := a.ask("message=Log in?&details[user]=ann&seconds_to_expire=120")
	assert.Equal(t, []authytest.Message{{Vendor: "authy", To: to, Channel: "app", Text: "Log in?", At: begin}}, a.Messages())
	got := a.get(approvals+id, "")
	assert.Equal(t, map[string]any{
		"_app_name": "Acme", "_app_serial_id": 1.0, "_authy_id": 1000.0, "_id": "000000000000000000000001",
		"_user_email": mail, "app_id": "000000000000000000000003", "user_id": "000000000000000000000002",
		"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "processed_at": nil,
		"notified": false, "seconds_to_expire": 120.0, "status": "pending", "uuid": id,
	}, got.body["approval_request"])
}

func TestApprovalEnds(t *testing.T) {
	for want, end := range map[string]func(account, string) bool{
		"approved": func(a account, id string) bool { return a.Approve(id) },
		"denied":   func(a account, id string) bool { return a.Deny(id) },
		"expired":  func(a account, id string) bool { return a.Expire(id) },
	} {
		t.Run(want, func(t *testing.T) {
			a := newAccount(t)
			id := a.ask("message=Log in?")
			assert.True(t, end(a, id))
			assert.Equal(t, want, a.statusOf(id))
			assert.False(t, a.Approve(id), "once")
			assert.False(t, a.Deny(id))
			assert.Equal(t, want, a.statusOf(id))
			assert.Equal(t, "2026-01-02T03:04:05Z", a.get(approvals+id, "").body["approval_request"].(map[string]any)["processed_at"])
		})
	}
	assert.False(t, newAccount(t).Approve("1"), "never asked")
}

func TestApprovalExpires(t *testing.T) {
	for pairs, life := range map[string]time.Duration{
		"message=?": 24 * time.Hour, "message=?&seconds_to_expire=120": 2 * time.Minute,
	} {
		a := newAccount(t)
		id := a.ask(pairs)
		a.Advance(life - 1)
		assert.Equal(t, "pending", a.statusOf(id))
		a.Advance(1)
		assert.False(t, a.Approve(id))
		assert.Equal(t, "expired", a.statusOf(id))
	}
	a := newAccount(t)
	id := a.ask("message=?&seconds_to_expire=0")
	a.Advance(1000 * time.Hour)
	assert.Equal(t, "pending", a.statusOf(id), "zero is forever")
}

func TestApprovalRefusals(t *testing.T) {
	a := newAccount(t)
	path := "/onetouch/json/users/" + a.register() + "/approval_requests"
	a.post(path, "message=?").refused(t, 400, 60051)
	a.InstallApp(to)
	a.post(path, "").refused(t, 400, 60004)
	a.post(path, "message="+strings.Repeat("é", 145)).refused(t, 400, 60004)
	a.post(path, "message=?&seconds_to_expire=-1").refused(t, 400, 60004)
	a.post("/onetouch/json/users/7/approval_requests", "message=?").refused(t, 404, 60026)
	got := a.get(approvals+"7", "")
	got.refused(t, 404, 60049)
	assert.Empty(t, got.body["errors"], "as recorded")
	assert.Zero(t, a.Effects())
}

func TestCallbackIsForAnsweredQuestions(t *testing.T) {
	a := newAccount(t)
	id := a.ask("message=Log in?&details[Process ID]=7&hidden_details[ip]=203.0.113.7")
	_, err := a.Callback(http.MethodPost, "https://example.com/", id)
	require.Error(t, err)
	_, err = a.SendCallback(t.Context(), a.URL, id)
	require.Error(t, err)
	a.Approve(id)
	_, err = a.Callback(http.MethodPost, "://", id)
	require.Error(t, err)

	first, err := a.Callback(http.MethodPost, "https://example.com/authy", id)
	require.NoError(t, err)
	second, err := a.Callback(http.MethodGet, "https://example.com/authy", id)
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/authy", first.URL.String())
	assert.Equal(t, []string{"pin", "fingerprint"}, second.URL.Query()["device[enabled_unlock_methods][]"])
	assert.Equal(t, "7", second.URL.Query().Get("approval_request[transaction][details][Process ID]"))
	assert.NotEqual(t, first.Header.Get("X-Authy-Signature-Nonce"), second.Header.Get("X-Authy-Signature-Nonce"))
	assert.Len(t, first.Header.Get("X-Authy-Signature"), 44)
	status, err := a.SendCallback(t.Context(), a.URL+"/authy", id)
	require.NoError(t, err)
	assert.Equal(t, 404, status, "the emulator itself takes none")
}
