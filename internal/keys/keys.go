// Package keys holds the rules for secrets that an application hands in as a list,
// the newest first, and names what is kept by HMACs under them.
package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

const least = 32 // bytes

// Validate refuses a list, and the key that names records, in words that open with
// the package they were handed to. It never quotes a key.
func Validate(pkg string, list [][]byte, index []byte) error {
	if len(list) == 0 {
		return errors.New(pkg + ": Keys is missing")
	}
	for i, key := range list {
		if len(key) < least {
			return errors.New(pkg + ": each of Keys must have at least 32 bytes")
		}
		for _, other := range list[:i] {
			if subtle.ConstantTimeCompare(key, other) == 1 {
				return errors.New(pkg + ": Keys holds a key twice")
			}
		}
	}
	switch {
	case index == nil && len(list) > 1:
		return errors.New(pkg + ": IndexKey is required with several Keys; it stays the oldest of them")
	case index != nil && len(index) < least:
		return errors.New(pkg + ": IndexKey must have at least 32 bytes")
	}
	return nil
}

// Index is the key that names records: index itself, or the only key of list.
func Index(list [][]byte, index []byte) []byte {
	if index != nil {
		return index
	}
	return list[0]
}

// Derive makes a key of 32 bytes for one purpose, so that two uses of one secret
// never meet.
func Derive(key []byte, purpose string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(purpose))
	return h.Sum(nil)
}

// The purposes of a call, the first of the fields of [ID]: a key of one never names
// another.
const (
	Send  = "send"
	Check = "check"
)

// ID names a call or a record: HMAC-SHA-256 under key over fields, each preceded by its length.
func ID(key []byte, fields ...string) [16]byte {
	h := hmac.New(sha256.New, key)
	for _, field := range fields {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(field))) //nolint:gosec // none is longer than an address
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(field))
	}
	return [16]byte(h.Sum(nil)[:16])
}
