package verify_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nothing of ours runs before main but the making of errors: an application
// starts no later for it, and pays for no table and no compiled expression that
// it may never use.
func TestNothingRunsBeforeMain(t *testing.T) {
	for _, folder := range slices.Sorted(maps.Keys(arrows)) {
		if linked(folder) {
			for _, what := range eager(t, os.DirFS(folder)) {
				t.Errorf("%s: %s runs before main", folder, what)
			}
		}
	}
}

// linked reports whether a folder is meant for applications, and not for tests.
// Package vendors, which nobody needs who names a vendor in code, makes its table
// of settings: 20 microseconds.
func linked(folder string) bool {
	return !strings.HasSuffix(folder, "test") && folder != "emulator" && folder != "vendors/emulated" && folder != "vendors" &&
		!slices.Contains(onlyTests, folder)
}

// eager lists what the Go files of a folder do before main.
func eager(t *testing.T, folder fs.FS) []string {
	t.Helper()
	files, err := fs.Glob(folder, "*.go")
	require.NoError(t, err)
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := fs.ReadFile(folder, file)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			for _, what := range eagerIn(d) {
				all = append(all, fmt.Sprintf("%s in %s", what, file))
			}
		}
	}
	return all
}

func eagerIn(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			return []string{"func init"}
		}
		return nil
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return nil
		}
	}
	var all []string
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // runs when it is called
		case *ast.CallExpr:
			if name := called(n); name != "errors.New" && name != "" {
				all = append(all, "a call of "+name)
			}
		}
		return true
	})
	return all
}

// called names what is called; a conversion to a type in parentheses is no call.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if from, ok := f.X.(*ast.Ident); ok {
			return from.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	case *ast.FuncLit:
		return "a function"
	}
	return ""
}

// A look that finds nothing would never be noticed.
func TestNothingRunsBeforeMainRings(t *testing.T) {
	for name, tc := range map[string]struct {
		src  string
		want string // a part of what is found; empty: nothing
	}{
		"an error":                  {`var err = errors.New("x")`, ""},
		"an assertion":              {`var _ fmt.Stringer = (*T)(nil)`, ""},
		"a constant":                {`const n = int64(1)`, ""},
		"a table":                   {`var t = map[string]int{"a": 1}`, ""},
		"a function kept for later": {`var f = func() int { return make() }`, ""},
		"a method":                  {`func (T) init() {}`, ""},
		"a function called":         {`var n = func() int { return 1 }()`, "a function"},
		"init":                      {`func init() {}`, "func init"},
		"a compiled expression":     {`var re = regexp.MustCompile("x")`, "regexp.MustCompile"},
		"one in a table":            {`var t = []T{{"a", regexp.MustCompile("x").MatchString}}`, "regexp.MustCompile"},
		"a table that is made":      {`var t = load()`, "load"},
	} {
		t.Run(name, func(t *testing.T) {
			got := eager(t, fstest.MapFS{"x.go": {Data: []byte("package x\n\n" + tc.src + "\n")}})
			if tc.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.Contains(t, strings.Join(got, ", "), tc.want)
		})
	}
}

// What is heavy lives in modules of its own: a client of Redis costs a build a
// process of more than a gigabyte, and the tables of a phone library cost a
// program 5.5 MB and each start 5 ms.
func TestTheCoreKnowsNothingHeavy(t *testing.T) {
	for _, file := range []string{"go.mod", "go.sum"} {
		text := strings.ToLower(read(t, file))
		for _, heavy := range []string{"redis", "phonenumber", "opentelemetry", "twilio-go", "protobuf"} {
			assert.NotContains(t, text, heavy, file)
		}
	}
}
