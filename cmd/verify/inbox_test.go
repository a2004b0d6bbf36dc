package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

func shown(t *testing.T, b *inbox, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	b.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestInboxKeepsTheLastThousand(t *testing.T) {
	b := &inbox{}
	for i := range 1234 {
		b.add(emulator.Message{Text: fmt.Sprint("text ", i+1)})
	}
	all := b.newestFirst()
	require.Len(t, all, 1000)
	assert.Equal(t, "text 1234", all[0].Text)
	assert.Equal(t, 1234, all[0].Number)
	assert.Equal(t, 235, all[999].Number)
}

// What a message holds is text, whatever it looks like.
func TestInboxEscapesMessages(t *testing.T) {
	b := &inbox{}
	b.add(emulator.Message{To: "<b>to</b>", Text: "<script>alert(1)</script>", Code: "<i>", Scope: `"><img src=x>`, Vendor: "<u>", Channel: "<s>"})
	root := parsed(t, shown(t, b, "/"))
	assert.Len(t, root.all("script"), 1)
	for _, tag := range []string{"b", "i", "u", "s", "img"} {
		assert.Empty(t, root.all(tag), tag)
	}
	assert.Equal(t, "<script>alert(1)</script>", root.all("article")[0].all("p")[1].Text)
}

func TestInboxShowsAMessageWithoutCode(t *testing.T) {
	b := &inbox{places: []place{{Vendor: "authy", URL: "http://127.0.0.1:1", DSN: "authy://k@phone", DSNUsers: "authy://k@users"}}}
	b.add(emulator.Message{To: to, Text: "Approve the login", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)})
	page := shown(t, b, "/")
	assert.Empty(t, parsed(t, page).all("article")[0].all("code"))
	assert.Contains(t, page, `datetime="2026-01-02T03:04:05.000000006Z"`)
	assert.Contains(t, page, "authy://k@users")
	assert.Contains(t, shown(t, b, "/inbox.json"), `"code":""`)
}
