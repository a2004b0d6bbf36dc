package totp_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1" // RFC 6238's default
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify/totp"
	"github.com/stretchr/testify/require"
)

// BenchmarkCheck is a wrong code among a million enrolled accounts, and its floor:
// three HMACs and one opened secret.
func BenchmarkCheck(b *testing.B) {
	const accounts = 1_000_000
	store := &totp.MemoryStore{MaxEntries: 2 * accounts}
	a := newAuthenticator(b, func(c *totp.Config) { c.Store = store })
	names := make([]string, accounts)
	for i := range names {
		names[i] = fmt.Sprintf("account-%d", i)
		require.NoError(b, a.Import(b.Context(), names[i], "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			_ = a.Check(b.Context(), names[i*7919%accounts], "000000")
		}
	})
	b.Run("floor", func(b *testing.B) {
		block, err := aes.NewCipher(key)
		require.NoError(b, err)
		aead, err := cipher.NewGCM(block)
		require.NoError(b, err)
		secret, nonce := []byte("12345678901234567890"), make([]byte, 12)
		sealed := aead.Seal(nil, nonce, secret, nil)
		b.ReportAllocs()
		for range b.N {
			opened, err := aead.Open(nil, nonce, sealed, nil)
			if err != nil {
				b.Fatal(err)
			}
			for step := range 3 {
				mac := hmac.New(sha1.New, opened)
				_ = binary.Write(mac, binary.BigEndian, uint64(time.Now().Unix()/30)+uint64(step))
				mac.Sum(nil)
			}
		}
	})
}
