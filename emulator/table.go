package emulator

import (
	"encoding/json"
	"maps"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// Shapes say what the parameters of a form, or the fields of an object of JSON, must
// look like.
type Shapes map[string]shape

type shape struct {
	text      func(string) bool // nil: no text
	whole     bool              // a whole number will do
	low, high float64
	needed    bool
}

// ReadShapes reads a [Table] of shapes by the names of parameters. A shape is "ip"
// for an address, "object" for an object of JSON, "strings 10 128" for an object of
// at most ten strings whose keys and values have at most 128 characters, "text 0 128"
// for a text of so many characters, "whole 4 10" for a number of JSON, "lifetime 3600"
// for how long at most, as a number of seconds, a time of RFC 3339 or a duration of ISO
// 8601, and any other is a regular expression for the whole value. A name that ends in
// an exclamation mark must be given. It panics if a shape cannot be read.
func ReadShapes(text string) Shapes {
	shapes := Shapes{}
	for name, words := range Table(text) {
		name, needed := strings.CutSuffix(name, "!")
		kind, limits, _ := strings.Cut(words, " ")
		s := shape{needed: needed}
		switch first, second, _ := strings.Cut(limits, " "); kind {
		case "ip":
			s.text = func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }
		case "object":
			s.text = func(s string) bool { return object(s) != nil }
		case "strings":
			s.text = shortStrings(number(first), number(second))
		case "text":
			low, high := number(first), number(second)
			s.text = func(s string) bool { n := utf8.RuneCountInString(s); return n >= low && n <= high }
		case "whole":
			s.whole, s.low, s.high = true, float(first), float(second)
		case "lifetime":
			s.whole, s.low, s.high = true, 1, float(first)
			s.text = lifetime(time.Duration(number(first)) * time.Second)
		default:
			s.text = regexp.MustCompile("^(?s:" + words + ")$").MatchString
		}
		shapes[name] = s
	}
	return shapes
}

// Misfit returns the first parameter, by its name, that is given and does not have
// its shape, or "".
func (s Shapes) Misfit(form url.Values) (name string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if value := form.Get(name); value != "" && (s[name].text == nil || !s[name].text(value)) {
			return name
		}
	}
	return ""
}

// Fault returns the first field of an object, by its name, that does not have its
// shape, or that is not given and must be, or "".
func (s Shapes) Fault(f Fields) (name string) { return First(s.Faults(f)) }

// Faults returns all such fields.
func (s Shapes) Faults(f Fields) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if shape := s[name]; f.Has(name) && !shape.fits(f, name) || shape.needed && !f.Has(name) {
			names = append(names, name)
		}
	}
	return names
}

func (s shape) fits(f Fields, name string) bool { return s.why(f, name) == "" }

// What Why says of a field: it must be given and is not, it is a text in place of a
// number or whatever else is none of what it should be, it is a number below the least
// or above the most, or it is any other text.
const Missing, Kind, Low, High, Value = "missing", "kind", "low", "high", "value" //nolint:revive // one thing in five words

// Why says why a field of an object does not have its shape, or "".
func (s Shapes) Why(f Fields, name string) string {
	if shape := s[name]; f.Has(name) || shape.needed {
		return shape.why(f, name)
	}
	return ""
}

func (s shape) why(f Fields, name string) string {
	text, isText := f[name].(string)
	n, isNumber := f.Number(name, math.Inf(-1), math.Inf(1))
	switch {
	case !f.Has(name):
		return Missing
	case isText && s.text != nil:
		return When(!s.text(text), Value)
	case !isNumber || !s.whole || n != math.Trunc(n):
		return Kind
	case n < s.low:
		return Low
	}
	return When(n > s.high, High)
}

// lifetime accepts a time, or a duration of at most so long.
func lifetime(most time.Duration) func(string) bool {
	return func(text string) bool {
		_, err := time.Parse(time.RFC3339, text)
		d, ok := Duration(text)
		return err == nil || ok && d > 0 && d <= most
	}
}

func object(text string) (o map[string]any) {
	if json.Unmarshal([]byte(text), &o) != nil {
		return nil
	}
	return o
}

func number(text string) int { return int(float(text)) }

func float(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
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
