package dsn

import "strings"

// authority reads [ user [ ":" pass ] "@" ] [ host ].
func (r *reader) authority(d *Line) error {
	var err error
	if strings.Contains(r.upTo("?"), "@") {
		if d.User, err = r.part(":@", "the user"); err != nil {
			return err
		}
		if r.text[r.at] == ':' {
			r.at++
			if d.Pass, err = r.part("@", "the pass"); err != nil {
				return err
			}
		}
		r.at++
	}
	if r.upTo("?") == "" {
		return nil
	}
	d.Host, err = r.part("?", "the host")
	return err
}

// part reads and decodes what stands up to one of ends.
func (r *reader) part(ends, what string) (Part, error) {
	p := Part{At: r.at}
	raw := r.upTo(ends)
	if i := strings.IndexAny(raw, "/?#@:"); i >= 0 {
		return p, faultAt(r.at+i, "in front of the question mark, one of / ? # @ : within a part is written %2F %3F %23 %40 %3A; env: and file: are read behind it only")
	}
	if raw == "" {
		return p, faultAt(r.at, what+" is empty")
	}
	var err error
	p.Text, err = r.decode(raw)
	return p, err
}

// pairs reads [ "?" key "=" value *( "&" key "=" value ) ].
func (r *reader) pairs(d *Line) error {
	seen := map[string]bool{}
	for mark := byte('?'); r.at < len(r.text) && r.text[r.at] == mark; mark = '&' {
		r.at++
		p, err := r.pair()
		if err != nil {
			return err
		}
		if seen[p.Key] {
			return faultAt(p.At, "this key stands a second time")
		}
		seen[p.Key] = true
		d.Pairs = append(d.Pairs, p)
	}
	return nil
}

func (r *reader) pair() (Pair, error) {
	p := Pair{At: r.at}
	raw := r.upTo("&")
	if i := strings.IndexByte(raw, '#'); i >= 0 {
		return p, faultAt(r.at+i, "a # is written %23")
	}
	key, value, ok := strings.Cut(raw, "=")
	if !ok || key == "" {
		return p, faultAt(r.at, "key=value is missing")
	}
	var err error
	if p.Key, err = r.decode(key); err != nil {
		return p, err
	}
	r.at++
	p.Value, err = r.decode(value)
	return p, err
}
