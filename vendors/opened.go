package vendors

import (
	"errors"
	"fmt"
	"io"

	"github.com/go2fa/verify"
)

// An opened Verifier closes what was opened for it. It is a pointer, since callers
// compare Verifiers and use them as keys of maps.
type opened struct {
	verify.Verifier
	parts []any // those that can be closed, among others
}

// Format keeps the secrets of what is behind out of every print.
func (*opened) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vendors.Open([hidden])")) }

// Unwrap lets verify.As see through.
func (o *opened) Unwrap() verify.Verifier { return o.Verifier }

// Close closes all parts and tells all errors.
func (o *opened) Close() error { return closeAll(o.parts...) }

// closeAll closes the parts that can be closed. A ledger says who closes it: its
// own Close ends a try to send.
func closeAll(parts ...any) error {
	var errs []error
	for _, part := range parts {
		if l, ok := part.(interface{ Closer() io.Closer }); ok {
			part = l.Closer()
		}
		if c, ok := part.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// abandon closes what was opened in vain. What the closing says is not news.
func abandon(err error, parts ...any) error {
	_ = closeAll(parts...)
	return err
}
