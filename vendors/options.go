package vendors

import (
	"maps"
	"net/http"

	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
)

// An Option hands something to Open that a line of configuration cannot hold. One
// that hands in nil is as good as none.
type Option interface {
	apply(options) options // by value: an Option given twice is one
}

type options struct {
	client     *http.Client
	directory  authy.Directory
	stores     map[string]func(string) (otp.Store, error)
	ledgers    map[string]func(string) (failover.Ledger, error)
	messengers map[string]func(string) (otp.Messenger, error)
	observer   observe.Observer
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

// WithObserver gives every failover(...) of the DSN an Observer: it gets each
// request to a backend and each change of a breaker. Without it an outage of the
// first vendor leaves no trace while the second one sends. Events of whole calls
// come from observe.New around what Open returns; one Observer may get both.
func WithObserver(o observe.Observer) Option { return &observerOption{o} }

type observerOption struct{ observer observe.Observer }

func (o *observerOption) apply(to options) options {
	to.observer = o.observer
	return to
}

// WithStore has open make the stores whose URL opens with scheme and "://", so
// that this module need not know the store's:
//
//	vendors.WithStore("redis", redisstore.Open)
//
// Of what open says in an error nothing is shown, since it may quote the URL.
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

// WithMessenger makes a scheme of a messenger of another module:
//
//	vendors.WithMessenger("smtp", email.Open)
//
// The settings of an engine are taken out of a DSN of that scheme; what is left of
// it, with its env: and file: values in place, is what open is given: see
// docs/dsn.md. Of what open says in an error nothing is shown. A scheme of this
// module stays its own.
func WithMessenger(scheme string, open func(url string) (otp.Messenger, error)) Option {
	return &messengerOption{scheme, open}
}

type messengerOption struct {
	scheme string
	open   func(string) (otp.Messenger, error)
}

func (o *messengerOption) apply(to options) options {
	to.messengers = set(to.messengers, o.scheme, o.open)
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
