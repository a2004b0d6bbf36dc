package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the program, so that nothing is built twice.
func TestMain(m *testing.M) {
	if os.Getenv("QUICKSTART") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestQuickstart(t *testing.T) {
	for name, tc := range map[string]struct {
		typed func(code string) string
		ends  int
		says  string
	}{
		"the right code lets in":       {func(code string) string { return code }, 0, "it is you"},
		"a wrong code does not":        {func(code string) string { return "0" + code[:5] }, 1, "mismatch"},
		"no code at all does not":      {func(string) string { return "" }, 1, "mismatch"},
		"a code too long does not":     {func(code string) string { return code + "0" }, 1, "mismatch"},
		"a code with a letter neither": {func(code string) string { return code[:5] + "O" }, 1, "mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := twiliotest.NewServer(t, twiliotest.Options{NewCode: func(int) string { return "135790" }})
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "QUICKSTART=1", "VERIFY_DSN=twilio://"+twiliotest.AccountSID+":"+
				twiliotest.AuthToken+"@"+twiliotest.ServiceSID+"?base_url="+srv.URL)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			out := bufio.NewReader(stdout)
			_, err = out.ReadString(':')
			require.NoError(t, err, "the program asks once the code is sent")
			_, err = io.WriteString(stdin, tc.typed(srv.Code("+15005550006", ""))+"\n")
			require.NoError(t, err)
			rest, err := io.ReadAll(out)
			require.NoError(t, err)
			_ = cmd.Wait()
			assert.Equal(t, tc.ends, cmd.ProcessState.ExitCode())
			assert.Contains(t, string(rest)+stderr.String(), tc.says)
			assert.NotContains(t, stderr.String(), "+15005550006")
		})
	}
}
