package vendors

import (
	"errors"
	"reflect"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/internal/dsn"
)

// A guardConfig is read from behind the parenthesis of a guard.
type guardConfig struct {
	guard.Config
	// StoreURL is where counts are kept: memory for one process, or a URL whose scheme
	// vendors.WithGuardStore knows, which needs Key. Defaults to memory.
	StoreURL string `dsn:"store" default:"memory" example:"redis://127.0.0.1:6379/0"`
}

// guardConfigs hold the settings of a guard.
var guardConfigs = []reflect.Type{reflect.TypeFor[guardConfig]()}

// WithGuardStore is WithStore for the counts of a guard:
//
//	vendors.WithGuardStore("redis", redisstore.OpenGuard)
//
// A store that holds connections has a method Closer() io.Closer or a Close.
func WithGuardStore(scheme string, open func(url string) (guard.Store, error)) Option {
	return &guardOption{scheme, open}
}

type guardOption struct {
	scheme string
	open   func(string) (guard.Store, error)
}

func (o *guardOption) apply(to options) options {
	to.guards = set(to.guards, o.scheme, o.open)
	return to
}

// openGuard opens what a guard stands around, and the guard.
func openGuard(d dsn.Line, o options) (verify.Verifier, error) {
	f, c, err := guardOf(d, o)
	if err != nil {
		return nil, err
	}
	if c.Verifier, err = open(d.Backends[0], o); err != nil {
		return nil, err
	}
	parts := []any{c.Verifier}
	if c.Store, err = o.openGuardStore(c.StoreURL); err != nil {
		return nil, abandon(f.Explain(0, err), parts...)
	}
	parts = append(parts, c.Store)
	v, err := guard.New(c.Config)
	if err != nil {
		return nil, abandon(f.Explain(0, err), parts...)
	}
	return &opened{v, parts}, nil
}

// guardOf reads the settings of a guard.
func guardOf(d dsn.Line, o options) (filled, guardConfig, error) {
	f, err := fill(d, dsn.GuardScheme, guardConfigs, o)
	if err != nil {
		return f, guardConfig{}, err
	}
	c := f.configs[0].Interface().(guardConfig)
	c.Observer = o.observer
	return f, c, nil
}

// openGuardStore finds the opener of a store by the scheme of its URL, and drops what
// it says, which may quote that URL.
func (o options) openGuardStore(url string) (guard.Store, error) {
	if url == "" || url == memory {
		return new(guard.MemoryStore), nil
	}
	open := o.guards[schemeIn(url)]
	if open == nil {
		return nil, errors.New("guard: StoreURL must be memory, or a URL whose scheme was handed in by vendors.WithGuardStore")
	}
	store, err := open(url)
	if err != nil || store == nil {
		return nil, errors.New("guard: StoreURL could not be opened: check its URL")
	}
	return store, nil
}
