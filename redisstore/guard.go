package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/guard"
)

// A Guard is a [guard.Store] on Redis: each decision is one script and one round trip,
// on the server's own clock. It is safe for concurrent use. All of its records lie in
// one slot of a cluster, since each Send is counted in a total.
//
// A server that evicts forgets counts, and admits more than it should: [Guard.Probe]
// refuses one.
type Guard struct {
	scripted
	read  scripted
	front string // of all keys
}

var _ guard.Store = (*Guard)(nil)

// NewGuard returns a Guard over client, as [New] returns a Store: it makes no request,
// and client stays the caller's to close.
func NewGuard(client Client, cfg Config) (*Guard, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return newGuard(store), nil
}

// OpenGuard makes a Guard from a URL, as [Open] makes a Store:
//
//	vendors.WithGuardStore("redis", redisstore.OpenGuard)
//
// The result is a [*Guard], whose Closer closes what OpenGuard opened.
func OpenGuard(url string) (guard.Store, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return newGuard(store), nil
}

func newGuard(store *Store) *Guard {
	return &Guard{
		scripted: scripted{store, redis.NewScript(guardScript)}, read: scripted{store, redis.NewScript(guardReadScript)},
		front: store.prefix + "{guard}:",
	}
}

// Format keeps the client, and so its credentials, out of every print.
func (*Guard) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("redisstore.Guard{[hidden]}")) }

// Admit decides; see [guard.Store].
func (g *Guard) Admit(ctx context.Context, s guard.Send) (guard.Decision, error) {
	reply, err := g.ask(ctx, "admit", hex.EncodeToString(s.ID[:]), s.Counts)
	if err != nil {
		return guard.Decision{}, err
	}
	n := make([]int64, len(reply)-1)
	for i, r := range reply[1:] {
		var ok bool
		if n[i], ok = r.(int64); !ok {
			return guard.Decision{}, notUnderstood("admit")
		}
	}
	switch {
	case reply[0] == any("admitted") && len(n) == 1:
		return guard.Decision{Admitted: true, Known: n[0] == 1}, nil
	case reply[0] == any("refused") && len(n) >= 4 && n[1] >= 0 && n[1] < int64(len(s.Counts)):
		d := guard.Decision{Known: n[0] == 1, By: int(n[1]), Reason: guard.Reason(n[2]), Wait: time.Duration(n[3]) * time.Microsecond} //nolint:gosec // 1 to 3
		for _, i := range n[4:] {
			d.Closed = append(d.Closed, int(i))
		}
		return d, nil
	}
	return guard.Decision{}, notUnderstood("admit")
}

// Revoke takes a Send back; see [guard.Store].
func (g *Guard) Revoke(ctx context.Context, s guard.Send) error {
	return g.tell(ctx, "revoke", hex.EncodeToString(s.ID[:]), s.Counts)
}

// Approve makes a recipient known; see [guard.Store].
func (g *Guard) Approve(ctx context.Context, a guard.Approval) error {
	counts := make([]guard.Count, len(a.Counts)+1)
	counts[0].Name = a.Recipient
	for i, n := range a.Counts {
		counts[i+1].Name = n
	}
	return g.tell(ctx, "approve", strconv.Itoa(guard.KnownRoom), counts)
}

func (g *Guard) tell(ctx context.Context, op, id string, counts []guard.Count) error {
	reply, err := g.ask(ctx, op, id, counts)
	if err == nil && reply[0] != any("done") {
		err = notUnderstood(op)
	}
	return err
}

// ask makes one round trip; two, if the server does not know the script yet.
func (g *Guard) ask(ctx context.Context, op, id string, counts []guard.Count) ([]any, error) {
	if len(counts) == 0 || len(counts) > maxKeys-2 {
		return nil, &Error{Op: op, Detail: "a Send has 1 to 12 counts"}
	}
	keys, args := g.keys(counts), make([]byte, 0, 64*len(counts))
	for i := range counts {
		args = appendCount(args, &counts[i])
	}
	return g.over(ctx, op, keys, op, id, counts[0].Name.String(), args)
}

// keys are cut from one string.
func (g *Guard) keys(counts []guard.Count) []string {
	ends := make([]int, 0, maxKeys)
	room := make([]byte, 0, (len(counts)+2)*(len(g.front)+33))
	for i := range len(counts) + 2 {
		room = append(room, g.front...)
		switch i {
		case 0:
			room = append(room, "known"...)
		case 1:
			room = append(room, "names"...)
		default:
			room, _ = counts[i-2].Name.AppendText(room) // never fails
		}
		ends = append(ends, len(room))
	}
	text, from := string(room), 0
	keys := make([]string, len(ends))
	for i, end := range ends {
		keys[i], from = text[from:end], end
	}
	return keys
}

func appendCount(b []byte, c *guard.Count) []byte {
	var width int64
	if c.Limit.Window > 0 {
		width = max((c.Limit.Window.Microseconds()+7)/8, 1)
	}
	for _, n := range [...]int64{
		c.Adds, c.Limit.Sends, width, max(c.Limit.Window.Microseconds(), 0), flag(c.Everybody), c.Floor,
		c.Keep.Microseconds(), flag(c.Name[0] == guard.NameBudget),
	} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	if !c.Name.IsClear() {
		return append(b, "-;"...)
	}
	b, _ = c.Name.AppendText(b) // never fails
	return append(b, ';')
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// key lies in the one slot of the guard.
func (g *Guard) key(name string) string {
	return g.front + name
}

// maxKeys are two sets and as many records as a Send has counts.
const maxKeys = 2 + 12

// chunk is how many records one script reads for a report.
const chunk = 500

// Report lists tallies, in several round trips; see [guard.Store].
func (g *Guard) Report(ctx context.Context) ([]guard.Tally, error) {
	names, err := g.readers(ctx, []string{g.key("names")}, "names")
	if err != nil {
		return nil, err
	}
	var all []guard.Tally
	for names = names[1:]; len(names) > 0; names = names[min(chunk, len(names)):] {
		part := names[:min(chunk, len(names))]
		keys := make([]string, len(part))
		for i, name := range part {
			keys[i] = g.key(name)
		}
		texts, err := g.readers(ctx, keys, "read")
		if err != nil {
			return nil, err
		}
		now, err := strconv.ParseInt(texts[0], 10, 64)
		if err != nil || len(texts) != len(part)+1 {
			return nil, notUnderstood("report")
		}
		for i, text := range texts[1:] {
			if t, ok := tallyOf(text, now); ok {
				t.Name = guard.ClearName(part[i])
				all = append(all, t)
			}
		}
	}
	return all, nil
}

func (g *Guard) readers(ctx context.Context, keys []string, what string) ([]string, error) {
	reply, err := g.read.over(ctx, "report", keys, what)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(reply))
	for i, r := range reply {
		var ok bool
		if texts[i], ok = r.(string); !ok {
			return nil, notUnderstood("report")
		}
	}
	return texts, nil
}

// tallyOf reads a record as far as a report tells it. One that is gone, or of another
// layout, is left out.
func tallyOf(text string, now int64) (t guard.Tally, ok bool) {
	parts := strings.Split(text, "|")
	if len(parts) != 4 || !strings.HasPrefix(text, "1 ") {
		return t, false
	}
	if n := numbers(parts[2]); len(n) == 5 {
		t.Since, t.Sends, t.Approvals, t.Refusals, t.Spent = time.UnixMicro(n[0]), n[1], n[2], n[3], n[4]
	}
	if f := numbers(parts[1]); len(f) == 21 && f[4] == 1 && f[5] > now {
		t.Until = time.UnixMicro(f[5])
	}
	return t, true
}

func numbers(text string) (all []int64) {
	for word := range strings.FieldsSeq(text) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil
		}
		all = append(all, n)
	}
	return all
}

// guardResetScript forgets a record, that its recipient is known, and that it is listed.
const guardResetScript = `
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'done'}
`

// Reset removes a record; see [guard.Store].
func (g *Guard) Reset(ctx context.Context, n guard.Name) error {
	reset := scripted{g.store, redis.NewScript(guardResetScript)}
	_, err := reset.over(ctx, "reset", []string{g.key("known"), g.key("names"), g.key(n.String())}, n.String())
	return err
}
