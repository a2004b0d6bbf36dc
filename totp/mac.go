package totp

import (
	"crypto/sha1" //nolint:gosec // RFC 6238's default: HMAC needs no collision resistance
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"hash"
)

// hmac is RFC 2104 over the 8 bytes of a counter. What it returns is good until the
// next call.
func (f *open) hmac(counter uint64) []byte {
	if f.mac == nil {
		f.mac = new(mac)
	}
	if f.mac.hash == nil {
		f.mac.begin(f.Algorithm, f.key)
	}
	return f.mac.sum(counter)
}

// A mac is HMAC written out, because crypto/hmac allocates ten times a call. What the
// hash is behind each pad of the key is kept: so a code takes two blocks and not four.
// A test compares the two.
type mac struct {
	hash   *hashing // nil before begin
	all    [len(algorithms)]hashing
	states [2][256]byte // behind the inner pad and the outer one
	text   [sha512.BlockSize]byte
}

// A hashing is a hash that can be taken back to where it was.
type hashing struct {
	state
	fresh []byte
	size  int // of a state
}

type state interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

var hashes = map[Algorithm]func() hash.Hash{SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New}

// begin takes a key: one longer than a block is hashed first, see keyOf.
func (m *mac) begin(a Algorithm, key []byte) {
	for i := range algorithms {
		if algorithms[i] == a {
			m.hash = &m.all[i]
		}
	}
	if m.hash.state == nil {
		m.hash.state = hashes[a]().(state) // all of the standard library's are
		m.hash.fresh, _ = m.hash.AppendBinary(nil)
		m.hash.size = len(m.hash.fresh)
	}
	m.behind(key, 0x36, &m.states[0])
	m.behind(key, 0x5c, &m.states[1])
}

// behind is the hash of a pad.
func (m *mac) behind(key []byte, pad byte, state *[256]byte) {
	text := m.text[:m.hash.BlockSize()]
	clear(text[copy(text, key):])
	for i := range text {
		text[i] ^= pad
	}
	m.hash.Reset()
	_, _ = m.hash.Write(text)
	_, _ = m.hash.AppendBinary(state[:0]) // it has room
}

func (m *mac) sum(counter uint64) []byte {
	text := binary.BigEndian.AppendUint64(m.text[:0], counter)
	for i := range m.states {
		if m.hash.UnmarshalBinary(m.states[i][:m.hash.size]) != nil {
			panic("totp: a hash does not take its own state") // or every code would be that of no key
		}
		_, _ = m.hash.Write(text)
		text = m.hash.Sum(m.text[:0])
	}
	return text
}

// wipe forgets the key, and what was hashed.
func (m *mac) wipe() {
	for i := range m.all {
		if h := &m.all[i]; h.state != nil {
			_ = h.UnmarshalBinary(h.fresh)
		}
	}
	m.hash, m.states, m.text = nil, [2][256]byte{}, [sha512.BlockSize]byte{}
}
