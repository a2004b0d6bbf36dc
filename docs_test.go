package verify_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	rulesFile     = "docs/rules.md"
	vendorFile    = "docs/new-vendor.md"
	messengerFile = "docs/new-messenger.md"
	scenarioFile  = "docs/scenarios.md"
)

// A number is quoted as R07, V-15, or F11: at the head of a message. Failures have
// names, so that no number of a row is defined.
var (
	quotedIDs  = regexp.MustCompile(`\b(?:R[0-9]{2}|V-[0-9]{2})\b|\bF[0-9]{1,2}\b:`)
	quotedRows = regexp.MustCompile(`\b[Rr]ows? [0-9]{1,2}\b`)
	definition = regexp.MustCompile(`(?m)^\| (R[0-9]{2}|V-[0-9]{2}|F[0-9]{1,2}) \|`)
)

// quotes lists the numbers that a text quotes.
func quotes(text string) []string {
	var all []string
	for _, id := range quotedIDs.FindAllString(text, -1) {
		all = append(all, strings.TrimSuffix(id, ":"))
	}
	for _, row := range quotedRows.FindAllString(text, -1) {
		all = append(all, strings.ToLower(row))
	}
	return all
}

// definitions lists the numbers that docs/rules.md defines, in its order.
func definitions(rules string) []string {
	var all []string
	for _, d := range definition.FindAllStringSubmatch(rules, -1) {
		all = append(all, d[1])
	}
	return all
}

// undefined reads every text below tree and lists what quotes a number that is
// not defined: of Go files the comments and strings, of others all.
func undefined(t *testing.T, tree fs.FS, defined []string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || !slices.Contains([]string{".go", ".md", ".lua"}, path.Ext(file)):
			return nil
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		if path.Ext(file) == ".go" {
			text = proseOf(text)
		}
		for _, id := range quotes(string(text)) {
			if !slices.Contains(defined, id) {
				all = append(all, fmt.Sprintf("%s quotes %s, which %s does not define", file, id, rulesFile))
			}
		}
		return nil
	})
	require.NoError(t, err)
	return all
}

// proseOf keeps the comments and strings of a Go file: a name such as R12 quotes
// nothing.
func proseOf(src []byte) []byte {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, src, func(token.Position, string) {}, scanner.ScanComments) // what does not parse is the compiler's
	var prose []byte
	for {
		_, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return prose
		case token.COMMENT, token.STRING:
			prose = append(append(prose, text...), '\n')
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

func TestNumbersThatAreQuotedAreDefined(t *testing.T) {
	for _, breach := range undefined(t, os.DirFS("."), definitions(read(t, rulesFile))) {
		t.Error(breach)
	}
}

// No number is missing, and none is given twice.
func TestRulesAreComplete(t *testing.T) {
	var want []string
	for _, list := range []struct {
		form string
		n    int
	}{{"R%02d", 81}, {"V-%02d", 30}, {"F%d", 17}} {
		for n := 1; n <= list.n; n++ {
			want = append(want, fmt.Sprintf(list.form, n))
		}
	}
	assert.Equal(t, want, definitions(read(t, rulesFile)))
}

func TestDocumentsNameRealOutcomes(t *testing.T) {
	var real []string
	for _, name := range regexp.MustCompile(`(?m)^\t(Err[A-Za-z]+) +Outcome = "`).FindAllStringSubmatch(read(t, "errors.go"), -1) {
		real = append(real, name[1])
	}
	require.Len(t, real, 12)
	for _, file := range []string{rulesFile, vendorFile, scenarioFile, "README.md", "docs/design.md"} {
		for _, name := range regexp.MustCompile(`(\w+\.)?\b(Err[A-Z][A-Za-z]+)\b`).FindAllStringSubmatch(read(t, file), -1) {
			if name[1] == "" || name[1] == "verify." {
				assert.Contains(t, real, name[2], "%s names an outcome that there is not", file)
			}
		}
	}
}

// A test that finds nothing to complain about would never be noticed. Here only
// these numbers are defined.
func TestQuotesRing(t *testing.T) {
	defined := []string{"R07", "V-15", "F11"}
	tests := map[string]struct {
		file, text string
		want       []string // a part of each complaint, in order
	}{
		"defined numbers":         {"x.go", "package x // R07, V-15\nvar _ = \"F11: x\"\n", nil},
		"a requirement":           {"x_test.go", "package x // R08 holds\n", []string{"R08"}},
		"in a string":             {"a/b/x_test.go", "package x\nvar _ = \"R08: x\"\n", []string{"a/b/x_test.go quotes R08"}},
		"in a raw string":         {"x.go", "package x\nvar _ = `" + "row" + " 29`\n", []string{"row" + " 29"}},
		"a failure of others":     {"x.go", "package x // V-16\n", []string{"V-16"}},
		"a finding":               {"x.go", "package x // F12: x\n", []string{"F12"}},
		"a row at the head":       {"x.go", "package x // " + "Row" + " 27 is odd\n", []string{"row" + " 27"}},
		"some rows":               {"x.go", "package x // " + "rows" + " 30 to 33\n", []string{"rows" + " 30"}},
		"a document":              {"docs/x.md", "see R08\n", []string{"R08"}},
		"a script":                {"redisstore/x.lua", "-- R08\n", []string{"R08"}},
		"a nested module":         {"cmd/verify/x.go", "package main // R08\n", []string{"R08"}},
		"a name in Go":            {"x.go", "package x\nvar R08 = \"\"\n", nil},
		"a number of three":       {"x.go", "package x // R820, row 412, V-311\n", nil},
		"a word that ends so":     {"x.go", "package x // AR08, IV-16, arrow 29, F12 of some keyboard\n", nil},
		"rows of something":       {"x.go", "package x // 29 rows, row upon row\n", nil},
		"an address of something": {"x.go", "package x // E.164, R8, 63B\n", nil},
		"what others wrote":       {"node_modules/x/x.md", "R08\n", nil},
		"a recording":             {"twilio/testdata/x.md", "R08\n", nil},
		"a file of data":          {"x.json", `"R08"`, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := undefined(t, fstest.MapFS{tc.file: {Data: []byte(tc.text)}}, defined)
			require.Len(t, got, len(tc.want), "%v", got)
			for i, part := range tc.want {
				assert.Contains(t, got[i], part)
			}
		})
	}
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// blocks lists the Go code of a document.
func blocks(document string) []string {
	var all []string
	for _, b := range goBlock.FindAllStringSubmatch(document, -1) {
		all = append(all, b[1])
	}
	return all
}

// What docs/new-vendor.md and docs/new-messenger.md walk through are tests/pigeon and
// tests/dove, which are tested there, in a module of their own.
var walkedThrough = map[string][]string{
	vendorFile:    {"pigeon/pigeon.go", "pigeon/pigeontest/pigeontest.go", "pigeon/pigeon_test.go"},
	messengerFile: {"dove/dove.go", "dove/dovetest/dovetest.go", "dove/dove_test.go"},
}

func TestNewVendorShowsCodeThatIsTested(t *testing.T) {
	for page, names := range walkedThrough {
		var files []string
		for _, name := range names {
			files = append(files, strings.ReplaceAll(read(t, "tests/"+name), module+"/tests/", "example.com/"))
		}
		shown := blocks(read(t, page))
		require.NotEmpty(t, shown)
		for _, block := range shown {
			assert.True(t, slices.ContainsFunc(files, func(file string) bool { return strings.Contains(file, "\n"+block) }),
				"%s: no file holds these lines:\n%s", page, block)
		}
	}
}

func TestNewVendorIsShort(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(read(t, vendorFile), "\n"), 250)
}

// The table of what a failing scenario teaches knows every scenario, and no
// other.
func TestEveryScenarioIsExplained(t *testing.T) {
	var taught []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_0-9*`, ]+) \\|").FindAllStringSubmatch(read(t, scenarioFile), -1) {
		taught = append(taught, regexp.MustCompile("[a-z_0-9*]+").FindAllString(row[1], -1)...)
	}
	played := regexp.MustCompile(`(?m)^//\t([a-z_0-9]+) {2,}\S`).FindAllStringSubmatch(read(t, "verifytest/run.go"), -1)
	require.NotEmpty(t, played)
	used := map[string]bool{}
	for _, scenario := range played {
		i := slices.IndexFunc(taught, func(name string) bool {
			head, any := strings.CutSuffix(name, "*")
			return name == scenario[1] || any && strings.HasPrefix(scenario[1], head)
		})
		if assert.GreaterOrEqual(t, i, 0, "%s is not explained", scenario[1]) {
			used[taught[i]] = true
		}
	}
	assert.Len(t, used, len(taught), "a scenario is explained that there is not, or one twice: %v", taught)
}

var (
	mdLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	mdFence   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	mdCode    = regexp.MustCompile("`[^`\n]*`")
	inAnchor  = regexp.MustCompile(`[^\pL\pN _-]`)
)

// anchors are the names that a page's headings have on the web: lower case, hyphens for
// spaces, and a number behind one that is there again.
func anchors(page string) []string {
	var all []string
	times := map[string]int{}
	for _, h := range mdHeading.FindAllStringSubmatch(mdFence.ReplaceAllString(page, ""), -1) {
		text := mdLink.ReplaceAllString(h[1], "]")
		name := strings.ReplaceAll(inAnchor.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		if n := times[name]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", name, n))
		} else {
			all = append(all, name)
		}
		times[name]++
	}
	return all
}

// deadLinks lists the links of the pages below tree that lead to no file or heading of
// it. Those to other sites are not followed.
func deadLinks(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var all []string
	require.NoError(t, fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(file) != ".md":
			return nil
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		for _, link := range mdLink.FindAllStringSubmatch(mdCode.ReplaceAllString(mdFence.ReplaceAllString(string(text), ""), ""), -1) {
			if strings.Contains(link[1], "://") || strings.HasPrefix(link[1], "mailto:") {
				continue
			}
			target, anchor, _ := strings.Cut(link[1], "#")
			to := file
			if target != "" {
				to = path.Join(path.Dir(file), target)
			}
			page, err := fs.ReadFile(tree, to)
			if _, stat := fs.Stat(tree, to); stat != nil || anchor != "" && (err != nil || !slices.Contains(anchors(string(page)), anchor)) {
				all = append(all, file+" links to "+link[1]+", which is not there")
			}
		}
		return nil
	}))
	return all
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, dead := range deadLinks(t, os.DirFS(".")) {
		t.Error(dead)
	}
}

func TestDeadLinksRing(t *testing.T) {
	pages := fstest.MapFS{
		"docs/b.md": {Data: []byte("# One `two`, three\n\n```sh\n# no heading\n```\n\n## Again\n\n## Again\n")},
		"dir/x.go":  {Data: []byte("package x\n")},
	}
	for text, dead := range map[string]bool{
		"[a](b.md)": false, "[a](../dir)": false, "[a](../dir/x.go)": false, "[a](b.md#one-two-three)": false,
		"[a](b.md#again-1)": false, "[a](#here)\n\n# Here\n": false, "[a](https://example.com/none.md)": false,
		"```\n[a](none.md)\n```": false, "`a[b](none)`": false, "[`a`](none.md)": true, "![a](none.png)": true, "[a](none.md)": true, "[a](b.md#none)": true,
		"[a](b.md#no-heading)": true, "[a](#there)\n\n# Here\n": true, "[a](b.md#again-2)": true, "[a](../dir#x)": true,
	} {
		pages["docs/a.md"] = &fstest.MapFile{Data: []byte(text)}
		assert.Equal(t, dead, len(deadLinks(t, pages)) > 0, text)
	}
}
