package bench

import (
	"context"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/redisstore"
	"github.com/redis/go-redis/v9"
)

// nobody sends nothing, at no cost.
type nobody struct{}

func (nobody) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "nobody", Channels: []verify.Channel{verify.ChannelSMS}}
}

func (nobody) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return verify.Receipt{}, nil
}

func (nobody) Check(context.Context, string, string, ...verify.CheckOption) error { return nil }

// people are how many recipients the guard has, all strangers.
const people = 100_000

// watched is a guard over nobody that has sent to all people. Its clock moves with each
// Send, so that every one is admitted, and as many records end as begin. A Send is
// counted five times: for its recipient, two prefixes, the country and the total. With a
// floor every second code is approved, and the store forgets who has approved.
func watched(b *testing.B, convert guard.Share) verify.Verifier {
	now := time.Unix(1_800_000_000, 0)
	store := &guard.MemoryStore{Clock: func() time.Time { now = now.Add(100 * time.Millisecond); return now }, MaxKnown: 1}
	wide := guard.Limit{Sends: 1 << 25, Window: time.Hour}
	v, err := guard.New(guard.Config{
		Verifier: nobody{}, Store: store, Countries: []string{"DK"}, Recipient: guard.Limit{Sends: 10, Window: 3 * time.Hour},
		Prefix: wide, Country: wide, Total: guard.Limit{Sends: 50_000, Window: time.Hour}, Convert: convert,
	})
	if err != nil {
		b.Fatal(err)
	}
	for range people {
		if err := visit(v); err != nil {
			b.Fatal(err)
		}
	}
	return v
}

// visit sends to somebody, and checks every second code.
func visit(v verify.Verifier) error {
	var room [11]byte
	n := turns.Add(1)
	to := dane(&room, n*7919%people)
	if _, err := v.Send(background, to); err != nil {
		return err
	}
	if n%2 == 0 {
		return v.Check(background, to, "123456")
	}
	return nil
}

// dane writes a Danish number, of which a hundred share four digits.
func dane(room *[11]byte, n uint64) string {
	n = 20_000_000 + n*99 // below 50,000,000
	copy(room[:], "+45")
	for at := len(room) - 1; at > 2; n /= 10 {
		room[at] = '0' + byte(n%10)
		at--
	}
	return string(room[:])
}

// BenchmarkGuard is a Send to a stranger and half of its Check through a guard,
// with and without a floor of approvals, beside the same without a guard.
func BenchmarkGuard(b *testing.B) {
	b.Run("live=100k/callers=1", func(b *testing.B) {
		for name, v := range map[string]verify.Verifier{"ours": watched(b, guard.Off), "floor": watched(b, 200), "nobody": nobody{}} {
			b.Run("by="+name, func(b *testing.B) { measure(b, 1, func() error { return visit(v) }) })
		}
	})
}

// BenchmarkGuardSend is the Send alone.
func BenchmarkGuardSend(b *testing.B) {
	b.Run("live=100k/callers=1", func(b *testing.B) {
		for name, v := range map[string]verify.Verifier{"ours": watched(b, guard.Off), "nobody": nobody{}} {
			b.Run("by="+name, func(b *testing.B) {
				var room [11]byte
				measure(b, 1, func() error {
					_, err := v.Send(background, dane(&room, turns.Add(1)*7919%people))
					return err
				})
			})
		}
	})
}

// answering is a client of Redis that admits everybody without asking.
type answering struct{ redisstore.Client }

func (answering) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	cmd.SetVal([]any{"admitted", int64(0)})
	return cmd
}

// shared is a guard on Redis.
func shared(b *testing.B, client redisstore.Client) verify.Verifier {
	store, err := redisstore.NewGuard(client, redisstore.Config{})
	if err != nil {
		b.Fatal(err)
	}
	wide := guard.Limit{Sends: 1 << 25, Window: time.Hour}
	v, err := guard.New(guard.Config{
		Verifier: nobody{}, Store: store, Key: make([]byte, 32), Recipient: wide, Prefix: wide, Country: wide,
		Total: guard.Limit{Sends: 70_000, Window: time.Hour}, Convert: guard.Off,
	})
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// BenchmarkGuardShared is a Send of a guard on Redis at hand, beside a PING and a script
// of as many keys that does nothing; and the same with a client that answers at once:
// what the guard and its store cost by themselves.
func BenchmarkGuardShared(b *testing.B) {
	client := dial(b, startServer(b), 0)
	send := func(v verify.Verifier) func(uint64) error {
		return func(n uint64) error {
			var room [11]byte
			_, err := v.Send(background, dane(&room, n*7919%people))
			return err
		}
	}
	nothing := redis.NewScript("return {'admitted', 0}")
	keys := []string{"{a}1", "{a}2", "{a}3", "{a}4", "{a}5", "{a}6", "{a}7"}
	b.Run("over=near/callers=1", func(b *testing.B) {
		for name, call := range map[string]func(n uint64) error{
			"ours":      send(shared(b, client)),
			"answering": send(shared(b, answering{})),
			"PING":      func(uint64) error { return client.Ping(background).Err() },
			"script": func(uint64) error {
				return nothing.Run(background, client, keys, "admit", "id", "name", "counts").Err()
			},
		} {
			b.Run("by="+name, func(b *testing.B) { measure(b, 1, func() error { return call(turns.Add(1)) }) })
		}
	})
}
