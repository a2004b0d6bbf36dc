package vendors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// open makes the Verifier that d describes.
func (v vendor[C]) open(d dsn, o options) (verify.Verifier, error) {
	c, err := v.fill(d, v.table())
	if err != nil {
		return nil, err
	}
	verifier, err := v.make(c, o)
	if err != nil {
		return nil, faultAt(d.at, err.Error())
	}
	return verifier, nil
}

func (v vendor[C]) carries() bool { return v.messenger != nil }

// openMessenger makes the messenger alone: the settings of the engine stand elsewhere.
func (v vendor[C]) openMessenger(d dsn, o options) (otp.Messenger, error) {
	c, err := v.fill(d, slices.Concat(v.settings, common[C]()))
	if err != nil {
		return nil, err
	}
	messenger, err := v.messenger(c, o)
	if err != nil {
		return nil, faultAt(d.at, err.Error())
	}
	return messenger, nil
}

// fill puts each setting of d where it belongs.
func (v vendor[C]) fill(d dsn, table []setting[C]) (C, error) {
	var c C
	keys, err := v.parts(d)
	if err != nil {
		return c, err
	}
	pairs, err := d.keyed(v.scheme, keys)
	if err != nil {
		return c, err
	}
	f := filler[C]{scheme: v.scheme, table: table, to: &c, seen: map[string]bool{}}
	for _, p := range pairs {
		if err := f.pair(p); err != nil {
			return c, err
		}
	}
	return c, f.complete(d.at)
}

// A filler puts one value after the other where it belongs.
type filler[C any] struct {
	scheme string
	table  []setting[C]
	to     *C
	seen   map[string]bool // by the key and the name within
}

func (f *filler[C]) pair(p pair) error {
	s, name, ok := find(f.table, p.key)
	if !ok {
		return faultAt(p.at, f.scheme+" has no such key, but "+f.keys())
	}
	if err := f.set(s, name, p.value); err != nil {
		// The pattern, for the name within may be a secret in the wrong place.
		return faultAt(p.at, fmt.Sprintf("%s: %s %v", f.scheme, s.key, err))
	}
	return nil
}

func (f *filler[C]) set(s setting[C], name, value string) error {
	id := s.key + " " + name
	switch {
	case f.seen[id]:
		return errTwice
	case strings.Contains(s.key, anyName) && !verify.IsScope(name):
		return errName
	}
	value, err := read(value)
	if err != nil {
		return err
	}
	f.seen[id] = true
	return s.set(f.to, name, value)
}

func (f *filler[C]) complete(at int) error {
	for _, s := range f.table {
		if s.required && !f.seen[s.key+" "] {
			return faultAt(at, fmt.Sprintf("%s: %s is missing", f.scheme, s.key))
		}
	}
	return nil
}

func (f *filler[C]) keys() string {
	keys := make([]string, len(f.table))
	for i, s := range f.table {
		keys[i] = s.key
	}
	return strings.Join(keys, ", ")
}
