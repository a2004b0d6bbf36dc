package prelude

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Signals are what the application knows of the person's device, for Prelude's guard
// against fraud (https://docs.prelude.so/verify/v2/documentation/prevent-fraud). Each
// has at most 512 bytes; empty ones are left out. They are hints.
type Signals struct {
	DeviceID       string `json:"device_id,omitempty"`       // ANDROID_ID, or identifierForVendor
	DevicePlatform string `json:"device_platform,omitempty"` // android, ios, ipados, tvos or web
	DeviceModel    string `json:"device_model,omitempty"`    // "iPhone17,2"
	OSVersion      string `json:"os_version,omitempty"`      // "18.0.1"
	AppVersion     string `json:"app_version,omitempty"`     // "1.2.34"
	UserAgent      string `json:"user_agent,omitempty"`      // of a browser
	JA4            string `json:"ja4_fingerprint,omitempty"` // of the TLS connection
	TrustedUser    bool   `json:"is_trusted_user,omitempty"` // the person is known; by arrangement with Prelude
}

// Format keeps a device out of every print.
func (Signals) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("prelude.Signals{[hidden]}")) }

func (s Signals) fit() bool {
	for _, value := range [...]string{s.DeviceID, s.DeviceModel, s.OSVersion, s.AppVersion, s.UserAgent, s.JA4} {
		if len(value) > 512 {
			return false
		}
	}
	return platformRule.MatchString(s.DevicePlatform)
}

// WithSignals says what is known of the device. The address is verify.WithClientIP's.
// The last one given counts.
func WithSignals(s Signals) verify.SendOption { return verify.VendorOption(vendor, s) }

type dispatch struct{ id string }

// WithDispatchID names the signals that Prelude's SDK collected in the browser or the
// app: 1 to 64 of [A-Za-z0-9_-].
func WithDispatchID(id string) verify.SendOption { return verify.VendorOption(vendor, dispatch{id}) }

type variable struct{ name, value string }

// WithVariable sets a variable of the template, of 1 to 64 and at most 256 bytes.
func WithVariable(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, variable{name, value})
}

// Prelude documents no lengths: these are ours.
var (
	templateRule = regexp.MustCompile(`^[A-Za-z0-9_:-]{1,64}$`)
	senderRule   = regexp.MustCompile(`^[A-Za-z0-9 ]{1,20}$`)
	platformRule = regexp.MustCompile(`^(|android|ios|ipados|tvos|web)$`)
)

// extras are the options of one Send that only Prelude reads.
type extras struct {
	signals   Signals
	dispatch  string
	variables map[string]string
}

func extrasOf(send driver.Send) (e extras, err error) {
	for _, e.signals = range verify.VendorOptions[Signals](send.SendRequest, vendor) {
		if !e.signals.fit() {
			return e, errors.New("a signal has more than 512 bytes, or the platform is none")
		}
	}
	for _, d := range verify.VendorOptions[dispatch](send.SendRequest, vendor) {
		if e.dispatch = d.id; !driver.IsID(d.id, maxID) {
			return e, errors.New("a dispatch id is 1 to 64 of [A-Za-z0-9_-]")
		}
	}
	for _, v := range verify.VendorOptions[variable](send.SendRequest, vendor) {
		if v.name == "" || len(v.name) > 64 || len(v.value) > 256 {
			return e, errors.New("a variable has a name of 1 to 64 bytes and a value of at most 256")
		}
		if e.variables == nil {
			e.variables = map[string]string{}
		}
		e.variables[v.name] = v.value
	}
	return e, nil
}
