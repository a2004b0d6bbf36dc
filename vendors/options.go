package vendors

import (
	"maps"
	"net/http"
	"slices"

	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
)

// An Option hands something to Open that a line of configuration cannot hold. A nil
// argument is ignored.
type Option interface {
	apply(options) options // by value: an Option given twice is one
}

type options struct {
	vendors   []vendor // handed in
	client    *http.Client
	directory authy.Directory
	stores    map[string]func(string) (otp.Store, error)
	ledgers   map[string]func(string) (failover.Ledger, error)
	observer  observe.Observer

	references map[string]func(string) (references.References, error)
	guards     map[string]func(string) (guard.Store, error)
	secrets    Secrets
}

// With makes a scheme of a vendor of another module, whose New takes a Config with
// tags:
//
//	vendors.With("smtp", email.New)
//	vendors.With("pigeon", func(c pigeon.Config) (*pigeon.Client, error) { ... })
//
// V is a verify.Verifier, an otp.Messenger or an otp.CodeMessenger; the DSN of those
// two has the settings of an engine as well. Each field of C that a DSN may set has a tag with its key:
//
//	Account string        `dsn:"account,user,required"`
//	Expiry  time.Duration `dsn:"expiry" default:"10m" example:"5m"`
//
// Behind the key stand required; user, pass or host, for the part in front of the
// question mark that the key stands for; and oneof=a|b, for the values that there
// are. A field may be a string, bool, int, time.Duration, []byte or a list of these
// with commas, a type that is an encoding.TextUnmarshaler, whose error says what the
// value "must be", or a map with NAME in its key, as in `dsn:"action.NAME"`. A field of
// the type *http.Client is set by [WithHTTPClient], and one of the type
// references.References by the key references, which such a Config has. Errors of open are shown with
// keys in place of the names of fields, so they must hold nothing of the settings.
//
// A scheme of this module stays its own. A nil open is ignored.
func With[C, V any](scheme string, open func(C) (V, error)) Option {
	return &vendorOption{newVendor(scheme, open)}
}

type vendorOption struct{ vendor vendor }

func (o *vendorOption) apply(to options) options {
	if o.vendor.make != nil {
		to.vendors = append(slices.Clip(to.vendors), o.vendor)
	}
	return to
}

// known are the vendors of this module, and those that were handed in, the latest
// first.
func (o options) known() []vendor {
	known := list()
	for _, v := range slices.Backward(o.vendors) {
		known = append(known, v)
	}
	return known
}

// WithHTTPClient has every vendor use the transport and the timeout of c, for a
// proxy or for telemetry. The transport must not repeat requests by itself, or
// one Send may deliver two messages. With nil, as without this option, each has a
// client of its own.
func WithHTTPClient(c *http.Client) Option { return httpClientOption{c} }

type httpClientOption struct{ client *http.Client }

func (o httpClientOption) apply(to options) options {
	to.client = o.client
	return to
}

// WithDirectory hands in the directory of authy://KEY@users: the application's own
// database.
func WithDirectory(d authy.Directory) Option { return directoryOption{d} }

type directoryOption struct{ directory authy.Directory }

func (o directoryOption) apply(to options) options {
	to.directory = o.directory
	return to
}

// WithObserver gives every failover(...) and guard(...) of the DSN an Observer: it
// gets each request to a backend, each change of a breaker, what a guard refuses, and what
// became of new credentials. Without it an outage of the
// first vendor leaves no trace while the second one sends. Events of whole calls
// come from observe.New around what Open returns; one Observer may get both.
func WithObserver(o observe.Observer) Option { return &observerOption{o} }

type observerOption struct{ observer observe.Observer }

func (o *observerOption) apply(to options) options {
	to.observer = o.observer
	return to
}

// WithStore has open make the stores whose URL opens with scheme and a colon, so
// that this module need not know the store's:
//
//	vendors.WithStore("redis", redisstore.Open)
//
// Errors from open are not shown, because they may contain the URL.
func WithStore(scheme string, open func(url string) (otp.Store, error)) Option {
	return &storeOption{scheme, open}
}

type storeOption struct {
	scheme string
	open   func(string) (otp.Store, error)
}

func (o *storeOption) apply(to options) options {
	to.stores = set(to.stores, o.scheme, o.open)
	return to
}

// WithLedger is WithStore for the ledger of a failover. A ledger that holds
// connections has a method Closer() io.Closer, which says who closes them, since
// its Close is taken: see [failover.Ledger].
func WithLedger(scheme string, open func(url string) (failover.Ledger, error)) Option {
	return &ledgerOption{scheme, open}
}

type ledgerOption struct {
	scheme string
	open   func(string) (failover.Ledger, error)
}

func (o *ledgerOption) apply(to options) options {
	to.ledgers = set(to.ledgers, o.scheme, o.open)
	return to
}

// set leaves the map of an earlier option as it is.
func set[V any](m map[string]V, key string, value V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

func with(opts []Option) options {
	var o options
	for _, opt := range opts {
		if opt != nil {
			o = opt.apply(o)
		}
	}
	return o
}
