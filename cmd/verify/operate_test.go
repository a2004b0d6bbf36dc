package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// Each line of docs/operate.md that begins with verify is one that this program runs.
func TestThePageForOperatorsHasLinesThatRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate.md")
	require.NoError(t, err)
	log := filepath.Join(t.TempDir(), "sends.log")
	require.NoError(t, os.WriteFile(log, []byte(`{"time": "2026-11-28T12:00:00Z", "to": "+15017122661", "ip": "203.0.113.7", "approved": true}`+"\n"), 0o600))
	env := map[string]string{"VERIFY_DSN": dsnOf(twiliotest.NewServer(t))}

	lines := regexp.MustCompile("(?m)(?:^ +|`)(verify [a-z][^`\n]*)").FindAllStringSubmatch(string(page), -1)
	ran := map[string]bool{}
	for _, line := range lines {
		args := words(line[1])[1:]
		ran[args[0]] = true
		switch last := &args[len(args)-1]; *last {
		case "sends.log":
			*last = log
		case "-to": // your own phone
			args = append(args, "+15017122661")
		}
		got := start(t, env, args...)
		if args[0] == "try" { // nobody types a code
			assert.NotEqual(t, statusUsage, got.status, "%s: %s", line[1], got.err)
			continue
		}
		assert.Zero(t, got.status, "%s: %s", line[1], got.err)
	}
	for _, name := range []string{"doctor", "try", "guard"} {
		assert.True(t, ran[name], name)
	}
}

// words parts a line as a shell does, as far as single quotes go.
func words(line string) (all []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

func TestWordsOfALine(t *testing.T) {
	assert.Equal(t, []string{"verify", "guard", "-settings", "a=1&b=2 c", "log"}, words("verify guard -settings 'a=1&b=2 c' log"))
}
