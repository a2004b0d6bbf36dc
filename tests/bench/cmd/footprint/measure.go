package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A print is the foot that a program leaves.
type print struct {
	size      float64 // bytes, stripped
	required  int     // modules in its go.mod
	graph     int     // modules in its graph
	packages  int
	foreign   int // packages that are neither of the standard library nor its own nor ours
	wall, cpu time.Duration
	memory    float64 // bytes of the largest process of the build
	inits     float64 // milliseconds before main
	ourInits  float64 // of which ours
}

func (s *study) measure(p program) (print, error) {
	dir := filepath.Join(s.dir, p.name)
	if err := p.write(dir); err != nil {
		return print{}, err
	}
	var f print
	for _, step := range []func(string, *print) error{countModules, countPackages, s.build, measureSize, measureInit} {
		if err := step(dir, &f); err != nil {
			return print{}, err
		}
	}
	return f, nil
}

// command runs the go command as an application does that knows nothing of this
// workspace.
func command(dir, cache string, args ...string) ([]byte, error) {
	cmd := goCommand(dir, cache, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

func goCommand(dir, cache string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...) //nolint:gosec // ours alone
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if cache != "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	return cmd
}

func countModules(dir string, f *print) error {
	mod, err := command(dir, "", "mod", "edit", "-json")
	if err != nil {
		return err
	}
	var required struct{ Require []struct{} }
	if err := json.Unmarshal(mod, &required); err != nil {
		return err
	}
	f.required = len(required.Require)
	graph, err := command(dir, "", "list", "-m", "all")
	f.graph = bytes.Count(graph, []byte("\n")) - 1 // but the program itself
	return err
}

func countPackages(dir string, f *print) error {
	out, err := command(dir, "", "list", "-deps", "-f", "{{.Standard}} {{.ImportPath}}", ".")
	for line := range strings.Lines(string(out)) {
		standard, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		f.packages++
		own := path == "example.com/app" || path == ours || strings.HasPrefix(path, ours+"/")
		if standard == "false" && !own {
			f.foreign++
		}
	}
	return err
}

func measureSize(dir string, f *print) error {
	info, err := os.Stat(filepath.Join(dir, "app"))
	if err != nil {
		return err
	}
	f.size = float64(info.Size())
	return nil
}
