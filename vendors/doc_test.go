package vendors

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of settings into docs/dsn.md")

const (
	docFile  = "../docs/dsn.md"
	docBegin = "<!-- Made of the tables in vendors/: go test ./vendors -update -->\n"
	docEnd   = "<!-- end -->\n"
)

// document is what docs/dsn.md says of a vendor.
func (v vendor[C]) document() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", v.scheme, v.doc)
	b.WriteString("| key | default | example | what |\n|---|---|---|---|\n")
	for _, s := range v.table() {
		keys := "`" + s.key + "`"
		if s.also != "" {
			keys += " or `" + s.also + "`"
		}
		for part, key := range map[string]string{"user": v.user, "pass": v.pass, "host": v.host} {
			if key == s.key {
				keys += " (" + part + ")"
			}
		}
		fallback := s.fallback
		if s.required {
			fallback = "**required**"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", keys, fallback, s.example, s.doc)
	}
	return b.String()
}

func TestDocumentedSettingsAreThoseOfTheTables(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	require.NoError(t, err)
	head, rest, begins := strings.Cut(string(doc), docBegin)
	_, tail, ends := strings.Cut(rest, docEnd)
	require.True(t, begins && ends, "the marks in docs/dsn.md are gone")

	want := head + docBegin
	for _, s := range append(schemes(), failoverVendor) {
		want += s.(interface{ document() string }).document()
	}
	want += "\n" + docEnd + tail
	if *update {
		require.NoError(t, os.WriteFile(docFile, []byte(want), 0o644))
		return
	}
	assert.True(t, want == string(doc), "docs/dsn.md is not what the tables say: run go test ./vendors -update")
}

func TestTablesAreComplete(t *testing.T) {
	for _, s := range append(schemes(), failoverVendor) {
		for _, row := range s.(interface{ rows() []row }).rows() {
			assert.NotEmpty(t, row.doc, row.key)
			assert.NotEmpty(t, row.example, row.key)
			assert.NotEqual(t, row.required, row.fallback != "", "%s: required, or a default in words", row.key)
		}
	}
}

type row struct {
	key, doc, example, fallback string
	required                    bool
}

func (v vendor[C]) rows() []row {
	var rows []row
	for _, s := range v.table() {
		rows = append(rows, row{s.key, s.doc, s.example, s.fallback, s.required})
	}
	return rows
}

// Every line of the documentation that looks like a DSN can be read.
func TestDocumentedLinesCanBeRead(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^[a-z]+(://|\().*$`).FindAllString(string(doc), -1)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		_, err := parse(line)
		assert.NoError(t, err, line)
	}
}

// The error that the documentation quotes is one that Open makes.
func TestDocumentedErrorIsReal(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^vendors: .*$`).FindString(string(doc))
	_, err = Open("twilio://AC00000000000000000000000000000000:token@VA00000000000000000000000000000000?scope.pay.digits=six")
	assert.EqualError(t, err, line)
}

// The file that the documentation shows is one that Config reads and opens.
func TestDocumentedFileOpens(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(doc), "```json\n")
	file, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	var c Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	t.Setenv("TWILIO_AUTH_TOKEN", "placeholder")
	t.Setenv("BANDWIDTH_CLIENT_ID", "placeholder")
	c.Backends[1].Settings["client_secret"] = "placeholder"
	_, err = c.Open()
	require.NoError(t, err)

	c.Backends[1].Settings["expiry"] = "5"
	_, err = c.Open()
	assert.Contains(t, string(doc), "`"+err.Error()+"`")
}
