package emulator

import (
	"encoding/json"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Table reads lines of a key, a space and a value, mostly from an embedded file: a
// vendor's texts by their codes. Empty lines, and lines that begin with #, are
// skipped.
func Table(text string) map[string]string {
	table := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key != "" && key[0] != '#' {
			table[key] = value
		}
	}
	return table
}

// Shapes say what optional parameters of a form must look like.
type Shapes map[string]func(string) bool

// ReadShapes reads a [Table] of shapes by the names of parameters. A shape is "ip"
// for an address, "object" for an object of JSON, "strings 10 128" for an object of
// at most ten strings whose keys and values have at most 128 characters, and any
// other is a regular expression for the whole value. It panics if one cannot be read.
func ReadShapes(text string) Shapes {
	shapes := Shapes{}
	for name, shape := range Table(text) {
		kind, limits, _ := strings.Cut(shape, " ")
		switch most, longest, _ := strings.Cut(limits, " "); kind {
		case "ip":
			shapes[name] = func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }
		case "object":
			shapes[name] = func(s string) bool { return object(s) != nil }
		case "strings":
			shapes[name] = shortStrings(number(most), number(longest))
		default:
			shapes[name] = regexp.MustCompile("^(?:" + shape + ")$").MatchString
		}
	}
	return shapes
}

// Misfit returns the first parameter, by its name, that is given and does not have
// its shape, or "".
func (s Shapes) Misfit(form url.Values) (name string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if value := form.Get(name); value != "" && !s[name](value) {
			return name
		}
	}
	return ""
}

func object(text string) (o map[string]any) {
	if json.Unmarshal([]byte(text), &o) != nil {
		return nil
	}
	return o
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("emulator: a shape has no number where it needs one")
	}
	return n
}

// shortStrings accepts an object of at most so many strings, with keys and values of
// at most so many characters.
func shortStrings(most, longest int) func(string) bool {
	return func(text string) bool {
		o := object(text)
		ok := o != nil && len(o) <= most
		for key, value := range o {
			s, isText := value.(string)
			ok = ok && isText && utf8.RuneCountInString(key) <= longest && utf8.RuneCountInString(s) <= longest
		}
		return ok
	}
}
