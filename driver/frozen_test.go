//go:build linux

package driver_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

const frozenURL = "GO2FA_TEST_FROZEN_URL"

// TestFrozenChild is the process that TestFrozenProcess freezes: it sends once
// for each line that it reads, and says what came of it.
func TestFrozenChild(t *testing.T) {
	url := os.Getenv(frozenURL)
	if url == "" {
		t.Skip("it is run by TestFrozenProcess")
	}
	c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: url})
	require.NoError(t, err)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, err := c.Do(t.Context(), kinds()["send"].call)
		outcome := "accepted"
		if err != nil {
			outcome = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		_, _ = os.Stdout.WriteString("sent: " + outcome + "\n") // a pipe
	}
}

// A process that is frozen between two calls, as serverless ones are, wakes with
// a connection that the vendor has ended meanwhile. Its first Send is not lost.
func TestFrozenProcess(t *testing.T) {
	t.Parallel()
	const children = 12 // at once, so that the processor is busy as well
	var wait sync.WaitGroup
	for range children {
		s := newServer(t, answer(200, accepted))
		wait.Go(func() { freezeAndSend(t, s) })
	}
	wait.Wait()
}

func freezeAndSend(t *testing.T, s *server) {
	child := exec.Command(os.Args[0], "-test.run=^TestFrozenChild$")
	child.Env = append(os.Environ(), frozenURL+"="+s.URL)
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() {
		_ = child.Process.Kill() // one that hangs
		_ = child.Wait()
	}()
	answers := bufio.NewScanner(out)
	send := func() { _, _ = io.WriteString(in, "send\n") }
	read := func() string {
		for answers.Scan() {
			if said, found := strings.CutPrefix(answers.Text(), "sent: "); found {
				return said
			}
		}
		return "nothing was said"
	}

	send()
	assert.Equal(t, "accepted", read())
	for range 3 {
		assert.NoError(t, child.Process.Signal(syscall.SIGSTOP))
		s.restart(answer(200, accepted))
		closed := s.opened()
		for _, c := range closed {
			_ = c.Close()
		}
		driver.AwaitEnds(t, closed)
		send()
		time.Sleep(5 * time.Millisecond) // the end was there for as long before
		assert.NoError(t, child.Process.Signal(syscall.SIGCONT))
		assert.Equal(t, "accepted", read(), "a send after a thaw")
		assert.Equal(t, 1, s.now().effects)
	}
	_ = in.Close()
}
