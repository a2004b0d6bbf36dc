package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/vendors"
)

// library is the line of a script that says which library it tries.
var library = regexp.MustCompile(`(?m)^// Library: (\S+)$`)

// A losing vendor does what it is asked, and every answer is lost but those to what a
// client asks first, such as an access token. What leaves at a client is counted here, and what a vendor would bill at
// its emulator.
type losing struct {
	emulator.Emulator
	sample   emulator.Sample
	url      string
	requests atomic.Int32 // all but those that ask first
}

func newLosing(t *testing.T, v emulator.Vendor) *losing {
	t.Helper()
	l := &losing{}
	l.Emulator, l.sample = v.New(emulator.Setup{})
	l.url = emulator.ServeTest(t, l, "").URL
	return l
}

// ServeHTTP implements http.Handler.
func (l *losing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if asks := l.sample.Asks; asks != "" && strings.Contains(r.URL.Path, asks) {
		l.Emulator.ServeHTTP(w, r)
		return
	}
	l.requests.Add(1)
	l.Emulator.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler) // the connection ends without an answer
}

// row is one of the table in tests/bench/README.md.
func (l *losing) row(by string) string {
	return fmt.Sprintf("| %s | %d | %d |", by, l.requests.Load(), l.Effects())
}

// A lost answer is one message at each vendor, by this module, and what the libraries
// of others make of it is measured beside it. The table of tests/bench/README.md is
// what is measured.
func TestALostAnswerIsOneMessage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "bench", "README.md"))
	require.NoError(t, err)
	says := func(t *testing.T, row string) {
		t.Helper()
		t.Log(row)
		assert.True(t, strings.Contains(string(page), row+"\n"), "tests/bench/README.md has no such row: %s", row)
	}
	for _, v := range all.Emulated() {
		scheme := v.Facts.Scheme
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			l := newLosing(t, v)
			sendByUs(t, l, "")
			assert.Equal(t, 1, l.Effects(), "messages")
			says(t, l.row("this module, every vendor"))
			if scheme == "bird" {
				l = newLosing(t, v)
				sendByUs(t, l, "&repeat_lost=true")
				assert.Equal(t, 1, l.Effects(), "messages: Bird keeps its answer")
				says(t, l.row("this module, `bird` with `RepeatLost`"))
			}
		})
		t.Run(scheme+" by its library", func(t *testing.T) {
			t.Parallel()
			l := newLosing(t, v)
			if name := sendByLibrary(t, l); name != "" {
				says(t, l.row(name))
			}
		})
	}
}

const lostTime = 30 * time.Second

func sendByUs(t *testing.T, l *losing, more string) {
	t.Helper()
	dsn := l.sample.DSN(l.url) + more
	if l.sample.Messenger {
		dsn += "&code_key=0123456789abcdef0123456789abcdef&store=kept://"
	}
	v, err := all.Open(dsn, vendors.WithStore("kept", func(string) (otp.Store, error) { return new(otp.MemoryStore), nil }))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), lostTime)
	defer cancel()
	_, err = v.Send(ctx, to)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
}

// sendByLibrary runs the vendor's lost.mjs and returns the library's name and version,
// or nothing if there is no such script.
func sendByLibrary(t *testing.T, l *losing) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed: the vendors' libraries are not tried")
	}
	folder := "npm-" + l.sample.Scheme
	source, err := os.ReadFile(filepath.Join(folder, "lost.mjs"))
	if err != nil {
		t.Skipf("no lost.mjs in %s: the vendor's own library is not tried", folder)
	}
	found := library.FindSubmatch(source)
	require.NotNil(t, found, "lost.mjs says with a line \"// Library: NAME\" what it tries")
	name := string(found[1])
	install(t, folder)

	ctx, cancel := context.WithTimeout(t.Context(), 2*lostTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "lost.mjs")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "VERIFY_URL="+l.url)
	for key, value := range l.sample.Settings {
		cmd.Env = append(cmd.Env, strings.ToUpper(key)+"="+value)
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "node lost.mjs:\n%s", out)
	require.Positive(t, l.requests.Load(), "the library called")
	return "`" + name + "` " + versionIn(t, folder, name)
}

func versionIn(t *testing.T, folder, name string) string {
	t.Helper()
	var pinned struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	file, err := os.ReadFile(filepath.Join(folder, "package.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &pinned))
	require.NotEmpty(t, pinned.Dependencies[name])
	return pinned.Dependencies[name]
}
