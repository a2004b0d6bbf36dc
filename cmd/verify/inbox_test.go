package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
		b.add(emulator.Message{Text: fmt.Sprint("text ", i+1)}, "")
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
	b.add(emulator.Message{To: "<b>to</b>", Text: "<script>alert(1)</script>", Code: "<i>", Scope: `"><img src=x>`, Vendor: "<u>", Channel: "<s>"}, `scope "><img src=x>`)
	root := parsed(t, shown(t, b, "/"))
	assert.Len(t, root.all("script"), 1)
	for _, tag := range []string{"b", "i", "u", "s", "img"} {
		assert.Empty(t, root.all(tag), tag)
	}
	assert.Equal(t, "<script>alert(1)</script>", root.all("article")[0].all("p")[1].Text)
}

func TestInboxShowsAMessageWithoutCode(t *testing.T) {
	b := &inbox{places: []place{{Vendor: "authy", URL: "http://127.0.0.1:1", DSN: "authy://k@phone", DSNUsers: "authy://k@users"}}}
	b.add(emulator.Message{To: to, Text: "Approve the login", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}, "")
	page := shown(t, b, "/")
	fields := parsed(t, page).all("details")[0].all("input")
	require.Len(t, fields, 2)
	assert.Equal(t, "authy://k@users", fields[1].attr("value"))
	assert.Empty(t, parsed(t, page).all("article")[0].all("code"))
	assert.Contains(t, page, `datetime="2026-01-02T03:04:05.000000006Z"`)
	assert.Contains(t, page, "authy://k@users")
	assert.Contains(t, shown(t, b, "/inbox.json"), `"code":""`)
}

// The page asks again each second, and is sent only if something is new.
func TestInboxPageIsSentAgainOnlyIfSomethingIsNew(t *testing.T) {
	b := &inbox{began: time.Now()}
	ask := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		b.handler().ServeHTTP(w, r)
		return w
	}
	first := ask("")
	require.Equal(t, http.StatusOK, first.Code)
	tag := first.Header().Get("ETag")
	again := ask(tag)
	assert.Equal(t, http.StatusNotModified, again.Code)
	assert.Empty(t, again.Body.String())

	b.add(emulator.Message{To: to}, "")
	newer := ask(tag)
	assert.Equal(t, http.StatusOK, newer.Code)
	assert.Equal(t, http.StatusNotModified, ask(newer.Header().Get("ETag")).Code)
	b = &inbox{began: b.began.Add(time.Second)}
	assert.Equal(t, http.StatusOK, ask(tag).Code, "another run is another page")
}

func TestInboxNamesAScopeAsTheVendorDoes(t *testing.T) {
	const pay = "VA11111111111111111111111111111111"
	line := "twilio://AC00000000000000000000000000000000:token@VA00000000000000000000000000000000?scope.pay=" + pay
	for vendor, want := range map[string]string{"twilio": "Service " + pay, "bandwidth": "scope pay"} {
		t.Run(vendor, func(t *testing.T) {
			r := emulating(t, "-dsn", line, vendor)
			scopes := func() (all []string) {
				_, body := get(t, r.inbox)
				for _, p := range parsed(t, body).all("p") {
					if p.attr("class") == "scope" {
						all = append(all, p.Text)
					}
				}
				return all
			}
			require.Equal(t, 0, start(t, nil, "send", "-dsn", r.places[0].DSN, "-to", to).status)
			assert.Empty(t, scopes(), "no scope was named")
			require.Equal(t, 0, start(t, nil, "send", "-dsn", r.places[0].DSN, "-to", to, "-scope", "pay").status)
			assert.Equal(t, []string{want}, scopes())
		})
	}
}

// html/template calls methods by name: with it the linker keeps them all, and the
// program is 11 MB larger.
func TestThePageIsMadeWithoutReflection(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range parsed.Imports {
			assert.NotContains(t, i.Path.Value, "/template", file)
		}
	}
}

func TestValuesOfAPageAreNoNames(t *testing.T) {
	assert.Equal(t, markup("&lt;{b}&gt; 2 <i>"), fill("{a} {b} {c}", "{a}", "<{b}>", "{b}", 2, "{c}", markup("<i>")))
}
