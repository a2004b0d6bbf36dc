package driver

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

// Limits of the keys of references.
const (
	referenceKeySize = 32
	maxReferenceKeys = 8
)

var (
	errNoReferenceKeys = errors.New("a place that is shared needs Keys: 32 bytes each, the same in every process that shares the ids of pending codes")
	//lint:ignore ST1005 Keys is the name of a field
	errReferenceKeys = errors.New("Keys must hold 32 bytes each, none twice and at most 8 of them") //nolint:staticcheck // as above
)

// A referenceKey is one key of a ReferencesConfig. It names pending verifications to
// the store, and seals what the store keeps of them.
type referenceKey struct {
	mac  []byte
	seal cipher.AEAD
	pool sync.Pool // of *referenceScratch
}

// A referenceScratch is what one name, seal or opening needs, to be used again.
type referenceScratch struct {
	mac  hash.Hash
	buf  []byte
	name [16]byte
}

func newReferenceKeys(keys [][]byte) ([]*referenceKey, error) {
	switch {
	case len(keys) == 0:
		return nil, errNoReferenceKeys
	case len(keys) > maxReferenceKeys:
		return nil, errReferenceKeys
	}
	var made []*referenceKey
	for i, key := range keys {
		if len(key) != referenceKeySize {
			return nil, errReferenceKeys
		}
		for _, other := range keys[:i] {
			if subtle.ConstantTimeCompare(key, other) == 1 {
				return nil, errReferenceKeys
			}
		}
		k, err := newReferenceKey(key)
		if err != nil {
			return nil, err
		}
		made = append(made, k)
	}
	return made, nil
}

func newReferenceKey(key []byte) (*referenceKey, error) {
	k := &referenceKey{mac: derive(key, "go2fa reference key")}
	block, err := aes.NewCipher(derive(key, "go2fa reference seal"))
	if err != nil {
		return nil, err
	}
	if k.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	k.pool.New = func() any { return &referenceScratch{mac: hmac.New(sha256.New, k.mac)} }
	return k, nil
}

// derive makes a key for one purpose.
func derive(key []byte, purpose string) []byte {
	derived, _ := hkdf.Key(sha256.New, key, nil, purpose, referenceKeySize) // the length is allowed
	return derived
}

// name is a MAC of parts, each preceded by its length.
func (k *referenceKey) name(parts ...string) [16]byte {
	s := k.pool.Get().(*referenceScratch)
	defer k.pool.Put(s)
	s.buf = s.buf[:0]
	for _, part := range parts {
		s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(len(part)))
		s.buf = append(s.buf, part...)
	}
	s.mac.Reset()
	_, _ = s.mac.Write(s.buf) // a hash never fails
	s.buf = s.mac.Sum(s.buf[:0])
	return [16]byte(s.buf)
}

// A pending verification is a reference and when its code stops working.
type pending struct {
	reference string
	end       time.Time
	sealed    string // as the store holds it
	name      [16]byte
}

// sealed is what the store holds under name: a nonce, and the end and the reference
// encrypted.
func (k *referenceKey) sealed(name [16]byte, reference string, end time.Time) string {
	s := k.pool.Get().(*referenceScratch)
	defer k.pool.Put(s)
	s.name = name
	s.buf = append(s.buf[:0], make([]byte, k.seal.NonceSize())...)
	_, _ = rand.Read(s.buf) // never fails
	size := len(s.buf)
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(end.UnixMilli()))
	s.buf = append(s.buf, reference...)
	nonce, plain := s.buf[:size], s.buf[size:]
	s.buf = k.seal.Seal(nonce, nonce, plain, s.name[:])
	box := len(s.buf)
	s.buf = base64.RawURLEncoding.AppendEncode(s.buf, s.buf)
	return string(s.buf[box:])
}

// open reports whether this key sealed it under name.
func (k *referenceKey) open(name [16]byte, sealed string) (pending, bool) {
	s := k.pool.Get().(*referenceScratch)
	defer k.pool.Put(s)
	s.name = name
	s.buf = append(s.buf[:0], sealed...)
	var err error
	s.buf, err = base64.RawURLEncoding.AppendDecode(s.buf, s.buf)
	raw, size := s.buf[len(sealed):], k.seal.NonceSize()
	if err != nil || len(raw) < size {
		return pending{}, false
	}
	nonce, box := raw[:size], raw[size:]
	plain, err := k.seal.Open(box[:0], nonce, box, s.name[:])
	if err != nil || len(plain) <= 8 {
		return pending{}, false
	}
	end := time.UnixMilli(int64(binary.BigEndian.Uint64(plain))) //nolint:gosec // sealed by us
	return pending{string(plain[8:]), end, sealed, name}, true
}

// names are those of one verification under all keys, in their order.
type names [maxReferenceKeys][16]byte

func (r *References) names(vendor string, request verify.CheckRequest) (all names) {
	for i, key := range r.keys {
		all[i] = key.name(vendor, r.cfg.Account, strings.ToLower(request.To), request.Scope)
	}
	return all
}
