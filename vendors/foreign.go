package vendors

import (
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A foreign is a messenger of another module, by WithMessenger. The settings of the
// engine are ours; all others are put together again for its own reader.
type foreign struct {
	scheme string
	make   func(url string) (otp.Messenger, error)
}

// foreignKeys name the parts of a scheme that is none of ours.
var foreignKeys = partKeys{"user", "pass", "host"}

func (f foreign) carries() bool { return true }

// own reports whether a setting is the messenger's.
func (f foreign) own(p pair) bool { return !isOfEngine(p) && !isName(p) }

func (f foreign) open(d dsn, o options) (verify.Verifier, error) {
	table := engineOf(f.scheme)
	ours := slices.DeleteFunc(slices.Clone(d.pairs), f.own)
	e, err := table.fill(dsn{scheme: d.scheme, at: d.at, pairs: ours}, table.table())
	if err != nil {
		return nil, err
	}
	messenger, err := f.openMessenger(d, o)
	if err != nil {
		return nil, err
	}
	v, err := e.over(messenger, []any{messenger}, o)
	if err != nil {
		return nil, faultAt(d.at, err.Error())
	}
	return v, nil
}

// openMessenger drops the messenger's error, which may quote its URL.
func (f foreign) openMessenger(d dsn, _ options) (otp.Messenger, error) {
	pairs, err := d.keyed(f.scheme, foreignKeys)
	if err != nil {
		return nil, err
	}
	url, err := f.url(d.at, pairs)
	if err != nil {
		return nil, err
	}
	messenger, err := f.make(url)
	if err != nil || messenger == nil {
		return nil, faultAt(d.at, f.scheme+": the messenger refuses its settings")
	}
	return messenger, nil
}

// url writes what is left of a DSN, with its env: and file: values in place. Its
// escapes are read alike by our own reader and by net/url.
func (f foreign) url(at int, pairs []pair) (string, error) {
	values := map[string]string{}
	query, mark := "", "?"
	for _, p := range pairs {
		if !f.own(p) {
			continue
		}
		value, err := read(p.value)
		if err != nil {
			return "", faultAt(p.at, f.scheme+": this setting "+err.Error())
		}
		if foreignKeys.has(p.key) {
			values[p.key] = value
			continue
		}
		query += mark + escaped(p.key, inQuery+"=") + "=" + escaped(value, inQuery)
		mark = "&"
	}
	user := escaped(values["user"], inFront)
	switch pass := values["pass"]; {
	case user == "" && pass != "":
		return "", faultAt(at, f.scheme+": pass needs user as well")
	case pass != "":
		user += ":" + escaped(pass, inFront)
	}
	if user != "" {
		user += "@"
	}
	return f.scheme + "://" + user + escaped(values["host"], inHost) + query, nil
}

// What is escaped, beside that which always is.
const (
	inFront = "/?#@:%"
	inHost  = "/?#@%" // a colon stands before a port
	inQuery = "&#%+;" // a plus and a semicolon, since net/url has ideas of its own
)
