package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go2fa/verify"
)

// A Base is what every client of a vendor has beside its calls; a vendor's Client
// embeds one. The zero Base is that of a client which its vendor's New did not make.
type Base struct {
	name         string // "Client"
	client       *Client
	capabilities verify.Capabilities
}

// NewBase returns the Base of a type of a vendor's package, such as "Client".
func NewBase(name string, client *Client, capabilities verify.Capabilities) Base {
	return Base{name, client, capabilities}
}

// Capabilities says what the client honors, as it was configured.
func (b *Base) Capabilities() verify.Capabilities { return b.capabilities }

// Close closes idle connections of the client's own transport, and nothing that its
// Config brought. A renewal of an access token that is under way ends by
// itself, within 5 seconds.
func (b *Base) Close() error { return b.client.Close() }

// Warm opens a connection ahead of a Send, as [verify.Warmer] says. It does nothing
// through a proxy, and nothing if Config.HTTPClient brings a transport.
func (b *Base) Warm(ctx context.Context) error { return b.client.Warm(ctx) }

// Format keeps the credentials of the client out of every print: %s would dig them out
// of its fields.
func (b Base) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte(strings.TrimPrefix(b.capabilities.Vendor+"."+b.name+"{[hidden]}", ".")))
}

// If returns what a setting must be, if it is broken, and else "".
func If(broken bool, says string) string {
	if broken {
		return says
	}
	return ""
}

// Invalid returns the first fault of a Config as the error of a vendor's New, or nil:
//
//	driver.Invalid(vendor,
//		driver.If(cfg.Key == "", "Key is missing"),
//		driver.If(cfg.Expiry > maxExpiry, "Expiry must be at most 10 minutes"),
//	)
//
// A fault names the field, and never its value: it may be a key in the wrong place.
func Invalid(vendor string, faults ...string) error {
	if fault := cmp.Or(faults...); fault != "" {
		return errors.New(vendor + ": " + fault)
	}
	return nil
}
