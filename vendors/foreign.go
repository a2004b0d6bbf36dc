package vendors

import (
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/otp"
)

// A foreign is a messenger of another module, by WithMessenger. The settings of the
// engine are ours; all others are put together again for its own reader.
type foreign struct {
	scheme string
	make   func(url string) (otp.Messenger, error)
}

func (f foreign) delivers() bool { return true }

// own reports whether a setting is the messenger's.
func (f foreign) own(p dsn.Pair) bool { return !isOfEngine(p) && !isName(p) }

func (f foreign) open(d dsn.Line, o options) (verify.Verifier, error) {
	ours := slices.DeleteFunc(slices.Clone(d.Pairs), f.own)
	e, err := fill(dsn.Line{Scheme: d.Scheme, At: d.At, Pairs: ours}, f.scheme, engineConfigs)
	if err != nil {
		return nil, err
	}
	messenger, err := f.openMessenger(d, o)
	if err != nil {
		return nil, err
	}
	return openEngine(e, 0, messenger, []any{messenger}, o)
}

// openMessenger drops the messenger's error, which may quote its URL.
func (f foreign) openMessenger(d dsn.Line, _ options) (otp.Messenger, error) {
	pairs, err := d.Foreign(f.scheme)
	if err != nil {
		return nil, err
	}
	url, err := f.url(d.At, pairs)
	if err != nil {
		return nil, err
	}
	messenger, err := f.make(url)
	if err != nil || messenger == nil {
		return nil, faultAt(d.At, f.scheme+": the messenger refuses its settings")
	}
	return messenger, nil
}

// url writes what is left of a DSN, with its env: and file: values in place. Its
// escapes are read alike by our own reader and by net/url.
func (f foreign) url(at int, pairs []dsn.Pair) (string, error) {
	values := map[string]string{}
	query, mark := "", "?"
	for _, p := range pairs {
		if !f.own(p) {
			continue
		}
		value, err := dsn.Read(p.Value)
		if err != nil {
			return "", faultAt(p.At, f.scheme+": this setting "+err.Error())
		}
		if p.Key == dsn.User || p.Key == dsn.Pass || p.Key == dsn.Host {
			values[p.Key] = value
			continue
		}
		query += mark + dsn.Escape(p.Key, inQuery+"=") + "=" + dsn.Escape(value, inQuery)
		mark = "&"
	}
	user := dsn.Escape(values[dsn.User], inFront)
	switch pass := values[dsn.Pass]; {
	case user == "" && pass != "":
		return "", faultAt(at, f.scheme+": pass needs user as well")
	case pass != "":
		user += ":" + dsn.Escape(pass, inFront)
	}
	if user != "" {
		user += "@"
	}
	return f.scheme + "://" + user + dsn.Escape(values[dsn.Host], inHost) + query, nil
}

// What is escaped, beside that which always is.
const (
	inFront = "/?#@:%"
	inHost  = "/?#@%" // a colon stands before a port
	inQuery = "&#%+;" // a plus and a semicolon, since net/url has ideas of its own
)
