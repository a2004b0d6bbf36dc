package interop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

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
