package otp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"sync"

	"github.com/go2fa/verify"
)

const (
	minDigits     = 6 // NIST SP 800-63B-4 section 3.1.3.2
	maxDigits     = 10
	defaultDigits = 6
)

var (
	errRandom = errors.New("the random source failed")
	errStuck  = errors.New("the random source repeats itself")
)

// A draw is the randomness of one call.
type draw struct {
	names   [32]byte // the attempt's ID, and the message's reference
	entropy [32]byte // what the digits are made of
	code    [maxDigits]byte
}

// A stock holds random bytes for names, which are no secrets: to ask the system's
// generator for each would cost a Check a tenth of its time. What codes are made of is
// drawn when it is used.
type stock struct {
	bytes [1024]byte
	left  int
	first [16]byte // of the last filling: a source that repeats itself is caught by it
}

// take moves bytes from the stock to p. None is handed out twice.
func (s *stock) take(random io.Reader, p []byte) error {
	if s.left < len(p) {
		if err := s.fill(random); err != nil {
			return err
		}
	}
	s.left -= len(p)
	from := s.bytes[s.left : s.left+len(p)]
	copy(p, from)
	clear(from)
	return nil
}

func (s *stock) fill(random io.Reader) error {
	s.left = 0
	if err := read(random, s.bytes[:]); err != nil {
		return err
	}
	first := [16]byte(s.bytes[:])
	if first == s.first || [512]byte(s.bytes[:512]) == [512]byte(s.bytes[512:]) {
		return errStuck
	}
	s.left, s.first = len(s.bytes), first
	return nil
}

// refill fills names and entropy. A source that fails, falls short, or gives the
// same bytes twice makes no code at all: a code that anybody can foresee is worse
// than none.
func (d *scratch) refill(random io.Reader) error {
	if err := d.name(random, d.names[:]); err != nil {
		return err
	}
	if err := d.redraw(random); err != nil {
		return err
	}
	if [16]byte(d.entropy[:]) == d.stock.first {
		return errStuck
	}
	return nil
}

// name fills names, of which the first 16 bytes are the call's ID.
func (d *scratch) name(random io.Reader, names []byte) error {
	if err := d.stock.take(random, names); err != nil {
		return err
	}
	if d.id() == (ID{}) {
		return errStuck // the ID that names no call
	}
	return nil
}

// redraw fills entropy anew.
func (d *draw) redraw(random io.Reader) error {
	if err := read(random, d.entropy[:]); err != nil {
		return err
	}
	if d.entropy == d.names || [16]byte(d.entropy[:16]) == [16]byte(d.entropy[16:]) {
		return errStuck
	}
	return nil
}

// read asks once: io.ReadFull would wait forever for a source that gives
// nothing and no error.
func read(random io.Reader, p []byte) error {
	if n, err := random.Read(p); n != len(p) || err != nil {
		return errRandom
	}
	return nil
}

func (d *draw) id() ID { return ID(d.names[:16]) }

// digits makes a code of n digits from entropy. Bytes from 250 are thrown away, or
// the digits 0 to 5 would come up more often than the others.
func (d *draw) digits(n int) ([]byte, error) {
	code := d.code[:0]
	for _, b := range d.entropy {
		if b < 250 && len(code) < n {
			code = append(code, '0'+b%10)
		}
	}
	if len(code) < n {
		return nil, errStuck
	}
	return code, nil
}

// The purposes keep the uses of HMAC-SHA-256 apart: each has a key of its own,
// derived once, so that what a call hashes is short. The number is the version of
// the layout: change it, and all that is stored becomes worthless.
const (
	purposeRecord = "github.com/go2fa/verify/otp 1 record"
	purposeCode   = "github.com/go2fa/verify/otp 1 code"
	purposeCall   = "github.com/go2fa/verify/otp 1 call"
)

// A hasher makes the keyed hashes. Its pool spares a Check six allocations for
// each key.
type hasher struct{ pool sync.Pool }

// A scratch is what one call works on. It is wiped before the next call gets it.
type scratch struct {
	record hash.Hash
	calls  hash.Hash   // names calls with an idempotency key
	codes  []hash.Hash // one for each key, the first one makes MACs
	macs   []MAC
	sum    [sha256.Size]byte
	fields []byte
	text   []byte
	draw
	stock stock
}

func newHasher(codeKeys [][]byte, indexKey []byte) *hasher {
	// The record key is derived even from an IndexKey of its own: so the key that
	// once served alone still names the same records as IndexKey.
	record, call := derived(indexKey, purposeRecord), derived(indexKey, purposeCall)
	var derivedKeys [][]byte
	for _, key := range codeKeys {
		derivedKeys = append(derivedKeys, derived(key, purposeCode))
	}
	k := new(hasher)
	k.pool.New = func() any {
		d := &scratch{record: hmac.New(sha256.New, record), calls: hmac.New(sha256.New, call), macs: make([]MAC, len(derivedKeys))}
		for _, key := range derivedKeys {
			d.codes = append(d.codes, hmac.New(sha256.New, key))
		}
		return d
	}
	return k
}

func derived(key []byte, purpose string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(appendField(nil, purpose))
	return h.Sum(nil)
}

func (k *hasher) get() *scratch { return k.pool.Get().(*scratch) }

// put wipes what could name a person or a code, and gives d back.
func (k *hasher) put(d *scratch) {
	clear(d.fields[:cap(d.fields)])
	clear(d.text[:cap(d.text)])
	clear(d.macs)
	clear(d.sum[:])
	d.draw = draw{}
	k.pool.Put(d)
}

// key names the record of a recipient in a scope.
func (d *scratch) key(to, scope string) Key {
	d.begin(to, scope)
	return Key(d.hash(d.record)[:len(Key{})])
}

// mac stands for code under the first key.
func (d *scratch) mac(to, scope string, t verify.Transaction, code []byte) MAC {
	d.beginCode(to, scope, t)
	d.fields = appendField(d.fields, code)
	return MAC(d.hash(d.codes[0]))
}

// attempt stands for a typed code under each key in use. The result is valid until
// the scratch is put back.
func (d *scratch) attempt(to, scope string, t verify.Transaction, code string) []MAC {
	d.beginCode(to, scope, t)
	d.fields = appendField(d.fields, code)
	for i, h := range d.codes {
		d.macs[i] = MAC(d.hash(h))
	}
	return d.macs
}

func (d *scratch) beginCode(to, scope string, t verify.Transaction) {
	d.begin(to, scope)
	d.fields = appendField(d.fields, t.Amount)
	d.fields = appendField(d.fields, t.Payee)
}

// begin lays out what every hash covers. The letters of an e-mail address count
// in lower case: two spellings of one mailbox must not be two budgets.
func (d *scratch) begin(to, scope string) {
	d.fields = appendField(d.fields[:0], scope)
	d.fields = appendField(d.fields, to)
	if verify.IsEmail(to) {
		lower(d.fields[len(d.fields)-len(to):])
	}
}

func (d *scratch) hash(h hash.Hash) []byte {
	h.Write(d.fields)
	sum := h.Sum(d.sum[:0])
	h.Reset() // after, not before: the hash must not keep what it was fed
	return sum
}

// appendField appends the length of s and s, so that no two lists of fields are
// written alike.
func appendField[T string | []byte](b []byte, s T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // the longest field is an address of 254 bytes
	return append(b, s...)
}

func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
}
