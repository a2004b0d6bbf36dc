package redisstore_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// A step is one call, or a move of the clock.
type step struct {
	op    string
	key   otp.Key
	id    otp.ID
	macs  []otp.MAC
	wait  time.Duration
	limit otp.Limits
}

// history makes up steps over two keys, with codes that are often right, and
// with attempts that are often made again within two minutes.
func history(seed uint64, length int) []step {
	r := rand.New(rand.NewPCG(seed, seed))
	limits := otp.Limits{
		Attempts: 1 + r.IntN(3), Failures: 2 + r.IntN(5), Remember: time.Duration(24+r.IntN(48)) * time.Hour,
		Sends: 1 + r.IntN(4), Window: time.Duration(30+r.IntN(300)) * time.Second,
		Cooldown: []time.Duration{0, time.Second, 5 * time.Second}[r.IntN(3):],
	}
	var steps []step
	var now time.Duration
	young := map[otp.ID]time.Duration{} // a call is made again within two minutes, or never
	var ids, issued []otp.ID
	for len(steps) < length {
		s := step{key: otp.Key{byte(r.IntN(2)), 9}, id: otp.ID{byte(len(steps)), byte(seed), 1}, limit: limits}
		if len(ids) > 0 && r.IntN(4) == 0 {
			s.id = ids[r.IntN(len(ids))]
		}
		switch n := r.IntN(20); {
		case n < 6:
			s.op, s.macs, s.wait = "issue", []otp.MAC{{byte(r.IntN(4))}}, time.Duration(1+r.IntN(600))*time.Second
		case n < 14:
			s.op = "attempt"
			for range r.IntN(3) {
				s.macs = append(s.macs, otp.MAC{byte(r.IntN(4))})
			}
		case n < 16:
			s.op = "revoke"
			switch {
			case r.IntN(8) == 0:
				s.id = otp.ID{}
			case len(issued) > 0:
				s.id = issued[max(0, len(issued)-1-r.IntN(4))]
			}
		case n < 17:
			s.op = "reset"
		default:
			s.op, s.wait = "wait", time.Duration(r.IntN(4)*r.IntN(40))*time.Second
			if r.IntN(6) == 0 {
				s.wait = time.Duration(1+r.IntN(40)) * time.Hour
			}
			now += s.wait
			ids = slices.DeleteFunc(ids, func(id otp.ID) bool { return now-young[id] > 2*time.Minute })
		}
		if s.op == "issue" || s.op == "attempt" {
			ids = append(ids, s.id)
			if s.op == "issue" {
				issued = append(issued, s.id)
			}
			if _, used := young[s.id]; !used {
				young[s.id] = now
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// play makes the calls of a history and writes down all answers.
func play(t *testing.T, s otp.Store, advance func(time.Duration), steps []step) []string {
	var lines []string
	for i, st := range steps {
		line := fmt.Sprintf("%d %s %x %x %x %s: ", i, st.op, st.key[:1], st.id[:1], firstBytes(st.macs), st.wait)
		switch st.op {
		case "issue":
			a, err := s.Issue(t.Context(), st.key, st.id, st.macs[0], st.wait, st.limit)
			line += fmt.Sprint(a.Refused, " ", a.Wait, " ", err)
		case "attempt":
			v, left, err := s.Attempt(t.Context(), st.key, st.id, st.macs, st.limit)
			line += fmt.Sprint(v, " ", left, " ", err)
		case "revoke":
			line += fmt.Sprint(s.Revoke(t.Context(), st.key, st.id))
		case "reset":
			line += fmt.Sprint(s.Reset(t.Context(), st.key))
		case "wait":
			if advance != nil {
				advance(st.wait)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func firstBytes(macs []otp.MAC) (b []byte) {
	for _, m := range macs {
		b = append(b, m[0])
	}
	return b
}

// The memory store says what every answer must be.
func TestAnswersAreThoseOfTheMemoryStore(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for seed := range uint64(120) {
		steps := history(seed, 80)
		var want []string
		synctest.Test(t, func(t *testing.T) {
			want = play(t, new(otp.MemoryStore), time.Sleep, steps)
		})
		srv := mini(t)
		store, _ := aStore(t, srv.client(t))
		got := play(t, store, srv.advance, steps)
		require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"), "seed %d", seed)
		all.WriteString(strings.Join(got, "\n"))
	}
	for _, answer := range []string{
		"issue.*: admitted", "issue.*: too soon", "issue.*: too many", "issue.*: blocked",
		"attempt.*: gone", "attempt.*: wrong", "attempt.*: locked", "attempt.*: blocked", "attempt.*: match",
	} {
		met := len(regexp.MustCompile(answer).FindAllString(all.String(), -1))
		assert.Greater(t, met, 20, "histories that hardly ever meet %q prove little", answer)
	}
}

// A real server speaks another Lua, and its clock cannot be moved: there the
// histories are played without waits, and how long to wait is left out.
func TestAnswersOfARealServer(t *testing.T) {
	t.Parallel()
	store, _ := aStore(t, needReal(t).client(t))
	for seed := range uint64(100) {
		steps := history(seed, 80)
		for i := range steps {
			steps[i].limit.Cooldown = []time.Duration{0}
			binary.BigEndian.PutUint64(steps[i].key[8:], seed)
			if steps[i].op == "issue" {
				steps[i].wait = 10 * time.Minute
			}
		}
		want := play(t, new(otp.MemoryStore), nil, steps)
		got := play(t, store, nil, steps)
		require.Equal(t, withoutWaits(want), withoutWaits(got), "seed %d", seed)
	}
}

func withoutWaits(answers []string) string {
	return regexp.MustCompile(`(admitted|too many|too soon|blocked) \S+ <nil>`).ReplaceAllString(strings.Join(answers, "\n"), "$1")
}

// The server counts microseconds: what is finer is rounded to the strict side.
func TestFractionsOfAMicrosecond(t *testing.T) {
	t.Parallel()
	store, _ := aStore(t, mini(t).client(t)) // its clock stands still
	put := func(k otp.Key, ttl time.Duration, l otp.Limits) otp.Refusal {
		a, err := store.Issue(t.Context(), k, anID(), aMAC(), ttl, l)
		require.NoError(t, err)
		return a.Refused
	}
	k := aKey()
	brief := otp.Limits{Cooldown: []time.Duration{time.Nanosecond}}
	require.Equal(t, otp.Admitted, put(k, time.Minute, brief))
	assert.Equal(t, otp.TooSoon, put(k, time.Minute, brief))

	k = aKey()
	narrow := otp.Limits{Sends: 1, Window: time.Nanosecond, Cooldown: []time.Duration{0}}
	require.Equal(t, otp.Admitted, put(k, time.Minute, narrow))
	assert.Equal(t, otp.TooMany, put(k, time.Minute, narrow))

	require.Equal(t, otp.Admitted, put(k, 999*time.Nanosecond, loose()))
	v, _ := attempt(t, store, k, anID(), aMAC())
	assert.Equal(t, otp.Gone, v, "a code that lives for less than the clock can tell")
}
