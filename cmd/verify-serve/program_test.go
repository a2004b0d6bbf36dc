package main

import (
	"bufio"
	"context"
	"debug/elf"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

// built is the program as docs/hooks.md has it built.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "verify-serve")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "verify-serve")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return string(out), err
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

func program(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("measured on Linux")
	}
	file, err := built()
	require.NoError(t, err, file)
	return file
}

func TestTheProgramIsOneStaticFileOf20MBAtMost(t *testing.T) {
	file := program(t)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.LessOrEqual(t, info.Size(), int64(20_000_000))
	t.Logf("%d bytes", info.Size())
	e, err := elf.Open(file)
	require.NoError(t, err)
	defer func() { _ = e.Close() }()
	for _, p := range e.Progs {
		assert.NotEqual(t, elf.PT_INTERP, p.Type, "it needs no loader")
	}
	libraries, err := e.ImportedLibraries()
	require.NoError(t, err)
	assert.Empty(t, libraries)
	symbols, _ := e.Symbols()
	assert.Empty(t, symbols, "stripped")
}

// A print is what a process printed on both of its streams.
type print struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *print) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *print) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// started runs the program, and returns it with the address that it serves.
func started(t *testing.T, errs io.Writer, args ...string) (*exec.Cmd, string, func() error) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program(t), append(args, "-addr", "127.0.0.1:0")...)
	pipe, err := cmd.StderrPipe()
	require.NoError(t, err)
	cmd.Stdout = errs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(pipe)
	require.True(t, lines.Scan())
	_, _ = errs.Write(lines.Bytes())
	var first struct{ Addr string }
	require.NoError(t, json.Unmarshal(lines.Bytes(), &first))
	require.NotEmpty(t, first.Addr, lines.Text())
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() {
			_, _ = errs.Write(lines.Bytes())
		}
	}()
	return cmd, "http://" + first.Addr, func() error { <-rest; return cmd.Wait() }
}

// The best of ten, since the machine may be busy with something else.
func TestTheProgramStartsWithinASecond(t *testing.T) {
	setSecrets(t)
	best := time.Hour
	for range 10 {
		began := time.Now()
		cmd, _, ended := started(t, io.Discard, "-dsn", line("http://127.0.0.1:9", "a"), "-hook", "logto=env:HOOK_SECRET")
		best = min(best, time.Since(began))
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, ended())
		if best < time.Second {
			break
		}
	}
	t.Log(best)
	assert.Less(t, best, time.Second)
}

// A request that is under way when SIGTERM comes is delivered and answered, the process
// ends with status 0, and nothing secret was printed.
func TestSIGTERMDrainsAndNothingSecretIsPrinted(t *testing.T) {
	setSecrets(t)
	vendor := gatewayapitest.NewServer(t)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-goOn
		vendor.ServeHTTP(w, r)
	}))
	defer slow.Close()
	var printed print
	cmd, url, ended := started(t, &printed, "-dsn", line(slow.URL, "a"), "-hook", "logto=env:HOOK_SECRET", "-product", "Acme")
	status := make(chan int, 1)
	go func() { status <- answer(t, post(url, "logto", time.Now())) }()
	<-arrived
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { // no new request is served
		got, err := http.Get(url + "/ready")
		if err == nil {
			_ = got.Body.Close()
		}
		return err != nil
	}, 10*time.Second, 5*time.Millisecond)
	close(goOn)
	assert.Equal(t, http.StatusNoContent, <-status)
	require.NoError(t, ended())
	assert.Len(t, vendor.Messages(), 1)
	assert.Contains(t, printed.String(), `"draining"`)
	for _, word := range []string{"1357902468", "5005550006", secret, gatewayapitest.Token} {
		assert.NotContains(t, printed.String(), word)
	}
}
