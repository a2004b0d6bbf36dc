package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var vendorLine = regexp.MustCompile(`\n\t\tnewVendor\("([a-z0-9-]+)", ([a-z0-9]+)\.New\).*`)

// TestWhatAVendorAdds builds the quickstart, a program over vendors.Open, with and
// without each vendor of the list that is a package of its own.
func TestWhatAVendorAdds(t *testing.T) {
	needRatios(t)
	file, err := filepath.Abs("../../vendors/vendors.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := built(t, file, string(source))
	var sizes []float64
	for _, line := range vendorLine.FindAllStringSubmatch(string(source), -1) {
		name, folder := line[1], line[2]
		if strings.Count(string(source), folder+".") != 1 {
			continue // it is used for a second scheme
		}
		without := strings.Replace(string(source), line[0], "", 1)
		without = strings.Replace(without, "\t\"github.com/go2fa/verify/"+folder+"\"\n", "", 1)
		less := built(t, file, without)
		size := float64(all.size-less.size) / 1e3
		sizes = append(sizes, size)
		fmt.Printf("| `%s` in a program over vendors.Open: kB, packages | 60, 1 | %.0f, %d | |\n", name, size, all.packages-less.packages)
	}
	tell("a vendor more in a program over vendors.Open: kB", quartiles(sizes), 60)
}

type program struct {
	size     int64
	packages int
}

// built builds the quickstart with another text in place of a file.
func built(t *testing.T, file, text string) program {
	t.Helper()
	dir := t.TempDir()
	other, overlay, out := filepath.Join(dir, "vendors.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: other}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{other: []byte(text), overlay: replace} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		cmd := exec.Command("go", args...)
		cmd.Dir = "../../examples"
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return string(said)
	}
	run("build", "-overlay", overlay, "-trimpath", "-ldflags", "-s -w", "-o", out, "./quickstart")
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	return program{info.Size(), strings.Count(run("list", "-overlay", overlay, "-deps", "./quickstart"), "\n")}
}
