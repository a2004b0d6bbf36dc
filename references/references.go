// Package references remembers what a vendor calls a pending verification, for
// vendors that check a code by an id which their answer to the send held.
//
// An application chooses where: in memory for one process, in a shared store for
// more than one. The driver of the vendor hashes the key and seals the reference,
// so that no store sees a recipient, and nobody who can write to it can put a
// verification of his own under another person's name.
package references

import (
	"context"
	"errors"
	"time"
)

// References keep one reference for each key. Implementations are safe for
// concurrent use, and each method is one atomic step.
type References interface {
	// Set keeps reference under key for ttl. The last Set wins.
	Set(ctx context.Context, key [16]byte, reference string, ttl time.Duration) error
	// Get returns the reference under key, or found false if there is none or its
	// time is over.
	Get(ctx context.Context, key [16]byte) (reference string, found bool, err error)
	// Take removes key if it holds reference, and reports whether this caller did.
	// For two minutes the same id gets the same answer.
	Take(ctx context.Context, key [16]byte, reference string, id [16]byte) (taken bool, err error)
}

// ErrFull is the error of a Set for which there is no room.
var ErrFull = errors.New("references: the memory is full")
