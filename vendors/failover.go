package vendors

import (
	"errors"
	"reflect"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/internal/dsn"
)

// A failoverConfig is read from behind the parenthesis of a failover.
type failoverConfig struct {
	failover.Config
	// LedgerURL is where sends and attempts are kept: memory for one process, or a
	// URL whose scheme vendors.WithLedger knows, which needs Key. Defaults to memory.
	LedgerURL string `dsn:"ledger" default:"memory" example:"redis://127.0.0.1:6379/0"`
}

// failoverConfigs hold the settings of a failover.
var failoverConfigs = []reflect.Type{reflect.TypeFor[failoverConfig](), reflect.TypeFor[named]()}

// openFailover opens the backends and what joins them. Messengers are joined below one
// engine, so that the code stays the same.
func openFailover(d dsn.Line, o options) (verify.Verifier, error) {
	messengers, err := allMessengers(d, o)
	if err != nil {
		return nil, err
	}
	if messengers != nil {
		return openFallback(d, messengers, o)
	}
	f, err := fill(d, dsn.FailoverScheme, failoverConfigs, o)
	if err != nil {
		return nil, err
	}
	c := f.configs[0].Interface().(failoverConfig)
	var parts []any
	for _, backend := range d.Backends {
		v, err := open(backend, o)
		if err != nil {
			return nil, abandon(err, parts...)
		}
		parts = append(parts, v)
		c.Backends = append(c.Backends, failover.Backend{Name: nameOf(backend, o), Verifier: v})
	}
	v, err := c.open(o)
	if err != nil {
		return nil, abandon(f.Explain(0, err), parts...)
	}
	return v, nil
}

// nameOf is what name= says of a backend that was opened; without it the backend is
// called after its vendor.
func nameOf(d dsn.Line, o options) string {
	i := slices.IndexFunc(d.Pairs, isName)
	if i < 0 {
		return ""
	}
	name, _ := o.resolve(d.Pairs[i].Value) // it was read before, to open the backend
	return name
}

func isName(p dsn.Pair) bool { return p.Key == "name" }

func (c failoverConfig) open(o options) (verify.Verifier, error) {
	if err := c.checkLimits(); err != nil {
		return nil, err
	}
	var err error
	if c.Ledger, err = o.openLedger(c.LedgerURL); err != nil {
		return nil, err
	}
	c.Observer = o.observer
	v, err := failover.New(c.Config)
	if err != nil {
		return nil, abandon(err, c.Ledger)
	}
	return &opened{v, []any{v, c.Ledger}}, nil
}

// checkLimits refuses what package failover replaces by its own without a word.
func (c failoverConfig) checkLimits() error {
	switch l := c.Limits; {
	case l.Attempts > 10:
		return errors.New("failover: Limits.Attempts must be 1 to 10")
	case l.Failures > 100:
		return errors.New("failover: Limits.Failures must be 1 to 100")
	}
	return nil
}

// openLedger finds the opener of a ledger as openStore does. None means that of
// package failover, in memory.
func (o options) openLedger(url string) (failover.Ledger, error) {
	if url == "" || url == memory {
		return nil, nil
	}
	open := o.ledgers[schemeIn(url)]
	if open == nil {
		return nil, errors.New("failover: LedgerURL must be memory, or a URL whose scheme was handed in by vendors.WithLedger")
	}
	ledger, err := open(url)
	if err != nil || ledger == nil { // without one, failover would keep its own in memory
		return nil, errors.New("failover: LedgerURL could not be opened: check its URL")
	}
	return ledger, nil
}
