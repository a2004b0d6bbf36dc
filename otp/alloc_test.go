package otp

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// void is a messenger that costs nothing.
type void struct{}

func (void) Deliver(context.Context, Message) (string, error) { return "", nil }

func (void) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "void", Channels: []verify.Channel{verify.ChannelSMS}}
}

// frugal is an engine whose limits let a benchmark run on.
func frugal(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Config{
		Messenger: void{}, Store: new(MemoryStore), Keys: [][]byte{keyA}, Product: "Acme", Origin: "login.example.com",
		Limits: Limits{Window: 1, Cooldown: []time.Duration{0}},
	})
	require.NoError(t, err)
	return e
}

// recipients are as many as one test sends to: each keeps to the sends that an
// entry holds by itself.
func recipients(n int) []string {
	all := make([]string, n)
	for i := range all {
		digits := []byte("+15550000000")
		for at, rest := len(digits)-1, i; rest > 0; at, rest = at-1, rest/10 {
			digits[at] = '0' + byte(rest%10)
		}
		all[i] = string(digits)
	}
	return all
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops what pools keep")
	}
	e, ctx := frugal(t), context.Background()
	to, i := recipients(2000), 0
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		_, _ = e.Send(ctx, to[i])
		i++
	}), 3.0, "Send")
	i = 0
	check := func() {
		_ = e.Check(ctx, to[i], "123456")
		i++
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, check), 1.0, "Check of a wrong code")
	assert.LessOrEqual(t, testing.AllocsPerRun(900, check), 1.0, "Check of no code")
}

// TestManySendsAreNotCopied: where an application admits a thousand sends, one more
// is appended to them.
func TestManySendsAreNotCopied(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const held, more = 1000, 500
	s, l := new(MemoryStore), Limits{Sends: 4000, Cooldown: []time.Duration{0}}
	var id ID
	issue := func() {
		id[0]++
		if id[0] == 0 {
			id[1]++
		}
		a, err := s.Issue(t.Context(), Key{1}, id, MAC{1}, 10*time.Minute, l)
		require.NoError(t, err)
		require.Equal(t, Admitted, a.Refused)
	}
	for range held {
		issue()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range more {
		issue()
	}
	runtime.ReadMemStats(&after)
	each := (after.TotalAlloc - before.TotalAlloc) / more
	assert.Less(t, each, uint64(held), "bytes a send: a copy of all takes sixteen thousand")
}

func BenchmarkEngine(b *testing.B) {
	e, ctx := frugal(b), context.Background()
	to := recipients(million)
	i := 0
	b.Run("send", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = e.Send(ctx, to[i%million])
			i++
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = e.Check(ctx, to[i%million], "123456")
			i++
		}
	})
}
