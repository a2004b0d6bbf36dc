package bench

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1" // RFC 6238's default
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"slices"
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
	b.Run("live=1M/callers=1", func(b *testing.B) {
		for _, name := range shuffled(appChecks) {
			b.Run("by="+name, func(b *testing.B) { measure(b, 1, appChecks[name](b)) })
		}
	})
}

var appChecks = map[string]func(testing.TB) func() error{
	"ours": func(b testing.TB) func() error {
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
	"pquerna": func(testing.TB) func() error {
		at, skew := time.Now(), pquernatotp.ValidateOpts{Period: 30, Skew: 1, Digits: pquerna.DigitsSix}
		return func() error {
			_, err := pquernatotp.ValidateCustom("000000", secret, at, skew)
			return err
		}
	},
	"floor": func(b testing.TB) func() error {
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

// TestAppCheckBesideItsFloor measures the three of BenchmarkAppCheck in one process,
// in slices of 500 calls by turns, and compares the median of seven rounds.
func TestAppCheckBesideItsFloor(t *testing.T) {
	needRatios(t)
	const rounds, turns, slice = 7, 200, 500
	ops := map[string]func() error{}
	for name, make := range appChecks {
		ops[name] = make(t)
	}
	measured := map[string][]float64{}
	// The collector marks a million accounts for whoever runs just then, and what the
	// floor leaves to it is ten times ours: it runs between rounds.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range rounds {
		runtime.GC()
		spent := map[string]int64{}
		for range turns {
			for _, name := range shuffled(ops) {
				before := processor()
				for range slice {
					if err := ops[name](); err != nil {
						t.Fatal(name, err)
					}
				}
				spent[name] += processor() - before
			}
		}
		for name, ns := range spent {
			measured[name] = append(measured[name], float64(ns)/(turns*slice))
		}
	}
	ratio := func(name string) float64 {
		all := make([]float64, rounds)
		for i := range all {
			all[i] = measured["ours"][i] / measured[name][i]
		}
		t.Logf("ours / %s: %.2f", name, all)
		slices.Sort(all)
		return all[rounds/2]
	}
	for name, all := range measured {
		t.Logf("%s: %.0f ns of CPU a call", name, all)
	}
	t.Logf("ours / pquerna: median %.2f", ratio("pquerna"))
	if floor := ratio("floor"); floor > 1.5 {
		t.Errorf("ours / floor: median %.2f, more than 1.5", floor)
	} else {
		t.Logf("ours / floor: median %.2f", floor)
	}
}
