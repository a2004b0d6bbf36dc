// Command packer lays out modules of a repository as a module proxy, in the way
// the go command takes them from version control. The paths of files come from
// standard input, each ended by a zero byte, as git ls-files -z prints them.
//
//	packer ROOT OUT VERSION FOLDER...
//
// The folder of the root module is a dot.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 5 {
		log.Fatal("usage: packer ROOT OUT VERSION FOLDER... <files")
	}
	root, out, version := os.Args[1], os.Args[2], os.Args[3]
	list, err := io.ReadAll(os.Stdin)
	names := strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
	for _, folder := range os.Args[4:] {
		if err == nil {
			err = pack(root, out, version, folder, names)
		}
	}
	if err != nil {
		log.Fatal("packer: ", err)
	}
}

// A file of the working tree, under its name in the module.
type file struct{ name, at string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (fs.FileInfo, error)  { return os.Lstat(f.at) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.at) }

// pack writes what a proxy answers about one version of one module.
func pack(root, out, version, folder string, names []string) error {
	gomod, err := os.ReadFile(filepath.Join(root, folder, "go.mod"))
	if err != nil {
		return err
	}
	m := module.Version{Path: modfile.ModulePath(gomod), Version: version}
	files, err := filesOf(root, folder, names)
	if err != nil {
		return err
	}
	var content bytes.Buffer
	if err := zip.Create(&content, m, files); err != nil {
		return fmt.Errorf("%s: %w", m.Path, err)
	}
	dir := filepath.Join(out, filepath.FromSlash(m.Path), "@v") // all of ours is lower case: nothing to escape
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": fmt.Appendf(nil, `{"Version":%q}`, version),
		version + ".mod":  gomod,
		version + ".zip":  content.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// filesOf returns the files below folder, but for symbolic links, which a module
// cannot hold, and files that git still lists and the working tree has lost. The
// files of modules further down are left out by package zip.
func filesOf(root, folder string, names []string) ([]zip.File, error) {
	var files []zip.File
	license := false
	for _, name := range names {
		if folder != "." && !strings.HasPrefix(name, folder+"/") {
			continue
		}
		f := file{strings.TrimPrefix(name, folder+"/"), filepath.Join(root, filepath.FromSlash(name))}
		info, err := f.Lstat()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			license = license || f.name == "LICENSE"
			files = append(files, f)
		}
	}
	if !license { // the go command lends a nested module that of the root
		files = append(files, file{"LICENSE", filepath.Join(root, "LICENSE")})
	}
	return files, nil
}
