package guard_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/observe"
)

const (
	american  = "+15017122661"
	british   = "+447400123456"
	rightCode = "123456"
)

// A toy sends to everybody and approves one code.
type toy struct {
	mu   sync.Mutex
	sent []string
	err  error // of Send
}

func (*toy) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "toy", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}, MaxScope: 32, MinDigits: 6, MaxDigits: 6}
}

func (t *toy) Send(_ context.Context, to string, _ ...verify.SendOption) (verify.Receipt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return verify.Receipt{}, t.err
	}
	t.sent = append(t.sent, to)
	return verify.Receipt{Vendor: "toy"}, nil
}

func (*toy) Check(_ context.Context, _, code string, _ ...verify.CheckOption) error {
	if code != rightCode {
		return &verify.Error{Vendor: "toy", Op: "check", Outcome: verify.ErrMismatch}
	}
	return nil
}

// A guarded toy remembers its events.
type guarded struct {
	*guard.Verifier
	*toy
	t      *testing.T
	events []observe.Event
}

func newGuarded(t *testing.T, cfg guard.Config) *guarded {
	t.Helper()
	g := &guarded{toy: new(toy), t: t}
	cfg.Verifier = g.toy
	cfg.Observer = func(_ context.Context, e observe.Event) { g.events = append(g.events, e) }
	var err error
	g.Verifier, err = guard.New(cfg)
	require.NoError(t, err)
	return g
}

func (g *guarded) send(to string, opts ...verify.SendOption) error {
	_, err := g.Verifier.Send(g.t.Context(), to, opts...)
	return err
}

// sendTo sends to each of so many numbers in a row, and returns how many left.
func (g *guarded) sendAll(n int, number func(i int) string, opts ...verify.SendOption) int {
	before := len(g.sent)
	for i := range n {
		_ = g.send(number(i), opts...)
	}
	return len(g.sent) - before
}

func (g *guarded) approve(to string) {
	g.t.Helper()
	require.NoError(g.t, g.Verifier.Check(g.t.Context(), to, rightCode))
}

func (g *guarded) rules() (rules []string) {
	for _, e := range g.events {
		rules = append(rules, e.Rule)
	}
	return rules
}

func from(address string) verify.SendOption {
	return verify.WithClientIP(netip.MustParseAddr(address))
}

// inARow are numbers of one range of 10,000.
func inARow(i int) string { return fmt.Sprintf("+1501712%04d", i) }

// apart are British mobiles of which no two begin alike with six digits, and no
// eleven with four.
func apart(i int) string { return fmt.Sprintf("+4474%02d%02d%04d", i%100, i/100%100, 1234+i) }
