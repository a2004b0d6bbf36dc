package driver

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var scanRuns = flag.Int("scan.runs", 100_000, "on how many texts the two readings are compared")

// A reading is what a Scan finds, one field of each type.
type reading struct {
	err    error
	text   string
	raw    []byte
	number string
	yes    bool
	maybe  *bool
	nested json.RawMessage
}

func readWith(scan func([]byte, ...Field) error, body []byte) (r reading) {
	r.err = scan(body,
		Field{Key: "a", To: &r.text, Need: true}, Field{Key: "bb", To: &r.raw}, Field{Key: "code", To: &r.number, Number: true},
		Field{Key: "yes", To: &r.yes}, Field{Key: "maybe", To: &r.maybe}, Field{Key: "nested", To: &r.nested})
	return r
}

// One walk reads what two walks read: it accepts and refuses the same texts, with
// the same error and the same values. -scan.runs=10000000 is the long form.
func TestOneWalkReadsWhatTwoRead(t *testing.T) { // not parallel: it keeps the processor busy
	const workers = 2
	var accepted, refused atomic.Int64
	var wait sync.WaitGroup
	for worker := range uint64(workers) {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(17, worker)) // the same texts each time
			for range *scanRuns / workers {
				body := mutate(random, object(random))
				want, got := readWith(scanTwice, body), readWith(Scan, body)
				if !assert.ObjectsAreEqual(want, got) {
					t.Errorf("%q\ntwo walks: %+v\none walk:  %+v", body, want, got)
					return
				}
				if want.err == nil {
					accepted.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	wait.Wait()
	least := int64(*scanRuns / 10)
	assert.Greater(t, accepted.Load(), least, "texts that are accepted")
	assert.Greater(t, refused.Load(), least, "texts that are refused")
	t.Logf("%d accepted, %d refused", accepted.Load(), refused.Load())
}

// Both walks stop at the same depth.
func TestOneWalkGoesAsDeep(t *testing.T) {
	t.Parallel()
	for _, open := range []string{"[", `{"x":`} {
		for depth := maxDepth - 3; depth < maxDepth+3; depth++ {
			end := map[string]string{"[": "]", `{"x":`: "}"}[open]
			body := []byte(`{"a":"","nested":` + strings.Repeat(open, depth) + "1" + strings.Repeat(end, depth) + "}")
			want, got := readWith(scanTwice, body), readWith(Scan, body)
			require.Equal(t, want, got, "depth %d", depth)
			assert.Equal(t, depth < maxDepth, got.err == nil, "depth %d", depth)
		}
	}
}

// Both know the same escapes.
func TestOneWalkKnowsTheSameEscapes(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, escape := range []string{"%", "u%000", "u0%00", "u00%0", "u000%", "u00%", "u00e9%"} {
			body := []byte(`{"a":"\` + strings.Replace(escape, "%", string([]byte{byte(c)}), 1) + `"}`)
			require.Equal(t, readWith(scanTwice, body), readWith(Scan, body), "%q", body)
		}
	}
}

// A body with one field many times over costs no more memory than one with two.
func TestOneWalkPicksNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	body := []byte("{" + strings.Repeat(`"a":1,`, 1000) + `"a":1}`)
	picks, ok := pickFields(body, []Field{{Key: "a"}, {Key: "b"}}, nil)
	assert.True(t, ok)
	assert.Len(t, picks, 3)
}

// Eight bytes at a time find what one at a time finds, at each place.
func TestOrdinaryBytes(t *testing.T) {
	t.Parallel()
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				b := []byte(strings.Repeat("\xff", length))
				b[at] = byte(c)
				want := length
				if c < ' ' || c == '"' || c == '\\' {
					want = at
				}
				require.Equal(t, want, ordinary(b), "byte %#x at %d of %d", c, at, length)
			}
		}
	}
}

func FuzzOneWalkReadsWhatTwoRead(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2)) // seeds
	for range 50 {
		f.Add(object(random))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		assert.Equal(t, readWith(scanTwice, body), readWith(Scan, body))
	})
}

func oneOf(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// object is a valid object, most of whose fields are those that are read.
func object(r *rand.Rand) []byte {
	var b []byte
	b = append(b, gap(r)+"{"+gap(r)...)
	for i := range r.IntN(5) {
		if i > 0 {
			b = append(b, gap(r)+","+gap(r)...)
		}
		key := oneOf(r, `"a"`, `"bb"`, `"code"`, `"yes"`, `"maybe"`, `"nested"`, `"x"`, `"A"`, `""`, `"\u0061"`, `"\u0062b"`, `"ünested"`)
		if i == 0 {
			key = `"a"`
		}
		value := anything(r, 3)
		switch key { // mostly of the right type
		case `"a"`, `"bb"`, `"\u0061"`:
			if r.IntN(8) > 0 {
				value = someText(r)
			}
		case `"code"`, `"yes"`, `"maybe"`:
			if r.IntN(4) > 0 {
				value = map[byte]string{'c': oneOf(r, "60200", `"x1"`, "1234567890", "0"), 'y': "true", 'm': "false"}[key[1]]
			}
		}
		b = append(b, key+gap(r)+":"+gap(r)+value...)
	}
	return append(b, gap(r)+"}"+gap(r)...)
}

func gap(r *rand.Rand) string { return oneOf(r, "", "", "", " ", "\n\t", "\r ") }

func someText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString(oneOf(r, "approved", "abcdefgh", "x", `\"`, `\\`, `\/`, `\b`, `\u00e9`, `\ud83d\ude00`, `\uD800`, "ü", "}", ",", "\xff", "\x7f", "0123456789"))
	}
	return `"` + b.String() + `"`
}

func anything(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(3) == 0 {
		var parts []string
		object := r.IntN(2) == 0
		for range r.IntN(4) {
			part := anything(r, depth-1)
			if object {
				part = someText(r) + gap(r) + ":" + gap(r) + part
			}
			parts = append(parts, gap(r)+part+gap(r))
		}
		if object {
			return "{" + gap(r) + strings.Join(parts, ",") + "}"
		}
		return "[" + gap(r) + strings.Join(parts, ",") + "]"
	}
	return oneOf(r, "true", "false", "null", someText(r), "0", "-0", "1.5e-3", "12", "1E+9", "-7.25", "1e5")
}

// mutate leaves half of the texts as they are, and changes a few bytes of others.
func mutate(r *rand.Rand, b []byte) []byte {
	const bytes = "{}[]\",:\\ \t\n\r\v\x00\x1f\x7f\xff/bfnrtuaeE0123456789+-.tlsxAfFgG"
	if r.IntN(2) == 0 {
		return b
	}
	for range 1 + r.IntN(3) {
		at, c := r.IntN(len(b)), bytes[r.IntN(len(bytes))]
		switch r.IntN(5) {
		case 0:
			b[at] = c
		case 1:
			b = append(b[:at], append([]byte{c}, b[at:]...)...)
		case 2:
			b = append(b[:at], b[min(at+1+r.IntN(3), len(b)):]...)
		case 3:
			b = b[:at]
		case 4:
			from := r.IntN(at + 1)
			b = append(b[:at], append([]byte(string(b[from:min(from+8, len(b))])), b[at:]...)...)
		}
		if len(b) == 0 {
			return b
		}
	}
	return b
}
