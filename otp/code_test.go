package otp

import (
	crand "crypto/rand"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// long asks for the whole of what is otherwise tried on a small scale: ten million
// codes, ten thousand races. It takes minutes.
var long = flag.Bool("long", false, "run the statistics and races of package otp in full")

// atLength is how often something is tried: full with -long, a little with -short
// or under the race detector, which takes ten times as long.
func atLength(full, usual, little int) int {
	switch {
	case *long:
		return full
	case testing.Short() || raceEnabled:
		return little
	}
	return usual
}

// readerFunc is a random source as a function.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// seeded is a source that tests can repeat.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func TestABadRandomSourceMakesNoCode(t *testing.T) {
	t.Parallel()
	highs := byte(0)
	for name, source := range map[string]readerFunc{
		"an error":           func([]byte) (int, error) { return 0, errors.New("no entropy") },
		"an error, but full": func(p []byte) (int, error) { _, _ = seeded(1).Read(p); return len(p), errors.New("no entropy") },
		"nothing, no error":  func([]byte) (int, error) { return 0, nil },
		"one byte short":     func(p []byte) (int, error) { n, _ := seeded(1).Read(p[1:]); return n, nil },
		"the end":            func([]byte) (int, error) { return 0, io.EOF },
		"all zero":           func(p []byte) (int, error) { clear(p); return len(p), nil },
		"all the same":       func(p []byte) (int, error) { return fill(p, func(int) byte { return 77 }), nil },
		"all too high":       func(p []byte) (int, error) { return fill(p, func(int) byte { return 255 }), nil },
		"all high": func(p []byte) (int, error) {
			highs++
			return fill(p, func(i int) byte { return 250 + (byte(i)+highs)%5 }), nil
		},
		"the same each time":   func(p []byte) (int, error) { return fill(p, func(i int) byte { return byte(i * 7) }), nil },
		"a pattern of sixteen": func(p []byte) (int, error) { return fill(p, func(i int) byte { return byte(i % 16) }), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := newEngine(t, func(c *Config) { c.Store = noStore{t} })
			e.random = source
			_, err := e.Send(t.Context(), phone)
			requireOne(t, err, verify.ErrUnavailable)
			assert.Zero(t, p.count(), "a code was sent")
			if name != "all high" {
				requireOne(t, e.Check(t.Context(), phone, "123456"), verify.ErrUnavailable)
			}
		})
	}
}

func fill(p []byte, with func(int) byte) int {
	for i := range p {
		p[i] = with(i)
	}
	return len(p)
}

func TestASourceThatFailsLaterMakesNoCode(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Store = noStore{t}; c.Product = "012 345 678 9" })
	good, reads := seeded(2), 0
	e.random = readerFunc(func(p []byte) (int, error) {
		if reads++; reads > 2 {
			return 0, io.ErrUnexpectedEOF
		}
		n, _ := good.Read(p)
		fill(p[:n], func(i int) byte { return byte(i%10) + 10*(p[i]%2) })
		return n, nil
	})
	_, err := e.Send(t.Context(), phone)
	requireOne(t, err, verify.ErrUnavailable)
	assert.Equal(t, 3, reads, "a second draw was wanted")
	assert.Zero(t, p.count())
}

// TestNamesAreNeverHandedOutTwice: a call's ID names one call, whatever is left of a
// filling of the stock.
func TestNamesAreNeverHandedOutTwice(t *testing.T) {
	t.Parallel()
	const calls = 10_000
	d, source := new(scratch), seeded(6)
	seen := make(map[ID]bool, 2*calls)
	for i := range calls {
		size := len(ID{}) * (1 + i%2) // of a Check, and of a Send with its reference
		require.NoError(t, d.name(source, d.names[:size]))
		for from := 0; from < size; from += len(ID{}) {
			id := ID(d.names[from:])
			require.False(t, seen[id], "call %d", i)
			seen[id] = true
		}
	}
}

// TestAStockThatRepeatsItself: what a filling has in common with what was drawn
// before shows a source that starts anew.
func TestAStockThatRepeatsItself(t *testing.T) {
	t.Parallel()
	anew := readerFunc(func(p []byte) (int, error) { return seeded(7).Read(p) })
	require.ErrorIs(t, new(scratch).refill(anew), errStuck, "a Send, whose code would be foreseen")

	d := new(scratch)
	for range len(d.stock.bytes) / len(ID{}) {
		require.NoError(t, d.name(anew, d.names[:len(ID{})]))
	}
	require.ErrorIs(t, d.name(anew, d.names[:len(ID{})]), errStuck, "a Check, whose names would come again")
	require.ErrorIs(t, d.name(anew, d.names[:len(ID{})]), errStuck, "and it stays refused")
	require.NoError(t, d.name(seeded(8), d.names[:len(ID{})]), "until the source is whole again")
}

func TestCodesAreTextOfExactlySoManyDigits(t *testing.T) {
	t.Parallel()
	d := new(scratch)
	source := seeded(3)
	for digits := minDigits; digits <= maxDigits; digits++ {
		zeros := 0
		const rounds = 20_000
		for range rounds {
			require.NoError(t, d.refill(source))
			code, err := d.digits(digits)
			require.NoError(t, err)
			require.Len(t, code, digits)
			require.Empty(t, strings.Trim(string(code), "0123456789"))
			if code[0] == '0' {
				zeros++
			}
		}
		assert.InDelta(t, 0.1, float64(zeros)/rounds, 0.01, "leading zeros are kept")
	}
}

func TestHighBytesAreThrownAway(t *testing.T) {
	t.Parallel()
	d := new(draw)
	fill(d.entropy[:], func(int) byte { return 250 })
	copy(d.entropy[9:], []byte{249, 255, 0, 10, 254, 123, 251, 99, 7})
	code, err := d.digits(6)
	require.NoError(t, err)
	assert.Equal(t, "900397", string(code))
	_, err = d.digits(7)
	require.Error(t, err, "fewer good bytes than digits")
}

// TestCodesAreUniform draws from a seeded source, so that it never fails by
// chance: it tests what we make of the bytes. A modulo without rejection fails it
// by far.
func TestCodesAreUniform(t *testing.T) {
	t.Parallel()
	uniform(t, seeded(4), 300_000)
}

// TestCodesOfTheSystemAreUniform draws from the system's source.
func TestCodesOfTheSystemAreUniform(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t)
	uniform(t, e.random, atLength(10_000_000, 300_000, 100_000))
}

func uniform(t *testing.T, source io.Reader, n int) {
	t.Helper()
	const digits = 6
	var single [digits][10]float64
	var pairs [digits][digits][100]float64
	var serial [100]float64
	seen := make(map[string]int, n)
	d, before := new(scratch), byte('0')
	for range n {
		require.NoError(t, d.refill(source))
		code, err := d.digits(digits)
		require.NoError(t, err)
		seen[string(code)]++
		for i, c := range code {
			single[i][c-'0']++
			for j := range i {
				pairs[j][i][10*(code[j]-'0')+c-'0']++
			}
		}
		serial[10*(before-'0')+code[0]-'0']++
		before = code[digits-1]
	}
	for i := range digits {
		chiSquare(t, single[i][:], n)
		for j := range i {
			chiSquare(t, pairs[j][i][:], n)
		}
	}
	chiSquare(t, serial[:], n)
	duplicates(t, seen, n)
}

// chiSquare fails if counts that should be equal would be as unequal less than
// once in ten million times: dozens of these tests run, and none may fail by
// chance.
func chiSquare(t *testing.T, counts []float64, n int) {
	t.Helper()
	want, sum := float64(n)/float64(len(counts)), 0.0
	for _, c := range counts {
		sum += (c - want) * (c - want) / want
	}
	// Wilson and Hilferty's approximation of the quantile; 5.1993 is the normal one.
	k := float64(len(counts) - 1)
	limit := k * math.Pow(1-2/(9*k)+5.1993*math.Sqrt(2/(9*k)), 3)
	assert.Less(t, sum, limit, "the digits are not uniform")
}

// duplicates compares how many codes came up twice with how many should.
func duplicates(t *testing.T, seen map[string]int, n int) {
	t.Helper()
	const all = 1e6
	distinct := all * (1 - math.Exp(-float64(n)/all))
	deviation := math.Sqrt(all * math.Exp(-float64(n)/all))
	assert.InDelta(t, distinct, float64(len(seen)), 6*deviation, "codes repeat too often, or too seldom")
}

func TestTheEngineKnowsOneSourceOfRandomness(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		assert.NotContains(t, string(source), "math/rand", f.Name())
		assert.NotContains(t, string(source), "bytes.Equal(", f.Name()+": MACs are compared in constant time")
	}
	e, _ := newEngine(t)
	assert.Equal(t, crand.Reader, e.random)
}
