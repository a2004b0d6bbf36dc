package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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

func TestInboxShowsWhatWasSent(t *testing.T) {
	r := emulating(t, "twilio")
	res, body := get(t, r.inbox+"/inbox.json")
	assert.Equal(t, "application/json", res.Header.Get("Content-Type"))
	assert.Equal(t, "[]\n", body)

	before := time.Now()
	env := map[string]string{"VERIFY_DSN": r.places[0].DSN}
	require.Equal(t, 0, start(t, env, "send", "-to", to).status)
	require.Equal(t, 0, start(t, env, "send", "-to", "o'neil@example.com").status)

	_, body = get(t, r.inbox+"/inbox.json")
	var messages []map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &messages))
	require.Len(t, messages, 2)
	newest, oldest := messages[0], messages[1]
	assert.Equal(t, "o'neil@example.com", newest["to"], "the newest first")
	assert.Equal(t, "email", newest["channel"])
	assert.Equal(t, to, oldest["to"])
	assert.Equal(t, "twilio", oldest["vendor"])
	assert.Equal(t, "sms", oldest["channel"])
	assert.Contains(t, oldest["text"], oldest["code"])
	assert.Contains(t, oldest["at"], ".", "fractions of a second")
	at, err := time.Parse(time.RFC3339Nano, oldest["at"])
	require.NoError(t, err)
	assert.WithinRange(t, at, before.Add(-time.Second), time.Now().Add(time.Second))
	assert.Len(t, oldest, 7, "vendor, to, channel, scope, code, text, at")

	assert.Equal(t, 0, start(t, env, "check", "-to", to, "-code", oldest["code"]).status)
}

// An element is one of a parsed page.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all returns the elements of a name below e, in the order of the page.
func (e element) all(name string) []element {
	var found []element
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

func parsed(t *testing.T, page string) element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var root element
	require.NoError(t, d.Decode(&root))
	return root
}

func TestInboxPage(t *testing.T) {
	r := emulating(t, "twilio")
	env := map[string]string{"VERIFY_DSN": r.places[0].DSN}
	_, body := get(t, r.inbox)
	assert.Contains(t, body, "No message yet")
	require.Equal(t, 0, start(t, env, "send", "-to", to).status)
	require.Equal(t, 0, start(t, env, "send", "-to", to, "-channel", "voice").status)

	res, body := get(t, r.inbox)
	root := parsed(t, body)
	articles := root.all("article")
	require.Len(t, articles, 2)
	assert.Equal(t, []string{"m2", "m1"}, []string{articles[0].attr("id"), articles[1].attr("id")}, "the newest first")
	assert.Equal(t, to, articles[0].all("h2")[0].Text)
	assert.Regexp(t, `^[0-9]{6}$`, articles[0].all("code")[0].Text)
	_, err := time.Parse(time.RFC3339Nano, articles[0].all("time")[0].attr("datetime"))
	require.NoError(t, err)
	assert.Contains(t, body, "voice")
	assert.NotContains(t, body, "No message yet")
	assert.Contains(t, body, r.places[0].URL)

	assert.Equal(t, "en", root.attr("lang"))
	assert.Contains(t, body, `name="viewport"`)
	assert.Contains(t, body, `aria-live="polite"`)
	assert.Contains(t, body, "prefers-color-scheme: dark")
	assert.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
}

// The policy lets the page's own style and script run, by their hashes, and
// nothing else; the page asks for nothing from elsewhere.
func TestInboxPageIsSealed(t *testing.T) {
	r := emulating(t, "twilio")
	for _, path := range []string{"/", "/inbox.json", "/nothing"} {
		res, _ := get(t, r.inbox+path)
		policy := res.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-store", res.Header.Get("Cache-Control"), path)
	}
	res, body := get(t, r.inbox)
	policy := res.Header.Get("Content-Security-Policy")
	for _, tag := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(body, "<"+tag+">")
		inner, _, found := strings.Cut(rest, "</"+tag+">")
		require.True(t, found)
		assert.Contains(t, policy, tag+"-src '"+hash(inner)+"'")
	}
	for _, e := range append(parsed(t, body).all("link"), parsed(t, body).all("script")...) {
		assert.Empty(t, strings.TrimPrefix(e.attr("href"), "data:,"))
		assert.Empty(t, e.attr("src"))
	}
}

func TestInboxKnowsTwoPaths(t *testing.T) {
	r := emulating(t, "twilio")
	for path, want := range map[string]int{"/": 200, "/inbox.json": 200, "/inbox": 404, "/favicon.ico": 404} {
		res, _ := get(t, r.inbox+path)
		assert.Equal(t, want, res.StatusCode, path)
	}
	res, err := http.Post(r.inbox, "text/plain", nil)
	require.NoError(t, err)
	_ = res.Body.Close()
	assert.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
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
