package otp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// plainly is the layout of docs/otp.md, written without a care for speed.
func plainly(key []byte, fields ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, f := range fields {
		_ = binary.Write(h, binary.BigEndian, uint32(len(f)))
		_, _ = h.Write([]byte(f))
	}
	return h.Sum(nil)
}

func TestTheLayoutOfHashes(t *testing.T) {
	t.Parallel()
	tx := verify.Transaction{Amount: "EUR 1", Payee: "Acme"}
	record := plainly(keyC, "github.com/go2fa/verify/otp 1 record")
	codeA, codeB := plainly(keyA, "github.com/go2fa/verify/otp 1 code"), plainly(keyB, "github.com/go2fa/verify/otp 1 code")
	k := newHasher([][]byte{keyA, keyB}, keyC)
	for range 3 {
		d := k.get()
		assert.Equal(t, Key(plainly(record, "login", phone)[:16]), d.key(phone, "login"))
		assert.Equal(t, MAC(plainly(codeA, "login", phone, "EUR 1", "Acme", "012345")),
			d.mac(phone, "login", tx, []byte("012345")))
		assert.Equal(t, []MAC{
			MAC(plainly(codeA, "", "a@example.com", "", "", "012345")),
			MAC(plainly(codeB, "", "a@example.com", "", "", "012345")),
		}, d.attempt("A@Example.com", "", verify.Transaction{}, "012345"))
		k.put(d)
	}
}

// TestHashesDiffer is V-30: no two subjects may share a record, and no two
// meanings a MAC, however their parts are cut.
func TestHashesDiffer(t *testing.T) {
	t.Parallel()
	parts := []string{"", "a", "aa", "a\x00", "\x00a", "{a}", "a:a", "aaa", "\x00\x00\x00\x01a", strings.Repeat("a", 65), strings.Repeat("a", 97)}
	d := newHasher([][]byte{keyA}, keyA).get()
	records, codes, n := map[Key]string{}, map[MAC]string{}, 0
	for _, to := range append(parts, "a@example.com", "b@example.com", strings.Repeat("a", 64)+"@example.com") {
		for _, scope := range parts {
			records[d.key(to, scope)] = to + "|" + scope
			for _, amount := range parts {
				for _, payee := range parts {
					for _, code := range []string{"123456", "1234567", "0123456"} {
						codes[d.mac(to, scope, verify.Transaction{Amount: amount, Payee: payee}, []byte(code))] = ""
						n++
					}
				}
			}
		}
	}
	assert.Len(t, records, 14*11)
	assert.Len(t, codes, n)
}

func TestUpperAndLowerCaseAreOneMailbox(t *testing.T) {
	t.Parallel()
	d := newHasher([][]byte{keyA}, keyA).get()
	for n := range 64 {
		local := strings.Repeat("Z", n+1)
		assert.Equal(t, d.key(strings.ToLower(local)+"@example.com", ""), d.key(local+"@EXAMPLE.com", ""), "of %d letters", n+1)
	}
	assert.NotEqual(t, d.key("A", ""), d.key("a", ""), "only an address is folded")
}

func TestADeskIsWiped(t *testing.T) {
	t.Parallel()
	k := newHasher([][]byte{keyA}, keyA)
	e, _ := newEngine(t)
	req, err := e.caps.SendRequest(phone)
	require.NoError(t, err)

	d := k.get()
	require.NoError(t, d.refill(seeded(1)))
	code, err := d.digits(6)
	require.NoError(t, err)
	secret := string(code)
	d.text, err = e.texts.Append(d.text[:0], code, req)
	require.NoError(t, err)
	d.mac(phone, "", verify.Transaction{}, code)
	d.attempt(phone, "", verify.Transaction{}, secret)
	require.Contains(t, string(d.fields[:cap(d.fields)])+string(d.text[:cap(d.text)]), secret)

	k.put(d)
	assert.Equal(t, draw{}, d.draw)
	left := string(d.fields[:cap(d.fields)]) + string(d.text[:cap(d.text)]) + string(d.sum[:]) + string(d.macs[0][:])
	assert.Empty(t, strings.Trim(left, "\x00"))
}
