package totp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/keys"
)

// The purposes keep the uses of one key apart: each has a key of its own. The
// number is the version of the layout.
const (
	purposeRecord = "github.com/go2fa/verify/totp 1 record"
	purposeName   = "github.com/go2fa/verify/totp 1 name"
	purposeFactor = "github.com/go2fa/verify/totp 1 factor"
	purposeToken  = "github.com/go2fa/verify/totp 1 token"
	purposeCall   = "github.com/go2fa/verify/totp 1 call"
)

const (
	version   = 1
	nonceSize = 12
	headSize  = 1 + len(KeyID{}) + nonceSize
	tagSize   = 16
	tokenTime = 15 * time.Minute
	hostSkew  = time.Minute // by which the clocks of two hosts may differ
)

// A keyring seals and names. Its pool spares a Check a few allocations.
type keyring struct {
	keys  []sealKey // the first one seals
	calls []byte    // names calls with an idempotency key
	pool  sync.Pool
}

type sealKey struct {
	id             KeyID
	factor, tokens cipher.AEAD
}

// A scratch is the memory that one call works in. It is wiped before the next one gets it.
type scratch struct {
	record hash.Hash
	sum    [sha256.Size]byte
	extra  []byte
	plain  []byte
	mac    mac
	open   open
	sealed [len(entry{}.sealed)]byte
	names  [32 * len(ID{})]byte
	left   int // of names
}

// newID takes from a stock of random bytes: to ask the system's generator each time is
// a twentieth of a Check. None is handed out twice.
func (d *scratch) newID() (id ID) {
	if d.left == 0 {
		_, _ = rand.Read(d.names[:]) // never fails: see crypto/rand
		d.left = len(d.names)
	}
	d.left -= len(id)
	copy(id[:], d.names[d.left:])
	return id
}

func newKeyring(list [][]byte, index []byte) (*keyring, error) {
	if err := keys.Validate(vendor, list, index); err != nil {
		return nil, err
	}
	index = keys.Index(list, index)
	record := keys.Derive(index, purposeRecord)
	r := &keyring{calls: keys.Derive(index, purposeCall)}
	for _, key := range list {
		r.keys = append(r.keys, sealKey{
			id:     KeyID(keys.Derive(key, purposeName)[:len(KeyID{})]),
			factor: newAEAD(keys.Derive(key, purposeFactor)), tokens: newAEAD(keys.Derive(key, purposeToken)),
		})
	}
	r.pool.New = func() any { return &scratch{record: hmac.New(sha256.New, record)} }
	return r, nil
}

// newAEAD takes a key of 32 bytes, with which neither step can fail.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// call names a Check: by its idempotency key, or at random.
func (r *keyring) call(d *scratch, req verify.CheckRequest) ID {
	if req.IdempotencyKey == "" {
		return d.newID()
	}
	return keys.ID(r.calls, keys.Check, req.IdempotencyKey, req.To, req.Code)
}

func (r *keyring) get() *scratch { return r.pool.Get().(*scratch) }

func (r *keyring) put(d *scratch) {
	clear(d.extra[:cap(d.extra)])
	clear(d.plain[:cap(d.plain)])
	clear(d.sum[:])
	d.mac.wipe()
	d.open = open{}
	r.pool.Put(d)
}

// key names the record of an account.
func (r *keyring) key(d *scratch, account string) Key {
	d.extra = append(d.extra[:0], account...)
	_, _ = d.record.Write(d.extra)
	k := Key(d.record.Sum(d.sum[:0])[:len(Key{})])
	d.record.Reset() // after, not before: the hash must not keep what it was fed
	return k
}

// extra is what a sealed factor is bound to.
func extra(b []byte, account string, enrolment ID) []byte {
	b = append(b, enrolment[:]...)
	return append(b, account...)
}

// head begins a sealed value: version, key and nonce.
func (k sealKey) head() []byte {
	b := make([]byte, headSize, headSize+256)
	b[0] = version
	copy(b[1:], k.id[:])
	_, _ = rand.Read(b[1+len(KeyID{}):]) // never fails: see crypto/rand
	return b
}

// plain writes what is sealed of a factor.
func plain(b []byte, p Parameters, secret []byte) []byte {
	b = append(b, byte(p.Kind), byte(slices.Index(algorithms[:], p.Algorithm)), byte(p.Digits), byte(p.Period/time.Second)) //nolint:gosec // validated: all are small
	return append(b, secret...)
}

var algorithms = [...]Algorithm{SHA1, SHA256, SHA512}

// readPlain reads what plain wrote. The secret is part of b.
func readPlain(b []byte) (p Parameters, secret []byte, ok bool) {
	if len(b) < 4+minSecret || int(b[1]) >= len(algorithms) {
		return p, nil, false
	}
	p = Parameters{Kind: Kind(b[0]), Algorithm: algorithms[b[1]], Digits: int(b[2]), Period: time.Duration(b[3]) * time.Second}
	return p, b[4:], p.validate() == nil
}

// factor seals a secret for an account.
func (r *keyring) factor(p Parameters, secret []byte, account string, enrolment ID, step uint64) Factor {
	k := r.keys[0]
	b := k.head()
	b = k.factor.Seal(b, b[1+len(KeyID{}):headSize], plain(nil, p, secret), extra(nil, account, enrolment))
	return Factor{Enrolment: enrolment, KeyID: k.id, Step: step, Sealed: b}
}

func (r *keyring) reseal(f *open) *Resealed {
	sealed := r.factor(f.Parameters, f.secret, f.account, f.enrolment, 0)
	return &Resealed{KeyID: sealed.KeyID, Sealed: sealed.Sealed}
}

var (
	errUnknownKey = errors.New("the factor is sealed under a key that is not among Keys")
	errForeign    = errors.New("what the store holds for this account was not sealed for it")
)

// open opens a factor for an account. What it returns is valid until the scratch is
// put back.
func (r *keyring) open(d *scratch, account string, f Factor) (*open, error) {
	k, nonce, sealed, err := r.split(f.Sealed)
	if err != nil {
		return nil, err
	}
	d.extra = extra(d.extra[:0], account, f.Enrolment)
	d.plain, err = r.keys[k].factor.Open(d.plain[:0], nonce, sealed, d.extra)
	if err != nil {
		return nil, errForeign
	}
	p, secret, ok := readPlain(d.plain)
	if !ok {
		return nil, errForeign
	}
	d.mac.hash = nil // its key is another one's
	d.open = open{
		Parameters: p, account: account, enrolment: f.Enrolment, last: f.Step,
		secret: secret, key: keyOf(p.Algorithm, secret), mac: &d.mac, old: k > 0,
	}
	return &d.open, nil
}

// split finds the key of a sealed value.
func (r *keyring) split(b []byte) (key int, nonce, sealed []byte, err error) {
	if len(b) < headSize+tagSize || b[0] != version {
		return 0, nil, nil, errForeign
	}
	for i := range r.keys {
		if r.keys[i].id == KeyID(b[1:1+len(KeyID{})]) {
			return i, b[1+len(KeyID{}) : headSize], b[headSize:], nil
		}
	}
	return 0, nil, nil, errUnknownKey
}

// token seals an enrolment that nobody has confirmed yet, for the session.
func (r *keyring) token(p Parameters, secret []byte, account string, enrolment ID, at time.Time) string {
	k := r.keys[0]
	b := k.head()
	body := binary.BigEndian.AppendUint64(nil, uint64(at.Unix())) //nolint:gosec // after 1970
	body = plain(append(body, enrolment[:]...), p, secret)
	b = k.tokens.Seal(b, b[1+len(KeyID{}):headSize], body, []byte(account))
	return base64.RawURLEncoding.EncodeToString(b)
}

// readToken opens a token for an account. It fails for one of another account, an
// old one, and anything else.
func (r *keyring) readToken(token, account string, at time.Time) (*open, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, false
	}
	k, nonce, sealed, err := r.split(raw)
	if err != nil {
		return nil, false
	}
	body, err := r.keys[k].tokens.Open(nil, nonce, sealed, []byte(account))
	if err != nil || len(body) < 8+len(ID{}) {
		return nil, false
	}
	age := at.Sub(time.Unix(int64(binary.BigEndian.Uint64(body)), 0)) //nolint:gosec // ours
	p, secret, ok := readPlain(body[8+len(ID{}):])
	if !ok || age < -hostSkew || age >= tokenTime {
		return nil, false
	}
	return &open{Parameters: p, account: account, enrolment: ID(body[8 : 8+len(ID{})]), secret: secret, key: keyOf(p.Algorithm, secret)}, true
}
