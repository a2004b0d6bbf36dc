package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/go2fa/verify"
)

// A namer makes the names of records. Without a key names are good for this process
// only.
type namer struct {
	key   []byte
	macs  *sync.Pool // of hash.Hash under the key
	seeds [2]maphash.Seed
}

func newNamer(key []byte, store Store) namer {
	if _, memory := store.(*MemoryStore); memory {
		return namer{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	}
	n := namer{key: slices.Clone(key)}
	n.macs = &sync.Pool{New: func() any { return hmac.New(sha256.New, n.key) }}
	return n
}

// hidden names what stands for a person.
func (n *namer) hidden(kind byte, text string) (name Name) {
	if n.key != nil {
		h := n.macs.Get().(hash.Hash)
		h.Reset()
		room := make([]byte, 0, sha256.Size+254) // no recipient is longer
		_, _ = h.Write(append(append(room, kind), text...))
		copy(name[1:], h.Sum(room[:0]))
		n.macs.Put(h)
	} else {
		binary.LittleEndian.PutUint64(name[:8], maphash.String(n.seeds[0], text))
		binary.LittleEndian.PutUint64(name[8:], maphash.String(n.seeds[1], text))
	}
	name[0] = kind
	return name
}

func (n *namer) recipient(to string) Name {
	if strings.IndexByte(to, '@') >= 0 { // else it is a phone number
		to = strings.ToLower(to)
	}
	return n.hidden(NameRecipient, to)
}

func (n *namer) network(kind byte, p netip.Prefix) Name {
	b := p.Addr().As16()
	return n.hidden(kind, string(b[:]))
}

// Lengths of prefixes, in digits behind the calling code, and how many digits at the
// end of a number are never part of one.
var prefixLengths = [3]int{2, 4, 6}

const subscriber = 4

// prefixOf names the numbers that begin as to does with so many digits behind its
// calling code, if it has them in front of the last four.
func prefixOf(to, code string, digits int) (name Name, ok bool) {
	if digits > len(to)-1-len(code)-subscriber {
		return Name{}, false
	}
	name[0] = NamePrefix
	copy(name[1:], to[1:1+len(code)+digits])
	return name, true
}

// country is what is counted as one: a region, or the calling code where there is
// none of a country.
func country(to string, a Area) string {
	if a.Region == "" || a.Region == "001" {
		return "+" + verify.CallingCode(to)
	}
	return a.Region
}

func countryName(country string) (name Name) {
	name[0] = NameCountry
	copy(name[1:], country)
	return name
}
