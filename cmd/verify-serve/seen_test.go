package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/internal/dbserver"
)

// stores are where -seen may point to, each a real server of its own, or a file.
var stores = map[string]func(dir string) (url string, stop func(), err error){
	"sqlite": func(dir string) (string, func(), error) { return "sqlite:" + filepath.Join(dir, "seen.db"), nil, nil },
	"redis": func(dir string) (string, func(), error) {
		program, err := exec.LookPath("redis-server")
		if err != nil {
			return "", nil, err
		}
		socket := filepath.Join(dir, "s")
		stop, err := dbserver.Run(exec.Command(program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--logfile", "/dev/stderr"), "eady to accept")
		return "unix://" + socket, stop, err
	},
	"postgres": func(dir string) (string, func(), error) {
		s, err := dbserver.Postgres(dir)
		return s.URL, s.Stop, err
	},
	"mysql": func(dir string) (string, func(), error) {
		s, err := dbserver.MariaDB(dir)
		return s.URL, s.Stop, err
	},
}

// running starts a store for a test.
func running(t *testing.T, name string) (url string, stop func()) {
	t.Helper()
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	url, stop, err = stores[name](dir)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(name + " is not installed")
	}
	require.NoError(t, err)
	if stop != nil {
		t.Cleanup(stop)
	}
	return url, stop
}

// What was delivered is shared by processes of the program through each store that it
// knows: one message, whichever of them is asked and how often, and after a restart.
func TestProcessesShareWhatWasDelivered(t *testing.T) {
	setSecrets(t)
	for name := range stores {
		t.Run(name, func(t *testing.T) {
			url, stop := running(t, name)
			vendor := gatewayapitest.NewServer(t)
			t.Setenv("SEEN", url)
			var printed print
			args := []string{"-dsn", line(vendor.URL, "a"), "-hook", "logto=env:HOOK_SECRET", "-product", "Acme", "-seen", "env:SEEN", "-seen-key", "env:HOOK_SECRET", "-keep", "24h"}
			one, first, oneEnded := started(t, &printed, args...)
			two, second, twoEnded := started(t, &printed, args...)
			assert.Equal(t, "ok", storeOf(t, first))

			var wg sync.WaitGroup
			statuses := make(chan int, 8)
			for n := range cap(statuses) {
				wg.Go(func() { statuses <- answer(t, post([]string{first, second}[n%2], "logto", time.Now())) })
			}
			wg.Wait()
			close(statuses)
			for status := range statuses {
				assert.Equal(t, http.StatusNoContent, status)
			}
			assert.Len(t, vendor.Messages(), 1)

			require.NoError(t, one.Process.Signal(syscall.SIGTERM))
			require.NoError(t, oneEnded())
			third, again, thirdEnded := started(t, &printed, args...)
			assert.Equal(t, http.StatusNoContent, answer(t, post(again, "logto", time.Now())))
			assert.Len(t, vendor.Messages(), 1, "a process that was started since knows it too")

			if stop != nil { // nothing is sent while it is not known what was
				stop()
				status := http.StatusNoContent
				for gone := time.Now().Add(20 * time.Second); status == http.StatusNoContent && time.Now().Before(gone); {
					status = answer(t, post(again, "logto", time.Now())) // PostgreSQL's processes outlive their first one for a moment
				}
				assert.Equal(t, http.StatusServiceUnavailable, status)
				assert.NotEqual(t, "ok", storeOf(t, again))
				assert.Len(t, vendor.Messages(), 1)
			}
			for cmd, ended := range map[*exec.Cmd]func() error{two: twoEnded, third: thirdEnded} {
				require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
				require.NoError(t, ended())
			}
			for _, word := range []string{"1357902468", "5005550006", secret, gatewayapitest.Token, filepath.Dir(strings.TrimPrefix(url, "unix://")), "socket"} {
				assert.NotContains(t, printed.String(), word)
			}
		})
	}
}

// storeOf is what /health tells of the store.
func storeOf(t *testing.T, url string) string {
	t.Helper()
	got, err := http.Get(url + "/health")
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	var report struct {
		Parts []struct{ Name, Status string }
	}
	require.NoError(t, json.NewDecoder(got.Body).Decode(&report))
	require.Len(t, report.Parts, 2)
	assert.Equal(t, "store", report.Parts[1].Name)
	return report.Parts[1].Status
}
