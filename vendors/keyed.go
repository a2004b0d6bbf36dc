package vendors

import (
	"slices"
)

// partKeys are the keys that the parts in front of the question mark stand for.
// An empty one says that the scheme has no such part.
type partKeys struct{ user, pass, host string }

func (k partKeys) has(key string) bool { return key == k.user || key == k.pass || key == k.host }

// parts names the parts, unless a key of d is no more: it comes first, since what
// stands in front of the question mark may belong to it.
func (v vendor[C]) parts(d dsn) (partKeys, error) {
	for _, p := range d.pairs {
		if why, ended := v.ended[p.key]; ended {
			return partKeys{}, faultAt(p.at, v.scheme+": "+p.key+" "+why)
		}
	}
	return partKeys{v.user, v.pass, v.host}, nil
}

// keyed returns all settings of d under their keys. In front of the question mark
// env: and file: would not be read: better no vendor than one with such a
// password.
func (d dsn) keyed(scheme string, keys partKeys) ([]pair, error) {
	var pairs []pair
	for _, p := range []struct {
		part
		key, what string
	}{{d.user, keys.user, "user"}, {d.pass, keys.pass, "pass"}, {d.host, keys.host, "host"}} {
		if p.text == "" {
			continue
		}
		again := slices.IndexFunc(d.pairs, func(other pair) bool { return other.key == p.key })
		switch {
		case p.key == "":
			return nil, faultAt(p.at, scheme+" has no "+p.what)
		case isReference(p.text) || p.text == "env" || p.text == "file":
			return nil, faultAt(p.at, scheme+": env: and file: are read behind the question mark only: "+p.key+"=env:...")
		case again >= 0:
			return nil, faultAt(d.pairs[again].at, scheme+": "+p.key+" "+errTwice.Error())
		}
		pairs = append(pairs, pair{p.key, p.text, p.at})
	}
	return append(pairs, d.pairs...), nil
}
