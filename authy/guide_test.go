package authy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The guide shows no line that does not compile in the example.
func TestMigrationGuideShowsTheExample(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/migrate-authy.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_migrate_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(guide), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		code, _, closed := strings.Cut(block, "```")
		require.True(t, closed)
		assert.Contains(t, flush(string(source)), flush(code))
	}
}

// flush takes the indentation from every line.
func flush(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
