package verify_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// otherWords mean something else in this field: a carrier is a mobile operator, a
// leg half of a phone call, and everybody redeems coupons. Attempts are what a person
// makes; guessing is what an attacker does.
var (
	otherWords = regexp.MustCompile(`(?i)\b(carriers?|legs?|redeem(s|ed|ing)?|torture(s|d)?)\b`)
	guessNoun  = regexp.MustCompile(`(?i)\b(an?|the|one|each|every|no|of|wrong|right|last|first|[0-9]+|two|three|five|ten|hundred) guess(es)?\b|\bguesses\b|(?-i:\bGuess(es)?\b)`)
)

// quotedWords are the files that quote a vendor's own word, with the reason.
var quotedWords = map[string]string{
	"authy/authytest/authytest.go": "Authy's message of error 60083",
	"authy/authytest/codes.go":     "a field of Authy's answer",
}

// camel parts a name into its words.
var camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// foreignWords lists, of the Go files (but tests), pages and documents below tree,
// those that use a word of otherWords.
func foreignWords(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			switch path.Base(file) {
			case "testdata", "node_modules", "findings", ".git":
				return fs.SkipDir
			}
			return nil
		case strings.HasSuffix(file, "_test.go"), file == "CHANGELOG.md", quotedWords[file] != "":
			return nil
		}
		switch path.Ext(file) {
		case ".go", ".md", ".html", ".js", ".txt":
		default:
			return nil
		}
		raw, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(raw), "\n") {
			words := camel.ReplaceAllString(line, "$1 $2")
			for _, word := range append(otherWords.FindAllString(words, -1), guessNoun.FindAllString(words, -1)...) {
				found = append(found, file+": "+word+": "+strings.TrimSpace(line)+" (line "+strconv.Itoa(n+1)+")")
			}
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

func TestTheFieldsWordsAreUsed(t *testing.T) {
	t.Parallel()
	assert.Empty(t, foreignWords(t, os.DirFS(".")))
	for file, reason := range quotedWords {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Regexp(t, otherWords, string(raw), "%s quotes no such word any more: %s", file, reason)
	}
}

func TestForeignWordsRing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"func WithCarrier(c Carrier)":           2,
		"type Leg struct{}":                     1,
		"the code is redeemed once":             1,
		"five guesses are compared":             2,
		"GuessesLeft int":                       1,
		"who guesses at random":                 1,
		"a patient guesser":                     0,
		"nothing to guess, nobody was guessing": 0,
		"a legal delegate of a legacy":          0,
	} {
		found := foreignWords(t, fstest.MapFS{"a.go": {Data: []byte(text)}})
		assert.Equal(t, want > 0, len(found) > 0, "%s: %v", text, found)
	}
}
