package stress

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pieces are what an answer may be spoiled with.
var pieces = []string{
	`true`, `false`, `null`, `"true"`, `1`, `"approved"`, `"pending"`, `"is valid"`, `"status":"approved",`, `"valid":true,`,
	`"success":true,`, `"success":"true",`, `"token":"is valid",`, `"to":"+15017122661",`, `"SUCCESS":true,`, `{`, `}`, `[`, `]`,
	`,`, `:`, `"`, `\`, "\u00e9", "\x00", `{"success":true}`, ` `, "\n",
}

// turns are what an answer must not be turned around by.
var turns = [][2]string{
	{"true", "false"}, {"false", "true"}, {"true", `"true"`}, {"true", "null"}, {"true", "1"}, {"approved", "pending"}, {"is valid", "is invalid"},
	{"+1500555", "+1500556"}, {`"status"`, `"Status"`}, {`"valid"`, `"Valid"`}, {`"success"`, `"Success"`}, {"}", `,"status":"pending"}`},
}

// mutate spoils an answer in one to three ways.
func mutate(rng *rand.Rand, body []byte) []byte {
	b := slices.Clone(body)
	for range 1 + rng.IntN(3) {
		if len(b) < 2 {
			b = append(b, pieces[rng.IntN(len(pieces))]...)
			continue
		}
		at := rng.IntN(len(b))
		to := at + rng.IntN(min(len(b)-at, 24)+1)
		switch rng.IntN(10) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b = slices.Delete(b, at, to)
		case 2:
			b = slices.Insert(b, at, []byte(pieces[rng.IntN(len(pieces))])...)
		case 3:
			b = slices.Insert(b, at, b[at:to]...)
		case 4:
			b = b[:at]
		case 5:
			b[at] ^= 0x20 // another case, of a letter
		case 6:
			b = slices.Replace(b, at, to, []byte(pieces[rng.IntN(len(pieces))])...)
		case 7:
			b = append(b, b[at:]...)
		case 8:
			from, with := pieces[rng.IntN(11)], pieces[rng.IntN(len(pieces))]
			b = bytes.Replace(b, []byte(from), []byte(with), 1)
		case 9:
			turn := turns[rng.IntN(len(turns))]
			b = bytes.Replace(b, []byte(turn[0]), []byte(turn[1]), 1)
		}
	}
	return b
}

// TestMutatedReplies spoils answers that say yes, and such that say no, until
// there are so many that say yes no more, and asks whether anybody takes one for
// a yes.
func TestMutatedReplies(t *testing.T) {
	all := questions(t)
	n := size(20_000, 1_000_000) / len(all)
	var spoiled, still atomic.Int64
	t.Run("all", func(t *testing.T) {
		for i, q := range all {
			t.Run(q.name, func(t *testing.T) {
				t.Parallel()
				require.NoError(t, q.ask(q.status, q.yes))
				require.Error(t, q.ask(q.status, q.no))
				require.Error(t, q.ask(http.StatusUnprocessableEntity, q.yes), "a yes is of class 2xx")
				rng := rand.New(rand.NewPCG(*seed, uint64(i)))
				for spoils := 0; spoils < n; {
					from := q.yes
					if rng.IntN(4) == 0 {
						from = q.no
					}
					body := mutate(rng, from)
					if q.mayBeYes(body) {
						still.Add(1)
						continue
					}
					spoils++
					require.Error(t, q.ask(q.status, body), "%s", body)
				}
				spoiled.Add(int64(n))
			})
		}
	})
	assert.Positive(t, still.Load(), "some are spoiled where it does not matter")
	figure(t, "mutated answers: %v spoiled answers of %v decoders from seed %v, none of them approved; %v more were spoiled where it does not matter",
		int(spoiled.Load()), len(all), int(*seed), int(still.Load()))
}

// FuzzReply looks for an answer that is taken for a yes and says none.
func FuzzReply(f *testing.F) {
	all := questions(f)
	for i, q := range all {
		f.Add(uint8(i), uint16(0), q.yes)
		f.Add(uint8(i), uint16(0), q.no)
		f.Add(uint8(i), uint16(102), q.yes)
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte) {
		q := all[int(which)%len(all)]
		err := q.ask(200+int(status%200), body) // those from 400 on are tried again, after a wait
		if err == nil && !q.mayBeYes(body) {
			t.Errorf("%s takes %q for a yes", q.name, body)
		}
	})
}
