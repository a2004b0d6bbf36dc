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
// A [Config] says the same in a file of JSON or YAML.
//
// # Privacy
//
// An error names a scheme or a key only if it is one of ours, else its position,
// and never holds any other part of the line, of the environment or of a file.
package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

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

// A scheme is one vendor in the eyes of Open: see vendor and foreign.
type scheme interface {
	open(d dsn, o options) (verify.Verifier, error)
	carries() bool // a messenger, which makes a verifier with an engine only
	openMessenger(d dsn, o options) (otp.Messenger, error)
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
	if open := o.messengers[d.scheme]; open != nil {
		return foreign{d.scheme, open}, nil
	}
	return nil, unknownScheme(d.at)
}

func unknownScheme(at int) error {
	list := ""
	for _, s := range schemes() {
		list += s.name() + "://, "
	}
	return faultAt(at, "a DSN opens with one of "+list+failoverScheme+"(...), or a scheme handed in by vendors.WithMessenger")
}
