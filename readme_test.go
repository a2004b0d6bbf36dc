package verify_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exampleFiles hold what the README may show.
var exampleFiles = []string{
	"examples/quickstart/main.go",
	"example_test.go", "example_options_test.go", "vendors/example_test.go", "mocks/example_test.go",
	"failover/example_test.go", "observe/observe_test.go", "totp/example_test.go", "tests/pigeon/pigeon_test.go",
}

// alsoShown are functions that the README may show besides examples: the
// quickstart's program, and how a stranger calls the suite.
var alsoShown = []string{"main", "TestPigeonKeepsThePromises"}

// examples returns the bodies of the Example functions of a file, and of those in
// alsoShown.
func examples(t *testing.T, file string, src []byte) []string {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, src, parser.SkipObjectResolution)
	require.NoError(t, err)
	var all []string
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && (strings.HasPrefix(f.Name.Name, "Example") || slices.Contains(alsoShown, f.Name.Name)) {
			all = append(all, string(src[files.Position(f.Pos()).Offset:files.Position(f.End()).Offset]))
		}
	}
	return all
}

// without drops the tabs that open each line.
func without(code string) string {
	lines := strings.Split(strings.Trim(code, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// unproven lists the Go blocks of a README whose lines do not stand one after the
// other in one of the examples.
func unproven(readme string, examples []string) []string {
	var all []string
	for _, block := range blocks(readme) {
		proven := false
		for _, e := range examples {
			proven = proven || strings.Contains(without(e), without(block))
		}
		if !proven {
			all = append(all, block)
		}
	}
	return all
}

func TestTheREADMEShowsExamples(t *testing.T) {
	var all []string
	for _, file := range exampleFiles {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		found := examples(t, file, src)
		assert.NotEmpty(t, found, "%s has no example", file)
		all = append(all, found...)
	}
	for _, block := range unproven(read(t, "README.md"), all) {
		t.Errorf("no Example holds these lines of the README:\n%s", block)
	}
}

// What the module is, how to get it, how to try it, a short program, and the
// vendors: in this order.
func TestTheREADMEBeginsWithWhatANewUserNeeds(t *testing.T) {
	readme := read(t, "README.md")
	at := 0
	for _, part := range []string{"# verify\n", "Go releases", "    go get ", "    go run ./examples/login\n    go test work\n", "```go\n", "| vendor | DSN |"} {
		i := strings.Index(readme[at:], part)
		require.GreaterOrEqual(t, i, 0, "%q is missing, or stands too early", part)
		at += i
	}
	assert.LessOrEqual(t, strings.Count(blocks(readme)[0], "\n"), 12, "the first program is short")
	assert.Equal(t, at, strings.Index(readme, "| vendor | DSN |"))
	assert.LessOrEqual(t, strings.Count(readme[:at], "\n"), 40)
}

// A comparison that lets everything through would never be noticed.
func TestREADMERings(t *testing.T) {
	found := examples(t, "x_test.go", []byte("package x\n\nfunc Example() {\n\ta()\n\tif b() {\n\t\tc()\n\t}\n}\n\nfunc other() {\n\td()\n}\n"))
	require.Len(t, found, 1)
	for name, tc := range map[string]struct {
		block  string
		proven bool
	}{
		"all of it":          {"a()\nif b() {\n\tc()\n}\n", true},
		"a part":             {"if b() {\n\tc()\n}\n", true},
		"another depth":      {"\t\ta()\n", true},
		"another call":       {"a()\nif b() {\n\td()\n}\n", false},
		"lines left out":     {"a()\nc()\n", false},
		"half a line":        {"if b()\n", false},
		"another function's": {"d()\n", false},
		"spaces for tabs":    {"if b() {\n    c()\n}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := unproven("text\n```go\n"+tc.block+"```\n```\nnot Go\n```\n", found)
			assert.Equal(t, tc.proven, len(got) == 0, "%q", got)
		})
	}
}
