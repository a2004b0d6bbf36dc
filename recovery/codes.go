package recovery

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"unicode"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/keys"
)

// The purposes keep the uses of one key apart. The number is the version of the
// layout.
const (
	purposeRecord = "github.com/go2fa/verify/recovery 1 record"
	purposeCode   = "github.com/go2fa/verify/recovery 1 code"
	purposeCall   = "github.com/go2fa/verify/recovery 1 call"
)

const letters = 16 // of a code, without dashes

func text() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// grouped writes a code as it is shown: ABCD-EFGH-IJKL-MNOP.
func grouped(code string) string {
	return code[0:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:16]
}

// read is what a person meant: any case, with or without dashes, spaces and
// invisible characters, and the digits that look like letters.
func read(typed string) (code string, ok bool) {
	if len(typed) > 256 {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r == '8':
			return 'B'
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf):
			return -1
		}
		return r
	}, typed)
	_, err := text().DecodeString(code)
	return code, err == nil && len(code) == letters
}

// A keyring names records and makes MACs.
type keyring struct {
	record []byte
	call   []byte   // names calls with an idempotency key
	codes  [][]byte // the first one makes MACs
}

func newKeyring(list [][]byte, index []byte) (*keyring, error) {
	if err := keys.Validate(vendor, list, index); err != nil {
		return nil, err
	}
	index = keys.Index(list, index)
	r := &keyring{record: keys.Derive(index, purposeRecord), call: keys.Derive(index, purposeCall)}
	for _, key := range list {
		r.codes = append(r.codes, keys.Derive(key, purposeCode))
	}
	return r, nil
}

// key names the record of an account.
func (r *keyring) key(account string) Key { return Key(hash(r.record, account)[:len(Key{})]) }

// id names a Check: by its idempotency key, or at random.
func (r *keyring) id(req verify.CheckRequest, code string) ID {
	if req.IdempotencyKey == "" {
		return newID()
	}
	return keys.ID(r.call, keys.Check, req.IdempotencyKey, req.To, code)
}

// macs stand for a code of an account, under each key.
func (r *keyring) macs(account, code string) []MAC {
	macs := make([]MAC, 0, len(r.codes))
	for _, key := range r.codes {
		macs = append(macs, MAC(hash(key, account, code)))
	}
	return macs
}

// hash is HMAC-SHA-256 over fields, each preceded by its length.
func hash(key []byte, fields ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, field := range fields {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(field))) //nolint:gosec // the longest field is an account of 128 bytes
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(field))
	}
	return h.Sum(nil)
}

func newID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return id
}
