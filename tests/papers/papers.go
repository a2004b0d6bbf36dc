// Package papers makes what the documentation says of each vendor: from the tags
// and comments of its Config, its Capabilities and the Facts of its emulator.
package papers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/vendors"
)

// What stands between these lines of a file is made here.
const (
	begin = "<!-- Made by go generate in tests/cmd/papers: change the comments and tags there, not this. -->\n"
	end   = "<!-- end -->\n"
)

// Files returns the files that are made, by their names below root, from the tree
// at root.
func Files(root string) (map[string]string, error) {
	p, err := read(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name, made := range map[string]func() (string, error){"docs/dsn.md": p.settings, "README.md": p.table, "docs/vendors.md": p.pages} {
		old, err := os.ReadFile(filepath.Join(root, name)) //nolint:gosec // the caller's own tree
		if err != nil {
			return nil, err
		}
		text, err := made()
		if err != nil {
			return nil, err
		}
		if files[name], err = between(string(old), text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil
}

// between replaces what stands between the marks of old.
func between(old, text string) (string, error) {
	head, rest, begins := strings.Cut(old, begin)
	_, tail, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", fmt.Errorf("the marks are missing")
	}
	return head + begin + "\n" + strings.Trim(text, "\n") + "\n\n" + end + tail, nil
}

// A vendor is all that is known of one.
type vendor struct {
	vendors.Vendor
	table  dsn.Table
	facts  emulator.Facts
	sample emulator.Sample
	line   string // a DSN that opens it, on an emulator that nobody asks
	own    string // its own module, if it has one
}

// Papers know the vendors and the comments of their code.
type papers struct {
	root    string
	vendors []vendor
	engine  dsn.Table
	fail    dsn.Table
	guard   dsn.Table
	docs    docs
}

func read(root string) (*papers, error) {
	p := &papers{root: root, docs: docs{root: root, types: map[string]typeDoc{}}}
	emulators := map[string]emulator.Vendor{}
	for _, e := range all.Emulated() {
		emulators[e.Facts.Scheme] = e
	}
	for _, v := range all.Vendors() {
		table, err := dsn.NewTable(v.Scheme, v.Configs[0])
		if err != nil {
			return nil, err
		}
		e, ok := emulators[v.Scheme]
		if !ok {
			return nil, fmt.Errorf("%s has no emulator in vendors/emulated or tests/all", v.Scheme)
		}
		one := vendor{Vendor: v, table: table, facts: e.Facts}
		if !slices.ContainsFunc(vendors.All(), func(known vendors.Vendor) bool { return known.Scheme == v.Scheme }) {
			one.own = one.folder()
		}
		_, one.sample = e.New(emulator.Setup{})
		one.line = one.sample.DSN("http://127.0.0.1:1")
		if v.Messenger {
			one.line += "&store=memory&code_key=" + strings.Repeat("k", 32)
			if p.engine, err = dsn.NewTable("the engine", v.Configs[1:]...); err != nil {
				return nil, err
			}
		}
		p.vendors = append(p.vendors, one)
	}
	var err error
	if p.fail, err = dsn.NewTable("failover", vendors.Failover().Configs...); err != nil {
		return nil, err
	}
	p.guard, err = dsn.NewTable("guard", vendors.Guard().Configs...)
	return p, err
}

// ready is a line to copy: names in the place of the vendor's own ids and secrets.
func (v vendor) ready() string {
	var front [3]string
	for i, key := range []string{v.sample.User, v.sample.Pass, v.sample.Host} {
		if front[i] = strings.ToUpper(key); key != "" && v.of(key).OneOf != nil {
			front[i] = v.sample.Settings[key] // it is no id
		}
	}
	line := v.Scheme + "://" + front[0]
	if front[1] != "" {
		line += ":" + front[1]
	}
	line += "@" + front[2]
	mark := "?"
	for _, s := range v.table.Settings {
		if v.sample.Settings[s.Key] == "" || s.Key == v.sample.User || s.Key == v.sample.Pass || s.Key == v.sample.Host {
			continue
		}
		line += mark + s.Key + "=" + s.Example
		mark = "&"
	}
	if v.Messenger {
		line += mark + "code_key=env:OTP_KEY&store=memory"
	}
	return line
}

func (v vendor) of(key string) dsn.Setting {
	for _, s := range v.table.Settings {
		if s.Key == key {
			return s
		}
	}
	return dsn.Setting{}
}

// folder is where the vendor's package is, below the root.
func (v vendor) folder() string {
	return strings.TrimPrefix(ownConfig(v.Configs[0]).PkgPath(), module+"/")
}
