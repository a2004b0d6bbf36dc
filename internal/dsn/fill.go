package dsn

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go2fa/verify"
)

// Names of the parts that a scheme has whose settings are not known.
const (
	User = "user"
	Pass = "pass"
	Host = "host"
)

// Keyed returns all settings of d under the keys of t. In front of the question
// mark env: and file: would not be read: better no vendor than one with such a
// password. A key that is no more comes first, since what is in front of the
// question mark may belong to it.
func (t Table) Keyed(d Line) ([]Pair, error) {
	for _, p := range d.Pairs {
		if why, ended := t.Ended[p.Key]; ended {
			return nil, faultAt(p.At, t.Scheme+": "+p.Key+" "+why)
		}
	}
	return d.keyed(t.Scheme, t.key(User), t.key(Pass), t.key(Host))
}

// Foreign returns all settings of d, whose scheme is not known, and its parts
// under their own names. What is a name for errors.
func (d Line) Foreign(what string) ([]Pair, error) { return d.keyed(what, User, Pass, Host) }

func (d Line) keyed(scheme, user, pass, host string) ([]Pair, error) {
	var pairs []Pair
	for _, p := range []struct {
		Part
		key, what string
	}{{d.User, user, User}, {d.Pass, pass, Pass}, {d.Host, host, Host}} {
		if p.Text == "" {
			continue
		}
		again := slices.IndexFunc(d.Pairs, func(other Pair) bool { return other.Key == p.key })
		switch {
		case p.key == "":
			return nil, faultAt(p.At, scheme+" has no "+p.what)
		case IsReference(p.Text) || p.Text == "env" || p.Text == "file":
			return nil, faultAt(p.At, scheme+": env: and file: are read behind the question mark only: "+p.key+"=env:...")
		case again >= 0:
			return nil, faultAt(d.Pairs[again].At, scheme+": "+p.key+" "+ErrTwice.Error())
		}
		pairs = append(pairs, Pair{p.key, p.Text, p.At})
	}
	return append(pairs, d.Pairs...), nil
}

// A Filled remembers which settings were given, and where.
type Filled struct {
	table Table
	at    int
	given []given
}

type given struct {
	setting int
	name    string // within the key
	at      int
}

// Fill puts each setting of d where it belongs: configs are addressable structs of
// the types that NewTable was given, in that order.
func (t Table) Fill(d Line, configs ...reflect.Value) (*Filled, error) {
	pairs, err := t.Keyed(d)
	if err != nil {
		return nil, err
	}
	f := &Filled{table: t, at: d.At}
	for _, p := range pairs {
		if err := f.pair(p, configs); err != nil {
			return nil, err
		}
	}
	return f, f.complete()
}

func (f *Filled) pair(p Pair, configs []reflect.Value) error {
	i, name, ok := f.find(p.Key)
	if !ok {
		return faultAt(p.At, f.table.Scheme+" has no such key, but "+f.table.keys())
	}
	s := f.table.Settings[i]
	if err := f.set(i, name, p, configs[s.root]); err != nil {
		// The pattern, for the name within may be a secret in the wrong place.
		return faultAt(p.At, fmt.Sprintf("%s: %s %v", f.table.Scheme, s.Key, err))
	}
	return nil
}

// find also knows the parts by their own names.
func (f *Filled) find(key string) (int, string, bool) {
	i, name, ok := f.table.find(key)
	if !ok && (key == User || key == Pass || key == Host) && f.table.key(key) != "" {
		return f.table.find(f.table.key(key))
	}
	return i, name, ok
}

func (f *Filled) set(i int, name string, p Pair, config reflect.Value) error {
	s := f.table.Settings[i]
	switch {
	case slices.ContainsFunc(f.given, func(g given) bool { return g.setting == i && g.name == name }):
		return ErrTwice
	case strings.Contains(s.Key, AnyName) && !verify.IsScope(name):
		return errName
	}
	value, err := f.table.resolve(p)
	if err == nil {
		err = fault(value, s.kind == bytesType)
	}
	if err != nil {
		return err
	}
	f.given = append(f.given, given{i, name, p.At})
	return s.put(config, name, value)
}

func (t Table) resolve(p Pair) (string, error) {
	if t.Resolve != nil {
		return t.Resolve(p)
	}
	return Resolve(p.Value)
}

// Rotating returns the settings of the Config at root that stand behind file: or
// secret:, and so may change while a program runs. A list of keys is none: its first
// key is the one in use, and it is changed by a restart.
func (t Table) Rotating(d Line, root int) []Pair {
	var all []Pair
	for _, p := range d.Pairs {
		if i, _, ok := t.find(p.Key); ok && isRead(p.Value) && t.Settings[i].root == root && t.Settings[i].kind != keysType {
			all = append(all, p)
		}
	}
	return all
}

func (f *Filled) complete() error {
	for i, s := range f.table.Settings {
		if !s.Required || slices.ContainsFunc(f.given, func(g given) bool { return g.setting == i }) {
			continue
		}
		text := f.table.Scheme + ": " + s.Key + " is missing"
		if s.Missing != "" {
			text += ": " + s.Missing
		}
		return faultAt(f.at, text)
	}
	return nil
}

// Explain says an error of a Config's New in the words of a DSN: with keys in the
// place of fields, and at the first key named that was given. Root is the number of
// the Config.
func (f *Filled) Explain(root int, err error) error {
	text := err.Error()
	if prefix, rest, ok := strings.Cut(text, ": "); ok && isScheme(prefix) {
		text = rest
	}
	// The address has words of its own where it is dialed.
	text = strings.ReplaceAll(text, "the base URL", "BaseURL")
	at := -1
	text = replaceWords(text, func(word string) string {
		for i, s := range f.table.Settings {
			if s.root != root || !s.isCalled(word) {
				continue
			}
			if at < 0 {
				at = f.positionOf(i)
			}
			return s.Key
		}
		return word
	})
	if at < 0 {
		at = f.at
	}
	return faultAt(at, f.table.Scheme+": "+text)
}

// Replace writes text, a comment of a field or of a Config, with keys of t in the
// place of fields; in is the setting whose comment it is.
func Replace(text string, t Table, in Setting) string {
	return replaceWords(text, func(word string) string {
		if in.Field == word {
			return "`" + in.Key + "`"
		}
		for _, s := range t.Settings {
			if s.root == in.root && s.isCalled(word) {
				return "`" + s.Key + "`"
			}
		}
		return word
	})
}

// isCalled reports whether an error means s by word: by its path, the map that it is
// in, its last name where that is of one setting only, or what a URL opens: a DSN
// has StoreURL where a Config has Store.
func (s Setting) isCalled(word string) bool {
	return word == s.Path || word+"URL" == s.Path || s.inner != nil && s.Also != "" && strings.HasPrefix(s.Path, word+".") ||
		s.inner == nil && strings.HasSuffix(s.Path, "."+word)
}

// positionOf returns where a setting was given, or -1 if it was not, or under
// several names, of which any may be at fault.
func (f *Filled) positionOf(i int) int {
	at := -1
	for _, g := range f.given {
		switch {
		case g.setting == i && at >= 0:
			return -1
		case g.setting == i:
			at = g.at
		}
	}
	return at
}

// replaceWords replaces each name of a Go field, such as TTL or Service.SID.
func replaceWords(text string, by func(string) string) string {
	isLetter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' }
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && (isLetter(text[end]) || text[end] == '.' && end > i && end+1 < len(text) && isLetter(text[end+1])) {
			end++
		}
		if end == i {
			b.WriteByte(text[i])
			i++
			continue
		}
		word := text[i:end]
		if word[0] >= 'A' && word[0] <= 'Z' {
			word = by(word)
		}
		b.WriteString(word)
		i = end
	}
	return b.String()
}
