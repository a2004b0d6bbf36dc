package redisstore_test

import (
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/totp"
)

// Random calls get the same answers from memory and from Redis, with calls that are
// made again and time that passes between them.
func TestFactorsAnswerAsMemoryDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(asked(server{}, "TWINS", 12)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			srv := mini(t)
			redis, k := factorsOn(t, srv)
			_ = redis.Delete(t.Context(), k)
			dice := mathrand.New(mathrand.NewPCG(seed, 1))
			plays := twinPlays(dice, 300)
			var want []string
			synctest.Test(t, func(t *testing.T) {
				memory := new(totp.MemoryStore)
				for _, p := range plays {
					time.Sleep(p.later)
					want = append(want, p.on(t, memory, k))
				}
			})
			for i, p := range plays {
				srv.advance(p.later)
				require.Equal(t, want[i], p.on(t, redis, k), "play %d: %+v", i, p)
			}
		})
	}
}

type twinPlay struct {
	op        int
	later     time.Duration
	id        totp.ID
	enrolment totp.ID
	step      uint64
	limits    totp.Limits
}

func twinPlays(dice *mathrand.Rand, n int) []twinPlay {
	laters := []time.Duration{
		0, 0, 0, time.Millisecond, time.Second, 29999 * time.Millisecond, 30 * time.Second, time.Minute,
		119999 * time.Millisecond, 2 * time.Minute, time.Hour, 15 * 24 * time.Hour, 46 * 24 * time.Hour,
	}
	limits := []totp.Limits{
		{}, {}, {Attempts: 1}, {Attempts: 10, Failures: 7, Total: 9}, {Failures: 3}, {Total: 4},
		{Wait: time.Minute, MaxWait: 3 * time.Minute}, {Attempts: -1, Wait: -5, MaxWait: 1, Failures: 500, Total: 999},
	}
	limit, plays := limits[dice.IntN(len(limits))], make([]twinPlay, n)
	for i := range plays {
		plays[i] = twinPlay{
			op: dice.IntN(24), later: laters[min(dice.IntN(len(laters)), dice.IntN(len(laters)))],
			id: totp.ID{byte(dice.IntN(40)), 1}, enrolment: totp.ID{byte(dice.IntN(2)), 2},
			step: uint64(i/3) + dice.Uint64N(5), limits: limit,
		}
		if dice.IntN(3) > 0 {
			plays[i].id[2], plays[i].id[3] = byte(i), byte(i>>8)
		}
	}
	return plays
}

func (p twinPlay) on(t *testing.T, s totp.Store, k totp.Key) string {
	ctx := t.Context()
	f := totp.Factor{Enrolment: p.enrolment, KeyID: totp.KeyID{byte(p.step)}, Step: p.step, Sealed: []byte{byte(p.step), 1, 2}}
	switch p.op {
	case 0, 1:
		return fmt.Sprint(s.Create(ctx, k, p.id, f))
	case 2, 3, 4:
		return fmt.Sprint(s.Accept(ctx, k, p.id, p.enrolment, p.step, nil))
	case 5:
		return fmt.Sprint(s.Accept(ctx, k, p.id, p.enrolment, p.step, &totp.Resealed{KeyID: totp.KeyID{9, byte(p.step)}, Sealed: []byte{7, byte(p.step)}}))
	case 6:
		return fmt.Sprint(s.Swap(ctx, k, p.id, p.enrolment, p.step, f))
	case 7, 8:
		return fmt.Sprint(s.Refund(ctx, k, p.id))
	case 9:
		return fmt.Sprint(s.Reseal(ctx, k, p.enrolment, totp.Resealed{KeyID: totp.KeyID{8}, Sealed: []byte{8}}))
	case 10:
		if p.step%5 == 0 {
			return fmt.Sprint(s.Reset(ctx, k))
		}
		if p.step%17 == 0 {
			return fmt.Sprint(s.Delete(ctx, k))
		}
	case 11:
		return fmt.Sprint(s.Get(ctx, k))
	}
	return fmt.Sprint(s.Attempt(ctx, k, p.id, p.limits))
}
