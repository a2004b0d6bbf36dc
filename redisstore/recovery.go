package redisstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
)

// recoveryScript takes the key of a record, and the arguments op, id and those of the
// op. A record is one JSON object; its times are milliseconds of the server's clock.
// It never expires. It answers like the scripts of codes, with one number more: a
// word, what is left, and a wait.
const recoveryScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local op, id, replay = ARGV[1], ARGV[2], 120000

local e
local raw = redis.call('GET', KEYS[1])
if raw then
  local ok, old = pcall(cjson.decode, raw)
  if not ok or type(old) ~= 'table' or old.v ~= 1 then return {'unreadable', 0, 0} end
  e = old
  local calls = {}
  for _, c in ipairs(e.calls) do
    if now - c.at < replay then calls[#calls + 1] = c end
  end
  e.calls = calls
  for _, c in ipairs(calls) do
    if c.id == id and c.op == op then return {c.word, c.left, c.wait} end
  end
end
local function answer(word, left, wait)
  e.calls[#e.calls + 1] = {id = id, op = op, at = now, word = word, left = left, wait = wait}
  redis.call('SET', KEYS[1], cjson.encode(e))
  return {word, left, wait}
end

if op == 'left' then
  return {'left', e and #e.codes or 0, 0}
end
if op == 'replace' then
  local calls = e and e.calls or {}
  e = {v = 1, codes = {}, failures = 0, charged = 0, calls = calls}
  for i = 3, #ARGV do e.codes[i - 2] = ARGV[i] end
  return answer('done', 0, 0)
end

if not e or #e.codes == 0 then return {'none', 0, 0} end
local attempts, wait, longest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local function after()
  if e.failures < attempts then return 0 end
  local w = wait
  for _ = 1, e.failures - attempts do
    if w >= longest then break end
    w = w * 2
  end
  return math.min(w, longest)
end
local left = after() - (now - e.charged)
if left > 0 then return {'waiting', 0, left} end
e.failures, e.charged = e.failures + 1, now
for i = 6, #ARGV do
  for n, code in ipairs(e.codes) do
    if code == ARGV[i] then
      table.remove(e.codes, n)
      e.failures, e.charged = 0, 0
      return answer('match', 0, 0)
    end
  end
end
return answer('wrong', math.max(attempts - e.failures, 0), after())
`

// Recovery is a [recovery.Store] on Redis: each of its calls is one script and one
// round trip, on the server's own clock. It is safe for concurrent use. A server that
// evicts, or that keeps no append-only file, loses people's codes: see the package
// comment.
type Recovery struct {
	store  *Store
	script *redis.Script
}

var _ recovery.Store = (*Recovery)(nil)

// NewRecovery returns a store of recovery codes over client, as [New] returns one of
// codes: it makes no request, and client stays the caller's to close.
func NewRecovery(client redis.UniversalClient, cfg Config) (*Recovery, error) {
	store, err := New(client, cfg)
	if err != nil {
		return nil, err
	}
	return &Recovery{store: store, script: redis.NewScript(recoveryScript)}, nil
}

// OpenRecovery makes a Recovery from a URL, as [Open] makes a Store.
func OpenRecovery(url string) (*Recovery, error) {
	store, err := open(url)
	if err != nil {
		return nil, err
	}
	return &Recovery{store: store, script: redis.NewScript(recoveryScript)}, nil
}

// Closer closes the connections that [OpenRecovery] made, and nothing that was handed
// in.
func (r *Recovery) Closer() io.Closer { return r.store }

// Probe refuses a server that may forget; see [Store.Probe].
func (r *Recovery) Probe(ctx context.Context) error { return r.store.Probe(ctx) }

// Format keeps the client, and so its credentials, out of every print.
func (r *Recovery) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte("redisstore.Recovery{[hidden]}"))
}

// Replace keeps codes; see [recovery.Store].
func (r *Recovery) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	word, _, _, err := r.ask(ctx, "replace", k, id, recoveryWords(nil, macs)...)
	if err == nil && word != "done" {
		return notUnderstood("replace")
	}
	return err
}

// Attempt charges and compares; see [recovery.Store].
func (r *Recovery) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	l = l.WithDefaults()
	args := []any{l.Attempts, millis(l.Wait), millis(l.MaxWait)}
	word, left, wait, err := r.ask(ctx, "attempt", k, id, recoveryWords(args, macs)...)
	if err != nil {
		return recovery.Attempt{}, err
	}
	verdicts := map[string]recovery.Verdict{
		"none": recovery.None, "wrong": recovery.Wrong, "waiting": recovery.Waiting, "match": recovery.Match,
	}
	v, ok := verdicts[word]
	if !ok {
		return recovery.Attempt{}, notUnderstood("attempt")
	}
	return recovery.Attempt{Verdict: v, Left: int(left), Wait: time.Duration(wait) * time.Millisecond}, nil
}

// Left counts codes; see [recovery.Store].
func (r *Recovery) Left(ctx context.Context, k recovery.Key) (int, error) {
	word, left, _, err := r.ask(ctx, "left", k, recovery.ID{})
	if err == nil && word != "left" {
		err = notUnderstood("left")
	}
	return int(left), err
}

// Delete removes an account; see [recovery.Store].
func (r *Recovery) Delete(ctx context.Context, k recovery.Key) error {
	return r.store.remove(ctx, "delete", r.key(k))
}

func (r *Recovery) key(k recovery.Key) string {
	return r.store.tag(otp.Key(k)) + "r:" + hex.EncodeToString(k[:])
}

func recoveryWords(args []any, macs []recovery.MAC) []any {
	for _, mac := range macs {
		args = append(args, hex.EncodeToString(mac[:]))
	}
	return args
}

// ask makes one round trip; two, if the server does not know the script yet.
func (r *Recovery) ask(ctx context.Context, op string, k recovery.Key, id recovery.ID, args ...any) (word string, left, wait int64, err error) {
	reply, err := r.store.list(ctx, op, r.script, r.key(k), append([]any{op, hex.EncodeToString(id[:])}, args...)...)
	if err != nil {
		return "", 0, 0, err
	}
	word, isWord := reply[0].(string)
	if len(reply) != 3 || !isWord {
		return "", 0, 0, notUnderstood(op)
	}
	left, isLeft := reply[1].(int64)
	wait, isWait := reply[2].(int64)
	if !isLeft || !isWait {
		return "", 0, 0, notUnderstood(op)
	}
	return word, left, wait, nil
}
