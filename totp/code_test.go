package totp

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 6238's default
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func factor(p Parameters, secret string) *open {
	p = p.withDefaults()
	return &open{Parameters: p, secret: []byte(secret), key: keyOf(p.Algorithm, []byte(secret))}
}

func (f *open) text(step uint64) string {
	var b [maxDigits]byte
	return string(f.code(&b, step))
}

// RFC 4226 appendix D.
func TestCodesAreThoseOfRFC4226(t *testing.T) {
	f := factor(Parameters{Kind: HOTP}, "12345678901234567890")
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		assert.Equal(t, want, f.text(uint64(counter)+1), "counter %d", counter)
	}
}

// RFC 6238 appendix B.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	seeds := map[Algorithm]string{
		SHA1:   "12345678901234567890",
		SHA256: "12345678901234567890123456789012",
		SHA512: "1234567890123456789012345678901234567890123456789012345678901234",
	}
	for at, want := range map[int64]map[Algorithm]string{
		59:          {SHA1: "94287082", SHA256: "46119246", SHA512: "90693936"},
		1111111109:  {SHA1: "07081804", SHA256: "68084774", SHA512: "25091201"},
		1111111111:  {SHA1: "14050471", SHA256: "67062674", SHA512: "99943326"},
		1234567890:  {SHA1: "89005924", SHA256: "91819424", SHA512: "93441116"},
		2000000000:  {SHA1: "69279037", SHA256: "90698825", SHA512: "38618901"},
		20000000000: {SHA1: "65353130", SHA256: "77737706", SHA512: "47863826"},
	} {
		for algorithm, code := range want {
			f := factor(Parameters{Algorithm: algorithm, Digits: 8}, seeds[algorithm])
			assert.Equal(t, code, f.text(f.now(time.Unix(at, 0))), "%d %s", at, algorithm)
		}
	}
}

// FuzzHMAC compares the HMAC that is written out with that of crypto/hmac.
func FuzzHMAC(f *testing.F) {
	f.Add([]byte("12345678901234567890"), uint64(1))
	f.Add(make([]byte, 200), uint64(1<<63))
	f.Fuzz(func(t *testing.T, secret []byte, step uint64) {
		for algorithm, h := range map[Algorithm]func() hash.Hash{SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New} {
			f := factor(Parameters{Algorithm: algorithm}, string(secret))
			for _, counter := range []uint64{step, step + 1, step} { // of one factor
				mac := hmac.New(h, secret)
				_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, counter))
				require.Equal(t, mac.Sum(nil), f.hmac(counter), algorithm)
			}
		}
	})
}

func TestOneStepEitherSideAndNoMore(t *testing.T) {
	f := factor(Parameters{}, "12345678901234567890")
	at := time.Unix(1_700_000_010, 0)
	now := f.now(at)
	for away, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step, fresh := f.match(f.text(now+uint64(away)), at)
		assert.Equal(t, want, step != 0 && fresh, "%d steps away", away)
	}
}

func TestAStepIsFreshOnlyAboveTheLastOne(t *testing.T) {
	f := factor(Parameters{}, "12345678901234567890")
	at := time.Unix(1_700_000_010, 0)
	f.last = f.now(at)
	for away, want := range map[int]bool{-1: false, 0: false, 1: true} {
		step, fresh := f.match(f.text(f.last+uint64(away)), at)
		assert.NotZero(t, step)
		assert.Equal(t, want, fresh, "%d steps away", away)
	}
}

func TestATokenMayBeTenCountersAhead(t *testing.T) {
	f := factor(Parameters{Kind: HOTP}, "12345678901234567890")
	f.last = 7 // the next counter is 7, whose step is 8
	for step, want := range map[uint64]bool{6: false, 7: false, 8: true, 18: true, 19: false} {
		found, fresh := f.match(f.text(step), time.Time{})
		assert.Equal(t, want, found == step && fresh, "step %d", step)
	}
	used, fresh := f.match(f.text(7), time.Time{})
	assert.True(t, used == 7 && !fresh, "a code that was used is told from a wrong one")
}

func TestResyncWantsTwoSuccessiveCodes(t *testing.T) {
	f := factor(Parameters{Kind: HOTP}, "12345678901234567890")
	assert.EqualValues(t, 61, f.resync(f.text(60), f.text(61)))
	assert.Zero(t, f.resync(f.text(60), f.text(62)))
	assert.Zero(t, f.resync(f.text(61), f.text(60)))
	assert.EqualValues(t, 101, f.resync(f.text(100), f.text(101)))
	assert.Zero(t, f.resync(f.text(101), f.text(102)), "a hundred ahead and no more")
}
