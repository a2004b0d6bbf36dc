package bench

import (
	"testing"
	"time"
)

// among makes the operations of some callers over a road.
func among(t testing.TB, r road, which func(caller) operation, names ...string) map[string]func() error {
	ops := map[string]func() error{}
	for _, name := range names {
		call := which(callers[name](t, r))
		ops[name] = func() error { return call(background) }
	}
	return ops
}

func send(c caller) operation  { return c.send }
func check(c caller) operation { return c.check }

// TestTurnsInMemory pairs a Send and a Check with those of others, without a
// network.
func TestTurnsInMemory(t *testing.T) {
	needRatios(t)
	m := match{turns: 150, slice: 8 * time.Millisecond, calls: 8}
	for _, call := range []struct {
		name   string
		which  func(caller) operation
		target float64
	}{{"Send", send, 0.60}, {"Check", check, 0.80}} {
		played := m.play(t, among(t, road{transport: memory{}}, call.which, "ours", "raw", "retryablehttp", "twilio-go"))
		tell(call.name+" in memory: CPU / raw net/http", pair(played, "ours", "raw", cpu), call.target)
		tell(call.name+" in memory: CPU / twilio-go", pair(played, "ours", "twilio-go", cpu), 0)
		tell(call.name+" in memory: CPU of go-retryablehttp / raw net/http", pair(played, "retryablehttp", "raw", cpu), 0)
	}
}

// TestTurnsOnLoopback pairs sixteen callers, each with the transport it comes with.
func TestTurnsOnLoopback(t *testing.T) {
	needRatios(t)
	address, err := loopback()
	if err != nil {
		t.Fatal(err)
	}
	m := match{turns: 80, slice: 25 * time.Millisecond, callers: 16}
	played := m.play(t, among(t, road{address: address}, send, "ours", "raw", "twilio-go"))
	tell("Send by 16 on loopback: CPU / raw net/http with a wide pool", pair(played, "ours", "raw", cpu), 0.90)
	tell("Send by 16 on loopback: CPU / twilio-go", pair(played, "ours", "twilio-go", cpu), 0.52)
	tell("Send by 16 on loopback: time / raw net/http with a wide pool", pair(played, "ours", "raw", wall), 0)
	tell("Send by 16 on loopback: time / twilio-go", pair(played, "ours", "twilio-go", wall), 0)
}
