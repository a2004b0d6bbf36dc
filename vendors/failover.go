package vendors

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// Limits that package failover keeps to by itself.
const (
	mostAttempts = 10
	mostFailures = 100
)

// A composite is what stands behind the parenthesis of a failover.
type composite struct {
	failover.Config
	key, ledger string
}

var failoverVendor = vendor[composite]{
	scheme: failoverScheme,
	doc:    "Several vendors: see \"Failover\" above. These keys stand behind the parenthesis.",
	settings: []setting[composite]{{
		key: "on_unknown", fallback: "stop", example: "next",
		doc: "`next` has the next vendor send even if nobody knows whether one has: two messages may arrive.",
		set: func(c *composite, _, value string) error {
			switch value {
			case "stop":
				c.OnUnknown = failover.Stop
			case "next":
				c.OnUnknown = failover.Next
			default:
				return errors.New("must be stop or next")
			}
			return nil
		},
	}, {
		key: "route.NAME", fallback: "none", example: "bandwidth,twilio",
		doc: "The backends to try first for numbers that begin with NAME, such as `route.45`; the longest one wins.",
		set: func(c *composite, name, value string) error {
			if c.Routes == nil {
				c.Routes = map[string][]string{}
			}
			c.Routes[name] = strings.Split(value, ",")
			return nil
		},
	}, {
		key: "ledger", fallback: "memory", example: "redis://127.0.0.1:6379/0",
		doc: "`memory` for one process, or a URL whose scheme `vendors.WithLedger` knows.",
		set: intoText(func(c *composite) *string { return &c.ledger }),
	}, {
		key: "key", fallback: "none, and required with a `ledger` of its own", example: "env:LEDGER_KEY",
		doc: "The secret that the ledger's records are named by: at least 32 characters, the same in every process.",
		set: intoText(func(c *composite) *string { return &c.key }),
	}, {
		key: "ttl", fallback: "10m", example: "15m",
		doc: "How long a backend is asked after it sent.",
		set: intoTime(func(c *composite) *time.Duration { return &c.TTL }),
	}, {
		key: "attempts", fallback: "5", example: "3",
		doc: "Attempts over all backends since the last send: 1 to 10.",
		set: intoNumber(func(c *composite) *int { return &c.Limits.Attempts }),
	}, {
		key: "failures", fallback: "100", example: "50",
		doc: "Wrong attempts over all codes: 1 to 100.",
		set: intoNumber(func(c *composite) *int { return &c.Limits.Failures }),
	}, {
		key: "remember", fallback: "720h", example: "720h",
		doc: "How long those are kept after the last one.",
		set: intoTime(func(c *composite) *time.Duration { return &c.Limits.Remember }),
	}},
}

// openFailover opens the backends and what joins them. Messengers are joined below one
// engine, so that the code stays the same.
func openFailover(d dsn, o options) (verify.Verifier, error) {
	messengers, err := allMessengers(d, o)
	if err != nil {
		return nil, err
	}
	if messengers != nil {
		return openFallback(d, messengers, o)
	}
	c, err := failoverVendor.fill(d, failoverVendor.table())
	if err != nil {
		return nil, err
	}
	var parts []any
	for _, backend := range d.backends {
		v, err := open(backend, o)
		if err != nil {
			return nil, abandon(err, parts...)
		}
		parts = append(parts, v)
		c.Backends = append(c.Backends, failover.Backend{Name: nameOf(backend), Verifier: v})
	}
	v, err := c.open(o)
	if err != nil {
		return nil, abandon(faultAt(d.at, err.Error()), parts...)
	}
	return v, nil
}

// nameOf is what name= says of a backend that was opened; without it the backend is
// called after its vendor.
func nameOf(d dsn) string {
	i := slices.IndexFunc(d.pairs, isName)
	if i < 0 {
		return ""
	}
	name, _ := read(d.pairs[i].value) // it was read before, to open the backend
	return name
}

func isName(p pair) bool { return p.key == "name" }

func (c composite) open(o options) (verify.Verifier, error) {
	if c.Limits.Attempts > mostAttempts || c.Limits.Failures > mostFailures {
		return nil, errors.New("failover: attempts must be at most 10, and failures at most 100") // it would take fewer without a word
	}
	if c.key != "" {
		c.Key = []byte(c.key)
	}
	var err error
	if c.Ledger, err = o.openLedger(c.ledger); err != nil {
		return nil, err
	}
	c.Observer = o.observer
	v, err := failover.New(c.Config)
	if err != nil {
		return nil, abandon(err, c.Ledger)
	}
	return opened{v, []any{v, c.Ledger}}, nil
}

// openLedger finds the opener of a ledger as openStore does. None means that of
// package failover, in memory.
func (o options) openLedger(url string) (failover.Ledger, error) {
	if url == "" || url == memoryStore {
		return nil, nil
	}
	open := o.ledgers[schemeIn(url)]
	if open == nil {
		return nil, errors.New("failover: ledger must be memory, or a URL whose scheme was handed in by vendors.WithLedger")
	}
	ledger, err := open(url)
	if err != nil || ledger == nil { // without one, failover would keep its own in memory
		return nil, errors.New("failover: ledger could not be opened: check its URL")
	}
	return ledger, nil
}
