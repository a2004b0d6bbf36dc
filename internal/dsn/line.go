// Package dsn reads one line of configuration, and writes what it says into a tagged
// struct.
package dsn

import (
	"fmt"
	"strings"
)

// Limits of a DSN.
const (
	maxDSN   = 64 << 10 // bytes
	MaxDepth = 4        // failovers within each other
)

// What stands in front of a parenthesis.
const (
	FailoverScheme = "failover"
	GuardScheme    = "guard"
)

// Outermost says where a guard stands.
const Outermost = "a guard stands around everything, once: put it around the whole DSN"

// IsJoint reports whether a scheme is one with other DSNs in parentheses.
func IsJoint(scheme string) bool { return scheme == FailoverScheme || scheme == GuardScheme }

// TooDeep says so.
const TooDeep = "failovers stand in each other at most 4 deep"

// A Line is one line of configuration, decoded:
//
//	dsn      = vendor / failover / guard
//	vendor   = scheme "://" [ user [ ":" pass ] "@" ] [ host ] [ "?" pairs ]
//	failover = "failover(" *SP dsn *( 1*SP dsn ) *SP ")" [ "?" pairs ]
//	guard    = "guard(" *SP dsn *SP ")" [ "?" pairs ]
//	pairs    = key "=" value *( "&" key "=" value )
//
// It is read by hand: the errors of net/url quote their input.
type Line struct {
	Scheme           string
	At               int  // where it begins, in bytes
	User, Pass, Host Part // without Text: not given
	Pairs            []Pair
	Backends         []Line // of a failover; the one DSN of a guard
}

// A Part stands in front of the question mark.
type Part struct {
	Text string
	At   int
}

// A Pair is one key and its value.
type Pair struct {
	Key, Value string
	At         int // of the key
}

// A Fault is every error of Open and ParseDSN: where, and what to do about it,
// in words that hold nothing of the DSN.
type Fault struct {
	At   int
	Text string
}

func faultAt(at int, text string) error { return Fault{at, text} }

// Error implements error.
func (f Fault) Error() string { return fmt.Sprintf("vendors: character %d: %s", f.At+1, f.Text) }

// Parse reads a whole DSN. It knows no vendor, no key and no env: or file:. A line
// without a scheme is answered with noScheme, which lists them.
func Parse(s, noScheme string) (Line, error) {
	if len(s) > maxDSN {
		return Line{}, faultAt(maxDSN, "a DSN has at most 65536 characters")
	}
	switch {
	case strings.TrimSpace(s) == "":
		return Line{}, faultAt(0, "the line is empty: is VERIFY_DSN set?")
	case strings.IndexByte("\"'`", s[0]) >= 0:
		return Line{}, faultAt(0, "remove the quotes around the DSN")
	}
	r := reader{text: s, noScheme: noScheme}
	d, err := r.dsn(0)
	if err == nil && r.at < len(s) {
		err = faultAt(r.at, "the DSN must end here: in a value, a space is written %20 and parentheses %28 and %29")
	}
	return d, err
}

// A reader walks over a DSN byte by byte.
type reader struct {
	text, noScheme string
	at             int
	guarded        bool
}

func (r *reader) dsn(depth int) (Line, error) {
	if strings.HasPrefix(r.text[r.at:], GuardScheme+"(") {
		return r.guard(depth)
	}
	if strings.HasPrefix(r.text[r.at:], FailoverScheme+"(") {
		return r.failover(depth + 1)
	}
	return r.vendor(depth)
}

func (r *reader) failover(depth int) (Line, error) {
	d := Line{Scheme: FailoverScheme, At: r.at}
	most := MaxDepth
	if r.guarded {
		most++ // a guard is no failover
	}
	if depth > most {
		return d, faultAt(r.at, TooDeep)
	}
	r.at += len(FailoverScheme + "(")
	for spaced := true; ; spaced = r.skipSpace() {
		r.skipSpace()
		switch {
		case r.at == len(r.text):
			return d, faultAt(d.At, "the parenthesis of this failover is not closed")
		case r.text[r.at] == ')' && len(d.Backends) == 0:
			return d, faultAt(r.at, "a failover needs a DSN in its parentheses")
		case r.text[r.at] == ')':
			r.at++
			err := r.pairs(&d)
			return d, err
		case !spaced:
			return d, faultAt(r.at, "a space between two DSNs is missing")
		}
		backend, err := r.dsn(depth)
		if err != nil {
			return d, err
		}
		d.Backends = append(d.Backends, backend)
	}
}

// guard reads one DSN in parentheses.
func (r *reader) guard(depth int) (Line, error) {
	d := Line{Scheme: GuardScheme, At: r.at}
	if depth > 0 {
		return d, faultAt(r.at, Outermost)
	}
	r.guarded = true
	r.at += len(GuardScheme + "(")
	r.skipSpace()
	if r.at < len(r.text) && r.text[r.at] == ')' {
		return d, faultAt(r.at, "a guard needs a DSN in its parentheses")
	}
	inner, err := r.dsn(depth + 1)
	if err != nil {
		return d, err
	}
	d.Backends = []Line{inner}
	r.skipSpace()
	switch {
	case r.at == len(r.text):
		return d, faultAt(d.At, "the parenthesis of this guard is not closed")
	case r.text[r.at] != ')':
		return d, faultAt(r.at, "a guard has one DSN in its parentheses: join several by failover(...) within")
	}
	r.at++
	err = r.pairs(&d)
	return d, err
}

// skipSpace reports whether there was any.
func (r *reader) skipSpace() bool {
	from := r.at
	for r.at < len(r.text) && isSpace(r.text[r.at]) {
		r.at++
	}
	return r.at > from
}

func (r *reader) vendor(depth int) (Line, error) {
	d := Line{At: r.at}
	text := r.upTo("")
	if end := r.at + len(text); end < len(r.text) && (depth == 0 || !endsBackend(r.text[end])) {
		return d, faultAt(end, "a space, a parenthesis and what is not printable ASCII are percent-escaped: %20, %28, %29")
	}
	name, _, ok := strings.Cut(text, "://")
	if !ok || !isScheme(name) || IsJoint(name) {
		return d, faultAt(r.at, r.noScheme)
	}
	d.Scheme = name
	r.at += len(name + "://")
	if err := r.authority(&d); err != nil {
		return d, err
	}
	err := r.pairs(&d)
	return d, err
}
