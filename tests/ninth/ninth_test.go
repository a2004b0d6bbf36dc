package ninth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// trimmed keeps the copy's folder, which is another one in each run, out of what is
// compiled: most of it is compiled once.
const trimmed = "-trimpath"

// lines are the two lines of a vendor, each with the import that it needs.
var lines = map[string][][2]string{
	"vendors/vendors.go": {
		{"import (\n", "\t\"github.com/go2fa/verify/pigeon\"\n"},
		{"return []vendor{\n", "\t\tnewVendor(\"pigeon\", pigeon.New),\n"},
	},
	"vendors/emulated/emulated.go": {
		{"import (\n", "\t\"github.com/go2fa/verify/pigeon/pigeontest\"\n"},
		{"return slices.Concat(\n", "\t\tpigeontest.Vendors(),\n"},
	},
}

// found are tests that find a vendor by themselves, by their packages.
var found = map[string][]string{
	".":                  {"TestArrows"},
	"./vendors/emulated": {"TestEveryEmulatorIsReachedByItsSample/pigeon"},
	"./tests/contract":   {"TestEveryVendorKeepsItsContract/pigeon"},
	"./tests/interop":    {"TestLibrariesForNode/pigeon"},
	"./tests/papers":     {"TestThePapersAreWhatTheCodeSays", "TestAReadyLineHasWhatTheVendorNeeds"},
	"./tests/stress":     {"TestCancel/pigeon", "TestFaultMatrix/all/pigeon,_send,_lost_answer"},
	"./examples/login":   {"TestEachVendorThatIsEmulated/pigeon"},
}

// Pigeon of docs/new-vendor.md becomes a vendor of a copy of this module by its
// folder and two lines. Everything that ranges over vendors finds it.
func TestANewVendorIsAFolderAndTwoLines(t *testing.T) {
	if testing.Short() {
		t.Skip("a copy of the module is compiled")
	}
	tree := copied(t)
	adopt(t, tree)
	assert.Equal(t, []string{"vendors/emulated/emulated.go", "vendors/vendors.go"}, changed(t, tree), "written by hand")

	run(t, tree, "go", "run", trimmed, "./tests/cmd/papers", ".")
	assert.Equal(t, []string{"README.md", "docs/dsn.md", "docs/vendors.md", "vendors/emulated/emulated.go", "vendors/vendors.go"},
		changed(t, tree), "written by hand and made")
	for file, line := range map[string]string{
		"README.md": "docs/vendors.md#pigeon)", "docs/dsn.md": "\n### pigeon\n", "docs/vendors.md": "\n## pigeon\n",
	} {
		assert.Contains(t, read(t, tree, file), line, file)
	}

	run(t, tree, "go", "test", trimmed, "-count=1", "-vet=off", "./pigeon")
	findAll(t, tree)
	emulate(t, tree)
}

// findAll runs the tests of the copy that find a vendor by themselves.
func findAll(t *testing.T, tree string) {
	t.Helper()
	var tops, all []string
	args := []string{"test", trimmed, "-count=1", "-v", "-vet=off", "-run"}
	for _, names := range found {
		all = append(all, names...)
	}
	for _, name := range all {
		top, _, _ := strings.Cut(name, "/")
		tops = append(tops, top)
	}
	args = append(args, "^("+strings.Join(tops, "|")+")$/^(all|pigeon)$/^pigeon,")
	out := run(t, tree, "go", append(args, slices.Collect(maps.Keys(found))...)...)
	for _, name := range all {
		passed := strings.Contains(out, "--- PASS: "+name+" (")
		skipped := strings.HasPrefix(name, "TestLibrariesForNode/") &&
			(strings.Contains(out, "--- SKIP: "+name+" (") || strings.Contains(out, "Node.js is not installed"))
		assert.True(t, passed || skipped, "%s did not find the vendor", name)
	}
}

// emulate has the command play the vendor in one process, and send in another.
func emulate(t *testing.T, tree string) {
	t.Helper()
	command := filepath.Join(t.TempDir(), "verify")
	run(t, tree, "go", "build", trimmed, "-o", command, "./cmd/verify")
	vendor := exec.CommandContext(t.Context(), command, "emulate", "-addr", "127.0.0.1:0", "-json", "pigeon")
	out, err := vendor.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, vendor.Start())
	t.Cleanup(func() { _ = vendor.Wait() }) // the context ends it
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var said struct{ Vendor, DSN string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &said))
		if said.Vendor == "pigeon" {
			assert.Contains(t, run(t, tree, command, "send", "-dsn", said.DSN, "-to", "+15005550006"), "pigeon")
			return
		}
	}
	t.Error("the command does not emulate the vendor")
}

// copied is a copy of the module, without what git and npm keep.
func copied(t *testing.T) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "verify")
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git" || d.Name() == "node_modules":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		return write(filepath.Join(tree, name), text)
	}))
	return tree
}

func write(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// adopt adds the vendor to the tree.
func adopt(t *testing.T, tree string) {
	t.Helper()
	folder := filepath.Join(root, "tests", "pigeon")
	require.NoError(t, filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte("verify/tests/pigeon"), []byte("verify/pigeon"))
		return write(filepath.Join(tree, "pigeon", name), text)
	}))
	for file, pairs := range lines {
		text := read(t, tree, file)
		for _, pair := range pairs {
			require.Equal(t, 1, strings.Count(text, pair[0]), "%s: %s", file, pair[0])
			text = strings.Replace(text, pair[0], pair[0]+pair[1], 1)
		}
		require.NoError(t, write(filepath.Join(tree, file), []byte(text)))
	}
}

// changed lists the files of the module that are other ones in the copy.
func changed(t *testing.T, tree string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(tree, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(tree, file)
		if err != nil {
			return err
		}
		now, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		before, err := os.ReadFile(filepath.Join(root, name))
		if !bytes.Equal(now, before) && !strings.HasPrefix(name, "pigeon"+string(filepath.Separator)) || err != nil && !os.IsNotExist(err) {
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	}))
	return names
}

func read(t *testing.T, tree, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tree, file))
	require.NoError(t, err)
	return string(text)
}

// run runs a command in the copy and returns what it prints.
func run(t *testing.T, tree, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = tree
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s:\n%s", name, strings.Join(args, " "), out)
	return string(out)
}
