// Package callctx is about the context of a call: what of an error is its end, and
// whether the credentials of the call were replaced meanwhile.
package callctx

import (
	"context"
	"errors"
)

// Ended is what a caller may look for in an error that a store or a stranger gave: that
// the context was canceled or its deadline passed, or nil. What else the error holds
// stays behind: it may quote a URL or a recipient.
func Ended(err error) error {
	for _, c := range [...]error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, c) {
			return c
		}
	}
	return nil
}
