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
// docs/dsn.md lists all keys and the rules of escaping. A value that begins with
// env: or file: is read from there, which keeps a secret out of the line. Credentials
// in a file are read again when the vendor refuses them: see [WithSecrets].
// A [Config] says the same in a file of JSON or YAML.
//
// # Privacy
//
// An error names a scheme or a key only if it is one of ours, else its position,
// and never holds any other part of the line, of the environment or of a file.
package vendors

import (
	"reflect"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/auth0"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bird"
	"github.com/go2fa/verify/camara"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/infobip"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/prelude"
	"github.com/go2fa/verify/sinch"
	"github.com/go2fa/verify/telegram"
	"github.com/go2fa/verify/telnyx"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/vonage"
	"github.com/go2fa/verify/webhook"
	"github.com/go2fa/verify/whatsapp"
)

// list has one line for each vendor of this module.
func list() []vendor {
	return []vendor{
		newVendor("twilio", twilio.New),
		newVendor("bandwidth", bandwidth.New).without(noUsers, "username", "password", "auth"),
		newVendor("gatewayapi", gatewayapi.New),
		newVendor("twilio-sms", twilio.NewMessaging),
		newVendor("authy", openAuthy),
		newVendor("telnyx", telnyx.New),
		newVendor("infobip", infobip.New),
		newVendor("bird", bird.New),
		newVendor("auth0", auth0.New),
		newVendor("vonage", vonage.New),
		newVendor("vonage-sms", vonage.NewMessages),
		newVendor("telegram", telegram.New),
		newVendor("sinch", sinch.New),
		newVendor("prelude", prelude.New),
		newVendor("camara", camara.New),
		newVendor("webhook", webhook.New),
		newVendor("whatsapp", whatsapp.New),
	}
}

// noUsers is what to do where a DSN still has a user name.
const noUsers = "is of the past: Bandwidth ended user names and passwords on 2026-12-02. " +
	"Make an API credential that may use MFA, and give its client_id and client_secret"

// A Vendor is one scheme, for programs that range over all of them.
type Vendor struct {
	// Scheme stands in front of "://".
	Scheme string
	// Messenger reports that it delivers text only: a code is made and checked here.
	Messenger bool
	// Configs are the structs whose fields with a tag dsn are the settings: that of
	// the vendor, for a messenger that of the engine, and what all schemes have.
	Configs []reflect.Type
}

// All returns the vendors of this module, and those that options hand in.
func All(opts ...Option) []Vendor {
	var all []Vendor
	for _, v := range append(list(), with(opts).vendors...) {
		all = append(all, Vendor{v.scheme, v.messenger, v.configs()})
	}
	return all
}

// Failover returns the settings of a failover, which is no vendor.
func Failover() Vendor { return Vendor{Scheme: dsn.FailoverScheme, Configs: failoverConfigs} }

// Guard returns the settings of a guard, which is no vendor.
func Guard() Vendor { return Vendor{Scheme: dsn.GuardScheme, Configs: guardConfigs} }

// Open reads dsn and makes the Verifier it describes. It sends nothing; it reads
// the environment variables and files that dsn names, and nothing else.
//
// The Verifier is also an io.Closer, found by [verify.As], which closes what Open
// opened and nothing that was handed in. Open's errors begin with "vendors: " and
// say which character and key are at fault; they can be shown to anyone.
func Open(dsn string, opts ...Option) (verify.Verifier, error) {
	o := with(opts)
	d, err := parse(dsn, o)
	if err != nil {
		return nil, err
	}
	return open(d, o)
}

func parse(line string, o options) (dsn.Line, error) { return dsn.Parse(line, schemesOf(o)) }

func open(d dsn.Line, o options) (verify.Verifier, error) {
	switch d.Scheme {
	case dsn.FailoverScheme:
		return openFailover(d, o)
	case dsn.GuardScheme:
		return openGuard(d, o)
	}
	v, err := vendorOf(d, o)
	if err != nil {
		return nil, err
	}
	return v.open(d, o)
}

// vendorOf finds the vendor by its scheme.
func vendorOf(d dsn.Line, o options) (vendor, error) {
	for _, v := range o.known() {
		if v.scheme == d.Scheme {
			return v, nil
		}
	}
	return vendor{}, faultAt(d.At, schemesOf(o))
}

// schemesOf says which schemes there are.
func schemesOf(o options) string {
	text := "a DSN opens with one of "
	for _, v := range o.known() {
		text += v.scheme + "://, "
	}
	return text + dsn.FailoverScheme + "(...), " + dsn.GuardScheme + "(...), or a scheme handed in by vendors.With"
}

func faultAt(at int, text string) error { return dsn.Fault{At: at, Text: text} }
