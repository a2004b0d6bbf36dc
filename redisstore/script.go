package redisstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
)

// What is kept of a key is five strings, each of which expires by itself. The
// first word of each is the version of this layout.
//
//	c  2 code expires attempts by    the live code's MAC, and the send that made it
//	p  2 (code expires attempts by at;)...      codes that were replaced, and when
//	s  2 keep (at:id )...            sends, kept for the longest time any caller asked for
//	f  2 failures attempted remember
//	a  2 (id attempt verdict left at;)...       answers of the last two minutes
//
// Times are microseconds of the server's clock, and far below 2^53, to which Lua
// counts without loss. They stay strings unless they change, since Lua's own way
// back to a string keeps 14 digits only. Nothing is a function that need not be
// one: Lua would make it anew in each call.
//
// Each script is put together from those parts below that it needs. The keys come
// in the order of the list, and then the mark of a send that was revoked.
const (
	clockLua = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local replay = 120000000
local raw
`
	loadCodeLua = `
local code, expires, attempts, by = '-', '0', '0', '-'
raw = redis.call('GET', KEYS[1])
if raw then
  code, expires, attempts, by = string.match(raw, '^2 (%x+) (%d+) (%d+) (%x+)$')
  if not code then return {'unreadable', 0} end
  if now - expires >= 0 then code = '-' end
end
`
	loadReplacedLua = `
local replaced = ''
raw = redis.call('GET', KEYS[2])
if raw then
  replaced = string.match(raw, '^2 ([^|]*)$')
  if not replaced then return {'unreadable', 0} end
end
`
	loadSendsLua = `
local keep, sends = '0', ''
raw = redis.call('GET', KEYS[3])
if raw then
  keep, sends = string.match(raw, '^2 (%d+) ([^|]*)$')
  if not keep then return {'unreadable', 0} end
end
`
	loadFailuresLua = `
local failures, attempted, remember = '0', '0', '0'
raw = redis.call('GET', KEYS[4])
if raw then
  failures, attempted, remember = string.match(raw, '^2 (%d+) (%d+) (%d+)$')
  if not failures then return {'unreadable', 0} end
end
`
	loadAnswersLua = `
local answers = ''
raw = redis.call('GET', KEYS[5])
if raw then
  answers = string.match(raw, '^2 ([^|]*)$')
  if not answers then return {'unreadable', 0} end
end
`
	saveCodeLua = `
if code ~= '-' and expires - now > 0 then
  redis.call('SET', KEYS[1], '2 ' .. code .. ' ' .. expires .. ' ' .. attempts .. ' ' .. by, 'PX', math.ceil((expires - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
`
	saveFailuresLua = `
if failures ~= '0' and attempted + remember - now > 0 then
  redis.call('SET', KEYS[4], '2 ' .. failures .. ' ' .. attempted .. ' ' .. remember, 'PX', math.ceil((attempted + remember - now) / 1000))
else
  redis.call('DEL', KEYS[4])
end
`
)

// unreadable is what every script answers to a record of another layout.
const unreadable = "unreadable"

// run makes one round trip; two, if the server does not know the script yet. The
// answer is a word and a number.
func (s *Store) run(ctx context.Context, op string, script *redis.Script, keys []string, args ...any) (word string, n int64, err error) {
	if !s.made() {
		return "", 0, notMade(op)
	}
	if err := ctx.Err(); err != nil {
		return "", 0, failure(ctx, op, err)
	}
	reply, err := script.Run(ctx, s.client, keys, args...).Slice()
	if err != nil {
		return "", 0, failure(ctx, op, err)
	}
	if len(reply) != 2 {
		return "", 0, notUnderstood(op)
	}
	word, isWord := reply[0].(string)
	n, isNumber := reply[1].(int64)
	switch {
	case !isWord || !isNumber:
		return "", 0, notUnderstood(op)
	case word == unreadable:
		return "", 0, otherLayout(op)
	}
	return word, n, nil
}

// notUnderstood is for an answer that no script gives.
func notUnderstood(op string) *Error {
	return &Error{Op: op, Detail: "the server gave an answer that no script of this package gives"}
}

// otherLayout is for a record that another version wrote, or somebody else.
func otherLayout(op string) *Error {
	return &Error{Op: op, Detail: "a record has the layout of another version of this package: update this process, or use another Prefix"}
}

// none stands for a zero MAC. No code is stored so.
const none = "0"

func macWord(m otp.MAC) string {
	if m == (otp.MAC{}) {
		return none
	}
	return hex.EncodeToString(m[:])
}

// micros rounds up: a limit may last longer than it was asked to, never less.
func micros(d time.Duration) int64 {
	return int64(d/time.Microsecond) + min(int64(d%time.Microsecond), 1)
}
