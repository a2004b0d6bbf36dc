package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain plays the program itself, or an application, when a test starts it as a
// process.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("VERIFY_TEST_MAIN") != "":
		main()
	case os.Getenv("VERIFY_TEST_APPLICATION") != "":
		application()
	default:
		os.Exit(m.Run())
	}
}

// process is this program in a process of its own.
func process(ctx context.Context, env string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), "VERIFY_TEST_MAIN=1", env)
	return c
}

// A running emulation, in this process or in one of its own.
type running struct {
	inbox  string
	places []place
	lines  *bufio.Scanner // what it prints
	end    func() int     // interrupts it and returns its status
}

// silent asserts that nothing but the lines was printed, once it has ended.
func (r running) silent(t *testing.T) {
	t.Helper()
	assert.False(t, r.lines.Scan(), r.lines.Text())
}

func emulating(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"emulate", "-addr", "127.0.0.1:0", "-json"}, args...), strings.NewReader(""), in, io.Discard, os.Getenv)
		_ = in.Close()
	}()
	vendors := 0
	for _, arg := range args {
		if slices.Contains(emulatedSchemes(), arg) {
			vendors++
		}
	}
	if vendors == 0 {
		vendors = len(everyEmulator())
	}
	r := announced(t, out, vendors)
	r.end = func() int {
		cancel()
		r.silent(t)
		return <-status
	}
	t.Cleanup(cancel)
	return r
}

// announced reads the JSON lines of emulate: the inbox first, then the vendors.
func announced(t *testing.T, out io.Reader, vendors int) running {
	t.Helper()
	s := bufio.NewScanner(out)
	line := func(v any) {
		require.True(t, s.Scan(), s.Err())
		d := json.NewDecoder(strings.NewReader(s.Text()))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(v), s.Text())
	}
	var first struct{ Inbox, Redis string }
	line(&first)
	r := running{inbox: first.Inbox, places: make([]place, vendors), lines: s}
	for i := range r.places {
		line(&r.places[i])
	}
	return r
}

func (r running) dsn(t *testing.T, vendor string) string {
	t.Helper()
	for _, p := range r.places {
		if p.Vendor == vendor {
			return p.DSN
		}
	}
	require.Fail(t, "not emulated")
	return ""
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestEmulatePrintsWhereEverythingIs(t *testing.T) {
	r := emulating(t)
	require.Len(t, r.places, len(everyEmulator()))
	for i, e := range everyEmulator() {
		p := r.places[i]
		assert.Equal(t, e.Facts.Scheme, p.Vendor)
		assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+$`, p.URL)
		assert.True(t, strings.HasPrefix(p.DSN, e.Facts.Scheme+"://"), p.DSN)
		assert.Contains(t, p.DSN, "base_url="+p.URL)
	}
	assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+$`, r.inbox)
	assert.Equal(t, 0, r.end())
	_, err := http.Get(r.places[0].URL)
	assert.Error(t, err, "it has ended")
	_, err = http.Get(r.inbox)
	assert.Error(t, err, "it has ended")
}

func TestEmulateSpeaksToPeople(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"emulate", "-addr", "127.0.0.1:0", "twilio"}, strings.NewReader(""), in, io.Discard, os.Getenv)
	}()
	s := bufio.NewScanner(out)
	require.True(t, s.Scan())
	assert.Regexp(t, `^inbox http://127\.0\.0\.1:[0-9]+$`, s.Text())
	require.True(t, s.Scan())
	assert.Regexp(t, `^twilio http://127\.0\.0\.1:[0-9]+$`, s.Text())
	require.True(t, s.Scan())
	assert.Regexp(t, `^    twilio://\S+$`, s.Text(), "a double click selects it")
	cancel()
	assert.Equal(t, 0, <-status)
}

// room is an address with enough free ports behind it, which the system gives to
// nobody by itself. Other processes look for room as well, but hardly here.
func room(t *testing.T) string {
	t.Helper()
	for range 100 {
		port, free := 12000+rand.IntN(20000), true
		for i := range len(everyEmulator()) + 2 {
			l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port+i))
			if free = free && err == nil; err == nil {
				_ = l.Close()
			}
		}
		if free {
			return fmt.Sprint("127.0.0.1:", port)
		}
	}
	t.Skip("no row of free ports on this machine")
	return ""
}

// A program that is configured beforehand needs the same lines in each run.
func TestEmulateServesEachVendorAtTheSamePortInEachRun(t *testing.T) {
	addr := room(t)
	first, err := strconv.Atoi(strings.TrimPrefix(addr, "127.0.0.1:"))
	require.NoError(t, err)
	var lines []string
	for range 2 {
		r := emulating(t, "-addr", addr)
		var now []string
		for i, p := range r.places {
			assert.Equal(t, fmt.Sprint("http://127.0.0.1:", first+i+1), p.URL, "in the order of the vendors")
			now = append(now, p.DSN, p.DSNUsers)
		}
		if lines != nil {
			assert.Equal(t, lines, now)
		}
		lines = now
		assert.Equal(t, "http://"+addr, r.inbox)
		assert.Equal(t, 0, r.end())
	}
	some := emulating(t, "-addr", addr, "twilio")
	assert.Contains(t, lines, some.places[0].DSN, "whichever others are named")
	require.Equal(t, 0, some.end())

	own := emulating(t, "-addr", addr, "-twilio", "127.0.0.1:0", "twilio")
	assert.NotContains(t, lines, own.places[0].DSN, "unless it is given an address of its own")
}

func TestEmulateTakesTheIdsAndSecretsOfAnApplication(t *testing.T) {
	const account, service = "AC99999999999999999999999999999999", "VA88888888888888888888888888888888"
	line := "twilio://" + account + ":chosentoken@" + service
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := "vendor: failover\nbackends:\n- vendor: twilio\n  settings:\n    account_sid: " + account + "\n    auth_token: env:VERIFY_TEST_TOKEN\n    service_sid: " + service +
		"\n- vendor: bandwidth\n  settings: {account_id: '9911111', client_id: chosen, client_secret: pass, sms_app: app, from: '+15017122661'}\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	t.Setenv("VERIFY_TEST_TOKEN", "chosentoken")
	for name, flag := range map[string][]string{"by a line": {"-dsn", line}, "by a file": {"-config", file}} {
		t.Run(name, func(t *testing.T) {
			r := emulating(t, append(flag, "twilio", "bandwidth")...)
			dsn := r.dsn(t, "twilio")
			assert.Contains(t, dsn, "twilio://"+account+":chosentoken@"+service+"?")
			require.Equal(t, 0, start(t, nil, "send", "-dsn", line+"?base_url="+r.places[1].URL, "-to", to).status)
			wrong := strings.Replace(line, "chosentoken", "othertoken", 1) + "?base_url=" + r.places[1].URL
			assert.Equal(t, 3, start(t, nil, "send", "-dsn", wrong, "-to", to).status)
			if flag[0] == "-config" {
				assert.Contains(t, r.dsn(t, "bandwidth"), "bandwidth://chosen:pass@9911111?")
			}
		})
	}
	got := start(t, nil, "emulate", "-dsn", "twilio://a:Zq9XkvJw@b?x=env:VERIFY_TEST_NOTHING")
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "names a variable that is not set")
	assert.NotContains(t, got.err, "Zq9XkvJw")
}

// VERIFY_DSN may hold real secrets: they are not printed without being asked for.
func TestEmulateDoesNotReadTheEnvironment(t *testing.T) {
	t.Setenv("VERIFY_DSN", "twilio://AC99999999999999999999999999999999:Zq9XkvJw@VA88888888888888888888888888888888")
	r := emulating(t, "twilio")
	assert.NotContains(t, r.places[0].DSN, "Zq9XkvJw")
}

// A code of one vendor does not keep the next from sending to the same number.
func TestVendorsThatShareARedisDoNotShareCooldowns(t *testing.T) {
	r := emulating(t)
	for _, p := range r.places {
		if strings.Contains(p.DSN, "&store=") {
			got := start(t, nil, "send", "-dsn", p.DSN, "-to", to)
			assert.Equal(t, 0, got.status, got.err)
		}
	}
}

// What a check needs of its send is in the Redis of the line: "send" and "check" are
// two processes.
func TestAVendorThatChecksByAnIDSharesItByItsLine(t *testing.T) {
	seen := 0
	for _, v := range everyVendor() {
		if !checksByID(v.Scheme) {
			continue
		}
		seen++
		t.Run(v.Scheme, func(t *testing.T) {
			r := emulating(t, v.Scheme)
			line := r.places[0].DSN
			require.Contains(t, line, "&references=redis://")
			require.Equal(t, 0, start(t, nil, "send", "-dsn", line, "-to", to).status)
			_, body := get(t, r.inbox+"/inbox.json")
			var messages []struct{ Code string }
			require.NoError(t, json.Unmarshal([]byte(body), &messages))
			require.Len(t, messages, 1)
			code := messages[0].Code
			assert.Equal(t, 1, start(t, nil, "check", "-dsn", line, "-to", to, "-code", spoil(code)).status)
			assert.Equal(t, "approved\n", start(t, nil, "check", "-dsn", line, "-to", to, "-code", code).out)
			again := start(t, nil, "check", "-dsn", line, "-to", to, "-code", code)
			assert.Contains(t, again.err, "not pending")
		})
	}
	assert.Positive(t, seen)
}

func TestEmulateRefusesATakenPort(t *testing.T) {
	r := emulating(t)
	got := start(t, nil, "emulate", "-addr", strings.TrimPrefix(r.inbox, "http://"))
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "is the port free?")
	got = start(t, nil, "emulate", "-addr", "127.0.0.1:0", "-twilio", strings.TrimPrefix(r.inbox, "http://"))
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "twilio cannot be served: its port is not free; -twilio HOST:PORT serves it elsewhere")
	got = start(t, nil, "emulate", "-addr", "127.0.0.1:0", "-redis", strings.TrimPrefix(r.inbox, "http://"), "gatewayapi")
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "-redis HOST:PORT serves it elsewhere")
	got = start(t, nil, "emulate", "-addr", "127.0.0.1:65534")
	assert.Contains(t, got.err, "with room for a port for each vendor")
}

// Three processes, as in production: one is the vendor, one sends, one checks.
func TestProcesses(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		emulator := process(ctx, "", "emulate", "-addr", "127.0.0.1:0", "-json", "twilio")
		out, err := emulator.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, emulator.Start())
		r := announced(t, out, 1)

		env := "VERIFY_DSN=" + r.places[0].DSN
		sent, err := process(ctx, env, "send", "-to", to, "-json").Output()
		require.NoError(t, err)
		assert.Contains(t, string(sent), `"vendor":"twilio"`)

		_, body := get(t, r.inbox+"/inbox.json")
		var messages []struct{ Code string }
		require.NoError(t, json.Unmarshal([]byte(body), &messages))
		require.Len(t, messages, 1)
		assert.Error(t, process(ctx, env, "check", "-to", to, "-code", spoil(messages[0].Code)).Run())
		approved, err := process(ctx, env, "check", "-to", to, "-code", messages[0].Code).Output()
		require.NoError(t, err)
		assert.Equal(t, "approved\n", string(approved))

		require.NoError(t, emulator.Process.Signal(sig))
		r.silent(t)
		assert.NoError(t, emulator.Wait(), "%v ends it with 0", sig)
		cancel()
	}
}

// Package flag quotes what was typed on the real standard error, if it is let.
func TestProcessDoesNotQuoteWhatWasTyped(t *testing.T) {
	out, err := process(context.Background(), "", "send", "-to", to, "-digits", "Zq9XkvJw").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "its value cannot be read")
	assert.NotContains(t, string(out), "Zq9XkvJw")
}
