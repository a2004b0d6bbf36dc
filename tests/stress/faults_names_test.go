package stress

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every failure of the table is played, and none that is not in it.
func TestTheFailuresAreThoseOfTheRules(t *testing.T) {
	rules, err := os.ReadFile("../../docs/rules.md")
	require.NoError(t, err)
	table := regexp.MustCompile(`(?m)^\| failure \|.*\n\|[-|]+\n((?:\|.*\n)+)`).FindStringSubmatch(string(rules))
	require.NotNil(t, table)
	var want, got []string
	for _, name := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(table[1], -1) {
		want = append(want, name[1])
	}
	for _, r := range rows() {
		got = append(got, r.name)
	}
	require.Len(t, want, 40)
	assert.ElementsMatch(t, want, got)
}
