package bench

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1" // RFC 6238's default
	"encoding/binary"
	"sync"
	"testing"
	"time"

	pquerna "github.com/pquerna/otp"
	pquernatotp "github.com/pquerna/otp/totp"

	"github.com/go2fa/verify/totp"
)

// enrolled is an Authenticator over which a million accounts have an app.
var enrolled = sync.OnceValues(func() (*totp.Authenticator, error) {
	a, err := totp.New(totp.Config{
		Store: &totp.MemoryStore{MaxEntries: 2 * million}, Keys: [][]byte{make([]byte, 32)}, Issuer: "Acme",
	})
	if err != nil {
		return nil, err
	}
	var room [12]byte
	for n := range uint64(million) {
		if err := a.Import(background, recipient(&room, n), "otpauth://totp/a?secret="+secret); err != nil {
			return nil, err
		}
	}
	return a, nil
})

// BenchmarkAppCheck checks a wrong code of an authenticator app among a million
// accounts, beside pquerna/otp, which keeps and limits nothing, and beside a floor:
// the three HMACs of RFC 6238 and one secret that is opened.
func BenchmarkAppCheck(b *testing.B) {
	all := map[string]func(*testing.B) func() error{
		"ours": func(b *testing.B) func() error {
			a, err := enrolled()
			if err != nil {
				b.Fatal(err)
			}
			var room [12]byte
			return func() error {
				_ = a.Check(background, recipient(&room, somewhere(turns.Add(1))), "000000") // right by chance, once in 300,000
				return nil
			}
		},
		"pquerna": func(*testing.B) func() error {
			at, skew := time.Now(), pquernatotp.ValidateOpts{Period: 30, Skew: 1, Digits: pquerna.DigitsSix}
			return func() error {
				_, err := pquernatotp.ValidateCustom("000000", secret, at, skew)
				return err
			}
		},
		"floor": func(b *testing.B) func() error {
			block, err := aes.NewCipher(make([]byte, 32))
			if err != nil {
				b.Fatal(err)
			}
			aead, err := cipher.NewGCM(block)
			if err != nil {
				b.Fatal(err)
			}
			nonce := make([]byte, aead.NonceSize())
			sealed := aead.Seal(nil, nonce, []byte("12345678901234567890"), nil)
			return func() error {
				opened, err := aead.Open(nil, nonce, sealed, nil)
				if err != nil {
					return err
				}
				for step := range uint64(3) {
					mac := hmac.New(sha1.New, opened)
					var counter, sum [20]byte
					binary.BigEndian.PutUint64(counter[:8], step)
					_, _ = mac.Write(counter[:8])
					mac.Sum(sum[:0])
				}
				return nil
			}
		},
	}
	b.Run("live=1M/callers=1", func(b *testing.B) {
		for _, name := range shuffled(all) {
			b.Run("by="+name, func(b *testing.B) { measure(b, 1, all[name](b)) })
		}
	})
}
