// Package ctxerr says what may be known of an error that a store or a stranger gave.
package ctxerr

import (
	"context"
	"errors"
)

// Of is what a caller may look for in any error: that the context was canceled
// or its deadline passed, or nil. What else the error holds stays behind: it may quote
// a URL or a recipient.
func Of(err error) error {
	for _, c := range [...]error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, c) {
			return c
		}
	}
	return nil
}
