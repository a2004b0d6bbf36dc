package vendors

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/otp"
)

// memory is the one store and ledger that Open knows by itself.
const memory = "memory"

// An engineConfig makes a verifier of a messenger.
type engineConfig struct {
	otp.Config
	// StoreURL is where codes are kept: memory for one process, or a URL whose
	// scheme vendors.WithStore knows. Required.
	StoreURL string `dsn:"store,required" missing:"memory, or a URL whose scheme was handed in by vendors.WithStore" example:"redis://127.0.0.1:6379/0"`
}

// engineConfigs hold the settings of an engine.
var engineConfigs = []reflect.Type{reflect.TypeFor[engineConfig](), reflect.TypeFor[named]()}

// openEngine makes a verifier of a messenger, with a store of its own. The engine's
// config is at root of f. Parts are what was opened for the messenger: they are
// closed with the verifier, or now if there is none.
func openEngine(f filled, root int, messenger otp.Courier, parts []any, o options) (verify.Verifier, error) {
	e := f.configs[root].Interface().(engineConfig)
	store, err := o.openStore(e.StoreURL)
	if err != nil {
		return nil, abandon(f.Explain(root, err), parts...)
	}
	parts = append(parts, store)
	e.Messenger, e.Store = messenger, store
	made, err := otp.New(e.Config)
	if err != nil {
		return nil, abandon(f.Explain(root, err), parts...)
	}
	return &opened{made, parts}, nil
}

// openStore finds the opener of a store by the scheme of its URL. What a foreign
// opener says may quote that URL, and is dropped.
func (o options) openStore(url string) (otp.Store, error) {
	if url == memory {
		return new(otp.MemoryStore), nil
	}
	open := o.stores[schemeIn(url)]
	if open == nil {
		return nil, errors.New("StoreURL must be memory, or a URL whose scheme was handed in by vendors.WithStore")
	}
	store, err := open(url)
	if err != nil || store == nil {
		return nil, errors.New("StoreURL could not be opened: check its URL")
	}
	return store, nil
}

// schemeIn also takes the scheme of a URL without a host: sqlite:FILE.
func schemeIn(url string) string {
	scheme, _, ok := strings.Cut(url, ":")
	if !ok {
		return ""
	}
	return scheme
}

// isOfEngine reports whether a setting is one of an engine.
func isOfEngine(p dsn.Pair) bool {
	table, _ := dsn.NewTable("", engineConfigs[0])
	return table.Has(p.Key)
}
