package vendors

import (
	"fmt"
	"strings"
)

// Limits of a DSN.
const (
	maxDSN   = 64 << 10 // bytes
	maxDepth = 4        // failovers within each other
)

const failoverScheme = "failover"

const tooDeep = "failovers stand in each other at most 4 deep"

// A dsn is one line of configuration, decoded:
//
//	dsn      = vendor / failover
//	vendor   = scheme "://" [ user [ ":" pass ] "@" ] [ host ] [ "?" pairs ]
//	failover = "failover(" *SP dsn *( 1*SP dsn ) *SP ")" [ "?" pairs ]
//	pairs    = key "=" value *( "&" key "=" value )
//
// It is read by hand: the errors of net/url quote their input.
type dsn struct {
	scheme           string
	at               int  // where it begins, in bytes
	user, pass, host part // without text: not given
	pairs            []pair
	backends         []dsn // of a failover
}

type part struct {
	text string
	at   int
}

type pair struct {
	key, value string
	at         int // of the key
}

// A fault is every error of Open and ParseDSN: where, and what to do about it,
// in words that hold nothing of the DSN.
type fault struct {
	at   int
	text string
}

func faultAt(at int, text string) error { return fault{at, text} }

// Error implements error.
func (f fault) Error() string { return fmt.Sprintf("vendors: character %d: %s", f.at+1, f.text) }

// parse reads a whole DSN. It knows no vendor, no key and no env: or file:.
func parse(s string) (dsn, error) {
	if len(s) > maxDSN {
		return dsn{}, faultAt(maxDSN, "a DSN has at most 65536 characters")
	}
	r := reader{text: s}
	d, err := r.dsn(0)
	if err == nil && r.at < len(s) {
		err = faultAt(r.at, "the DSN must end here: in a value, a space is written %20 and parentheses %28 and %29")
	}
	return d, err
}

// A reader walks over a DSN byte by byte.
type reader struct {
	text string
	at   int
}

func (r *reader) dsn(depth int) (dsn, error) {
	if strings.HasPrefix(r.text[r.at:], failoverScheme+"(") {
		return r.failover(depth + 1)
	}
	return r.vendor(depth)
}

func (r *reader) failover(depth int) (dsn, error) {
	d := dsn{scheme: failoverScheme, at: r.at}
	if depth > maxDepth {
		return d, faultAt(r.at, tooDeep)
	}
	r.at += len(failoverScheme + "(")
	for spaced := true; ; spaced = r.skipSpace() {
		r.skipSpace()
		switch {
		case r.at == len(r.text):
			return d, faultAt(d.at, "the parenthesis of this failover is not closed")
		case r.text[r.at] == ')' && len(d.backends) == 0:
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
		d.backends = append(d.backends, backend)
	}
}

// skipSpace reports whether there was any.
func (r *reader) skipSpace() bool {
	from := r.at
	for r.at < len(r.text) && isSpace(r.text[r.at]) {
		r.at++
	}
	return r.at > from
}

func (r *reader) vendor(depth int) (dsn, error) {
	d := dsn{at: r.at}
	text := r.upTo("")
	if end := r.at + len(text); end < len(r.text) && (depth == 0 || !endsBackend(r.text[end])) {
		return d, faultAt(end, "a space, a parenthesis and what is not printable ASCII are percent-escaped: %20, %28, %29")
	}
	name, _, ok := strings.Cut(text, "://")
	if !ok || !isScheme(name) || name == failoverScheme {
		return d, unknownScheme(r.at)
	}
	d.scheme = name
	r.at += len(name + "://")
	if err := r.authority(&d); err != nil {
		return d, err
	}
	err := r.pairs(&d)
	return d, err
}
