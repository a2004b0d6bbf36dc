package interop_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/webhook"
)

// strangerSecret signs nothing here.
const (
	nextSecret     = "whsec_cGxhY2Vob2xkZXIta2V5LXR3by0yNGJ5dGVzLi4uLi4="
	strangerSecret = "whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vy"
)

// A posted request is what an endpoint saw.
type posted struct {
	Secrets  []string          `json:"secrets"`
	Stranger string            `json:"stranger"`
	Headers  map[string]string `json:"headers"`
	Body     string            `json:"body"`

	header http.Header
}

// posts has package webhook post one message, signed under these secrets.
func posts(t *testing.T, secrets ...string) posted {
	t.Helper()
	p := posted{Secrets: secrets, Stranger: strangerSecret, Headers: map[string]string{}}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		p.Body, p.header = string(body), r.Header.Clone()
		w.WriteHeader(http.StatusNoContent)
	}))
	client, err := webhook.New(webhook.Config{URL: endpoint.URL, Secrets: secrets})
	require.NoError(t, err)
	_, err = client.Deliver(t.Context(), outMessage("Your code is 123456"))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	endpoint.Close() // the handler has returned
	for name := range p.header {
		p.Headers[strings.ToLower(name)] = p.header.Get(name)
	}
	return p
}

func outMessage(text string) otp.Message {
	return otp.Message{To: to, Channel: verify.ChannelSMS, Text: text, TTL: time.Minute, Ref: "00000000000000000000000000000001"}
}

// What package webhook signs is taken by the official library of Standard Webhooks for
// Go under either secret, and no more of it once one bit is another.
func TestTheLibraryOfStandardWebhooksTakesWhatWebhookSigns(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{{webhookSecret}, {nextSecret, webhookSecret}} {
		p := posts(t, secrets...)
		for _, secret := range secrets {
			library, err := standardwebhooks.NewWebhook(secret)
			require.NoError(t, err)
			require.NoError(t, library.Verify([]byte(p.Body), p.header))
			for i := range len(p.Body) * 8 {
				body := []byte(p.Body)
				body[i/8] ^= 1 << (i % 8)
				require.Error(t, library.Verify(body, p.header))
			}
			for _, name := range []string{"webhook-id", "webhook-timestamp"} {
				for i := range p.header.Get(name) {
					value := []byte(p.header.Get(name))
					value[i] ^= 1
					other := p.header.Clone()
					other.Set(name, string(value))
					require.Error(t, library.Verify([]byte(p.Body), other), name)
				}
			}
		}
		stranger, err := standardwebhooks.NewWebhook(strangerSecret)
		require.NoError(t, err)
		require.Error(t, stranger.Verify([]byte(p.Body), p.header))
	}
}

// withOut adds what the scripts of npm-webhook need.
func withOut() {
	prepare["npm-webhook/verify.mjs"] = func(t *testing.T, _ emulator.Emulator) ([]string, func()) {
		list, err := json.Marshal([]posted{posts(t, webhookSecret), posts(t, nextSecret, webhookSecret)})
		require.NoError(t, err)
		return []string{"POSTED=" + string(list)}, nil
	}
	prepare["npm-webhook/sign.mjs"] = func(t *testing.T, _ emulator.Emulator) ([]string, func()) {
		c := new(counter)
		hook, err := hooks.Supabase(hooks.Config{Messenger: c}, "v1,"+webhookSecret)
		require.NoError(t, err)
		srv := httptest.NewServer(hook)
		t.Cleanup(srv.Close)
		return []string{"HOOK=" + srv.URL, "HOOK_SECRET=" + webhookSecret, "HOOK_BODY=" + webhookBody}, func() {
			srv.Close()
			assert.Equal(t, 1, c.sent, "what the library signed was delivered once")
		}
	}
}

// fencedIn finds the code of one language under a headline of docs/hooks.md.
func fencedIn(t *testing.T, headline, language string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "hooks.md"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "\n"+headline+"\n")
	require.True(t, found, headline)
	code := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(after)
	require.NotNil(t, code, headline)
	return code[1]
}

// The endpoints that docs/hooks.md shows take a message once, and refuse what is forged.
func TestTheEndpointsOfThePageTakeAMessageOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		program, headline, language, file string
		send                              func(code string) string
	}{
		"Node.js": {"node", "### An endpoint in Node.js", "js", "endpoint.mjs", func(code string) string {
			return code + "\nasync function send(data) { console.log(JSON.stringify(data)); }\n"
		}},
		"Python": {"python3", "### An endpoint in Python", "python", "endpoint.py", func(code string) string {
			return strings.Replace(code, "\nclass ", "\ndef send(data):\n    print(json.dumps(data), flush=True)\n\n\nclass ", 1)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tc.program); err != nil {
				t.Skipf("%s is not installed: the endpoint is not tried", tc.program)
			}
			dir := t.TempDir()
			if tc.program == "node" {
				install(t, "npm-webhook")
				modules, err := filepath.Abs(filepath.Join("npm-webhook", "node_modules"))
				require.NoError(t, err)
				require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, tc.file), []byte(tc.send(fencedIn(t, tc.headline, tc.language))), 0o600))
			url, sent := endpointOf(t, dir, tc.program, tc.file)
			tryEndpoint(t, url, sent)
		})
	}
}

// endpointOf runs an endpoint on a free port until the test ends. Sent is a line for each
// message.
func endpointOf(t *testing.T, dir, program, file string) (url string, sent <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, file)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PORT="+port, "WEBHOOK_SECRET="+webhookSecret)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := make(chan string, 16)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait() // it was killed
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	return "http://" + addr, lines
}

// tooLong asks an endpoint to wait for a megabyte, and sends none of it.
func tooLong(t *testing.T, url string) (status int) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close()) }()
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func tryEndpoint(t *testing.T, url string, sent <-chan string) {
	t.Helper()
	assert.Equal(t, http.StatusRequestEntityTooLarge, tooLong(t, url), "who has signed nothing is given no memory")
	client := func(secrets ...string) *webhook.Client {
		c, err := webhook.New(webhook.Config{URL: url, Secrets: secrets})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, c.Close()) })
		return c
	}
	ours := client(nextSecret, webhookSecret)
	for range 3 { // under one id
		_, err := ours.Deliver(t.Context(), outMessage("Din kode er 123456 æøå"))
		require.NoError(t, err)
	}
	require.NoError(t, ours.Probe(t.Context()))
	_, err := client(strangerSecret).Deliver(t.Context(), outMessage("forged"))
	require.ErrorIs(t, err, verify.ErrUnauthorized)
	last := outMessage("the last")
	last.Ref = "00000000000000000000000000000002"
	_, err = ours.Deliver(t.Context(), last)
	require.NoError(t, err)

	for _, want := range []string{"Din kode er 123456 æøå", "the last"} {
		var data struct{ To, Channel, Text string }
		require.NoError(t, json.Unmarshal([]byte(<-sent), &data))
		assert.Equal(t, want, data.Text)
		assert.Equal(t, to, data.To)
	}
}

// The endpoint in Go of docs/hooks.md, whose check is that of package delivery.
func TestDeliveryTakesWhatTheLibrarySigns(t *testing.T) {
	t.Parallel()
	keys, err := delivery.WebhookKeys([]string{webhookSecret})
	require.NoError(t, err)
	assert.Contains(t, fencedIn(t, "### An endpoint in Go", "go"), "delivery.IsWebhook(r, body, keys)")
	library, err := standardwebhooks.NewWebhook(webhookSecret)
	require.NoError(t, err)
	now := time.Now()
	signature, err := library.Sign("a", now, []byte(webhookBody))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("webhook-id", "a")
	r.Header.Set("webhook-timestamp", emulator.Stamp(now))
	r.Header.Set("webhook-signature", signature)
	assert.True(t, delivery.IsWebhook(r, []byte(webhookBody), keys))
	assert.False(t, delivery.IsWebhook(r, []byte(webhookBody+" "), keys))
}
