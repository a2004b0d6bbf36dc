package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sources are the programs. The first line of one names the module that it needs,
// as a comment; its version is that of the benchmarks.
//
//go:embed programs/*.txt
var sources embed.FS

const ours = "github.com/go2fa/verify"

// A program is one of those compared.
type program struct {
	name, module string // module: empty if the standard library is enough
	source       []byte
}

// order is how the programs are printed.
var order = []string{"net-http", "retryablehttp", "ours", "ours-all", "twilio-go-verify-only", "twilio-go", "kevinburke"}

func programs(only string) ([]program, error) {
	var all []program
	for _, name := range order {
		if only != "" && !slices.Contains(strings.Split(only, ","), name) {
			continue
		}
		source, err := sources.ReadFile("programs/" + name + ".txt")
		if err != nil {
			return nil, err
		}
		p := program{name: name, source: source}
		first, _, _ := bytes.Cut(source, []byte("\n"))
		if module, ok := bytes.CutPrefix(first, []byte("// ")); ok {
			p.module = string(module)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, errors.New("-only names none of " + strings.Join(order, ", "))
	}
	return all, nil
}

// write makes a module of its own for p, as an application would be.
func (p program) write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), p.source, 0o600); err != nil {
		return err
	}
	mod := "module example.com/app\n\ngo 1.26.0\n"
	if p.module != "" {
		version, at, err := locate(p.module)
		if err != nil {
			return err
		}
		mod += fmt.Sprintf("\nrequire %s %s\n", p.module, version)
		if p.module == ours {
			mod += fmt.Sprintf("\nreplace %s %s => %s\n", ours, version, at)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600); err != nil {
		return err
	}
	_, err := command(dir, "", "mod", "tidy")
	return err
}

// locate says which version of a module the benchmarks use, and where it is. In
// a workspace ours has no version.
func locate(module string) (version, at string, err error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{or .Version \"v0.0.1\"}} {{.Dir}}", module).Output() //nolint:gosec // of the list above
	if err != nil {
		return "", "", fmt.Errorf("run this in the folder of the benchmarks: %w", err)
	}
	version, at, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	return version, at, nil
}
