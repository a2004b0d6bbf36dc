package dsn

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// AnyName stands in a key for a name of the user's own choice.
const AnyName = "NAME"

// A Setting is one field of a Config that a DSN can set. The field's tag says so:
//
//	AccountSID string             `dsn:"account_sid,user,required" example:"AC00000000000000000000000000000000"`
//	Expiry     time.Duration      `dsn:"expiry" default:"10m" example:"5m"`
//	Service    Service            `dsn:",inline"`
//	Scopes     map[string]Service `dsn:"scope.NAME"`
//
// The key comes first. Behind it may stand required; user, pass or host, for the
// part in front of the question mark that the key stands for; scope, for a value
// that must look like a scope; oneof=a|b, for the values that there are; and
// inline, for a struct whose fields have keys of their own. An embedded struct is
// inline by itself.
//
// The fields of a struct in a map have the map's key, a dot, and their own key, or
// the one in their tag named. One with `named:"sid,self"` also has the map's key.
type Setting struct {
	Key, Also string // "digits", or "scope.NAME.digits"; a second spelling
	Part      string // "user", "pass", "host" or empty
	Required  bool
	OneOf     []string
	Default   string // what holds without it, as a DSN would have it
	Example   string
	Missing   string // what an error says of it if it is required and missing

	Owner reflect.Type // the struct that has the field
	Field string       // its name there
	Path  string       // its name in an error of New: "Service.SID"

	Map   reflect.Type // the struct that has the map, if the field is in one
	InMap string       // the map's name there

	scope bool // the value must look like a scope
	kind  reflect.Type
	root  int   // which Config
	index []int // of the field, or of the map
	inner []int // of the field in the map's struct
}

// A Table holds the settings of one scheme.
type Table struct {
	Scheme   string
	Settings []Setting
	Ended    map[string]string // keys that are no more: what to do instead

	// Resolve returns what a value stands for. Nil: [Resolve].
	Resolve func(Pair) (string, error)
}

// NewTable reads the tags of configs, which are structs. A tag that cannot be read
// is the mistake of a Config's author, and an error that names the field.
func NewTable(scheme string, configs ...reflect.Type) (Table, error) {
	r := tagReader{table: Table{Scheme: scheme}}
	for root, config := range configs {
		if config.Kind() != reflect.Struct {
			return r.table, fmt.Errorf("%s: a Config must be a struct", scheme)
		}
		r.root = root
		r.fields(config, nil, "")
	}
	seen := map[string]bool{}
	for _, s := range r.table.Settings {
		if r.err == nil && (seen[s.Key] || s.Also != "" && seen[s.Also]) {
			r.fail(s.Owner, s.Field, "has a key that another field has")
		}
		seen[s.Key], seen[s.Also] = true, true
	}
	return r.table, r.err
}

// A tagReader walks over structs, and keeps the first fault it meets.
type tagReader struct {
	table Table
	root  int
	err   error
}

func (r *tagReader) fail(owner reflect.Type, field, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: field %s of %s %s", r.table.Scheme, field, owner, what)
	}
}

func (r *tagReader) fields(t reflect.Type, index []int, path string) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		tag, tagged := f.Tag.Lookup("dsn")
		key, words, _ := strings.Cut(tag, ",")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct:
			r.fields(f.Type, at, path)
		case !tagged || !f.IsExported():
		case words == "inline" && f.Type.Kind() == reflect.Struct:
			r.fields(f.Type, at, path+f.Name+".")
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			r.inMap(t, f, key, at)
		default:
			r.setting(t, f, Setting{Key: key, Path: path + f.Name, index: at}, words)
		}
	}
}

// inMap reads the fields of the structs in a map.
func (r *tagReader) inMap(owner reflect.Type, f reflect.StructField, key string, index []int) {
	elem := f.Type.Elem()
	for i := range elem.NumField() {
		in := elem.Field(i)
		own, words, _ := strings.Cut(in.Tag.Get("dsn"), ",")
		if named, self, _ := strings.Cut(in.Tag.Get("named"), ","); named != "" {
			own, words = named, self
		}
		if own == "" {
			continue
		}
		s := Setting{Key: key + "." + own, Path: f.Name + "." + in.Name, Map: owner, InMap: f.Name, index: index, inner: []int{i}}
		if words == "self" {
			s.Key, s.Also, words = key, s.Key, ""
		}
		r.setting(elem, in, s, words)
	}
}

// setting adds one, with what its tags say.
func (r *tagReader) setting(owner reflect.Type, f reflect.StructField, s Setting, words string) {
	s.Owner, s.Field, s.root, s.kind = owner, f.Name, r.root, f.Type
	s.Default, s.Example, s.Missing = f.Tag.Get("default"), f.Tag.Get("example"), f.Tag.Get("missing")
	isMap := s.inner == nil && f.Type.Kind() == reflect.Map
	if isMap {
		s.kind = f.Type.Elem()
	}
	for word := range strings.SplitSeq(words, ",") {
		list, isOneOf := strings.CutPrefix(word, "oneof=")
		switch {
		case word == "":
		case word == "required":
			s.Required = true
		case word == "scope":
			s.scope = true
		case word == "user" || word == "pass" || word == "host":
			s.Part = word
		case isOneOf:
			s.OneOf = strings.Split(list, "|")
		default:
			r.fail(owner, f.Name, "has a tag with an unknown word")
		}
	}
	switch {
	case s.Key == "" || strings.Trim(strings.ReplaceAll(s.Key, AnyName, "x"), "abcdefghijklmnopqrstuvwxyz0123456789_.") != "":
		r.fail(owner, f.Name, "has a key that is not of [a-z0-9_.]")
	case (isMap || s.inner != nil) != strings.Contains(s.Key, AnyName):
		r.fail(owner, f.Name, "is a map without NAME in its key, or NAME without a map")
	case !s.canHold():
		r.fail(owner, f.Name, "is of a type that no setting can have")
	}
	r.table.Settings = append(r.table.Settings, s)
}

var (
	timeType  = reflect.TypeFor[time.Duration]()
	timesType = reflect.TypeFor[[]time.Duration]()
	bytesType = reflect.TypeFor[[]byte]()
	keysType  = reflect.TypeFor[[][]byte]()
	listType  = reflect.TypeFor[[]string]()
	textType  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// readsText reports whether the setting's type reads itself.
func (s Setting) readsText() bool { return reflect.PointerTo(s.kind).Implements(textType) }

func (s Setting) canHold() bool {
	switch s.kind {
	case timeType, timesType, bytesType, keysType, listType:
		return true
	}
	if s.readsText() {
		return true
	}
	switch s.kind.Kind() {
	case reflect.String, reflect.Bool, reflect.Int:
		return true
	case reflect.Uint8:
		return len(s.OneOf) > 0
	}
	return false
}

// IsList reports whether a value is several with commas between.
func (s Setting) IsList() bool {
	return s.kind == timesType || s.kind == keysType || s.kind == listType
}

// find returns the setting that key means, and the name within key. Of several
// the one with the longest ending is meant, whether that is of a name or not: see
// docs/dsn.md, "Scopes with dots".
func (t Table) find(key string) (found int, name string, ok bool) {
	longest := -1
	for i, s := range t.Settings {
		for _, form := range []string{s.Key, s.Also} {
			head, tail, wild := strings.Cut(form, AnyName)
			switch {
			case form != "" && form == key && !wild:
				return i, "", true
			case wild && len(tail) > longest && len(key) > len(head)+len(tail) &&
				strings.HasPrefix(key, head) && strings.HasSuffix(key, tail):
				found, name, ok = i, key[len(head):len(key)-len(tail)], true
				longest = len(tail)
			}
		}
	}
	return found, name, ok
}

// Has reports whether key is one of the table's.
func (t Table) Has(key string) bool {
	_, _, ok := t.find(key)
	return ok
}

// key returns the key that a part in front of the question mark stands for.
func (t Table) key(part string) string {
	for _, s := range t.Settings {
		if s.Part == part {
			return s.Key
		}
	}
	return ""
}

func (t Table) keys() string {
	keys := make([]string, len(t.Settings))
	for i, s := range t.Settings {
		keys[i] = s.Key
	}
	return strings.Join(keys, ", ")
}
