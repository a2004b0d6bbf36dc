package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/otp"
)

// allMessengers returns the vendors of the backends if all of them only deliver text,
// and else none. It finds unknown schemes.
func allMessengers(d dsn.Line, o options) ([]vendor, error) {
	var messengers []vendor
	for _, backend := range d.Backends {
		if backend.Scheme == dsn.FailoverScheme {
			continue
		}
		v, err := vendorOf(backend, o)
		if err != nil {
			return nil, err
		}
		if v.messenger {
			messengers = append(messengers, v)
		}
	}
	if len(messengers) < len(d.Backends) {
		return nil, nil
	}
	return messengers, nil
}

// openFallback makes one engine over messengers, one for each backend.
func openFallback(d dsn.Line, backends []vendor, o options) (verify.Verifier, error) {
	f, err := fill(d, d.Scheme, engineConfigs, o)
	if err != nil {
		return nil, err
	}
	var messengers []otp.Courier
	var parts []any
	for i, v := range backends {
		messenger, err := openBackend(v, d.Backends[i], o)
		if err != nil {
			return nil, abandon(err, parts...)
		}
		messengers, parts = append(messengers, messenger), append(parts, messenger)
	}
	return openEngine(f, 0, otp.Fallback(messengers[0], messengers[1:]...), parts, o)
}

// openBackend opens one messenger of several, which has no engine of its own.
func openBackend(v vendor, d dsn.Line, o options) (otp.Courier, error) {
	for _, p := range d.Pairs {
		if isOfEngine(p) {
			return nil, faultAt(p.At, p.Key+" stands behind the parenthesis, once for all these messengers")
		}
	}
	return v.openMessenger(d, o)
}
