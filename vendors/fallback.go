package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// allCarriers returns the schemes of the legs if all of them only carry text, and
// else none. It finds unknown schemes.
func allCarriers(d dsn, o options) ([]scheme, error) {
	var carriers []scheme
	for _, leg := range d.legs {
		if leg.scheme == failoverScheme {
			continue
		}
		s, err := schemeOf(leg, o)
		if err != nil {
			return nil, err
		}
		if s.carries() {
			carriers = append(carriers, s)
		}
	}
	if len(carriers) < len(d.legs) {
		return nil, nil
	}
	return carriers, nil
}

// openFallback makes one engine over carriers, one for each leg.
func openFallback(d dsn, schemes []scheme, o options) (verify.Verifier, error) {
	table := engineOf(d.scheme)
	e, err := table.fill(d, table.table())
	if err != nil {
		return nil, err
	}
	var carriers []otp.Carrier
	var parts []any
	for i, s := range schemes {
		carrier, err := openLeg(s, d.legs[i], o)
		if err != nil {
			return nil, abandon(err, parts...)
		}
		carriers, parts = append(carriers, carrier), append(parts, carrier)
	}
	v, err := e.over(otp.Fallback(carriers[0], carriers[1:]...), parts, o)
	if err != nil {
		return nil, faultAt(d.at, err.Error())
	}
	return v, nil
}

// openLeg opens one carrier of several, which has no engine of its own.
func openLeg(s scheme, d dsn, o options) (otp.Carrier, error) {
	for _, p := range d.pairs {
		if isOfEngine(p) {
			return nil, faultAt(p.at, p.key+" stands behind the parenthesis, once for all these carriers")
		}
	}
	return s.openCarrier(d, o)
}

// engineOf is the table of an engine alone, with none of a carrier's settings.
func engineOf(scheme string) vendor[engine] {
	return vendor[engine]{scheme: scheme, engine: engineSettings(func(e *engine) *engine { return e })}
}

func isOfEngine(p pair) bool {
	_, _, ok := find(engineOf("").engine, p.key)
	return ok
}
