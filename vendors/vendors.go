// Package vendors opens any vendor of this module by one line of configuration,
// so that a vendor is swapped without a change of code.
//
//	v, err := vendors.Open(os.Getenv("VERIFY_DSN"))
//	receipt, err := v.Send(ctx, "+15005550006")
//	err = v.Check(ctx, "+15005550006", typed)
//
// # The line
//
// It reads vendor://USER:PASS@HOST?key=value&key=value, and every setting of a
// vendor's Config has a key:
//
//	twilio://ACCOUNT_SID:AUTH_TOKEN@VERIFY_SERVICE_SID?scope.payment=VA...
//	twilio://?account_sid=AC...&auth_token=file:/run/secrets/twilio&service_sid=VA...
//
// All keys and the rules of escaping stand in docs/dsn.md. A value that opens
// with env: or file: is read from there, which keeps a secret out of the line.
//
// # Privacy
//
// An error names a scheme or a key only if it is one of ours, else its position,
// and never holds any other part of the line, of the environment or of a file.
package vendors

import (
	"maps"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
)

// An Option hands something to Open that a line of configuration cannot hold. One
// that hands in nil is as good as none.
type Option interface {
	apply(options) options // by value: an Option given twice is one
}

type options struct {
	client    *http.Client
	directory authy.Directory
	stores    map[string]func(string) (otp.Store, error)
	ledgers   map[string]func(string) (failover.Ledger, error)
	carriers  map[string]func(string) (otp.Carrier, error)
}

// WithHTTPClient has every vendor use the transport and the timeout of c, for a
// proxy or for telemetry. With nil, as without this option, each has a client of
// its own.
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

// WithCarrier makes a scheme of a carrier of another module:
//
//	vendors.WithCarrier("smtp", email.Open)
//
// The settings of an engine are taken out of a DSN of that scheme; what is left of
// it, with its env: and file: values in place, is what open is given: see
// docs/dsn.md. Of what open says in an error nothing is shown. A scheme of this
// module stays its own.
func WithCarrier(scheme string, open func(url string) (otp.Carrier, error)) Option {
	return &carrierOption{scheme, open}
}

type carrierOption struct {
	scheme string
	open   func(string) (otp.Carrier, error)
}

func (o *carrierOption) apply(to options) options {
	to.carriers = set(to.carriers, o.scheme, o.open)
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

// Open reads dsn and makes the Verifier it describes. It sends nothing; it reads
// the environment variables and files that dsn names, and nothing else.
//
// The Verifier is also an io.Closer, found by [verify.As], which closes what Open
// opened and nothing that was handed in. Open's errors open with "vendors: " and
// say which character and key are at fault; they can be shown to anyone.
func Open(dsn string, opts ...Option) (verify.Verifier, error) {
	d, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	return open(d, with(opts))
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

// A scheme is one vendor in the eyes of Open: see vendor and foreign.
type scheme interface {
	open(d dsn, o options) (verify.Verifier, error)
	carries() bool // a carrier, which makes a verifier with an engine only
	openCarrier(d dsn, o options) (otp.Carrier, error)
}

// A listed scheme is one of ours.
type listed interface {
	scheme
	name() string
	parts(d dsn) (partKeys, error)
}

// schemes are all of this module that may stand in front of "://". A vendor is
// added by a file with its table and a line here.
func schemes() []listed {
	return []listed{twilioVendor, bandwidthVendor, gatewayVendor, messagingVendor, authyVendor}
}

func open(d dsn, o options) (verify.Verifier, error) {
	if d.scheme == failoverScheme {
		return openFailover(d, o)
	}
	s, err := schemeOf(d, o)
	if err != nil {
		return nil, err
	}
	return s.open(d, o)
}

func schemeOf(d dsn, o options) (scheme, error) {
	for _, s := range schemes() {
		if s.name() == d.scheme {
			return s, nil
		}
	}
	if open := o.carriers[d.scheme]; open != nil {
		return foreign{d.scheme, open}, nil
	}
	return nil, unknownScheme(d.at)
}

func unknownScheme(at int) error {
	list := ""
	for _, s := range schemes() {
		list += s.name() + "://, "
	}
	return faultAt(at, "a DSN opens with one of "+list+failoverScheme+"(...), or a scheme handed in by vendors.WithCarrier")
}
