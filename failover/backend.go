package failover

import (
	"errors"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

// A backend has a breaker for its checks and one for its sends on each channel: a
// vendor whose sends fail may still check, and a channel that the account has
// switched off says nothing about the others.
type backend struct {
	Backend
	capabilities verify.Capabilities
	sends        map[verify.Channel]*breaker
	checks       *breaker
}

func newBackend(l Backend, observer observe.Observer) *backend {
	b := &backend{Backend: l, capabilities: l.Verifier.Capabilities(), sends: map[verify.Channel]*breaker{}}
	b.Verifier = reported(l, observer)
	told := observe.Event{Op: observe.OpBreaker, Vendor: b.capabilities.Vendor, Backend: l.Name, BreakerFor: observe.OpCheck}
	b.checks = newBreaker(told, observer)
	told.BreakerFor = observe.OpSend
	for _, channel := range b.capabilities.Channels {
		told.Channel = channel
		b.sends[channel] = newBreaker(told, observer)
	}
	return b
}

func newBackends(given []Backend, observer observe.Observer) ([]*backend, error) {
	if len(given) == 0 {
		return nil, errors.New("failover: no backends")
	}
	names := map[string]bool{}
	backends := make([]*backend, len(given))
	for i, l := range given {
		if l.Verifier == nil {
			return nil, errors.New("failover: a backend without a Verifier")
		}
		if _, guarded := verify.As[interface{ Outermost() }](l.Verifier); guarded {
			return nil, errors.New("failover: a backend has a guard, which stands around the failover and not inside: where its store is down, the next backend would send")
		}
		if l.Name == "" {
			l.Name = l.Verifier.Capabilities().Vendor
		}
		if !verify.IsScope(l.Name) {
			return nil, errors.New("failover: a backend's name must be 1 to 64 of [A-Za-z0-9._:-]")
		}
		if names[l.Name] {
			return nil, errors.New("failover: two backends of one name")
		}
		names[l.Name] = true
		backends[i] = newBackend(l, observer)
	}
	return backends, nil
}

// newRoutes turns names into backends, those of the route first.
func newRoutes(given map[string][]string, backends []*backend) (map[string][]*backend, error) {
	routes := map[string][]*backend{}
	for prefix, names := range given {
		if !isPrefix(prefix) {
			return nil, errors.New("failover: a route is 1 to 15 digits, without the plus")
		}
		var order []*backend
		for _, name := range names {
			i := slices.IndexFunc(backends, func(l *backend) bool { return l.Name == name })
			if i < 0 {
				return nil, errors.New("failover: a route names a backend that there is not")
			}
			if slices.Contains(order, backends[i]) {
				return nil, errors.New("failover: a route names a backend twice")
			}
			order = append(order, backends[i])
		}
		for _, l := range backends {
			if !slices.Contains(order, l) {
				order = append(order, l)
			}
		}
		routes[prefix] = order
	}
	return routes, nil
}

func isPrefix(s string) bool {
	return s != "" && len(s) <= 15 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// route returns the backends in the order to try them for a recipient.
func (v *Verifier) route(to string) []*backend {
	if !verify.IsPhone(to) {
		return v.backends
	}
	for n := len(to); n > 1; n-- {
		if backends, ok := v.routes[to[1:n]]; ok {
			return backends
		}
	}
	return v.backends
}

// common is what all backends can do, but for channels if any will do.
func common(backends []*backend, anyChannel bool) (verify.Capabilities, error) {
	all := backends[0].capabilities
	all.Vendor, all.IdempotencyKey = vendor, true
	all.Channels = slices.Clone(all.Channels)
	for _, l := range backends[1:] {
		c := l.capabilities
		all.Channels = joined(all.Channels, c.Channels, anyChannel)
		all.MinDigits, all.MaxDigits = max(all.MinDigits, c.MinDigits), min(all.MaxDigits, c.MaxDigits)
		all.Scopes, all.MaxScope = commonScopes(all, c)
		all.Transaction = all.Transaction && c.Transaction
		all.Locale, all.ClientIP = all.Locale || c.Locale, all.ClientIP || c.ClientIP
		all.Letters = all.Letters || c.Letters // each backend is shown codes of its own form only
	}
	if len(all.Channels) == 0 {
		return all, errors.New("failover: the backends have no channel in common")
	}
	if all.MinDigits > all.MaxDigits {
		all.MinDigits, all.MaxDigits = 0, 0
	}
	all.DefaultDigits = commonDigits(backends, all)
	return all, nil
}

// joined are the channels of both lists, or of any, in their order.
func joined(a, b []verify.Channel, anyOf bool) []verify.Channel {
	if !anyOf {
		return slices.DeleteFunc(a, func(ch verify.Channel) bool { return !slices.Contains(b, ch) })
	}
	for _, ch := range b {
		if !slices.Contains(a, ch) {
			a = append(a, ch)
		}
	}
	return a
}

// commonDigits picks one length for all backends, so that a page does not depend
// on which vendor sent. It is zero, and each backend chooses, if one of them does
// not know its length or they have none in common.
func commonDigits(backends []*backend, all verify.Capabilities) int {
	first, same := backends[0].capabilities.DefaultDigits, true
	for _, l := range backends {
		digits := l.capabilities.DefaultDigits
		if digits == 0 {
			return 0
		}
		same = same && digits == first
	}
	switch {
	case same:
		return first
	case all.MaxDigits == 0:
		return 0
	}
	return min(max(usualDigits, all.MinDigits), all.MaxDigits)
}

const usualDigits = 6

// typed is the form of a code that any of the backends may have sent.
func typed(backends []*backend, all verify.Capabilities) verify.Capabilities {
	for i, l := range backends {
		c := l.capabilities
		if c.MaxDigits == 0 {
			all.MinDigits, all.MaxDigits = 0, 0
			break
		}
		if i == 0 {
			all.MinDigits, all.MaxDigits = c.MinDigits, c.MaxDigits
		}
		all.MinDigits, all.MaxDigits = min(all.MinDigits, c.MinDigits), max(all.MaxDigits, c.MaxDigits)
	}
	return all
}

// commonScopes are the scopes that both take.
func commonScopes(a, b verify.Capabilities) ([]string, int) {
	takes := func(c verify.Capabilities, s string) bool {
		return len(s) <= c.MaxScope || slices.Contains(c.Scopes, s)
	}
	var scopes []string
	for _, s := range slices.Concat(a.Scopes, b.Scopes) {
		if takes(a, s) && takes(b, s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	slices.Sort(scopes)
	return scopes, min(a.MaxScope, b.MaxScope)
}
