package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// allMessengers returns the schemes of the backends if all of them only deliver text, and
// else none. It finds unknown schemes.
func allMessengers(d dsn, o options) ([]scheme, error) {
	var messengers []scheme
	for _, backend := range d.backends {
		if backend.scheme == failoverScheme {
			continue
		}
		s, err := schemeOf(backend, o)
		if err != nil {
			return nil, err
		}
		if s.carries() {
			messengers = append(messengers, s)
		}
	}
	if len(messengers) < len(d.backends) {
		return nil, nil
	}
	return messengers, nil
}

// openFallback makes one engine over messengers, one for each backend.
func openFallback(d dsn, schemes []scheme, o options) (verify.Verifier, error) {
	table := engineOf(d.scheme)
	e, err := table.fill(d, table.table())
	if err != nil {
		return nil, err
	}
	var messengers []otp.Messenger
	var parts []any
	for i, s := range schemes {
		messenger, err := openBackend(s, d.backends[i], o)
		if err != nil {
			return nil, abandon(err, parts...)
		}
		messengers, parts = append(messengers, messenger), append(parts, messenger)
	}
	v, err := e.over(otp.Fallback(messengers[0], messengers[1:]...), parts, o)
	if err != nil {
		return nil, faultAt(d.at, err.Error())
	}
	return v, nil
}

// openBackend opens one messenger of several, which has no engine of its own.
func openBackend(s scheme, d dsn, o options) (otp.Messenger, error) {
	for _, p := range d.pairs {
		if isOfEngine(p) {
			return nil, faultAt(p.at, p.key+" stands behind the parenthesis, once for all these messengers")
		}
	}
	return s.openMessenger(d, o)
}

// engineOf is the table of an engine alone, with none of a messenger's settings.
func engineOf(scheme string) vendor[engine] {
	return vendor[engine]{scheme: scheme, engine: engineSettings(func(e *engine) *engine { return e })}
}

func isOfEngine(p pair) bool {
	_, _, ok := find(engineOf("").engine, p.key)
	return ok
}
