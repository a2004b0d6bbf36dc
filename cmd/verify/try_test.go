package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// A person reads the prompt and types what act says, which sees how often they
// were asked before. An empty answer ends the input.
type person struct {
	mu    sync.Mutex
	seen  bytes.Buffer
	asked int
	act   func(asked int) string
	types io.WriteCloser
}

func (p *person) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.Write(b)
	if strings.HasSuffix(string(b), "quits): ") {
		answer := p.act(p.asked)
		p.asked++
		go func() {
			if answer == "" {
				_ = p.types.Close()
				return
			}
			_, _ = io.WriteString(p.types, answer+"\n")
		}()
	}
	return len(b), nil
}

func (p *person) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.String()
}

// tries runs "verify try" with a person in front of it.
func tries(t *testing.T, ctx context.Context, srv *twiliotest.Server, act func(asked int) string) (int, string) {
	in, types := io.Pipe()
	t.Cleanup(func() { _ = in.Close() })
	p := &person{act: act, types: types}
	status := run(ctx, []string{"try", "-dsn", dsnOf(srv), "-to", to}, in, p, io.Discard, func(string) string { return "" })
	return status, p.text()
}

func TestTry(t *testing.T) {
	for name, tc := range map[string]struct {
		act    func(*twiliotest.Server, int) string
		status int
		want   []string // in this order
		sends  int
	}{
		"right at once": {func(s *twiliotest.Server, _ int) string { return s.Code(to, "") }, 0,
			[]string{"sent by twilio over sms, 6 digits", "approved\n"}, 1},
		"right at last": {func(s *twiliotest.Server, asked int) string {
			return []string{spoil(s.Code(to, "")), " ", "12 34", s.Code(to, "")}[asked]
		}, 0, []string{"not approved: twilio: check: mismatch", "not approved: twilio: check: mismatch: the code must be 6 digits", "approved\n"}, 1},
		"sent again": {func(s *twiliotest.Server, asked int) string { return []string{"r", s.Code(to, "")}[asked] }, 0,
			[]string{"sent by twilio", "sent by twilio", "approved\n"}, 2},
		"expired": {func(s *twiliotest.Server, asked int) string {
			if asked == 0 {
				code := s.Code(to, "")
				s.Advance(life)
				return code
			}
			return []string{"r", s.Code(to, "")}[asked-1]
		}, 0, []string{"not pending", "type r for a new code", "sent by twilio", "approved\n"}, 2},
		"cannot be sent again": {func(s *twiliotest.Server, asked int) string {
			s.Fail(twiliotest.Refusal(429, 60203))
			return []string{"r", "q"}[asked]
		}, 1, []string{"not sent: twilio: send: too many sends"}, 1},
		"given up":          {func(*twiliotest.Server, int) string { return "q" }, 1, nil, 1},
		"the input's end":   {func(*twiliotest.Server, int) string { return "" }, 1, nil, 1},
		"all attempts gone": {func(s *twiliotest.Server, asked int) string { return wrongThenQuit(s, asked) }, 1, []string{"too many attempts", "type r for a new code"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			srv := twiliotest.NewServer(t)
			status, text := tries(t, context.Background(), srv, func(asked int) string { return tc.act(srv, asked) })
			assert.Equal(t, tc.status, status)
			assert.Equal(t, tc.sends, srv.Effects())
			for _, want := range tc.want {
				_, rest, found := strings.Cut(text, want)
				require.True(t, found, "%q in %q", want, text)
				text = rest
			}
			assert.NotContains(t, text, "approved\n", "only once, and at the end")
		})
	}
}

const life = 601e9 // longer than a code lives

func wrongThenQuit(s *twiliotest.Server, asked int) string {
	if asked < 6 {
		if code := s.Code(to, ""); code != "" {
			return spoil(code)
		}
		return "000000"
	}
	return "q"
}

func TestTryEndsWhenInterrupted(t *testing.T) {
	srv := twiliotest.NewServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	status, _ := tries(t, ctx, srv, func(int) string { cancel(); return "\n" })
	assert.Equal(t, 1, status)
}

func TestTryByScopeAndChannelInJSON(t *testing.T) {
	const service = "VA11111111111111111111111111111111"
	srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{{}, {SID: service}}})
	in, types := io.Pipe()
	t.Cleanup(func() { _ = in.Close() })
	p := &person{types: types, act: func(asked int) string {
		code := srv.Code(to, service)
		return []string{spoil(code), code}[asked]
	}}
	var out bytes.Buffer
	args := []string{"try", "-dsn", dsnOf(srv) + "&scope.pay=" + service, "-to", to, "-scope", "pay", "-channel", "voice", "-json"}
	status := run(context.Background(), args, in, &out, p, func(string) string { return "" })
	assert.Equal(t, 0, status, p.text())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3, "a receipt, a no and a yes; questions are asked elsewhere")
	for i, want := range []string{`"channel":"voice"`, `"outcome":"mismatch"`, `"outcome":"approved"`} {
		assert.Contains(t, lines[i], want)
	}
}

func TestTryThatCannotSendSaysWhy(t *testing.T) {
	srv := twiliotest.NewServer(t)
	srv.Fail(twiliotest.Refusal(403, 60410))
	status, text := tries(t, context.Background(), srv, func(int) string { return "q" })
	assert.Equal(t, 3, status)
	assert.Empty(t, text, "nothing was sent, nothing is asked")
}
